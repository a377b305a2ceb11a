"""What an object of the company is: its fields under REST's dotted names, what it refers to, and its rows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from types import MappingProxyType

from include.sandbox.intacct.company import Owner

Value = str | int | bool | Decimal | date | datetime | None


class Kind(StrEnum):
    """What the values of a field are; both protocols write them in their own ways."""

    KEY = "key"  # a whole number, written as text
    TEXT = "text"
    AMOUNT = "amount"
    NUMBER = "number"
    RATE = "rate"  # a number, written as text
    INTEGER = "integer"
    DAY = "day"
    MOMENT = "moment"
    FLAG = "flag"
    HREF = "href"


Fields = Mapping[str, Kind]
NONE: Fields = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Ref:
    """A reference to a record of another object, by its key; `shown` is what a record has of it within."""

    path: str
    shown: tuple[str, ...] = ("key", "id")


@dataclass(frozen=True, slots=True)
class Object:
    """One kind of record.

    Args:
        path: REST's name of it.
        fields: REST's name of each field of its own.
        refs: prefix of a field → what it refers to; every field of that can be asked by a dotted name.
        write_only: fields that exist but can never be asked for.
        lists: owned records, which a single record holds and a query cannot reach.
    """

    path: str
    fields: Fields
    refs: Mapping[str, Ref] = field(default_factory=dict)
    write_only: frozenset[str] = frozenset()
    lists: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    """Name of a list → the object of its records, and the reference by which they name this one."""

    @property
    def name(self) -> str:
        """The last word of the path."""
        return self.path.rpartition("/")[2]


ANYBODYS = Owner()


@dataclass(frozen=True, slots=True)
class Row:
    """One record: values under REST's names, those missing are null; `owner` says who may see it."""

    values: Mapping[str, Value]
    owner: Owner = ANYBODYS

    @property
    def key(self) -> int:
        """The record's number."""
        key = self.values["key"]
        assert isinstance(key, int), "every record has a number"
        return key


def fields(kind: Kind, *names: str) -> dict[str, Kind]:
    """Return so many fields of one kind."""
    return dict.fromkeys(names, kind)
