"""The sources that need not be stored: CloudWatch, the stack's own samples, the Prometheus of the parameters."""

from collections.abc import Mapping, Sequence
from typing import Any

from tocsin.settings import Prometheus
from tocsin.sources.definition import BUILT_IN, Definition

ALWAYS = (Definition("cloudwatch", "cloudwatch"), Definition("inputs", "inputs"))


def built_in(prometheus: Prometheus | None) -> Sequence[Definition]:
    """Return the definitions that need no `sources.yml`."""
    if prometheus is None:
        return ALWAYS
    write = {"kind": "remote_write", "url": prometheus.write_url} if prometheus.write_url else None
    settings = {"url": prometheus.url, "auth": _auth(prometheus), "write": write}
    return [*ALWAYS, Definition(BUILT_IN, "prometheus", settings)]


def _auth(prometheus: Prometheus) -> Mapping[str, Any] | None:
    def key(name: str) -> Mapping[str, str]:
        return {"secret": prometheus.secret_arn, "key": name}

    match prometheus.auth:
        case "basic":
            return {"basic": {"username": key("username"), "password": key("password")}}
        case "bearer":
            return {"bearer": key("token")}
        case "sigv4":
            return {"sigv4": {"region": prometheus.region, "service": "aps"}}
    return None
