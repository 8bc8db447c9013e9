"""Names that Telegraf's options ending in `_include` and `_exclude` choose by globs."""

from collections.abc import Sequence

from tocsin.samples.globs import matcher


def checked(glob: str) -> str:
    """Return a glob as it is; raises GlobError if it is none."""
    matcher((glob,))
    return glob


def matches(name: str, globs: Sequence[str]) -> bool:
    """Tell whether any of the globs is of the name; raises GlobError."""
    return matcher(tuple(globs))(name)


def included(name: str, include: Sequence[str], exclude: Sequence[str], *, if_empty: bool = True) -> bool:
    """Tell whether a name is included and not excluded; an empty `include` takes all, or none.

    Source: telegraf `filter/filter.go`, NewIncludeExcludeFilterDefaults. Raises GlobError.
    """
    return (matches(name, include) if include else if_empty) and not matches(name, exclude)
