"""What others collect: InfluxDB's line protocol and Prometheus' remote write."""
