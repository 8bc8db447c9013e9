"""Regular expressions in RE2's syntax, as Prometheus and Alertmanager take them, on Python's engine.

Our own translation: google-re2 would bring a binary into the Lambda layer for the few matchers that a
configuration has. What a translation cannot bring is RE2's linear time: Python's engine backtracks on a
pattern like `(a+)+b`.
"""

import re
from collections.abc import Iterator
from functools import lru_cache

_ESCAPE = r"\\(?:x\{[0-9A-Fa-f]+\}|x[0-9A-Fa-f]{2}|0[0-7]{0,2}|[1-7][0-7]{1,2}|.)"
_POSIX = r"\[:\^?[a-z]+:\]"
_REPEAT = r"(?:[*+?]|\{[0-9]+(?:,[0-9]*)?\})"
_MEMBER = rf"{_POSIX}|{_ESCAPE}|[^\\]"
_TOKEN = re.compile(
    rf"""
      (?P<quoted> \\Q (?P<quotation>.*?) (?:\\E|\Z) )
    | (?P<escape> {_ESCAPE} )
    | (?P<set>    \[ (?P<negated>\^?+) (?P<members> \]?+ (?: {_POSIX} | {_ESCAPE} | [^\]\\] )* ) \] )
    | (?P<group>  \(\?P?<[A-Za-z0-9_]+> | \( (?!\?) )
    | (?P<flags>  \(\? (?P<on>[imsU]*) (?: - (?P<off>[imsU]+) )? (?P<end>[:)]) )
    | (?P<alien>  \(\? )
    | (?P<repeat> {_REPEAT} \?? (?P<nested> {_REPEAT} )? )
    | (?P<char>   . )
    """,
    re.VERBOSE | re.DOTALL,
)
_RANGE = re.compile(rf"(?P<low>{_MEMBER})(?:-(?P<high>{_MEMBER}))?", re.DOTALL)

_CLASSES = {
    "d": "0-9",
    "s": r"\t\n\f\r ",
    "w": "0-9A-Za-z_",
    "D": r"\x00-/:-\U0010ffff",
    "S": r"\x00-\x08\x0b\x0e-\x1f!-\U0010ffff",
    "W": r"\x00-/:-@\[-\^`{-\U0010ffff",
}
_POSIX_CLASSES = {
    "alnum": "0-9A-Za-z",
    "alpha": "A-Za-z",
    "ascii": r"\x00-\x7f",
    "blank": r"\t ",
    "cntrl": r"\x00-\x1f\x7f",
    "digit": "0-9",
    "graph": "!-~",
    "lower": "a-z",
    "print": " -~",
    "punct": r"!-/:-@\[-`{-~",
    "space": r"\t\n\v\f\r ",
    "upper": "A-Z",
    "word": "0-9A-Za-z_",
    "xdigit": "0-9A-Fa-f",
}
_ASSERTIONS = {r"\A": r"\A", r"\z": r"\Z", r"\b": r"(?a:\b)", r"\B": r"(?a:\B)"}
_ALIENS = {
    "(?=": "lookahead",
    "(?!": "lookahead",
    "(?<": "lookbehind",
    "(?P": "a reference to a group",
    "(?(": "a condition",
    "(?>": "an atomic group",
    "(?#": "a comment",
}
_GROUP_START = re.compile(r"(?:\A|(?<!\\)\((?:\?:|\?P?<\w+>)?)\Z")
_MAX_REPEAT = 1000


class RegexError(ValueError):
    """The pattern is not one that RE2 takes, or one of the few that are not translated."""


@lru_cache(maxsize=1024)
def compile_re2(pattern: str) -> re.Pattern[str]:
    """Return the pattern compiled, to be used with `fullmatch`: `.` is no newline, `$` the end of the text.

    Raises RegexError for what RE2 refuses too (lookaround, backreferences, possessive repetition) and for the
    two things of RE2 that are not translated: Unicode classes, and flags in the middle of the pattern.
    """
    try:
        return re.compile("".join(_translated(pattern)))
    except (re.error, RegexError, OverflowError, RecursionError) as error:
        raise RegexError(f"error parsing regexp: {error}: `{pattern}`") from None


