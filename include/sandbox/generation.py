"""Makes the books of one entity with a history: parties first, then invoices and what became of them."""

from __future__ import annotations

import hashlib
import random
import uuid
from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import accumulate

from include.sandbox import stories
from include.sandbox.books import Books, Entity
from include.sandbox.invoicing import new_document
from include.sandbox.parties import populate, retire
from include.sandbox.places import ENTITIES
from include.sandbox.purchases import purchase
from include.sandbox.records import Kind, Party, State

DRAFTS = 0.04  # of all invoices never left their draft, half of them deleted
BILLS = 0.1  # bills beside the invoices, which are none of ours


def generate(seed: int, number: int, invoices: int, customers: int, months: int, now: datetime) -> Books:
    """Return the books of the entity with this number, its invoices spread over the months before now."""
    books = _blank(seed, number, now - timedelta(days=31 * months + 60))
    start = now - timedelta(days=30 * months)
    populate(books, customers or max(8, invoices // 8), start - timedelta(days=30))
    parties = list(books.parties.values())
    buyers, sellers = [party for party in parties if not party.is_supplier], parties[:50]
    untold = list(stories.STORIES)
    books.rng.shuffle(untold)  # each story is told once before chance decides
    every, weights = list(stories.STORIES), list(accumulate(stories.STORIES.values()))
    drafts = 0
    span = (now - start).total_seconds()
    while (done := books.numbers[Kind.INVOICE]) < invoices:
        # Invoices grow denser towards now; the last few are always young and open.
        at = _moment(start, span * (done / invoices) ** 0.8, books.rng)
        party, chance = books.rng.choice(buyers), books.rng.random()
        if chance < DRAFTS:
            drafts += 1
            _draft(books, party, at, now, drafts)
        elif chance < DRAFTS + BILLS:
            chapters = _chapters(books.rng, at, now)
            purchase(books, books.rng.choice(sellers), at, chapters, books.numbers[Kind.BILL])
        else:
            invoice = new_document(books, Kind.INVOICE, party, at)
            if chapters := _chapters(books.rng, at, now):
                story = untold.pop() if untold else books.rng.choices(every, cum_weights=weights)[0]
                story(books, invoice, chapters)
    retire(books, now)
    return books


def _blank(seed: int, number: int, created_at: datetime) -> Books:
    name, country, currency, timezone, tax = ENTITIES[number % len(ENTITIES)]
    again = f" {number // len(ENTITIES) + 1}" if number >= len(ENTITIES) else ""
    digest = hashlib.sha256(f"{seed}/{number}".encode()).digest()
    entity_id = str(uuid.UUID(bytes=digest[:16], version=4))
    entity = Entity(entity_id, name + again, country, currency, timezone, Decimal(tax), created_at)
    return Books(entity, random.Random(digest))  # noqa: S311 - dice, no secret


def _draft(books: Books, party: Party, at: datetime, now: datetime, number: int) -> None:
    """Enter a draft; of four in a row one was deleted, one submitted, and one submitted and then deleted."""
    state = State.SUBMITTED if number % 4 in (2, 3) else State.DRAFT
    draft = new_document(books, Kind.INVOICE, party, at, state=state)
    if number % 4 in (1, 3):
        books.void(draft, min(at + timedelta(days=1), now))


def _chapters(rng: random.Random, at: datetime, now: datetime) -> Sequence[datetime]:
    """Return three moments after `at`, in order; none if the last would lie after now."""
    gaps = (rng.uniform(3, 45), rng.uniform(0.1, 10), rng.uniform(0.1, 10))
    moments, last = [], at
    for gap in gaps:
        last = _moment(last, gap * 86_400, rng)
        moments.append(last)
    return moments if last < now else []


def _moment(start: datetime, seconds: float, rng: random.Random) -> datetime:
    """Return the moment so many seconds after another, in whole milliseconds."""
    return start.replace(microsecond=0) + timedelta(seconds=int(seconds), milliseconds=rng.randrange(1000))
