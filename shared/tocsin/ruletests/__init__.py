"""Unit tests of rules in promtool's format, played by Tocsin's own engine.

A `Suite` is a test file, a `Case` one of its test groups. Only PromQL is answered by somebody else: a Prometheus
that is started on the input series, and empty, for every case.
"""