def _translated(pattern: str) -> Iterator[str]:
    literal = {"{": r"\{", "$": "$" if re.search(r"\(\?[isU]*m", pattern) else r"\Z"}
    closings = [""]
    """What ends each group that is open: its bracket, and those of the flags set inside of it."""
    for match in _TOKEN.finditer(pattern):
        text = match.group()
        match match.lastgroup:
            case "quoted":
                yield re.escape(match["quotation"])
            case "escape":
                yield _ASSERTIONS.get(text) or _escaped(text, "[{}]")
            case "set":
                yield f"[{match['negated']}{''.join(_members(match['members']))}]"
            case "group":
                closings.append(")")
                yield "(?:"
            case "flags":
                _open_flags(match, closings)
                yield _flags(match)
            case "alien":
                raise RegexError(
                    f"{_ALIENS.get(pattern[match.start() : match.start() + 3], 'that')} is not RE2"
                )
            case "repeat":
                yield _repeat(match)
            case _ if text == ")" and len(closings) > 1:
                yield closings.pop()
            case _ if text == "[":
                raise RegexError("missing closing ]")
            case _:
                yield literal.get(text, text)
    yield closings[0] if len(closings) == 1 else ""


def _open_flags(match: re.Match[str], closings: list[str]) -> None:
    """Note what will close `(?i:`, or `(?i)`, which holds to the end of the group it stands in.

    Python has flags for a group only, so the latter opens one; it could not hold alternatives of both.
    """
    if match["end"] == ":":
        closings.append(")")
    elif _GROUP_START.search(match.string[: match.start()]):
        closings[-1] += ")"
    else:
        raise RegexError(f"flags in the middle of a group: write {match.group()[:-1]}:...)")


def _flags(match: re.Match[str]) -> str:
    """Return the opening of a group with these flags; U changes what is captured, not what matches."""
    on = "".join(sorted(set(match["on"]) - {"U"}))
    off = "".join(sorted(set(match["off"] or "") - {"U"}))
    return f"(?{on}{'-' if off else ''}{off}:"


def _repeat(match: re.Match[str]) -> str:
    token = match.group()
    if match["nested"]:
        raise RegexError(f"invalid nested repetition operator: {token}")
    if any(int(number) > _MAX_REPEAT for number in re.findall(r"[0-9]+", token)):
        raise RegexError(f"invalid repeat count: {token}")
    return token


def _members(members: str) -> Iterator[str]:
    """Yield what stands between the brackets of a set, every range and class in a form Python reads alike."""
    at = 0
    while match := _RANGE.match(members, at):
        low, high = match["low"], match["high"]
        is_class = low.startswith("[:") or low[1:] in _CLASSES
        if is_class or high is None:
            yield _member(low)
            at = match.end("low")
        else:
            yield f"{_member(low)}-{_member(high)}"
            at = match.end()


def _member(member: str) -> str:
    if member.startswith("[:"):
        name = member[2:-2]
        if name not in _POSIX_CLASSES:
            raise RegexError(f"invalid character class: {member}")
        return _POSIX_CLASSES[name]
    return _escaped(member, "{}") if member.startswith("\\") else re.escape(member)


def _escaped(escape: str, class_form: str) -> str:
    """Return what a backslash and what follows stand for; a class of characters is put into `class_form`."""
    body = escape[1:]
    if body in _CLASSES:
        return class_form.format(_CLASSES[body])
    if body[0] in "afnrtv":
        return escape
    if body[0] == "x" and len(body) > 1:
        return _character(int(body[1:].strip("{}"), 16))
    if body[0] == "0" or (body.isdigit() and len(body) > 1):
        return _character(int(body, 8))
    if body.isdigit():
        raise RegexError(f"a backreference is not RE2: {escape}")
    if body.isascii() and not body.isalnum():
        return re.escape(body)
    raise RegexError(f"invalid escape sequence: {escape}")


def _character(code: int) -> str:
    if code > 0x10FFFF:
        raise RegexError(f"invalid escape sequence: no character {code:x}")
    return re.escape(chr(code))
