"""What the connector makes of a real Tryton's books, held against what Tryton's own client says of them."""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from include import money
from include.model import ALLOCATED_TYPES, LEDGER_STATUSES
from tests.tryton.books import EVERYTHING, HISTORY_FROM, Loaded, Row, load
from tests.tryton.conftest import Running

pytestmark = pytest.mark.proves("tryton", "client")

DOCUMENTS = {"invoices": ("outstanding_amount", 1), "credit_notes": ("unapplied_amount", -1)}
HOLDINGS = ("invoices", "credit_notes", "payments", "refunds")
ALLOCATION_KEY = re.compile(
    r"account\.move\.line:\d+/(none|payment|credit_note|refund|invoice):(-|account\.(invoice|move\.line):\d+)"
    r"/(invoice|payment|credit_note|refund):account\.(invoice|move\.line):\d+/\d+"
)


def _documents(loaded: Loaded) -> dict[str, tuple[Row, int, int]]:
    """Key → row, its rest, and the sign the rest has in what the customer owes."""
    return {
        key: (row, row[rest], sign)
        for table, (rest, sign) in DOCUMENTS.items()
        for key, row in loaded.tables[table].items()
    }


def _minor(amount: str, currency: str = "USD") -> int:
    return money.minor_units(Decimal(amount), currency)


def test_sound_data_gives_no_rejects(loaded: Loaded) -> None:
    assert loaded.rejects == []


def test_every_document_is_there_with_its_amounts(loaded: Loaded, truth: Any) -> None:
    ours = _documents(loaded)
    assert ours.keys() == truth["documents"].keys()
    for key, (row, rest, sign) in ours.items():
        to_pay = Decimal(truth["documents"][key]) - Decimal(truth["used"].get(key, "0"))
        assert sign * rest == _minor(str(to_pay), row["currency"]), key
        total = _minor(truth["totals"][key], row["currency"])
        assert sign * (row["gross_before_void"] if row["status"] == "voided" else row["gross_amount"]) == total, key


def test_customers_owe_what_the_client_says(loaded: Loaded, truth: Any) -> None:
    owed: dict[str, int] = defaultdict(int)
    for row, _, sign in _documents(loaded).values():
        owed[row["customer_external_id"]] += sign * row["base_outstanding_amount"]
    for table, sign in (("payments", -1), ("refunds", 1)):
        for row in loaded.tables[table].values():
            if row["status"] == "booked":
                owed[row["customer_external_id"]] += sign * row["base_unapplied_amount"]
    posted = {p: _minor(a) - _minor(truth["not_posted"].get(p, "0")) for p, a in truth["receivable"].items()}
    assert {p: a for p, a in owed.items() if a} == {p: a for p, a in posted.items() if a}
    assert owed.keys() <= loaded.tables["customers"].keys()


def test_installments_add_up(loaded: Loaded) -> None:
    for key, invoice in loaded.tables["invoices"].items():
        parts = loaded.parts(key)
        if invoice["status"] not in LEDGER_STATUSES:
            assert not parts, key
            continue
        assert parts, key
        assert sum(part["amount"] for part in parts) == invoice["gross_amount"], key
        assert sum(part["outstanding_amount"] for part in parts) == invoice["outstanding_amount"], key
        assert [part["sequence"] for part in parts] == list(range(1, len(parts) + 1)), key
        dates = [part["due_date"] for part in parts]
        assert dates == sorted(dates) and {part["currency"] for part in parts} == {invoice["currency"]}, key
        unpaid = [part["due_date"] for part in parts if part["outstanding_amount"]]
        assert invoice["due_date"] == (min(unpaid) if unpaid else max(dates)), key


def test_checks_a_b_c(tryton: Running, loaded: Loaded) -> None:
    explained: dict[str, int] = defaultdict(int)
    for row in loaded.tables["allocations"].values():
        explained[row["target_external_id"]] += row["target_amount"]
        if row["source_external_id"]:
            explained[row["source_external_id"]] += row["source_amount"]
    wrong = []
    for table, amount, rest in (
        ("invoices", "gross_amount", "outstanding_amount"), ("credit_notes", "gross_amount", "unapplied_amount"),
        ("payments", "amount", "unapplied_amount"), ("refunds", "amount", "unapplied_amount"),
    ):  # fmt: skip
        for key, row in loaded.tables[table].items():
            is_document = table in DOCUMENTS
            if is_document and row["status"] not in LEDGER_STATUSES:
                continue
            if row[amount] != explained[key] + row[rest]:
                wrong.append((table, key, row[amount], explained[key], row[rest], _case(tryton, row)))
    assert not wrong


