"""How properties are tested here: moderately, and with no clock running, because machines differ."""

from hypothesis import HealthCheck, settings

settings.register_profile(
    "unit", max_examples=50, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("unit")
