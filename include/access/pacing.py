"""Calls of all processes together stay below a vendor's limits.

Every call takes a slot in the access store before it goes out and gives it back when it has ended. A
call counts towards "so many a minute" until that minute has passed after its end, because nobody knows
when in between the vendor counted it: so the vendor's limit is never exceeded, whatever the network does.
The slot of a process that was killed ends by itself.
"""

from __future__ import annotations

import random
import secrets
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache, cached_property
from typing import Any, Literal

from sqlalchemy import Connection, Engine, Integer, Select, bindparam, delete, func, insert, select, update

from include import access
from include.access.tables import calls, holds
from include.errors import SourceUnavailable

LONGEST_WAIT = 61.0
"""Seconds a task waits inside for its turn; when it is longer, Airflow waits."""
PATIENCE_SECONDS = 600.0
"""Seconds one call waits in all while others keep taking the slots."""
SLOT_SECONDS = 180.0
"""How long a slot is taken by a call that never gives it back; longer calls renew theirs."""
CROWDED_POLL, LONGEST_POLL = 0.1, 5.0
FORGET_SECONDS = 60.0
"""How often a process removes the calls that no longer count."""


@dataclass(frozen=True, slots=True)
class Limit:
    """So many calls in so many seconds.

    Args:
        seconds: the period, rolling; 0 = calls at the same time.
        per: whose limit it is: one tenant's (entity, organisation) or the whole connection's.
        remaining: header in which the vendor says how many calls of this limit are left, if any.
    """

    calls: int
    seconds: float = 0.0
    per: Literal["tenant", "connection"] = "tenant"
    remaining: str = ""