def _case(tryton: Running, row: Row) -> str:
    customers = {case["customer"]: name for name, case in tryton.cases.items()}
    return customers.get(row["customer_external_id"], "seed")


def test_allocations_are_well_formed(loaded: Loaded) -> None:
    for key, row in loaded.tables["allocations"].items():
        assert ALLOCATION_KEY.fullmatch(key), key
        for side in ("source", "target"):
            table = ALLOCATED_TYPES.get(row[f"{side}_type"] or "")
            if table:
                named = loaded.tables[table][row[f"{side}_external_id"]]
                assert named["currency"] == row[f"{side}_currency"], key
        assert row["target_amount"] > 0 and row["applied_on"], key
        assert row["parent_external_id"] == key.partition("/")[0] and row["parent_external_id"] in loaded.items, key


def test_statuses(tryton: Running, loaded: Loaded, truth: Any) -> None:
    expected = {"draft": "draft", "validated": "draft", "posted": "open", "paid": "paid", "cancelled": "voided"}
    credited = set(tryton.cases["cancelled_by_credit_note"]["documents"])
    for key, (row, rest, _) in _documents(loaded).items():
        assert row["source_status"] == truth["states"][key], key
        if key not in credited and row["number"]:
            assert row["status"] == expected[truth["states"][key]], key
        if truth["states"][key] == "cancelled" and not row["number"]:
            assert row["status"] == "rejected", "a draft that was never posted"
        assert not rest or row["status"] == "open", key
        if row["status"] in LEDGER_STATUSES:
            assert row["number"] and row["issue_date"] and row["due_date"] and row["posting_date"], key


def test_voided_rows_hold_no_amounts(loaded: Loaded) -> None:
    voided = [row for row, *_ in _documents(loaded).values() if row["status"] == "voided"]
    assert voided
    for row in voided:
        names = ("gross_amount", "net_amount", "tax_amount", "base_gross_amount", "base_outstanding_amount")
        assert not any(row[name] for name in names), row
        assert row["gross_before_void"] and not row["written_off_amount"], row
        assert not loaded.onto(row["external_id"]), row


