"""`tocsin demo`, as `make demo` runs it: everything it shows really happens."""

import os
import re
import subprocess
import sys

import pytest

from tocsin.local.demo.story import STEPS

LIMIT_SECONDS = 120


@pytest.mark.slow
def test_the_demo_shows_an_alert_going_all_the_way_within_two_minutes() -> None:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    command = [sys.executable, "-c", "from tocsin.cli.main import main; main()", "demo"]
    ended = subprocess.run(
        command, env=environment, capture_output=True, text=True, timeout=LIMIT_SECONDS, check=False
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr
    told_in_order = ("probes ", "loses its stock", "pending   ", "firing    ", "notified by")
    positions = [ended.stdout.index(text) for text in told_in_order]
    assert positions == sorted(positions), ended.stdout
    for line in ("inputs    ", "tick      "):  # which of the two functions is told of first is chance
        assert line in ended.stdout
    for way in ("sns", "webhook"):
        # On a busy machine one alert may come a slot after the other: told apart, and just as true.
        told = re.findall(rf"notified by {way}: \d+ alerts? grouped, (\w+)", ended.stdout)
        assert (told[0], told[-1]) == ("firing", "resolved"), ended.stdout
    assert "All of it happened" in ended.stdout


def test_the_demo_knows_what_it_promises() -> None:
    promised = {"pending", "firing", "grouped", "notified by sns: firing", "notified by webhook: firing"}
    promised |= {"resolved", "notified by sns: resolved", "notified by webhook: resolved"}
    assert promised < set(STEPS)
