"""What a page's records are with what was looked up for them; one that is not as Odoo sends it is marked."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from include.connectors.base import Stream
from include.connectors.normalized import Record
from include.connectors.odoo.body import BROKEN, Answers, sound, split, without_id
from include.connectors.odoo.client import ids_of
from include.connectors.odoo.values import One, parse

Join = Callable[[Record], Record | None]
Found = Mapping[int, dict[str, Any] | None]


def decode(stream: Stream, body: bytes) -> list[Record]:
    """Return a page's records, each with what was looked up for it.

    A record that is `malformed` says so and is otherwise as it came, for normalize to reject.
    """
    answers = split(body)
    join = _JOINS[stream.name](answers)
    records = (_joined(row, answers, join) for row in answers.responses[0])
    return [record for record in records if record is not None]


def record_key(stream: Stream, record: Record) -> str:
    """Return the record's key; one without id is known by a digest of which fields it has."""
    identifier = record.get("id")
    return f"{stream.record_types[0]}:{identifier if type(identifier) is int else without_id(record)}"


def _joined(row: Any, answers: Answers, join: Join) -> Record | None:
    try:
        joined = join(parse(row, answers.asked[0]))
    except BROKEN:
        return row | {"malformed": True}
    if joined is None:
        return None
    return joined | {"base": answers.about.base, "web": answers.about.web}


def _groups(rows: Iterable[Any], field: str) -> set[int]:
    """Return the ids by which rows were grouped; a group without one is nobody's."""
    return {row[field][0] for row in rows if row[field]}


def customers(answers: Answers) -> Join:
    """Attach contacts, owner, tags and country to those below whom somebody holds a document; leave out the others."""
    below, users, tags, countries, parents = (answers.records(number) for number in (1, 4, 5, 6, 7))
    holders = _groups(answers.responses[2], "commercial_partner_id") | _groups(answers.responses[3], "partner_id")
    children, members = _by(answers.responses[1], "parent_id"), _by(answers.responses[1], "commercial_partner_id")

    def holds(identifier: int, seen: frozenset[int] = frozenset()) -> bool:
        if identifier in seen:  # a hierarchy that goes in circles has no end
            return False
        return identifier in holders or any(holds(child, seen | {identifier}) for child in children[identifier])

    def join(partner: Record) -> Record | None:
        if not holds(partner["id"]):
            return None
        contacts = [sound(below, one) for one in members[partner["id"]]]
        parent = sound(parents, partner["parent_id"].id)["commercial_partner_id"] if partner["parent_id"] else None
        user, country = partner.get("user_id"), partner.get("country_id")
        return partner | {
            "contacts": contacts,
            "parent": parent.id if parent else None,
            "owner": sound(users, user.id) if user else None,
            "tags": [sound(tags, tag)["name"] for tag in partner.get("category_id") or ()],
            "country": sound(countries, country.id)["code"] if country else None,
            "custom": _custom(partner),
        }

    return join


def _by(rows: Iterable[Any], field: str) -> dict[int, list[int]]:
    """Return id → ids of the rows that name it in the field, whether or not the rest of them is sound."""
    found: dict[int, list[int]] = defaultdict(list)
    for row in rows:
        for identifier in ids_of([row], field):
            found[identifier].append(row["id"])
    return found


def invoices(answers: Answers) -> Join:
    """Attach the lines that are due, what settles them, and the customer behind the partner."""
    due, partials, belonging = (answers.records(number) for number in (1, 2, 3))
    of_move: dict[int, list[dict[str, Any] | None]] = defaultdict(list)
    for row, line in zip(answers.responses[1], due.values(), strict=True):
        of_move[row["move_id"][0]].append(line)

    def join(move: Record) -> Record:
        lines = of_move[move["id"]]
        if None in lines:
            raise ValueError("a due line is not as asked for")
        own = [line for line in lines if line]
        return move | {
            "due": [line | {"partials": _partials(line, partials)} for line in own],
            "customer": _customer(move["commercial_partner_id"], belonging),
            "custom": _custom(move),
        }

    return join


def payments(answers: Answers) -> Join:
    """Attach the entry, the payment, and each matching with the line on its other side."""
    about = answers.about
    partials, others, entries, moneys, belonging = (answers.records(number) for number in (1, 2, 3, 4, 5))
    lines = {**others, **answers.records(0)}

    def placed(line: dict[str, Any]) -> dict[str, Any]:
        payment, entry = line.get("payment_id"), sound(entries, line["move_id"].id)
        journal = entry["journal_id"].id
        return line | {
            "entry": entry,
            "payment": sound(moneys, payment.id) if payment else None,
            "journal_type": about.journals[str(journal)],
            "is_of_differences": journal == about.difference_journal,
            "is_opening": entry["id"] == about.opening_move,
        }

    def join(line: Record) -> Record:
        matched = []
        for partial in _partials(line, partials):
            ends = (partial["debit_move_id"].id, partial["credit_move_id"].id)
            debit, credit = (placed(sound(lines, end)) for end in ends)
            matched.append(partial | {"debit": debit, "credit": credit})
        return placed(line) | {"matched": matched, "customer": _customer(line["partner_id"], belonging)}

    return join


def _partials(line: Record, partials: Found) -> list[dict[str, Any]]:
    """Return a line's matchings, oldest first."""
    return [sound(partials, one) for one in sorted({*line["matched_debit_ids"], *line["matched_credit_ids"]})]


def _customer(partner: Any, belonging: Found) -> int | None:
    """Return the customer that a partner belongs to now; None where there is no partner."""
    if partner is None:
        return None
    commercial = sound(belonging, partner.id)["commercial_partner_id"]
    identifier: int = commercial.id if commercial else partner.id
    return identifier


def _custom(record: Record) -> dict[str, Any]:
    """Return the fields that Odoo's users made, by name, without what is empty; of a record that is named its name."""
    named = {name: value for name, value in record.items() if name.startswith("x_") and value is not None}
    return {name: value.name if isinstance(value, One) else value for name, value in named.items()}


_JOINS: Mapping[str, Callable[[Answers], Join]] = {
    "customers": customers,
    "invoices": invoices,
    "payments": payments,
}
