"""Faults on purpose: what goes wrong between a client and a server, to be ordered and used up."""

from __future__ import annotations

import threading
from collections import deque
from dataclasses import dataclass
from enum import StrEnum


class Fault(StrEnum):
    """What may go wrong."""

    TOO_MANY_A_MINUTE = "minute"
    TOO_MANY_A_DAY = "day"
    TOO_MANY_AT_ONCE = "concurrent"
    SERVER_ERROR = "500"
    UNAVAILABLE = "503"
    CUT = "cut"
    """The JSON ends in the middle."""
    HTML = "html"
    """A page for people, with status 200."""
    SLOW = "slow"
    RESET = "reset"
    """The connection breaks while the body is under way."""
    DROPPED_PAGE = "dropped_page"
    """A page comes without its records."""
    SHUFFLED = "shuffled"
    """Each page is cut from another order."""
    EXPIRED = "expired"
    """The access token has ended."""
    REVOKED = "revoked"
    """The grant has ended."""


@dataclass(slots=True)
class Order:
    """A fault that waits for its request.

    Args:
        entity: only for this entity's data; any if empty.
        path: only where the address contains this, whatever its case.
        times: how many requests it spoils; after so many `skip` it lets through.
        seconds: how long a slow answer takes, or how long a limit asks to wait.
    """

    fault: Fault
    entity: str = ""
    path: str = ""
    times: int = 1
    skip: int = 0
    seconds: float = 2.0


class Faults:
    """The faults ordered so far; requests use them up, oldest first."""

    def __init__(self) -> None:
        self._orders: deque[Order] = deque()
        self._lock = threading.Lock()
        self.done: list[tuple[Fault, str]] = []
        """What was spoilt: the fault and the address."""

    def order(self, order: Order) -> None:
        """Let a fault wait for its requests."""
        with self._lock:
            self._orders.append(order)

    def clear(self) -> None:
        """Forget what has not happened yet."""
        with self._lock:
            self._orders.clear()

    def take(self, entity: str, path: str, *, named_only: bool = False) -> Order | None:
        """Return the fault that is due for a request, and use it up once.

        Args:
            named_only: only one that was ordered for a part of the address, as for what is no data.
        """
        with self._lock:
            for order in self._orders:
                if (order.entity and order.entity != entity) or order.path.lower() not in path.lower():
                    continue
                if named_only and not order.path:
                    continue
                if order.skip:
                    order.skip -= 1
                    continue
                order.times -= 1
                if order.times <= 0:
                    self._orders.remove(order)
                self.done.append((order.fault, path))
                return order
        return None
