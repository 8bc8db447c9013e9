"""Alertmanager API v2, and what is left of v1."""
