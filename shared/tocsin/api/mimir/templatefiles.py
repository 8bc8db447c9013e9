"""Template files that come with their configuration: found by the patterns under `templates`."""

from collections.abc import Mapping
from fnmatch import fnmatchcase


class GivenFiles:
    """Some files, by name; remembers which of them a pattern has named.

    A star stands for anything but a slash, as in Go's `filepath.Match`.
    """

    def __init__(self, files: Mapping[str, str]) -> None:
        self._files = files
        self.unnamed = set(files)

    def __call__(self, pattern: str) -> Mapping[str, str]:
        """Return the files that a pattern names."""
        found = {name: text for name, text in self._files.items() if _matches(name, pattern)}
        self.unnamed -= found.keys()
        return found


def _matches(name: str, pattern: str) -> bool:
    parts, wanted = name.split("/"), pattern.replace("[^", "[!").split("/")
    return len(parts) == len(wanted) and all(map(fnmatchcase, parts, wanted))
