"""Entities, terms of payment and the user; and what the audit trail remembers of deletions."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta

from include.sandbox.intacct.documents import Form, form, is_gone, record_name, revisions
from include.sandbox.intacct.objects import Row
from include.sandbox.intacct.people import term_id
from include.sandbox.intacct.source import USER_KEY, Source, Values, stamps
from include.sandbox.parties import TERMS
from include.sandbox.truth import RECEIVABLE

FOUNDED = date(2015, 1, 1)
PATHS = {
    Form.INVOICE: "invoice", Form.NEGATIVE_INVOICE: "invoice", Form.ADJUSTMENT: "adjustment", Form.ADVANCE: "advance",
    Form.OVERPAYMENT: "payment", Form.DEPOSIT: "manual-deposit",
}  # fmt: skip


def entities(source: Source) -> Iterator[Row]:
    """Yield the company's entities, closed ones too, and the top level if it is listed."""
    for entity, books in source.company.entities.items():
        key = source.numbers["entity"].of((entity,))
        values: Values = {
            "key": key, "id": entity, "name": books.entity.name, "isRoot": False, "startDate": FOUNDED,
            "status": "inactive" if entity in source.company.closed else "active", "baseCurrency.key": key,
            "baseCurrency.id": books.entity.currency,
        }  # fmt: skip
        yield Row(values | stamps(books.entity.created_at, None))
    if source.settings.root_entity_listed:
        root: Values = {
            "key": 9_999,
            "id": source.settings.company,
            "name": "Top level",
            "isRoot": True,
            "status": "active",
        }
        yield Row(root)


def terms(source: Source) -> Iterator[Row]:
    """Yield the terms of payment that customers have."""
    made = next(iter(source.company.entities.values())).entity.created_at
    for days in sorted(set(TERMS)):
        values: Values = {
            "key": source.numbers["term"].of((term_id(days),)), "id": term_id(days), "status": "active",
            "due.days": days, "due.from": "fromInvoiceDate",
        }  # fmt: skip
        yield Row(values | stamps(made, None))


def users(source: Source) -> Iterator[Row]:
    """Yield the one user."""
    yield Row({"key": USER_KEY, "id": source.settings.user.id, "status": "active", "userType": "business"})


def audit_history(source: Source) -> Iterator[Row]:
    """Yield deletions, once they are so old that the audit trail shows them."""
    shown = source.now - timedelta(seconds=source.settings.audit_lag)
    for number, (at, name, key) in enumerate(sorted(_deletions(source)), 1):
        if at <= shown:
            yield Row(
                {
                    "key": number, "id": f"103:{number}", "changeDetails.objectName": f"accounts-receivable/{name}",
                    "changeDetails.objectId": str(key), "changeSource.completedBy": source.settings.user.id,
                    "changeSource.accessDateTime": at, "changeSource.actionPerformed": "delete",
                    "changeSource.source": "userInterface",
                }
            )  # fmt: skip


def _deletions(source: Source) -> Iterator[tuple[datetime, str, int]]:
    """Yield drafts that were deleted, invoices that order entry re-created, refunds and uses of credits taken back."""
    for books, document in source.company.documents():
        name = PATHS[form(document, source.settings)]
        moments = revisions(books, document, source.settings)
        for revision, at in enumerate(moments):
            yield at, name, source.record(*record_name(document, revision))
        if is_gone(document):
            yield books.edited_at(document), name, source.record(*record_name(document, len(moments)))
    for books in source.company.entities.values():
        for payment in books.payments.values():
            known = source.numbers["record"].known(("refund", payment.id))
            if payment.is_refund and payment.deleted and known:
                yield payment.updated_at, "adjustment", known
    if source.settings.credit_applications == "no_payment":
        return
    for books in source.company.entities.values():
        for allocation in books.allocations.values():
            known = source.numbers["record"].known(("application", allocation.id))
            if allocation.deleted and known and books.documents[allocation.invoice].kind in RECEIVABLE:
                yield allocation.changed_at, "payment", known
