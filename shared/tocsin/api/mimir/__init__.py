"""The API by which Mimir is configured: rule groups, and the configuration of its Alertmanager."""
