"""The two reports that know what is owed: the trial balance, and one contact's aged receivables."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from include.sandbox.books import Books
from include.sandbox.xero.settings import Settings
from include.sandbox.xero.shapes import Shape


def report(books: Books, name: str, parameters: Mapping[str, str], now: datetime, settings: Settings) -> Shape | None:
    """Return a report by its name; None if there is none of that name."""
    return None