def test_cases_by_hand(tryton: Running, loaded: Loaded) -> None:
    """The amounts that a person would expect, case by case: (unapplied payments, unapplied refunds, rests)."""
    expected = {
        "overpaid": ([3000], [], [0]),
        "overpaid_in_euro": ([3000], [], [0]),
        "overpayment_refunded": ([], [], [0]),
        "credit_unapplied": ([], [], [20000, 8000]),
        "credit_refunded": ([], [], [0]),
        "credit_refunded_in_part": ([], [], [4000]),
        "one_payment_two_invoices": ([], [], [0, 0]),
        "payment_with_credit_note": ([], [], [0, 0]),
        "two_payments_two_invoices": ([], [], [0, 0]),
        "written_off": ([], [], [0]),
        "written_off_whole": ([], [], [0]),
        "written_off_in_euro": ([], [], [0]),
        "opening_and_debit": ([2000], [7000], []),
        "debit_paid": ([], [], []),
        "part_paid_cancelled": ([3000], [], [0]),
        "cancelled_by_credit_note": ([], [], [0, 0]),
        "payment_not_posted": ([2500], [], [10000]),
        "payment_in_the_future": ([4500], [], [10000]),
        "rescheduled": ([], [], [30000]),
        "rescheduled_and_part_paid": ([], [], [17000]),
        "rescheduled_and_cancelled": ([], [], [0]),
        "delegated": ([], [], [14000, 1000]),
        "delegated_and_paid": ([], [], [0, 1000]),
        "grouped": ([], [10000], [0, 0]),
        "euro_paid_at_another_rate": ([], [], [0]),
        "euro_paid_in_two_parts": ([], [], [0]),
        "euro_part_paid": ([], [], [66667]),
        "euro_paid_in_dollars": ([], [], [0]),
        "dollar_invoice_part_paid_in_euro": ([], [], [4565]),
        "attached_by_hand": ([], [], [5000]),
        "two_euro_invoices_one_payment": ([], [], [0, 0]),
        "one_and_a_half_installments": ([], [], [55000]),
        "installments_overpaid_in_part": ([], [], [39000]),
        "credit_note_in_installments": ([], [], [7000, 0]),
        "nothing_to_pay": ([], [], [0]),
        "old_payment": ([], [], [0]),
        "old_payment_of_an_installment": ([], [], [6000]),
        "payment_cancelled": ([], [], [6000]),
        "write_off_cancelled": ([], [], [150]),
        "write_off_cancelled_in_euro": ([], [193], [150]),  # Tryton leaves the exchange difference in the ledger
        "on_a_closed_account": ([], [1100], []),
        "on_an_account_below": ([], [1200], []),
        "credited_by_wizard": ([], [], [3000, 0]),
        "delegated_whole": ([], [], [14000]),
        "delegated_whole_and_paid": ([], [], [0]),
        "owed_by_another_from_the_start": ([], [], [10000]),
        "credit_attached": ([], [], [12000, 0]),
        "credit_attached_in_euro": ([], [], [12000, 0]),
        "credit_attached_to_installments": ([], [], [55000, 0]),
        "credit_attached_and_the_rest_paid": ([], [], [0, 0]),
        "invoice_attached_to_credit": ([], [], [3000, 0]),
        "credit_for_one_installment": ([], [], [70000, 0]),
        "attached_more_than_is_open": ([], [], [-20000, 0]),
        "paid_on_account": ([5500], [], [7000]),
        "grouped_with_a_credit_note": ([], [6000], [0, 0]),
        "grouped_and_paid": ([], [], [0, 0]),
        "netted_with_what_we_buy": ([], [4000], [0]),
        "won_part_paid": ([], [], [550001]),
        "won_paid_at_another_rate": ([], [], [0]),
        "dinar_part_paid": ([], [], [66792]),
        "dinar_written_off": ([], [], [0]),
        "archived_debtor": ([], [], [1700]),
        "in_both_companies": ([], [], [1800]),
        "number_again_in_an_old_open_invoice": ([], [], [8800]),
    }
    found = {}
    for name in expected:
        customer = tryton.cases[name]["customer"]
        rests = [rest for key in tryton.cases[name]["documents"] for _, rest, _ in [_documents(loaded)[key]]]
        found[name] = (
            *([r["unapplied_amount"] for r in loaded.of(t, customer) if r["unapplied_amount"]]
              for t in ("payments", "refunds")),
            rests,
        )  # fmt: skip
    assert found == expected


def test_written_off_amounts(tryton: Running, loaded: Loaded) -> None:
    expected = {"written_off": 150, "written_off_whole": 3300, "written_off_in_euro": 150, "dinar_written_off": 5}
    for case, amount in expected.items():
        key = tryton.document(case)
        assert loaded.tables["invoices"][key]["written_off_amount"] == amount, case
        written = [row["target_amount"] for row in loaded.onto(key) if row["kind"] == "write_off"]
        assert written == [amount], case


def test_a_shared_write_off_is_no_single_invoices(tryton: Running, loaded: Loaded) -> None:
    """Read alone or together, an invoice says the same."""
    connector = tryton.connector()
    for key in tryton.cases["two_payments_two_invoices"]["documents"]:
        alone = load(connector, {"invoices": connector.read_ids(connector.stream("invoices"), [key])})
        assert alone.tables["invoices"][key] == loaded.tables["invoices"][key]
        assert not loaded.tables["invoices"][key]["written_off_amount"]


def test_delegated_invoices_come_with_the_delegate(tryton: Running, loaded: Loaded) -> None:
    key = tryton.cases["delegated"]["documents"][0]
    delegate = loaded.tables["invoices"][key]["customer_external_id"]
    connector = tryton.connector()
    window = replace(EVERYTHING, customers=(delegate,))
    found = [item.key for page in connector.read(connector.stream("invoices"), window) for item in page.items]
    assert found == [key]


