"""Contacts: does everyone belong to somebody? Addresses are judged on the customer who owes."""

from __future__ import annotations

from include.expectations.suite import Rows, Scope, Suite, customer, customer_of, has_customer, keys


def _batch(scope: Scope) -> str:
    return f"""
        SELECT t.external_id AS record, NULL AS number, NULL AS currency, NULL AS amount, {customer()}
        FROM contacts t {customer_of()} WHERE {scope.live}"""


def _rows(scope: Scope) -> tuple[Rows, ...]:
    return (keys("contacts"), has_customer("contacts"))


SUITE = Suite("contacts", "contact", _batch, _rows)
