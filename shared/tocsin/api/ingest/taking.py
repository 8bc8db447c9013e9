"""What was read of a request is stored, as far as it can be, and counted."""

from collections.abc import Iterable

from tocsin.api.problems import ApiError
from tocsin.api.responses import Response
from tocsin.api.services import Services
from tocsin.metric import Metric
from tocsin.samples.ingesting import Rejection, TooManyError, sift, store
from tocsin.samples.log import TooMuchError


def take(services: Services, found: Iterable[Metric | Rejection]) -> Response:
    """Store what can be stored and answer 204, or what cannot be; raises ApiError and BusyError.

    What is answered 204, and what is not named in a 400, is durable. A sender must not send again what is refused.
    """
    now = services.now()
    try:
        sifted = sift(found, now)
        store(services.samples, sifted.taken, now, services.token)
    except (TooManyError, TooMuchError) as error:
        raise ApiError(413, f"{error}; send less at once") from None
    services.meter.count("samples_taken", sifted.samples)
    for why, number in sifted.reasons.items():
        services.meter.count("samples_refused", number, reason=why.value)
    if sifted.rejected:
        raise ApiError(400, sifted.told())
    return Response(204)
