"""Chaos by the seed: `TOCSIN_SEEDS=5000` runs more; a failure names its seed and the command that replays it."""

import os

import pytest

from tests.simulation.chaos import Chaos
from tocsin.ports import Database

FIRST = int(os.environ.get("TOCSIN_FIRST_SEED", "0"))
SEEDS = range(FIRST, FIRST + int(os.environ.get("TOCSIN_SEEDS", "40")))
ON_MOTO = range(FIRST, FIRST + len(SEEDS) // 100 + 1)


def replay(seed: int, test: str) -> str:
    """Return the command that runs a seed again."""
    return f"TOCSIN_FIRST_SEED={seed} TOCSIN_SEEDS=1 pytest tests/simulation/test_seeds.py -k {test}"


@pytest.mark.parametrize("seed", SEEDS)
def test_in_the_end_everybody_knows_what_is_true(seed: int) -> None:
    assert Chaos(seed).run().faults == [], replay(seed, "everybody")


@pytest.mark.parametrize("engine", ["moto"], indirect=True)
@pytest.mark.parametrize("seed", ON_MOTO)
def test_on_moto_too(seed: int, database: Database) -> None:
    assert Chaos(seed, database).run().faults == [], replay(seed, "moto")
