"""The token of one connection: many processes use it, one at a time refreshes it, nobody loses it.

A refresh is three steps: a short transaction takes the lease, the vendor is asked outside any
transaction, a second one keeps the new pair before anybody uses it. What can go wrong in between:

- The process dies before the answer was kept. Its lease ends by itself; the next one presents the same
  refresh token again, which a vendor with a grace period accepts.
- The process is so slow that its lease ends and another one refreshes too. Whoever comes second keeps
  its pair as the previous one, so that no pair a vendor gave is ever thrown away.
- The current pair is refused although nobody used it. The previous one is kept until the current one has
  worked, and is tried next.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache, cached_property
from hashlib import scrypt
from typing import Any

from sqlalchemy import Connection, Engine, delete, insert, select, update

from include import access
from include.access.tables import tokens
from include.access.token import Token
from include.errors import ConfigurationError, GrantRefused, SourceUnavailable

LEASE_SECONDS = 90.0
"""Longer than a token endpoint may take (see include/connectors/oauth.py); a killed process blocks others so long."""
POLL_SECONDS = 0.2
FORGET = timedelta(days=100)
"""Pairs of a former seed are kept so long: a connection that is mended goes on where it was."""

Ask = Callable[[str], Token]
"""Asks the vendor for a new pair with this refresh token; raises GrantRefused where the vendor refuses it."""


@dataclass(frozen=True, slots=True)
class _Row:
    current: Token | None
    previous: Token | None
    version: int
    has_worked: bool
    leased_until: datetime | None


class TokenStore:
    """The token of one connection.

    Args:
        seed: what the Airflow connection holds (a refresh token, client credentials). A changed seed wins:
            what was stored for another one is not used.
        store: the access store; by default the one beside connection `warehouse`.
    """

    def __init__(self, connection_id: str, seed: str, store: Engine | None = None) -> None:
        self.connection_id = connection_id
        self._seed = seed
        self._given = store

    def get(self, ask: Ask, seeds: Sequence[str] = (), refused: str = "") -> Token:
        """Return a token that may be used now; refresh it if need be, unless another process does so.

        Args:
            seeds: refresh tokens to begin with; a grant without refresh tokens begins with "".
            refused: an access token that the vendor has just refused, however long it was to last.

        Raises:
            GrantRefused: the vendor refuses every refresh token there is.
            ConfigurationError: there is no refresh token yet.
            SourceUnavailable: the vendor does not answer, or another process refreshes for too long.
        """
        deadline = time.monotonic() + 2 * LEASE_SECONDS
        me = secrets.token_hex(8)
        while True:
            token, leased = self._lease(me, refused)
            if token:
                return token
            if leased:
                return self._refresh(me, leased, ask, seeds)
            if time.monotonic() > deadline:
                raise SourceUnavailable(
                    f"other processes refresh the token of connection {self.connection_id!r} and do not finish",
                    retry_after=LEASE_SECONDS, next_step="the task retries",
                )  # fmt: skip
            time.sleep(POLL_SECONDS)

    def keep(self, token: Token) -> None:
        """Keep a pair that a person has just authorized, in place of whatever there was, readable or not."""
        with self._transaction() as connection:
            self._make(connection)
            self._write(connection, current=token.encrypted(), previous=None, has_worked=False,
                        version=tokens.c.version + 1, leased_by=None, leased_until=None)  # fmt: skip

    def worked(self, token: Token) -> None:
        """Note that the vendor accepted this token; the previous pair is then no longer needed."""
        with self._transaction() as connection:
            row = self._row(connection)
            if row.current and row.current.access == token.access and not row.has_worked:
                self._write(connection, previous=None, has_worked=True)

    def _lease(self, me: str, refused: str) -> tuple[Token | None, _Row | None]:
        """Return a good token; or the row, now leased to me; or, while another process refreshes, neither."""
        with self._transaction() as connection:
            row, at = self._row(connection), access.now(connection)
            if row.current and row.current.is_good(at) and row.current.access != refused:
                return row.current, None
            if row.leased_until and row.leased_until > at:
                return None, None
            self._write(connection, leased_by=me, leased_until=at + timedelta(seconds=LEASE_SECONDS))
            return None, row

    def _refresh(self, me: str, row: _Row, ask: Ask, seeds: Sequence[str]) -> Token:
        pairs = [pair.refresh for pair in (row.current, row.previous) if pair]
        refusal: ConfigurationError = ConfigurationError(
            f"connection {self.connection_id!r} is not authorized yet",
            next_step=f"run `python -m include.connect {self.connection_id} --authorize`",
        )
        try:
            for refresh in dict.fromkeys([*pairs, *seeds]):
                try:
                    return self._commit(row, ask(refresh))
                except GrantRefused as error:
                    refusal = error
                    if newer := self._newer_than(row):  # refused because another process was faster
                        return newer
            raise refusal
        finally:
            self._release(me)

    def _commit(self, row: _Row, token: Token) -> Token:
        with self._transaction() as connection:
            if self._row(connection).version == row.version:
                former = row.current.encrypted() if row.current else None
                self._write(connection, current=token.encrypted(), previous=former, has_worked=False,
                            version=row.version + 1)  # fmt: skip
            else:
                self._write(connection, previous=token.encrypted(), has_worked=False)
            at = access.now(connection)
            connection.execute(
                delete(tokens).where(tokens.c.connection_id == self.connection_id, tokens.c.updated_at < at - FORGET)
            )
        return token

    def _newer_than(self, row: _Row) -> Token | None:
        with self._transaction() as connection:
            stored = self._row(connection)
        return stored.current if stored.version != row.version else None

    def _release(self, me: str) -> None:
        with self._transaction() as connection:
            connection.execute(
                update(tokens).where(self._mine, tokens.c.leased_by == me).values(leased_by=None, leased_until=None)
            )

    def _row(self, connection: Connection) -> _Row:
        """Return what is stored for this seed; the first time, make the row."""
        self._make(connection)
        found = connection.execute(select(tokens).where(self._mine)).one()
        current, previous = (Token.decrypted(text) if text else None for text in (found.current, found.previous))
        return _Row(current, previous, found.version, found.has_worked, found.leased_until)

    def _make(self, connection: Connection) -> None:
        if connection.execute(select(tokens.c.version).where(self._mine)).first() is None:
            connection.execute(
                insert(tokens).values(
                    connection_id=self.connection_id, seed_digest=self._digest, has_worked=False,
                    updated_at=access.now(connection),
                )
            )  # fmt: skip

    def _write(self, connection: Connection, **values: Any) -> None:
        connection.execute(update(tokens).where(self._mine).values(updated_at=access.now(connection), **values))

    @property
    def _mine(self) -> Any:
        return (tokens.c.connection_id == self.connection_id) & (tokens.c.seed_digest == self._digest)

    @property
    def _digest(self) -> str:
        return _slow_digest(self._seed, self.connection_id)

    @cached_property
    def _store(self) -> Engine:
        return access.opened(self._given)

    def _transaction(self) -> AbstractContextManager[Connection]:
        return access.transaction(self._store, f"token {self.connection_id}")


@cache
def _slow_digest(seed: str, connection_id: str) -> str:
    """Slow on purpose, and so made once a process: a password may be the seed, its digest must not give it away."""
    return scrypt(seed.encode(), salt=f"greenlight/{connection_id}".encode(), n=2**14, r=8, p=1, dklen=16).hex()
