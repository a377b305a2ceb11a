"""JSON read and written exactly: fast where many records come, strictly where nothing else tells that one is lost."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from decimal import Decimal
from typing import Any

import msgspec

_DECODER = msgspec.json.Decoder(float_hook=Decimal)
_ENCODER = msgspec.json.Encoder(order="deterministic")


def decode(body: bytes) -> Any:
    """Return what a body says, with Decimal for every number that is no integer.

    Raises:
        ValueError, RecursionError: it is no JSON.
    """
    try:
        return _DECODER.decode(body)
    except (ValueError, RecursionError):  # half of a surrogate pair, NaN, or no JSON at all
        return json.loads(body.decode(), parse_float=Decimal)


def strict(
    body: bytes, object_hook: Callable[[dict[str, Any]], Any] = dict, parse_float: Callable[[str], Any] = float
) -> Any:
    """Return what a body says, if it says nothing twice: which of the two is meant nobody knows.

    Raises:
        ValueError, RecursionError: it is no JSON in UTF-8, or a name comes twice in an object.
    """

    def whole(pairs: list[tuple[str, Any]]) -> Any:
        found = dict(pairs)
        if len(found) != len(pairs):
            raise ValueError("a name comes twice")
        return object_hook(found)

    return json.loads(body.decode(), object_pairs_hook=whole, parse_float=parse_float)


def encode(value: Any) -> bytes:
    """Return a value as JSON, moments and Decimals as text; equal values give equal bytes."""
    try:
        return _ENCODER.encode(value)
    except (msgspec.MsgspecError, ValueError, TypeError, RecursionError):
        return json.dumps(value, sort_keys=True, default=str).encode()


def encode_each(values: Iterable[Any]) -> list[bytes]:
    """Return each value as `encode` does."""
    each = list(values)
    try:
        return _ENCODER.encode_lines(each).splitlines()
    except (msgspec.MsgspecError, ValueError, TypeError, RecursionError):
        return list(map(encode, each))
