"""The demo: an alert goes all the way on this machine, from a real request that fails to two who were told."""

from tocsin.local.demo.command import demo_command

__all__ = ["demo_command"]
