"""Settings of a face that are given as text, on a command line."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, replace
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

T = TypeVar("T", bound="DataclassInstance")


def chosen(plain: T, given: Mapping[str, str]) -> T:
    """Return the settings with some of them replaced by what is given as text.

    Raises:
        ValueError: there is no such setting, or its value is of another kind.
    """
    found: dict[str, Any] = {}
    for name, text in given.items():
        before = getattr(plain, name, None)
        if not isinstance(before, bool | int | float | str):
            known = [f.name for f in fields(plain) if isinstance(getattr(plain, f.name), bool | int | float | str)]
            raise ValueError(f"no setting {name}; there are {', '.join(known)}")
        found[name] = text.lower() == "true" if isinstance(before, bool) else type(before)(text)
    return replace(plain, **found)
