"""For all tests."""

from hypothesis import HealthCheck, settings

# Machines are shared and slow at times; what is counted here is examples, and never seconds.
settings.register_profile("unhurried", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("unhurried")
