"""Access by IAM: AWS has checked the signature, and grants say what whom it recognised may do."""

from datetime import datetime

from tocsin.identity.book import AccessBook
from tocsin.identity.gate import Brought, Stranger
from tocsin.identity.grants import name_of, scopes_of
from tocsin.identity.identity import Identity, Proof
from tocsin.index import read_index
from tocsin.ports import Database


class Signed:
    """Knows people by the ARNs that a Function URL of type AWS_IAM names; what else they bring is not looked at."""

    challenge = ""

    def __init__(self, database: Database) -> None:
        self._database, self._book = database, AccessBook(database)

    def identify(self, brought: Brought, now: datetime) -> Identity | Stranger:  # noqa: ARG002
        """Return whom AWS has recognised."""
        if not brought.iam:
            return Stranger("the request is not signed: sign it with SigV4, service lambda")
        known = self._book.at(read_index(self._database))
        return Identity(name_of(brought.iam), scopes_of(brought.iam, known.declared.grants), Proof.IAM)
