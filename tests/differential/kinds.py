"""What a scenario is about: some things that may happen are told otherwise on purpose, and so not everywhere."""

from enum import StrEnum


class Kind(StrEnum):
    """What a scenario is about."""

    PLAIN = "alerts come and go"
    MUTED = "some are silenced or inhibited"
    TIMED = "routes are muted until a time, or from then on"
    PATIENT = "groups wait for longer than a slot"
    FORGETFUL = "senders tell the end of what nobody has heard of, one at a time"
    CUT = (
        "webhooks show no more than some alerts, and no end is untold: of what is cut off nothing can be said"
    )
    TROUBLED = "a webhook refuses what it gets, or falters"


KINDS = (
    *[Kind.PLAIN] * 2,
    Kind.TIMED,
    *[Kind.PLAIN] * 3,
    *[Kind.CUT] * 2,
    *[Kind.MUTED] * 9,
    *[Kind.PATIENT] * 2,
    *[Kind.FORGETFUL] * 2,
    *[Kind.TROUBLED] * 3,
    Kind.PLAIN,
)
"""Each as often as it is to be played, in an order by which all are among the first seeds."""
