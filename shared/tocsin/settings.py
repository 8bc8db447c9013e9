"""Settings: the one reader of the environment."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum

TABLES = ("rules", "state", "dispatch", "config", "samples")


class SettingsError(ValueError):
    """A variable is missing or not what it should be; the text names it and says what was expected."""


@dataclass(frozen=True, slots=True)
class Prometheus:
    """Where the source `prometheus` is and how requests to it are signed: none, basic, bearer or sigv4.

    `write_url` is where its recording rules are written; without one they cannot be.
    """

    url: str
    auth: str = "none"
    secret_arn: str = ""
    region: str = ""
    write_url: str = ""


class Access(StrEnum):
    """How who asks the API shows who they are."""

    IAM = "iam"
    """By a signature that AWS checks."""
    TOKENS = "tokens"
    """By a token or a password that we check."""
    OFF = "off"
    """Not at all: `tocsin local` on loopback."""


@dataclass(frozen=True, slots=True)
class Api:
    """Who may ask the API, and how often; `origins` are those whose pages may ask from a browser.

    `requests_per_second` is for each of those who ask, 0 is no limit.
    """

    access: Access = Access.IAM
    origins: frozenset[str] = frozenset()
    requests_per_second: float = 0.0


@dataclass(frozen=True, slots=True)
class Collecting:
    """How inputs run: where their samples say they are from, what they may reach, how many targets at once.

    `networks` are private ones that may be reached, as CIDR; None stands for this machine's own: all but link-local.
    """

    location: str = ""
    networks: tuple[str, ...] | None = ()
    concurrency: int = 128
    retention: timedelta = timedelta(hours=6)


@dataclass(frozen=True, slots=True)
class Settings:
    """What a function is told by its template."""

    tables: Mapping[str, str] = field(default_factory=lambda: {name: name for name in TABLES})
    """Physical names of the tables by their logical names."""
    ticks_queue_url: str = ""
    flushes_queue_url: str = ""
    input_ticks_queue_url: str = ""
    runs_queue_url: str = ""
    shipments_queue_url: str = ""
    shards: int = 1
    catch_up: timedelta = timedelta(hours=1)
    gap_digest: bool = False
    """Whether people are told, once, of alerts that fired and ended while nobody could be told."""
    muted_ends: bool = False
    """Whether the end of what was told is told under a silence too, not after it."""
    external_url: str = ""
    service: str = "tocsin"
    """What logs and metrics call the function: the template puts the stack's name before it."""
    prometheus: Prometheus | None = None
    api: Api = field(default_factory=Api)
    collecting: Collecting = field(default_factory=Collecting)

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> "Settings":
        """Return the settings; raises SettingsError naming the variable that is wrong."""
        read = environment.get
        url = read("TOCSIN_PROMETHEUS_URL", "")
        prometheus = Prometheus(
            url,
            _one_of(environment, "TOCSIN_PROMETHEUS_AUTH", ("none", "basic", "bearer", "sigv4")),
            read("TOCSIN_PROMETHEUS_SECRET_ARN", ""),
            read("TOCSIN_PROMETHEUS_REGION", "") or read("AWS_REGION", ""),
            read("TOCSIN_PROMETHEUS_WRITE_URL", ""),
        )
        return cls(
            tables={name: read(f"TOCSIN_{name.upper()}_TABLE", "") for name in TABLES},
            ticks_queue_url=read("TOCSIN_TICKS_QUEUE_URL", ""),
            flushes_queue_url=read("TOCSIN_FLUSHES_QUEUE_URL", ""),
            input_ticks_queue_url=read("TOCSIN_INPUT_TICKS_QUEUE_URL", ""),
            runs_queue_url=read("TOCSIN_RUNS_QUEUE_URL", ""),
            shipments_queue_url=read("TOCSIN_SHIPMENTS_QUEUE_URL", ""),
            shards=_positive(environment, "TOCSIN_SHARDS", 1),
            catch_up=timedelta(seconds=_positive(environment, "TOCSIN_CATCHUP_LIMIT_SECONDS", 3600)),
            gap_digest=_one_of(environment, "TOCSIN_GAP_DIGEST", ("false", "true")) == "true",
            muted_ends=_one_of(environment, "TOCSIN_MUTED_RESOLVES", ("hold", "send")) == "send",
            external_url=read("TOCSIN_EXTERNAL_URL", ""),
            service=read("POWERTOOLS_SERVICE_NAME", "tocsin"),
            prometheus=prometheus if url else None,
            api=_api(environment),
            collecting=_collecting(environment),
        )


def _api(environment: Mapping[str, str]) -> Api:
    access = Access(_one_of(environment, "TOCSIN_API_ACCESS", tuple(Access)))
    # Lambda sets this variable in every runtime of its own, and nobody else may.
    if access is Access.OFF and "AWS_LAMBDA_RUNTIME_API" in environment:
        raise SettingsError("TOCSIN_API_ACCESS: expected iam or tokens, for off is for this machine alone")
    rate = _positive(environment, "TOCSIN_API_REQUESTS_PER_SECOND", 50)
    return Api(
        access=access,
        origins=frozenset(environment.get("TOCSIN_API_ORIGINS", "").replace(",", " ").split()),
        requests_per_second=0 if access is Access.OFF else rate,
    )


def _collecting(environment: Mapping[str, str]) -> Collecting:
    networks = environment.get("TOCSIN_INPUT_NETWORKS", "")
    if networks == "local" and "AWS_LAMBDA_RUNTIME_API" in environment:
        raise SettingsError("TOCSIN_INPUT_NETWORKS: expected networks, for local is for this machine alone")
    return Collecting(
        location=environment.get("TOCSIN_LOCATION", ""),
        networks=None if networks == "local" else tuple(networks.replace(",", " ").split()),
        concurrency=_positive(environment, "TOCSIN_INPUT_CONCURRENCY", 128),
        retention=timedelta(hours=_positive(environment, "TOCSIN_SAMPLE_RETENTION_HOURS", 6)),
    )


def _positive(environment: Mapping[str, str], name: str, default: int) -> int:
    text = environment.get(name) or str(default)
    if not text.isdecimal() or int(text) < 1:
        raise SettingsError(f"{name}: expected a positive whole number, got {text!r}")
    return int(text)


def _one_of(environment: Mapping[str, str], name: str, known: tuple[str, ...]) -> str:
    text = environment.get(name) or known[0]
    if text not in known:
        raise SettingsError(f"{name}: expected one of {', '.join(known)}, got {text!r}")
    return text
