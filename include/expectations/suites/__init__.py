"""The suites, one file per table, in the order people read them."""

from __future__ import annotations

from include.expectations.suite import Suite
from include.expectations.suites import (
    allocations,
    contacts,
    credit_notes,
    customers,
    installments,
    invoices,
    payments,
    reconciliation,
    refunds,
    rejects,
    sync,
)

ALL: tuple[Suite, ...] = (
    reconciliation.SUITE,
    sync.SUITE,
    rejects.SUITE,
    customers.SUITE,
    contacts.SUITE,
    invoices.SUITE,
    installments.SUITE,
    credit_notes.SUITE,
    payments.SUITE,
    refunds.SUITE,
    allocations.SUITE,
)
