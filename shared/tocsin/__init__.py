"""Tocsin: serverless alerting on AWS. Rules are evaluated, alerts are grouped, people are told."""

__version__ = "0.1.0"
