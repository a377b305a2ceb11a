"""What asking a system costs, in requests: a connector declares it, and every run record says what was to be expected.

A night may take 1.05 times that and two requests more: what a retry or a page that was cut adds.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

LISTED = ("changed", "open", "by id")
"""What a read of a stream asks for in lists of whole records; what changed is asked for even if nothing did."""


@dataclass(frozen=True, slots=True)
class Costs:
    """What the lists of one stream, or the control figures, cost.

    Args:
        fixed: requests whatever there is: who answers, what may be read, in which time zone.
        page: records that one request brings.
        follow_ups: further requests that such a page takes: lines, links, contacts.
        ids: records that one request brings by their ids; as many as a page if not given.
        keys: keys that one request brings where all of them are compared.
    """

    fixed: int
    page: int = 1000
    follow_ups: int = 0
    ids: int = 0
    keys: int = 1000

    def of_read(self, asked: Mapping[str, int]) -> dict[str, Any]:
        """Return what a read costs that asked for so many records; `keys` are those that were compared.

        Returns:
            `requests`, and the `formula` that they follow from.
        """
        size = {"changed": self.page, "open": self.page, "by id": self.ids or self.page}
        pages = [(name, asked.get(name, 0), size[name], 1 if name == "changed" else 0) for name in LISTED]
        lists = [_pages(*each) for each in pages]
        requests = self.fixed + (1 + self.follow_ups) * sum(lists)
        said = " + ".join(_said(*each) for each in pages if each[1] or each[0] == "changed")
        formula = f"{self.fixed} + {1 + self.follow_ups} × ({said})" if self.follow_ups else f"{self.fixed} + {said}"
        if compared := asked.get("keys", 0):
            requests += _pages("keys", compared, self.keys, 1)
            formula += f" + {_said('keys', compared, self.keys, 1)}"
        return {"requests": requests, "formula": formula}

    def of_figures(self, documents: int, customers: int, comparisons: int) -> dict[str, Any]:
        """Return what control figures cost: so many open documents and customers' balances, asked so many times."""
        each = self.fixed + _pages("", documents, self.page, 0) + 2 * _pages("", customers, self.page, 0)
        formula = (
            f"{comparisons} × ({self.fixed} + {_said('open documents', documents, self.page, 0)}"
            f" + 2 × {_said('customers', customers, self.page, 0)})"
        )
        return {"requests": comparisons * each, "formula": formula}


def _pages(name: str, count: int, size: int, least: int) -> int:
    return max(least, -(-count // size))


def _said(name: str, count: int, size: int, least: int) -> str:
    pages = f"⌈{count}/{size}⌉ {name}"
    return f"max(1, {pages})" if least else pages
