"""NetSuite on a loopback port: `with serve(ledger) as server: server.url`."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from include.sandbox import control, serving
from include.sandbox.faults import Fault, Order
from include.sandbox.ledger import Ledger
from include.sandbox.netsuite.app import QUERY_PATH, Face
from include.sandbox.netsuite.settings import Certificate, Settings, Token
from include.sandbox.netsuite.tokens import TOKEN_PATH
from include.sandbox.netsuite.view import Rights

TWO_YEARS = 2 * 365 * 86_400  # seconds; a certificate lives no longer


@dataclass(frozen=True, slots=True)
class Server:
    """A running server; `query` is where queries go, `token` where assertions do."""

    url: str
    face: Face
    private_key: str = field(repr=False)
    """Of the certificate that is registered, as PEM."""

    @property
    def query(self) -> str:
        """Where queries go."""
        return self.url + QUERY_PATH

    @property
    def token(self) -> str:
        """Where assertions go."""
        return self.url + TOKEN_PATH

    @property
    def certificate(self) -> Certificate:
        """The certificate that is registered."""
        return self.face.settings.certificates[0]

    @property
    def signing(self) -> Token:
        """The consumer and the token that are registered for signed requests."""
        return self.face.settings.tokens[0]

    def grant(self) -> str:
        """Return an access token without an assertion."""
        return self.face.consent([])["access_token"]

    def restrict(self, *without: str, subsidiaries: tuple[int, ...] = ()) -> None:
        """Take rights from the role, by the vendor's names, and leave it some subsidiaries, or all."""
        self.face.rights = Rights(frozenset(without), frozenset(subsidiaries))

    def fault(
        self,
        fault: Fault | str,
        entity: str = "",
        path: str = "",
        *,
        times: int = 1,
        skip: int = 0,
        seconds: float = 2.0,
    ) -> None:
        """Order a fault: `entity` is the account, `path` a part of an address or a query. See faults.Order."""
        self.face.faults.order(Order(Fault(fault), entity, path, times, skip, seconds))

    def internal_id(self, kind: str, key: str) -> int:
        """Return the internal id of a record of the ledger: kind `entity`, `transaction` or `currency`.

        A party that several subsidiaries share is known by its `shared` id.
        """
        return self.face.answers.numbering.of(kind, key)

    def skip(self, seconds: float) -> None:
        """Put the clock of tokens and signatures forward."""
        self.face.skip(seconds)


def face(ledger: Ledger, settings: Settings | None = None) -> Face:
    """Return the face over a ledger, with the sandbox's own integrations if the settings name none."""
    settings, key = settings or Settings(), _key(ledger.seed)
    if not settings.certificates:
        settings = replace(settings, certificates=(_certificate(ledger.seed, key, settings),))
    if not settings.tokens:
        settings = replace(settings, tokens=(_token(ledger.seed),))
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    return Face(ledger, settings, private)


@contextmanager
def serve(ledger: Ledger, settings: Settings | None = None, *, port: int = 0) -> Iterator[Server]:
    """Serve a ledger from a thread while the block runs."""
    made = face(ledger, settings)
    with serving.running(control.around(made), port) as url:
        yield Server(url, made, made.credentials()["private_key"])


def _key(seed: int) -> ec.EllipticCurvePrivateKey:
    """Return a key that follows from the seed: this is a sandbox, and the same seed gives the same account."""
    return ec.derive_private_key(int(_word(seed, "certificate")[:60], 16), ec.SECP256R1())


def _certificate(seed: int, key: ec.EllipticCurvePrivateKey, settings: Settings) -> Certificate:
    pem = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
    return Certificate(_word(seed, "kid")[:32], _word(seed, "client"), pem, settings.clock() + TWO_YEARS)


def _token(seed: int) -> Token:
    return Token(*(_word(seed, name) for name in ("consumer", "consumer secret", "token", "token secret")))


def _word(seed: int, name: str) -> str:
    return hashlib.sha256(f"sandbox integration {name} {seed}".encode()).hexdigest()
