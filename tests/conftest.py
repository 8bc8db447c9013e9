"""What every test may ask for, and how properties are tested.

They see the same examples each time, so that a commit is green or is not; `TOCSIN_EXAMPLES=5000` searches at random
among so many for each. No clock runs, because machines differ.
"""

import os

from hypothesis import HealthCheck, settings

pytest_plugins = ("tests.engines",)

SEARCHED = os.environ.get("TOCSIN_EXAMPLES")

settings.register_profile(
    "tocsin",
    max_examples=int(SEARCHED or "50"),
    derandomize=not SEARCHED,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
    print_blob=True,
)
settings.load_profile("tocsin")
