"""Series and expressions, made up by a seed, on which two engines of PromQL have to agree."""

import math
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from tocsin.instants import instant, millis
from tocsin.labels import Labels
from tocsin.ports import Written

START = datetime(2026, 3, 1, 11, tzinfo=UTC)
LENGTH = timedelta(minutes=50)
HOSTS, ZONES, CODES = ("a1", "a2", "b1", "b2"), {"a": "eu", "b": "us"}, ("200", "404", "500")
BOUNDS = ("0.1", "0.5", "1", "+Inf")

Points = list[tuple[int, float | None]]


def series(seed: int) -> list[tuple[Labels, Points]]:
    """Return series with their samples (ms, value): None marks the end of a series."""
    rng = random.Random(seed)
    hosts = [{"host": host, "zone": ZONES[host[0]]} for host in HOSTS]
    made: list[tuple[Labels, Points]] = []
    for host in hosts:
        made.append(({"__name__": "load", **host}, _gauge(rng)))
        made.append(({"__name__": "limit", "host": host["host"]}, _gauge(rng, gaps=0)))
        made.append(({"__name__": "odd", **host}, _odd(rng)))
        made.append(({"__name__": "rare", **host}, _gauge(rng, every=200)))
        made += [({"__name__": "requests_total", **host, "code": code}, _counter(rng)) for code in CODES]
        made += [({"__name__": "took_bucket", **host, "le": le}, points) for le, points in _buckets(rng)]
    for zone in ("eu", "us"):
        made.append(({"__name__": "team", "zone": zone, "team": f"team-{zone}"}, _gauge(rng, gaps=0)))
        made.append(
            ({"__name__": "when", "zone": zone}, [(t, rng.uniform(-1e8, 2e9)) for t, _ in _gauge(rng)])
        )
    return made


def written(made: Sequence[tuple[Labels, Points]]) -> list[Written]:
    """Return the series as a sink takes them."""
    return [Written(labels, value, instant(ms)) for labels, points in made for ms, value in points]


def _times(rng: random.Random, every: float) -> list[int]:
    times, at = [], millis(START) + rng.randrange(15_000)
    while at < millis(START + LENGTH):
        times.append(at)
        at += round(every * 1000) + rng.choice((0, 0, 0, rng.randrange(-500, 500)))
    return times


def _gauge(rng: random.Random, every: float = 15, gaps: float = 0.03) -> Points:
    found: Points = []
    silent_until = 0
    for at in _times(rng, every):
        if at < silent_until:
            continue
        if rng.random() < gaps:
            silent_until = at + rng.randrange(30_000, 500_000)
            if rng.random() < 0.5:
                found.append((at, None))
            continue
        found.append((at, round(rng.gauss(5, 3), 4)))
    return found


def _odd(rng: random.Random) -> Points:
    values = (0.0, 1.0, -1.0, 2.5, math.inf, -math.inf, math.nan, 1e300, 1e-300, 7.0)
    return [(at, rng.choice(values) if rng.random() < 0.3 else rng.uniform(-2, 2)) for at in _times(rng, 30)]


def _counter(rng: random.Random) -> Points:
    value, found = float(rng.randrange(50)), Points()
    for at in _times(rng, 15):
        value = 0.0 if rng.random() < 0.02 else value + rng.choice((0, 0, 1, 3, 0.5, rng.randrange(20)))
        if rng.random() > 0.03:
            found.append((at, value))
    return found


def _buckets(rng: random.Random) -> list[tuple[str, Points]]:
    counts = [0.0] * len(BOUNDS)
    found: list[tuple[str, Points]] = [(le, []) for le in BOUNDS]
    for at in _times(rng, 30):
        for number in range(rng.randrange(len(BOUNDS)), len(BOUNDS)):
            counts[number] += rng.randrange(9)
        counts = [max(counts[: n + 1]) for n in range(len(counts))]
        for (_, points), count in zip(found, counts, strict=True):
            points.append((at, count))
    return found


# -- expressions --------------------------------------------------------------------------------------

