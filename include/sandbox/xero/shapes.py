"""How this vendor writes dates, amounts and its envelope."""

from __future__ import annotations

import hashlib
import uuid
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import lru_cache
from typing import Any, Final

import msgspec

Shape = dict[str, Any]
"""An object of a reply, its keys as the vendor writes them."""

ENCODER: Final = msgspec.json.Encoder(decimal_format="number")
PROVIDER = "Greenlight sandbox"
EPOCH = date(1970, 1, 1)


def moment(at: datetime, offset: str = "+0000") -> str:
    """Return `/Date(ms+0000)/`."""
    return f"/Date({round(at.timestamp() * 1000)}{offset})/"


@lru_cache(4096)
def day(on: date) -> str:
    """Return midnight of the day, written as if it were UTC."""
    return f"/Date({(on - EPOCH).days * 86_400_000}+0000)/"


def dated(name: str, on: date | None, zero_dates: bool = False) -> Shape:
    """Return a date as the two fields this vendor gives it, or none if it is not known."""
    if on:
        return {f"{name}String": f"{on}T00:00:00", name: day(on)}
    return {name: "/Date(0+0000)/"} if zero_dates else {}


def updated(at: datetime) -> Shape:
    """Return when a record changed, in milliseconds and again as text in whole seconds."""
    return {"UpdatedDateUTC": moment(at), "UpdatedDateUTCString": f"{at:%Y-%m-%dT%H:%M:%S}+00:00"}


def long_moment(at: datetime) -> str:
    """Return the seven-digit form that /connections uses, without a zone."""
    return f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%S.%f}0"


def named_id(*parts: str) -> str:
    """Return an id that follows from names, for what the ledger gives no id."""
    return str(uuid.UUID(bytes=hashlib.sha256("/".join(parts).encode()).digest()[:16], version=4))


def plain(amount: Decimal) -> Decimal:
    """Return the amount with two decimals at least, as this vendor shows it."""
    exponent = amount.as_tuple().exponent
    return amount.quantize(Decimal("0.01")) if isinstance(exponent, int) and exponent > -2 else amount


def envelope(now: datetime, what: str, said: Any, address: str, pagination: Shape | None = None) -> Shape:
    """Return the reply around a list."""
    head = {"Id": named_id(address, str(now)), "Status": "OK", "ProviderName": PROVIDER, "DateTimeUTC": moment(now, "")}
    return head | ({"pagination": pagination} if pagination else {}) | {what: said}