class Pacer:
    """Holds the calls of one connection below its vendor's limits, across processes.

    Args:
        limits: every one must have room before a call goes out.
        store: the access store; by default the one beside connection `warehouse`.
    """

    def __init__(self, connection_id: str, limits: Sequence[Limit], store: Engine | None = None) -> None:
        self.connection_id = connection_id
        self.limits = tuple(limits)
        self._given = store
        self._forgot_at: dict[str, datetime] = {}

    @contextmanager
    def slot(self, tenant: str = "") -> Iterator[Slot]:
        """Wait for room under every limit, then keep the slot until the block ends.

        Args:
            tenant: whose limits count besides the connection's; "" for calls that concern no tenant.

        Raises:
            SourceUnavailable: it would take longer than a task should wait; `retry_after` says how long.
        """
        slot = Slot(self, secrets.token_hex(8))
        deadline = time.monotonic() + PATIENCE_SECONDS
        while (wait := self._take(slot.call_id, tenant)) > 0:
            if wait > LONGEST_WAIT or time.monotonic() > deadline:
                raise self._later(max(wait, LONGEST_WAIT))
            time.sleep(min(wait, LONGEST_POLL) + random.uniform(0, CROWDED_POLL))  # noqa: S311 - so that many differ
        try:
            yield slot
        finally:
            slot.end(0)

    def hold(self, tenant: str, seconds: float) -> None:
        """Let no process call before so many seconds have passed: the vendor said so."""
        with self._transaction() as connection:
            until = access.now(connection) + timedelta(seconds=seconds)
            self._hold(connection, self._scope("tenant" if tenant else "connection", tenant), until)

    def heed(self, tenant: str, headers: Mapping[str, str]) -> None:
        """Read from an answer's headers which limits are used up, by whomever, and hold until they are not."""
        for limit in self.limits:
            left = headers.get(limit.remaining, "") if limit.remaining else ""
            if not left.strip().isdigit() or int(left) > 0 or (limit.per == "tenant" and not tenant):
                continue
            scope = self._scope(limit.per, tenant)
            with self._transaction() as connection:
                at, period = access.now(connection), timedelta(seconds=limit.seconds)
                oldest = select(func.min(calls.c.ended_at)).where(
                    calls.c.scope == scope, calls.c.ended_at > at - period
                )
                first = connection.execute(oldest).scalar_one() or at
                self._hold(connection, scope, min(first, at) + period)

    def _take(self, call_id: str, tenant: str) -> float:
        """Take the slot and return 0, or return how many seconds to wait before asking again."""
        by_scope: dict[str, list[Limit]] = {}
        for limit in self.limits:
            if limit.per == "connection" or tenant:
                by_scope.setdefault(self._scope(limit.per, tenant), []).append(limit)
        if not by_scope:
            return 0.0
        with self._transaction() as connection:
            at = access.now(connection)
            waits = self._waits(connection, by_scope, at)
            if max(waits) > 0:
                return max(waits)
            if tenant not in self._forgot_at or self._forgot_at[tenant] < at - timedelta(seconds=FORGET_SECONDS):
                self._forget(connection, by_scope, at)
                self._forgot_at[tenant] = at
            ends = at + timedelta(seconds=SLOT_SECONDS)
            connection.execute(_TAKE, [{"call_id": call_id, "scope": scope, "ended_at": ends} for scope in by_scope])
        return 0.0

    def _forget(self, connection: Connection, by_scope: Mapping[str, Sequence[Limit]], at: datetime) -> None:
        """Remove what no longer counts."""
        longest = {scope: timedelta(seconds=max(limit.seconds for limit in by_scope[scope])) for scope in by_scope}
        connection.execute(_FORGET, [{"of": scope, "before": at - period} for scope, period in longest.items()])

    def _waits(self, connection: Connection, by_scope: Mapping[str, Sequence[Limit]], at: datetime) -> list[float]:
        """Return in how many seconds what holds the scopes ends, and when each limit has room, asked all at once."""
        limits = [(scope, limit) for scope, limits in by_scope.items() for limit in limits]
        asked: dict[str, Any] = {"scopes": list(by_scope)}
        for number, (scope, limit) in enumerate(limits):
            asked |= {f"scope{number}": scope, f"after{number}": at - timedelta(seconds=limit.seconds)}
            asked |= {f"skip{number}": limit.calls - 1}
        until, *ends = connection.execute(_waits_of(len(limits)), asked).one()
        waits = [(until - at).total_seconds() if until else 0.0]
        for (_, limit), end in zip(limits, ends, strict=True):
            if end is None:
                waits.append(0.0)
            elif end > at:  # it still runs: nobody knows for how long
                waits.append(max(CROWDED_POLL, limit.seconds))
            else:  # the oldest of the last `calls` calls no longer counts then
                waits.append((end + timedelta(seconds=limit.seconds) - at).total_seconds())
        return waits

    def _hold(self, connection: Connection, scope: str, until: datetime) -> None:
        longest = connection.execute(select(holds.c.until).where(holds.c.scope == scope)).scalar_one_or_none()
        if longest is None:
            connection.execute(insert(holds).values(scope=scope, until=until))
        elif longest < until:
            connection.execute(update(holds).where(holds.c.scope == scope).values(until=until))

    def end(self, call_id: str, seconds: float) -> None:
        """Say that a call ends in so many seconds; 0 gives its slot back."""
        if not self.limits:
            return
        with self._transaction() as connection:
            ends = access.now(connection) + timedelta(seconds=seconds)
            connection.execute(_END, {"call": call_id, "ends": ends})

    def _later(self, seconds: float) -> SourceUnavailable:
        goes_on = datetime.now(UTC) + timedelta(seconds=seconds)
        return SourceUnavailable(
            f"the calls that the system allows to connection {self.connection_id!r} are used up; "
            f"it goes on at {goes_on:%Y-%m-%d %H:%M} UTC",
            next_step="wait: what is staged is kept, and the task or the next run goes on there; "
            "if it happens often, ask the vendor for a higher limit",
            retry_after=seconds,
        )

    def _scope(self, per: Literal["tenant", "connection"], tenant: str) -> str:
        return f"{self.connection_id}/{tenant}" if per == "tenant" else self.connection_id

    @cached_property
    def _store(self) -> Engine:
        return access.opened(self._given)

    def _transaction(self) -> AbstractContextManager[Connection]:
        return access.transaction(self._store, f"pacing {self.connection_id}", durable=False)


# Made once: making a statement takes longer than running it.
_TAKE = insert(calls)
_END = update(calls).where(calls.c.call_id == bindparam("call")).values(ended_at=bindparam("ends"))
_FORGET = delete(calls).where(calls.c.scope == bindparam("of"), calls.c.ended_at < bindparam("before"))


@cache
def _waits_of(limits: int) -> Select[Any]:
    """Return the question for the end of holds, and for the last call that fills each of so many limits."""
    held = select(func.max(holds.c.until)).where(holds.c.scope.in_(bindparam("scopes", expanding=True)))
    filling = (
        select(calls.c.ended_at)
        .where(calls.c.scope == bindparam(f"scope{number}"), calls.c.ended_at > bindparam(f"after{number}"))
        .order_by(calls.c.ended_at.desc())
        .offset(bindparam(f"skip{number}", type_=Integer))
        .limit(1)
        for number in range(limits)
    )
    return select(held.scalar_subquery(), *(question.scalar_subquery() for question in filling))


@dataclass(slots=True)
class Slot:
    """One call's place below the limits."""

    pacer: Pacer
    call_id: str

    def renew(self) -> None:
        """Keep it for longer: the answer is still coming in."""
        self.end(SLOT_SECONDS)

    def end(self, seconds: float) -> None:
        """Give it back in so many seconds."""
        self.pacer.end(self.call_id, seconds)
