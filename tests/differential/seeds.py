"""Which seeds are played: `TOCSIN_DIFFERENTIAL=300` plays 300 scenarios, and 20 trees of routes for every 3 of them.

`TOCSIN_FIRST_SEED=17 TOCSIN_DIFFERENTIAL=1` plays one again.
"""

import os
import shutil

import pytest

FIRST = int(os.environ.get("TOCSIN_FIRST_SEED", "0"))
COUNT = int(os.environ.get("TOCSIN_DIFFERENTIAL", "40"))
SCENARIOS = range(FIRST, FIRST + COUNT)
TREES = range(FIRST, FIRST + COUNT * 20 // 3)

needs_alertmanager = pytest.mark.skipif(
    shutil.which("prometheus-alertmanager") is None or shutil.which("amtool") is None,
    reason="Alertmanager is not installed (apt-get install prometheus-alertmanager)",
)


def replay(seed: int, test: str) -> str:
    """Return the command that plays a seed again."""
    return f"TOCSIN_FIRST_SEED={seed} TOCSIN_DIFFERENTIAL=1 pytest tests/differential/{test}.py"