SELECTORS = (
    "load",
    "odd",
    "rare",
    "requests_total",
    'load{zone="eu"}',
    'load{host=~"a.*|b1"}',
    'requests_total{code!="200"}',
    'requests_total{code!~"4..|5.."}',
    '{__name__=~"load|rare",host!=""}',
    "limit",
    'load{nothing=""}',
    "nothing",
)
OVER_TIME = (
    *("avg", "count", "last", "max", "min", "present", "stddev", "stdvar", "sum"),
    *("rate", "increase", "delta", "irate", "idelta", "deriv", "changes", "resets"),
)
OF_NUMBERS = (
    *("abs", "ceil", "floor", "exp", "ln", "log2", "log10", "sqrt", "sgn", "round", "sort", "sort_desc"),
    *("deg", "rad"),
)
OF_ANGLES = ("acos", "acosh", "asin", "asinh", "atan", "atanh", "cos", "cosh", "sin", "sinh", "tan", "tanh")
"""Of samples only: what differs in its last digit comes to something else where they are steep."""
DATES = ("day_of_month", "day_of_week", "day_of_year", "days_in_month", "hour", "minute", "month", "year")
AGGREGATIONS = ("sum", "avg", "min", "max", "count", "group", "stddev", "stdvar")
ARITHMETIC, COMPARISONS = ("+", "-", "*", "/", "^", "atan2"), ("==", "!=", ">", "<", ">=", "<=")


