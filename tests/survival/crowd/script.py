"""What an organization of the crowd does, round by round: the same for everybody who has the same script.

All organizations use the same keys at the same moment, which is where one could be taken for another;
every text says whose it is, so that a row that strays is told.
"""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from random import Random
from typing import Any

from tests.warehouse.batches import NOW, Batch

CUSTOMERS, INVOICES, PAYMENTS = 8, 12, 6
KEYS = {"party": CUSTOMERS, "inv": INVOICES, "pay": PAYMENTS}
STREAMS = ("customers", "documents", "payments")


def now(number: int) -> Any:
    """Return the moment of a round."""
    return NOW + timedelta(hours=number)


def batch(folder: Path, organization_id: str, script: int, number: int, seed: int) -> tuple[Batch, dict[str, Any]]:
    """Return what the organization reads in that round, and what its manifest says besides."""
    random = Random(f"{seed} {script} {number}")
    stream = STREAMS[number % len(STREAMS)]
    made = Batch(folder, stream, organization_id)
    fields: dict[str, Any] = {"run_id": f"round-{number}", "cursor_after": now(number).isoformat()}
    fill = {"customers": _customers, "documents": _documents, "payments": _payments}[stream]
    fields["deleted"] = fill(made, organization_id, random, number)
    return made, fields


def _customers(made: Batch, owner: str, random: Random, number: int) -> list[str]:
    keys = [f"party:{n}" for n in random.sample(range(CUSTOMERS), 4)]
    *read, last = keys
    for key in read:
        made.record(key, digest=f"{number}")
        parent = f"party:{random.randrange(CUSTOMERS)}" if random.random() < 0.4 else None
        made.row("customers", key, name=f"{owner} {key} {number // 6}", is_active=random.random() < 0.8,
                 parent_external_id=parent)  # fmt: skip
        for person in random.sample(range(4), random.randrange(3)):
            made.child("contacts", f"person:{key[6:]}:{person}", key, customer_external_id=key, last_name=owner)
    if random.random() < 0.3:  # merged into another one
        made.record(last, digest=f"{number}")
        made.row("customers", last, name=f"{owner} merged", superseded_by_external_id=read[0])
        return []
    return [last] if random.random() < 0.5 else []


def _documents(made: Batch, owner: str, random: Random, number: int) -> list[str]:
    *read, rejected, gone = (f"inv:{n}" for n in random.sample(range(INVOICES), 6))
    for key in read:
        rest = random.choice((0, 5000, 11900))
        made.record(key, digest=f"{number}", at=now(number - random.randrange(3)))
        made.row("invoices", key, customer_external_id=f"party:{random.randrange(3)}", title=owner,
                 number=f"R-{random.randrange(INVOICES)}", outstanding_amount=rest, status="open" if rest else "paid",
                 purchase_order=random.choice((None, f"{owner} PO")))  # fmt: skip
        for part in range(random.randrange(1, 4)):
            made.child("installments", f"{key}:{part}", key, invoice_external_id=key, sequence=part,
                       due_date=date(2026, 3, 1) + timedelta(days=part), outstanding_amount=rest)  # fmt: skip
    made.reject(rejected, at=now(number), raw=f'{{"owner": "{owner}"}}', number=f"{owner} {number}")
    return [gone]


def _payments(made: Batch, owner: str, random: Random, number: int) -> list[str]:
    *read, gone = (f"pay:{n}" for n in random.sample(range(PAYMENTS), 3))
    for key in read:
        made.record(key, digest=f"{number}")
        made.row("payments", key, customer_external_id="party:1", instrument=owner, amount=random.randrange(1, 9000))
        for target in random.sample(range(INVOICES), random.randrange(3)):
            made.child("allocations", f"{key}/payment:{key}/invoice:inv:{target}/1", key, target_type="invoice",
                       target_external_id=f"inv:{target}", source_external_id=key, source_type="payment",
                       source_amount=2000, source_currency="EUR")  # fmt: skip
    return [gone]
