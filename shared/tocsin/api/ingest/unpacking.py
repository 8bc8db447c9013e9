"""Bodies unpacked, never to more than a request may hold."""

import zlib

from tocsin.api.problems import ApiError
from tocsin.api.requests import Request
from tocsin.samples.snappy import SnappyError, SnappyTooLargeError, decompress

MOST_PACKED_BYTES, MOST_BYTES = 4 << 20, 16 << 20
_GZIP = zlib.MAX_WBITS | 16


def plain(request: Request) -> bytes:
    """Return a body that may be compressed with gzip; raises ApiError."""
    body = _checked(request)
    match request.header("content-encoding").strip().lower():
        case "" | "identity":
            return body
        case "gzip":
            return _gunzipped(body)
        case other:
            raise ApiError(415, f'unsupported Content-Encoding "{other}", expected gzip or none')


def unsnapped(request: Request) -> bytes:
    """Return a body that is compressed with Snappy; raises ApiError."""
    if (encoding := request.header("content-encoding").strip().lower()) not in ("", "snappy"):
        raise ApiError(415, f'unsupported Content-Encoding "{encoding}", expected snappy')
    try:
        return decompress(_checked(request), MOST_BYTES)
    except SnappyTooLargeError as error:
        raise ApiError(413, f"the body: {error}") from None
    except SnappyError as error:
        raise ApiError(400, f"the body is no Snappy block: {error}") from None


def _checked(request: Request) -> bytes:
    if (size := len(request.body)) > MOST_PACKED_BYTES:
        raise ApiError(413, f"the body has {size} bytes, at most {MOST_PACKED_BYTES} are taken")
    return request.body


def _gunzipped(body: bytes) -> bytes:
    """Return what is in a gzip file, which may have several members (RFC 1952)."""
    found = bytearray()
    while body:
        member = zlib.decompressobj(_GZIP)
        try:
            found += member.decompress(body, MOST_BYTES + 1 - len(found))
        except zlib.error:
            raise ApiError(400, "the body is not gzip") from None
        if len(found) > MOST_BYTES:
            raise ApiError(413, f"the body holds more than the {MOST_BYTES} bytes that are taken")
        if not member.eof:
            raise ApiError(400, "the body ends inside its gzip")
        body = member.unused_data
    return bytes(found)
