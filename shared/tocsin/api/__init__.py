"""The HTTP API: what Alertmanager, Prometheus and Mimir speak, and what none of them has words for."""