@pytest.mark.parametrize("case", ["euro_paid_at_another_rate", "euro_paid_in_two_parts", "overpaid_in_euro"])
def test_exchange_differences_are_no_write_offs(case: str, tryton: Running, loaded: Loaded) -> None:
    key = tryton.document(case)
    assert not loaded.tables["invoices"][key]["written_off_amount"]
    assert {row["kind"] for row in loaded.onto(key)} == {"payment"}
    assert {row["target_currency"] for row in loaded.onto(key)} == {"EUR"}
    assert sum(row["target_amount"] for row in loaded.onto(key)) == loaded.tables["invoices"][key]["gross_amount"]


def test_euro_invoice_paid_in_dollars(tryton: Running, loaded: Loaded) -> None:
    (row,) = loaded.onto(tryton.document("euro_paid_in_dollars"))
    said = (row["source_amount"], row["source_currency"], row["target_amount"], row["target_currency"])
    assert said == (100000, "USD", 92000, "EUR")


def test_refund_points_at_the_overpayment(tryton: Running, loaded: Loaded) -> None:
    (refund,) = loaded.of("refunds", tryton.cases["overpayment_refunded"]["customer"])
    (row,) = loaded.out_of(refund["external_id"])
    assert (row["kind"], row["source_amount"], row["target_type"]) == ("refund", 5000, "payment")
    assert loaded.tables["payments"][row["target_external_id"]]["amount"] == 5000


def test_refund_points_at_the_credit_note(tryton: Running, loaded: Loaded) -> None:
    for case, amount in (("credit_refunded", 6000), ("credit_refunded_in_part", 2000)):
        (refund,) = loaded.of("refunds", tryton.cases[case]["customer"])
        (row,) = loaded.out_of(refund["external_id"])
        assert (row["kind"], row["target_external_id"]) == ("refund", tryton.document(case)), case
        assert row["target_amount"] == amount, case


def test_one_payment_two_invoices(tryton: Running, loaded: Loaded) -> None:
    rows = [row for key in tryton.cases["one_payment_two_invoices"]["documents"] for row in loaded.onto(key)]
    assert [(row["target_amount"], row["is_derived"]) for row in rows] == [(6000, False), (4000, False)]
    assert len({row["source_external_id"] for row in rows}) == 1


def test_a_split_that_is_ours_says_so(tryton: Running, loaded: Loaded) -> None:
    keys = tryton.cases["two_payments_two_invoices"]["documents"]
    assert any(row["is_derived"] for key in keys for row in loaded.onto(key))


def test_movements_that_are_not_posted_or_of_the_future(tryton: Running, loaded: Loaded) -> None:
    (pending,) = loaded.of("payments", tryton.cases["payment_not_posted"]["customer"])
    assert (pending["status"], pending["amount"]) == ("pending", 2500)
    (early,) = loaded.of("payments", tryton.cases["payment_in_the_future"]["customer"])
    assert (early["status"], early["unapplied_amount"]) == ("booked", 4500)


def test_kinds_of_movements(tryton: Running, loaded: Loaded) -> None:
    customer = tryton.cases["opening_and_debit"]["customer"]
    assert [row["kind"] for row in loaded.of("payments", customer)] == ["opening_balance"]
    assert [row["kind"] for row in loaded.of("refunds", customer)] == ["journal"]
    assert {row["kind"] for row in loaded.of("payments", tryton.cases["overpaid"]["customer"])} == {"payment"}


def test_cancelled_by_a_credit_note(tryton: Running, loaded: Loaded) -> None:
    """The ledger holds both: Tryton calls the invoice cancelled, but no move of its own undoes it."""
    invoice, note = tryton.cases["cancelled_by_credit_note"]["documents"]
    row = loaded.tables["invoices"][invoice]
    assert (row["status"], row["gross_amount"], row["source_status"]) == ("paid", 11000, "cancelled")
    (settled,) = loaded.onto(invoice)
    assert (settled["kind"], settled["source_external_id"], settled["target_amount"]) == ("credit", note, 11000)


