"""Values of a connection's extra: typed, or refused by the name of their key."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from include.errors import ConfigurationError


def number(extra: Mapping[str, Any], name: str, default: int, largest: int = 10**9) -> int:
    """Return a whole number from 1 on; the default where nothing is said.

    Raises:
        ConfigurationError: it is no such number.
    """
    value = extra.get(name, default)
    if isinstance(value, str) and value.isascii() and value.isdigit():
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= largest:
        raise wrong(name, f"a whole number from 1 to {largest}")
    return value


def flag(extra: Mapping[str, Any], name: str, default: bool) -> bool:
    """Return whether it is true; the default where nothing is said.

    Raises:
        ConfigurationError: it is neither true nor false.
    """
    value = extra.get(name, default)
    if isinstance(value, str) and value.lower() in ("true", "false"):
        value = value.lower() == "true"
    if not isinstance(value, bool):
        raise wrong(name, "true or false")
    return value


def wrong(name: str, wanted: str) -> ConfigurationError:
    """Return the error that names the key and what is wanted, never the value."""
    return ConfigurationError(
        f"extra {name!r} of the connection is not {wanted}", next_step="correct it on the Airflow connection"
    )
