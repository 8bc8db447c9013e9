"""shared/requirements.txt, which the layer is built from, against pyproject.toml."""

import tomllib
from importlib.metadata import requires

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

from tests.cloudformation import ROOT

IN_THE_RUNTIME = {"boto3"}


def pinned() -> dict[str, Version]:
    lines = [
        line
        for line in (ROOT / "shared/requirements.txt").read_text().splitlines()
        if line and not line.startswith("#")
    ]
    pins = [line.split("==") for line in lines]
    return {canonicalize_name(name): Version(version) for name, version in pins}


def declared() -> dict[str, Requirement]:
    with (ROOT / "pyproject.toml").open("rb") as file:
        texts = tomllib.load(file)["project"]["dependencies"]
    requirements = [Requirement(text) for text in texts]
    return {canonicalize_name(requirement.name): requirement for requirement in requirements}


def closure(names: set[str]) -> set[str]:
    """Return the distributions that `names` need, themselves included, extras and other platforms aside."""
    found: set[str] = set()
    waiting = set(names)
    while waiting:
        name = waiting.pop()
        found.add(name)
        needs = [Requirement(text) for text in requires(name) or []]
        waiting |= {
            canonicalize_name(need.name)
            for need in needs
            if need.marker is None or need.marker.evaluate({"extra": ""})
        } - found
    return found


def test_the_layer_holds_what_the_package_needs_but_the_runtime_has_not() -> None:
    assert set(pinned()) == closure(set(declared()) - IN_THE_RUNTIME)


def test_every_pin_is_one_that_pyproject_allows() -> None:
    pins = pinned()
    for name, requirement in declared().items():
        if name not in IN_THE_RUNTIME:
            assert pins[name] in requirement.specifier, name