@dataclass
class Expressions:
    """Makes expressions, each nested so deep at most.

    Three things are left out because Prometheus 2.42 is wrong there: `timestamp(x @ … offset …)` forgets the offset,
    `predict_linear(x[…] @ …)` is evaluated once for all steps of a subquery, and an `@` in a subquery without
    any step is evaluated all the same, which may be an error.
    """

    rng: random.Random
    depth: int = 3
    _vectors: Sequence[Callable[[int], str]] = field(init=False)

    def __post_init__(self) -> None:
        self._vectors = (
            self._selector,
            self._over_time,
            self._over_time,
            self._function,
            self._aggregation,
            self._aggregation,
            self._with_number,
            self._matched,
            self._set,
            self._special,
        )

    def make(self) -> str:
        """Return an expression."""
        return self.number(self.depth) if self.rng.random() < 0.05 else self.vector(self.depth)

    def vector(self, depth: int) -> str:
        """Return an expression that yields series."""
        return self._selector(depth) if depth <= 0 else self.rng.choice(self._vectors)(depth - 1)

    def number(self, depth: int) -> str:
        """Return an expression that yields a number."""
        choice = self.rng.randrange(6) if depth > 0 else 0
        if choice == 1:
            return f"scalar({self.vector(depth - 1)})"
        if choice == 2:
            return self.rng.choice(("time()", "pi()"))
        if choice == 3:
            operator = self.rng.choice((*ARITHMETIC, *(f"{each} bool" for each in COMPARISONS)))
            return f"({self.number(depth - 1)} {operator} {self.number(depth - 1)})"
        if choice == 4:
            return f"-{self.number(depth - 1)}"
        return self.rng.choice(("0", "1", "2", "0.5", "3.7", "-1", "5", "10", "Inf", "NaN", "1e3"))

    def _selector(self, depth: int) -> str:
        return self.rng.choice(SELECTORS) + self._moved()

    def _moved(self) -> str:
        at = millis(START) / 1000 + self.rng.randrange(3000)
        return self.rng.choice(
            ("",) * 9 + (" offset 3m", " offset -2m", f" @ {at}", " @ start() offset 1m", " @ end()")
        )

    def _range(self, depth: int) -> str:
        length = self.rng.choice(("1m", "2m", "5m", "10m", "97s"))
        if depth > 0 and self.rng.random() < 0.3:
            step = self.rng.choice(("", "15s", "1m", "7s"))
            return f"({self.vector(depth - 1)})[{length}:{step}]" + self._moved()
        return f"{self.rng.choice(SELECTORS)}[{length}]" + self._moved()

    def _over_time(self, depth: int) -> str:
        if self.rng.random() < 0.2:
            return self.rng.choice(
                (
                    f"quantile_over_time({self.number(depth)}, {self._range(depth)})",
                    f"predict_linear({self.rng.choice(SELECTORS)}[5m] offset 1m, {self.number(depth)})",
                    f"holt_winters({self._range(depth)}, 0.3, 0.6)",
                    f"absent_over_time({self._range(depth)})",
                )
            )
        function = self.rng.choice(OVER_TIME)
        is_plain = function in ("rate", "increase", "delta", "irate", "idelta", "deriv", "changes", "resets")
        return f"{function if is_plain else function + '_over_time'}({self._range(depth)})"

    def _function(self, depth: int) -> str:
        if self.rng.random() < 0.15:
            return f"{self.rng.choice(DATES)}({self.rng.choice(('when', 'vector(time())', ''))})"
        if self.rng.random() < 0.15:
            return f"{self.rng.choice(OF_ANGLES)}({self._selector(0)})"
        return f"{self.rng.choice(OF_NUMBERS)}({self.vector(depth)})"

    def _grouping(self) -> str:
        labels = self.rng.sample(("host", "zone", "code", "nothing"), self.rng.randrange(3))
        return self.rng.choice(("", f"by ({','.join(labels)})", f"without ({','.join(labels)})"))

    def _aggregation(self, depth: int) -> str:
        grouping = self._grouping()
        choice = self.rng.random()
        if choice < 0.1:
            return f"quantile {grouping} ({self.number(depth)}, {self.vector(depth)})"
        if choice < 0.2:
            return f'count_values {grouping} ("value", round({self._selector(0)}, 0.25))'
        if (
            choice < 0.3
        ):  # of values that are all different: which of two equal ones comes first is nobody's promise
            return f"{self.rng.choice(('topk', 'bottomk'))} {grouping} ({self.rng.randrange(-1, 4)}, load)"
        return f"{self.rng.choice(AGGREGATIONS)} {grouping} ({self.vector(depth)})"

    def _with_number(self, depth: int) -> str:
        sides = [self.vector(depth), self.number(depth)]
        self.rng.shuffle(sides)
        return f"({sides[0]} {self._operator()} {sides[1]})"

    def _operator(self) -> str:
        comparison = self.rng.choice(COMPARISONS)
        return self.rng.choice((*ARITHMETIC, comparison, comparison, f"{comparison} bool"))

    def _matched(self, depth: int) -> str:
        operator = self._operator()
        return self.rng.choice(
            (
                f"({self.vector(depth)} {operator} {self.vector(depth)})",
                f"(load{self._moved()} {operator} on (host) limit)",
                f"(load {operator} ignoring (zone) limit)",
                f"(requests_total {operator} on (host) group_left () limit)",
                f"(requests_total {operator} on (zone) group_left (team) team)",
                f"(team {operator} on (zone) group_right (team) {self.vector(depth)})",
                f"({self.vector(depth)} {operator} on (host, zone) {self.vector(depth)})",
                f"({self.vector(depth)} {operator} ignoring (code) group_left () {self.vector(depth)})",
            )
        )

    def _set(self, depth: int) -> str:
        how = self.rng.choice(("", "on (host)", "on (zone)", "on ()", "ignoring (code)", "ignoring (host)"))
        return f"({self.vector(depth)} {self.rng.choice(('and', 'or', 'unless'))} {how} {self.vector(depth)})"

    def _special(self, depth: int) -> str:
        vector = self.vector(depth)
        return self.rng.choice(
            (
                f"-{self._selector(0)}",
                f"({self._selector(0)} % {self.rng.choice((2, -3.5, 0, self._selector(0)))})",
                f"absent({vector})",
                'absent(nothing{host="a",zone=~"b.*",code!="c"})',
                f"vector({self.number(depth)})",
                f"clamp({vector}, {self.number(depth)}, {self.number(depth)})",
                f"clamp_min({vector}, {self.number(depth)})",
                f"clamp_max({vector}, {self.number(depth)})",
                f"round({vector}, {self.number(depth)})",
                f'label_replace({vector}, "to", "$1-${{rest}}-$$", "host", "(.)(?P<rest>.*)")',
                f'label_replace({vector}, "zone", "", "zone", "e.")',
                f'label_join({vector}, "both", "/", "zone", "host")',
                f"histogram_quantile({self.number(depth)}, took_bucket)",
                f"histogram_quantile(0.{self.rng.randrange(100)}, sum by (le, zone) (rate(took_bucket[5m])))",
                f"timestamp({self.rng.choice(SELECTORS)}{self.rng.choice(('', ' offset 2m'))})",
                f"timestamp({vector} + 0)",
            )
        )
