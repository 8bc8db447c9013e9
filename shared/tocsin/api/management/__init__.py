"""Health, readiness, metrics, documentation."""
