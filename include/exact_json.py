"""JSON read and written fast and exactly, and nothing refused that the json module would take."""

from __future__ import annotations

import json
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


def encode(value: Any) -> bytes:
    """Return a value as JSON, moments and Decimals as text; equal values give equal bytes."""
    try:
        return _ENCODER.encode(value)
    except (msgspec.MsgspecError, ValueError, TypeError, RecursionError):
        return json.dumps(value, sort_keys=True, default=str).encode()