def test_delegated_invoices_are_the_delegates(tryton: Running, loaded: Loaded) -> None:
    for case in ("delegated", "delegated_and_paid"):
        invoice = loaded.tables["invoices"][tryton.cases[case]["documents"][0]]
        delegate = loaded.tables["customers"][invoice["customer_external_id"]]
        assert (
            delegate["name"].endswith("delegate") and invoice["customer_external_id"] != tryton.cases[case]["customer"]
        )


def test_rescheduled_invoices_have_their_new_parts(tryton: Running, loaded: Loaded) -> None:
    parts = loaded.parts(tryton.document("rescheduled"))
    assert [part["amount"] for part in parts] == [10000] * 3
    parts = loaded.parts(tryton.document("rescheduled_and_part_paid"))
    assert [part["outstanding_amount"] for part in parts] == [0, 7000, 10000]


def test_installments_and_a_half(tryton: Running, loaded: Loaded) -> None:
    key = tryton.document("one_and_a_half_installments")
    parts = loaded.parts(key)
    assert [(part["amount"], part["outstanding_amount"]) for part in parts] == [
        (30000, 0),
        (30000, 15000),
        (40000, 40000),
    ]
    assert loaded.tables["invoices"][key]["due_date"] == parts[1]["due_date"]
    assert parts[1]["due_date"] - parts[0]["due_date"] == timedelta(days=30)


def test_unreconciled_again_is_open_in_part_or_whole(tryton: Running, loaded: Loaded, truth: Any) -> None:
    for case in ("unreconciled_again", "euro_unreconciled_again"):
        key = tryton.document(case)
        row = loaded.tables["invoices"][key]
        assert (row["status"], truth["states"][key]) == ("open", "posted"), case
        assert row["outstanding_amount"] == _minor(truth["documents"][key], row["currency"]), case


def test_archived_customers_are_read(loaded: Loaded) -> None:
    assert "Adventure Works" in [row["name"] for row in loaded.tables["customers"].values() if not row["is_active"]]


def test_control_figures_agree_with_rows_and_client(tryton: Running, loaded: Loaded, truth: Any) -> None:
    said = tryton.connector().control_figures(HISTORY_FROM.replace(year=2030), HISTORY_FROM)
    assert not said.unanswered
    by_name: dict[str, list[Any]] = defaultdict(list)
    for figure in said.figures:
        by_name[figure.name].append(figure)
    waiting = sum((Decimal(amount) for amount in truth["not_posted"].values()), Decimal(0))
    (total,) = by_name["open_total"]
    assert total.amount == Decimal(truth["balance"]) - waiting
    balances = {figure.subject: figure.amount for figure in by_name["customer_balance"]}
    for party, amount in truth["receivable"].items():
        assert balances.get(party, 0) == Decimal(amount) - Decimal(truth["not_posted"].get(party, "0")), party
    counts = {figure.subject: figure.count for figure in by_name["count"]}
    held = {row["customer_external_id"] for t in HOLDINGS for row in loaded.tables[t].values()}
    assert counts == {table: len(loaded.tables[table]) for table in HOLDINGS} | {"customers": len(held)}
    assert sum(figure.amount for figure in by_name["closed_world"]) == total.amount
    assert all(figure.mapped for figure in by_name["closed_world"])
    rests = {
        key: (rest * sign, row)
        for key, (row, rest, sign) in _documents(loaded).items()
        if rest or row["base_outstanding_amount"]
    }
    for table, sign in (("payments", -1), ("refunds", 1)):
        rests |= {
            key: (sign * row["unapplied_amount"], row)
            for key, row in loaded.tables[table].items()
            if row["unapplied_amount"] and row["status"] == "booked"
        }
    figures = {figure.subject: figure for figure in by_name["open_document"]}
    assert figures.keys() == rests.keys()
    for key, figure in figures.items():
        rest, row = rests[key]
        assert _minor(str(figure.amount), figure.currency) == rest and figure.currency == row["currency"], key
        assert figure.customer == row["customer_external_id"] and figure.number, key
        assert figure.due_date is None or figure.due_date == row["due_date"], key
