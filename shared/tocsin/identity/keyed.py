"""Access by what Tocsin itself keeps: tokens, and users with passwords."""

from base64 import b64decode
from datetime import datetime
from ipaddress import ip_address, ip_network

from tocsin.identity.book import AccessBook, Known
from tocsin.identity.gate import Brought, Stranger
from tocsin.identity.identity import Identity, Proof
from tocsin.identity.passwords import Passwords
from tocsin.identity.ratelimit import RateLimit
from tocsin.identity.tokens import id_of, is_whole, recognised
from tocsin.index import read_index
from tocsin.ports import Database

_NOTHING = Stranger("credentials are needed: a token (Bearer), or a user and a password (Basic)")
_MALFORMED = Stranger("the header Authorization is neither a bearer token nor what Basic asks for")
_NO_TOKEN = Stranger("no such token")
_NOT_WHOLE = Stranger("that is no whole token: was it cut, or mistyped?")
_EXPIRED = Stranger("the token has expired")
_WRONG = Stranger("no such user, or the wrong password")
_GUESSES_A_SECOND = 0.5


class Keyed:
    """Knows tokens (RFC 6750), users and their passwords (RFC 7617), and tokens in place of a password.

    Wrong passwords are counted by address, and who has brought too many waits. That holds up nobody who is right: a
    token, or a password that was right before, is always looked at.
    """

    challenge = 'Basic realm="tocsin", charset="UTF-8", Bearer realm="tocsin"'

    def __init__(self, database: Database) -> None:
        self._database, self._book = database, AccessBook(database)
        self._passwords, self._guesses = Passwords(), RateLimit(_GUESSES_A_SECOND)

    def identify(self, brought: Brought, now: datetime) -> Identity | Stranger:
        """Return whose token or password somebody brings."""
        scheme, _, rest = brought.authorization.strip().partition(" ")
        if not scheme:
            return _NOTHING
        known = self._book.at(read_index(self._database))
        match scheme.lower():
            case "bearer" | "token":  # as InfluxDB's clients say it
                return _by_token(known, rest.strip(), now, Proof.TOKEN)
            case "basic":
                return self._by_basic(known, rest.strip(), brought.address, now)
        return _MALFORMED

    def _by_basic(self, known: Known, encoded: str, address: str, now: datetime) -> Identity | Stranger:
        try:
            name, colon, password = b64decode(encoded, validate=True).decode().partition(":")
        except ValueError:
            return _MALFORMED
        if not colon:
            return _MALFORMED
        if id_of(password):
            return _by_token(known, password, now, Proof.BASIC)
        return self._by_password(known, name, password, address, now)

    def _by_password(
        self, known: Known, name: str, password: str, address: str, now: datetime
    ) -> Identity | Stranger:
        address = _network(address)
        user = known.users.get(name)
        if not self._passwords.remembers(user, password):
            if (seconds := self._guesses.wait_seconds(address, now)) > 0:
                return Stranger("too many wrong passwords", seconds)
            if not self._passwords.check(known.users, name, password):
                self._guesses.count(address, now)
                return _WRONG
        return Identity(name, user.scopes if user else frozenset(), Proof.BASIC)


def _network(address: str) -> str:
    """Return whose guesses an address's are: of IPv6 its network's (/64), which one customer has to themselves."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return address
    return address if parsed.version == 4 else str(ip_network((parsed, 64), strict=False))


def _by_token(known: Known, text: str, now: datetime, proof: Proof) -> Identity | Stranger:
    token = recognised(text, known.tokens)
    if token is None:
        return _NO_TOKEN if is_whole(text) else _NOT_WHOLE
    return _EXPIRED if token.has_expired(now) else Identity(token.name, token.scopes, proof)
