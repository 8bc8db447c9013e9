"""The part of the API of Prometheus that tells of rules and alerts."""
