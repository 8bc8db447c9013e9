"""Amazon SQS: how many messages are in a queue, and how old the oldest one is."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

from tocsin.collection.gather import Gather
from tocsin.inputs.aws import CallError, Service, Services
from tocsin.inputs.cloudwatch_data import Recent
from tocsin.inputs.kind import Probe
from tocsin.inputs.tools import Tools
from tocsin.sources.cloudwatch_series import Metric

if TYPE_CHECKING:
    from tocsin.inputs.aws_settings import SqsSettings

_REGION = re.compile(r"https?://(?:[^/]*\.)?sqs\.(?P<region>[a-z0-9-]+)\.")
_FIELDS = {
    "messages_visible": "ApproximateNumberOfMessages",
    "messages_not_visible": "ApproximateNumberOfMessagesNotVisible",
    "messages_delayed": "ApproximateNumberOfMessagesDelayed",
}
_MINUTE = timedelta(minutes=1)
_LATE_PERIODS = 5
"""How far back the newest age is looked for: SQS reports by the minute, and late."""
MOST_LISTED = 1000
"""What one ListQueues answers at most."""
_AT_ONCE = 8


@dataclass(slots=True)
class _Queue:
    """One queue, by its URL or else by its name."""

    sqs: Service
    name: str
    url: str = ""
    age: Recent | None = None

    def __call__(self, gather: Gather) -> None:
        try:
            counts = self._counts(gather)
        except CallError as error:
            gather.fail(f"{self.name}: {error}")
            return
        gather.add("sqs", {**counts, **self._age(gather)}, {"queue": self.name, "region": self.sqs.region})

    def _counts(self, gather: Gather) -> Mapping[str, int]:
        if not self.url:
            found = self.sqs.call("get_queue_url", gather.left_seconds(), QueueName=self.name)
            self.url = found.get("QueueUrl", "")
        asked = {"QueueUrl": self.url, "AttributeNames": list(_FIELDS.values())}
        answer = self.sqs.call("get_queue_attributes", gather.left_seconds(), **asked)
        with self.sqs.read():
            return {name: int(answer["Attributes"][attribute]) for name, attribute in _FIELDS.items()}

    def _age(self, gather: Gather) -> Mapping[str, float]:
        """Return the age if it is wanted and there is one: CloudWatch forgets a queue that is not used for hours."""
        found = self.age.look(gather) if self.age else {}
        newest = [datapoints[max(datapoints)] for datapoints in found.values() if datapoints]
        return {"oldest_message_age_seconds": newest[0]} if newest else {}


@dataclass(slots=True)
class _Prefix:
    """All queues whose names begin alike, as they are at each run."""

    sqs: Service
    prefix: str
    tools: Tools
    queue: Callable[[str], _Queue]
    _known: Mapping[str, _Queue] = field(default_factory=dict)

    def __call__(self, gather: Gather) -> None:
        asked = {"QueueNamePrefix": self.prefix, "MaxResults": MOST_LISTED}
        try:
            answer = self.sqs.call("list_queues", gather.left_seconds(), **asked)
        except CallError as error:
            gather.fail(f"{self.prefix}*: {error}")
            return
        if answer.get("NextToken"):
            gather.fail(f"{self.prefix}*: more than {MOST_LISTED} queues: only these are asked")
        self._known = {url: self._known.get(url) or self.queue(url) for url in answer.get("QueueUrls", ())}
        jobs = [partial(queue, gather) for queue in self._known.values()]
        self.tools.access.parallel(_AT_ONCE)(jobs, gather.left_seconds())


def _region_of(url: str) -> str:
    """Return the region that the URL of a queue names, also that of an endpoint in a VPC; empty for any other."""
    match = _REGION.match(url)
    return match["region"] if match else ""


class SqsKind:
    """The kind `sqs`."""

    def settings(self) -> type["SqsSettings"]:
        """Return the model of the settings."""
        from tocsin.inputs.aws_settings import SqsSettings

        return SqsSettings

    def open(self, settings: Mapping[str, Any], tools: Tools) -> Sequence[Probe]:
        """Return a probe for each queue, and one for all that begin alike."""
        services, prefix = Services(settings, tools.access), settings["queue_name_prefix"]

        def queue(name: str, url: str = "") -> _Queue:
            region = _region_of(url)
            metric = Metric("AWS/SQS", "ApproximateAgeOfOldestMessage", (("QueueName", name),), "Maximum", 60)
            age = Recent(services.of("cloudwatch", region), [metric], _MINUTE, periods=_LATE_PERIODS)
            return _Queue(services.of("sqs", region), name, url, age if settings["age"] else None)

        def of_url(url: str) -> _Queue:
            return queue(url.rstrip("/").rpartition("/")[2], url)

        alike = [_Prefix(services.of("sqs"), prefix, tools, of_url)] if prefix else []
        return [*map(of_url, settings["queue_urls"]), *map(queue, settings["queue_names"]), *alike]


KIND = SqsKind()
