"""What a credit was used for, from the links between lines: whichever end of a link it is at, each pair once.

The credit lists them: a payment, a deposit application, a credit memo or a line of a journal entry. Money paid
back is a refund that points at the credit; a debit journal that was settled is the target of what settled it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any, NamedTuple

from include.connectors.netsuite import scope, values
from include.connectors.normalized import Columns, Record


class Link(NamedTuple):
    """An application as one of its ends sees it: own line, the other document and its line."""

    line: str
    kind: str
    document: str
    other_line: str
    amount: Decimal
    on: date | None


class Use(NamedTuple):
    """A part of a credit: `parent` lists it, `credit` is the row it is taken from, `link` says the rest."""

    parent: str
    credit: str
    currency: str
    link: Link


def links(record: Record) -> list[Link]:
    """Return what a transaction is applied to, each pair of lines once.

    Raises:
        ValueError, LookupError: a value is missing or not of its kind.
    """
    own, found, seen = str(record["id"]), [], set()
    for row in record["links"]:
        ends = [_end(row, "previous"), _end(row, "next")]
        pair = frozenset(ends)
        amount = values.size(row["foreignamount"])
        if pair in seen or not amount:
            continue
        seen.add(pair)
        day = values.day(row.get("nextdate")) or values.day(record.get("trandate"))
        for mine, (kind, document, line) in (ends, ends[::-1]):
            if mine[1] == own:
                found.append(Link(mine[2], kind, document, line, amount, day))
    return found


def uses(record: Record, key: str, currency: str, line: str = "") -> list[Use]:
    """Return what a credit was used for.

    Args:
        key: of the record that lists it.
        line: of a journal entry, whose lines are rows of their own.
    """
    is_journal = record["type"] == scope.JOURNAL
    own = f"{key}:{line}" if is_journal else key
    return [
        Use(key, own, currency, link)
        for link in links(record)
        if (not is_journal or link.line == line) and (link.kind in scope.DEBITS or link.kind == scope.JOURNAL)
    ]


def applied_deposits(record: Record) -> Decimal:
    """Return how much of a deposit its applications took."""
    return sum((link.amount for link in links(record) if link.kind == scope.APPLICATION), values.ZERO)


def columns(uses: Sequence[Use], stream: str, kind: str, credit: str) -> Columns:
    """Return the rows of allocations.

    Args:
        kind, credit: what a use is, and what is used, in the model's words.
    """
    count, numbers = len(uses), _ordinals(uses)
    is_refund = [use.link.kind == "CustRfnd" for use in uses]
    others = [f"{use.link.kind}:{use.link.document}" + (f":{use.link.other_line}" if use.link.kind == scope.JOURNAL
              else "") for use in uses]  # fmt: skip
    debits = ["invoice" if use.link.kind in scope.INVOICES else "refund" for use in uses]
    credits, amounts = [use.credit for use in uses], [use.link.amount for use in uses]
    sources = [("refund", other) if r else (credit, own)
               for own, other, r in zip(credits, others, is_refund, strict=True)]  # fmt: skip
    targets = [(credit, own) if r else (debit, other)
               for own, other, debit, r in zip(credits, others, debits, is_refund, strict=True)]  # fmt: skip
    return {
        "external_id": [
            f"{use.parent}/{source_type}:{source}/{target_type}:{target}/{number}"
            for use, (source_type, source), (target_type, target), number
            in zip(uses, sources, targets, numbers, strict=True)
        ],
        "kind": ["refund" if refund else kind for refund in is_refund],
        "source_type": [source[0] for source in sources],
        "source_external_id": [source[1] for source in sources],
        "source_amount": amounts,
        "source_currency": [use.currency for use in uses],
        "target_type": [target[0] for target in targets],
        "target_external_id": [target[1] for target in targets],
        "target_amount": amounts,
        "target_currency": [use.currency for use in uses],
        "applied_on": [use.link.on for use in uses],
        "is_derived": [False] * count,
        "parent_stream": [stream] * count,
        "parent_external_id": [use.parent for use in uses],
    }  # fmt: skip


def _ordinals(uses: Sequence[Use]) -> list[int]:
    """Number what one credit was used for in one document, by the lines it joins."""
    seen: Counter[tuple[str, str, str]] = Counter()
    found: dict[int, int] = {}
    for place in sorted(range(len(uses)), key=lambda n: (uses[n].link.line, uses[n].link.other_line)):
        use = uses[place]
        whose = (use.credit, use.link.kind, use.link.document)
        seen[whose] += 1
        found[place] = seen[whose]
    return [found[place] for place in range(len(uses))]


def _end(row: Mapping[str, Any], name: str) -> tuple[str, str, str]:
    kind = values.text(row[f"{name}type"])
    return str(kind), values.identifier(row[f"{name}doc"]), values.identifier(row.get(f"{name}line", "0"))
