from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from typing import Any
from xml.etree import ElementTree

import pytest

from include.sandbox.ledger import Ledger
from include.sandbox.records import Kind, State
from include.sandbox.xero.server import Server
from tests.sandbox.reader import Reader


@pytest.fixture
def reader(server: Server) -> Reader:
    return Reader(server)


@pytest.fixture
def books(ledger: Ledger) -> Any:
    return ledger.entity(0)


def test_without_page_there_is_no_pagination_no_line_and_no_contact_but_its_name(reader: Reader) -> None:
    said = reader.said("/Invoices")
    assert "pagination" not in said and len(said["Invoices"]) > 100
    assert not any(row["LineItems"] for row in said["Invoices"])
    assert not any("EmailAddress" in row["Contact"] for row in said["Invoices"])
    contact = reader.said("/Contacts", includeArchived="true")["Contacts"]
    assert not any(row["ContactPersons"] or "PaymentTerms" in row or "MergedToContactID" in row for row in contact)


def test_with_page_all_of_it_is_there(reader: Reader) -> None:
    said = reader.said("/Invoices", page=1)
    assert said["pagination"] == {
        "page": 1,
        "pageSize": 100,
        "pageCount": 2,
        "itemCount": said["pagination"]["itemCount"],
    }
    assert len(said["Invoices"]) == 100 and all(row["LineItems"] for row in said["Invoices"])
    assert all("EmailAddress" in row["Contact"] for row in said["Invoices"])
    uses = [use for row in said["Invoices"] for name in ("Overpayments", "Prepayments") for use in row[name]]
    assert uses and not any("CreditNoteNumber" in use for use in uses)
    contacts = reader.rows("Contacts", includeArchived="true")
    assert any(row["ContactPersons"] for row in contacts) and any("MergedToContactID" in row for row in contacts)


def test_the_parameter_is_page_size_in_camel_case_and_at_most_a_thousand(reader: Reader, serving: Any) -> None:
    assert len(reader.said("/Invoices", page=1, pageSize=7)["Invoices"]) == 7
    assert len(reader.said("/Invoices", page=1, page_size=7)["Invoices"]) == 100
    assert reader.get("/Invoices", page=1, pageSize=1001).status_code == 400
    with serving(oversized_page="clamp") as other:
        assert Reader(other).said("/Invoices", page=1, pageSize=5000)["pagination"]["pageSize"] == 1000


@pytest.mark.parametrize("page", ["0", "-1", "one"])
def test_a_page_that_is_no_number_is_refused(reader: Reader, page: str) -> None:
    refused = reader.get("/Invoices", page=page)
    assert refused.status_code == 400
    said = refused.json()
    assert (said["ErrorNumber"], said["Type"]) == (10, "ValidationException")
    assert "page" in said["Elements"][0]["ValidationErrors"][0]["Message"]


def test_past_the_last_page_there_is_nothing_or_the_last_page_again(reader: Reader, serving: Any) -> None:
    said = reader.said("/Invoices", page=99)
    assert said["Invoices"] == [] and said["pagination"]["pageCount"] == 2
    with serving(past_the_end="last") as other:
        again = Reader(other)
        assert again.said("/Invoices", page=99)["Invoices"] == again.said("/Invoices", page=2)["Invoices"]


def test_pages_together_are_the_list_each_record_once_in_the_order_of_change(reader: Reader, books: Any) -> None:
    rows = reader.rows("Invoices", pageSize=33)
    wanted = sorted(books.kinds(Kind.INVOICE, Kind.BILL), key=lambda d: (d.updated_at, d.id))
    assert [row["InvoiceID"] for row in rows] == [d.id for d in wanted]


def test_a_record_that_changes_while_it_is_paged_moves_to_the_end_and_another_is_skipped(
    reader: Reader, ledger: Ledger, books: Any
) -> None:
    first = [row["InvoiceID"] for row in reader.said("/Invoices", page=1, pageSize=50)["Invoices"]]
    books.touch(books.documents[first[0]], ledger.now)
    rest = [
        row["InvoiceID"] for page in (2, 3, 4) for row in reader.said("/Invoices", page=page, pageSize=50)["Invoices"]
    ]
    everything = {d.id for d in books.kinds(Kind.INVOICE, Kind.BILL)}
    assert first[0] in rest, "read twice"
    assert len(everything - set(first) - set(rest)) == 1, "and one never"


def dated(document: Any) -> bool:
    return date(2026, 1, 1) <= document.issued_on < date(2026, 3, 1)


DRAFTS, GONE = (State.DRAFT, State.SUBMITTED), (State.VOIDED, State.DELETED)
WHERE = {
    'Type=="ACCREC"': lambda d: d.kind is Kind.INVOICE,
    'Type=="ACCREC" AND Status=="AUTHORISED"': lambda d: d.kind is Kind.INVOICE and d.outstanding,
    'Status="VOIDED" || Status=="DELETED"': lambda d: d.state in GONE,
    '(Status=="DRAFT" OR Status=="SUBMITTED") AND AmountDue>0': lambda d: d.state in DRAFTS,
    "Date>=DateTime(2026,01,01) AND Date < DateTime(2026, 03, 01)": dated,
    "DueDate!=null": lambda d: d.due_on,
    "AmountPaid > 0.5 && amountdue == 0": lambda d: d.is_paid and d.closed_on,
}


@pytest.mark.parametrize(("where", "wanted"), WHERE.items())
def test_where_means_what_it_says(reader: Reader, books: Any, where: str, wanted: Any) -> None:
    got = {row["InvoiceID"] for row in reader.rows("Invoices", where=where)}
    expected = {d.id for d in books.kinds(Kind.INVOICE, Kind.BILL) if wanted(d)}
    if "AmountPaid" in where:
        expected = {key for key in expected if any(not p.deleted for p in books.payments_of(key))}
    assert got == expected and got


def test_where_knows_contacts_by_their_id_and_their_odd_names(reader: Reader, books: Any) -> None:
    party = next(p for p in books.parties.values() if '"' in p.name and p.is_customer)
    escaped = party.name.replace('"', '\\"')
    for where in (f'Contact.ContactID==guid("{party.id.upper()}")', f'Contact.Name=="{escaped}"'):
        rows = reader.rows("Invoices", where=where)
        assert rows and {row["Contact"]["ContactID"] for row in rows} == {party.id}


@pytest.mark.parametrize(
    "where",
    [
        'Nonsense=="1"', "Total>5", 'Status=="PAID" AND', "Status", "Status==PAID", "Date>5", "(Type",
        'Type=="A" Type=="B"',
    ],
)  # fmt: skip
def test_what_is_no_condition_or_no_optimised_column_is_refused(reader: Reader, where: str) -> None:
    refused = reader.get("/Invoices", page=1, where=where)
    assert refused.status_code == 400 and refused.json()["Type"] == "QueryParseException"


def test_a_small_organisation_may_ask_for_any_column(serving: Any) -> None:
    with serving(high_volume=False) as other:
        reader = Reader(other)
        assert reader.rows("Invoices", where="Total>5")
        assert reader.rows("Contacts", where="IsCustomer==true")


def test_order_is_by_id_by_change_and_by_date_either_way_and_by_nothing_else(reader: Reader) -> None:
    ids = [row["InvoiceID"] for row in reader.rows("Invoices", order="InvoiceID")]
    assert ids == sorted(ids)
    assert [row["InvoiceID"] for row in reader.rows("Invoices", order="InvoiceID DESC")] == ids[::-1]
    days = [row["DateString"] for row in reader.rows("Invoices", order="Date DESC")]
    assert days == sorted(days, reverse=True)
    stamps = [stamp(row["UpdatedDateUTC"]) for row in reader.rows("Invoices", order="UpdatedDateUTC ASC")]
    assert stamps == sorted(stamps)
    assert reader.get("/Invoices", page=1, order="Total").status_code == 400


def test_filters_by_ids_contacts_statuses_and_numbers(reader: Reader, books: Any) -> None:
    some = [d.id for d in books.kinds(Kind.INVOICE)][:3]
    assert {r["InvoiceID"] for r in reader.rows("Invoices", IDs=",".join(some))} == set(some)
    party = books.documents[some[0]].party
    assert {r["Contact"]["ContactID"] for r in reader.rows("Invoices", ContactIDs=party)} == {party}
    open_ = reader.rows("Invoices", Statuses="AUTHORISED")
    assert {r["InvoiceID"] for r in open_} == {
        d.id for d in books.kinds(Kind.INVOICE, Kind.BILL) if d.state is State.POSTED and d.outstanding
    }
    number = books.documents[some[0]].number
    assert [r["InvoiceID"] for r in reader.rows("Invoices", InvoiceNumbers=number)] == [some[0]]
    archived = next(p.id for p in books.parties.values() if p.archived)
    assert [r["ContactID"] for r in reader.rows("Contacts", IDs=archived)] == [archived]


def test_an_address_holds_about_fifty_ids_and_not_more(reader: Reader, books: Any) -> None:
    ids = list(books.documents)
    assert reader.get("/Invoices", page=1, IDs=",".join(ids[:45])).status_code == 200
    assert reader.get("/Invoices", page=1, IDs=",".join(ids[:60])).status_code == 414


def test_archived_contacts_hide_unless_asked_for(reader: Reader, books: Any) -> None:
    living = {p.id for p in books.parties.values() if not p.archived}
    assert {row["ContactID"] for row in reader.rows("Contacts")} == living
    assert {row["ContactID"] for row in reader.rows("Contacts", includeArchived="true")} == set(books.parties) > living


def test_a_summary_is_smaller(reader: Reader) -> None:
    row = reader.said("/Invoices", page=1, summaryOnly="true")["Invoices"][0]
    assert "Payments" not in row and not row["LineItems"] and "AmountDue" in row
    assert "Balances" not in reader.said("/Contacts", page=1, summaryOnly="true")["Contacts"][0]


def test_the_changed_filter_has_a_precision_of_one_second_and_hears_either_form(reader: Reader, books: Any) -> None:
    documents = sorted(books.kinds(Kind.INVOICE, Kind.BILL), key=lambda d: d.updated_at)
    middle = documents[len(documents) // 2].updated_at
    second = middle.replace(microsecond=0)
    after = {d.id for d in documents if d.updated_at > second}
    for text in (
        f"{middle:%Y-%m-%dT%H:%M:%S}",
        f"{middle:%Y-%m-%dT%H:%M:%S}.999",
        f"{middle:%a, %d %b %Y %H:%M:%S} GMT",
    ):
        got = reader.get("/Invoices", page=1, pageSize=1000, headers={"If-Modified-Since": text}).json()
        assert {row["InvoiceID"] for row in got["Invoices"]} == after
        assert got["pagination"]["itemCount"] == len(after)
    assert reader.get("/Invoices", page=1, headers={"If-Modified-Since": "yesterday"}).status_code == 400


def test_whether_the_very_second_counts_is_a_setting(ledger: Ledger, serving: Any) -> None:
    document = next(ledger.entity(0).kinds(Kind.INVOICE))
    document.updated_at = datetime(2030, 1, 1, tzinfo=UTC)
    since = {"If-Modified-Since": "2030-01-01T00:00:00"}
    found = {}
    for setting in ("after", "from"):
        with serving(modified_since=setting) as other:
            found[setting] = len(Reader(other).get("/Invoices", page=1, headers=since).json()["Invoices"])
    assert found == {"after": 0, "from": 1}


def test_three_changes_never_show_a_role_a_balance_and_a_due_date_on_a_part_paid_invoice(
    reader: Reader, ledger: Ledger, books: Any
) -> None:
    def changed(name: str) -> set[str]:
        headers = {"If-Modified-Since": f"{ledger.now:%Y-%m-%dT%H:%M:%S}"}
        rows = reader.get(f"/{name}", page=1, includeArchived="true", headers=headers).json()[name]
        return {row["ContactID" if name == "Contacts" else "InvoiceID"] for row in rows}

    later = ledger.now + timedelta(hours=1)
    supplier = next(p for p in books.parties.values() if p.is_supplier and not p.is_customer)
    invoice = next(d for d in books.kinds(Kind.INVOICE) if 0 < d.outstanding < d.gross)
    moved = invoice.due_on + timedelta(days=30)
    invoice_of_supplier = next(d for d in books.kinds(Kind.INVOICE) if d.outstanding == d.gross and d.outstanding)
    books.add(invoice_of_supplier.__class__(**{
        name: getattr(invoice_of_supplier, name) for name in invoice_of_supplier.__slots__
    } | {"id": books.new_id(), "party": supplier.id, "updated_at": later}))  # fmt: skip
    books.change_due(invoice, moved, later)
    assert supplier.id not in changed("Contacts") and invoice.id not in changed("Invoices")
    row = reader.said(f"/Contacts/{supplier.id}")["Contacts"][0]
    assert row["IsCustomer"] and row["Balances"]["AccountsReceivable"]["Outstanding"] == invoice_of_supplier.outstanding
    assert reader.said(f"/Invoices/{invoice.id}")["Invoices"][0]["DueDateString"] == f"{moved}T00:00:00"


def test_deleted_and_voided_documents_stay_and_a_deleted_allocation_says_so(
    reader: Reader, books: Any, serving: Any
) -> None:
    statuses = {row["Status"] for row in reader.rows("Invoices")}
    assert {"DRAFT", "DELETED", "VOIDED", "AUTHORISED", "PAID"} <= statuses
    lines = [
        a
        for name in ("CreditNotes", "Overpayments", "Prepayments")
        for r in reader.rows(name)
        for a in r["Allocations"]
    ]
    assert {a["AllocationID"]: a["IsDeleted"] for a in lines} == {a.id: a.deleted for a in books.allocations.values()}
    with serving(deleted_allocations="hidden") as other:
        hidden = [a for row in Reader(other).rows("CreditNotes") for a in row["Allocations"]]
        assert hidden and not any(a["IsDeleted"] for a in hidden)


def test_a_merged_customers_documents_stay_or_move_as_the_setting_says(
    ledger: Ledger, books: Any, serving: Any
) -> None:
    merged = next(
        p for p in books.parties.values() if p.merged_into and any(d.party == p.id for d in books.kinds(Kind.INVOICE))
    )
    for setting, shown in (("stay", merged.id), ("move", books.survivor(merged.id))):
        with serving(merged_documents=setting) as other:
            rows = Reader(other).rows("Invoices", ContactIDs=shown)
            assert any(books.documents[row["InvoiceID"]].party == merged.id for row in rows)


def stamp(text: str) -> datetime:
    """Read `/Date(ms+0000)/`."""
    found = re.fullmatch(r"/Date\((-?\d+)\+0000\)/", text)
    assert found, text
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=int(found[1]))


def test_dates_come_in_both_forms_and_changes_in_milliseconds(reader: Reader, ledger: Ledger, books: Any) -> None:
    said = reader.said("/Invoices", page=1, pageSize=1000)
    assert re.fullmatch(r"/Date\(\d+\)/", said["DateTimeUTC"])
    for row in said["Invoices"]:
        document = books.documents[row["InvoiceID"]]
        assert stamp(row["Date"]).date() == document.issued_on == date.fromisoformat(row["DateString"][:10])
        assert row["DateString"].endswith("T00:00:00")
        assert stamp(row["UpdatedDateUTC"]) == document.updated_at
    header = reader.get("/Organisation").headers["Date"]
    assert header == f"{ledger.now:%a, %d %b %Y %H:%M:%S} GMT", "the sandbox's clock, not the machine's"


def test_an_unknown_due_date_is_left_out_or_zero(ledger: Ledger, serving: Any) -> None:
    ledger.plant(0, "missing_due_date")
    key = ledger.entity(0).defects["missing_due_date"][0]
    for zero, expected in ((False, None), (True, "/Date(0+0000)/")):
        with serving(zero_dates=zero) as other:
            assert Reader(other).said(f"/Invoices/{key}")["Invoices"][0].get("DueDate") == expected


def test_xml_is_what_comes_unless_json_is_asked_for(reader: Reader, books: Any) -> None:
    response = reader.get("/Invoices", page=1, headers={"Accept": "*/*"})
    assert response.headers["Content-Type"].startswith("text/xml")
    rows = ElementTree.fromstring(response.content).findall("Invoices/Invoice")
    assert len(rows) == 100
    for row in rows:
        document = books.documents[row.findtext("InvoiceID", "")]
        assert row.findtext("Total") == f"{document.gross:.2f}" or document.currency in ("KWD", "BHD")
        assert row.findtext("UpdatedDateUTC") == f"{document.updated_at:%Y-%m-%dT%H:%M:%S.%f}"[:-3]
        assert row.findtext("Contact/Name") == books.parties[document.party].name


def test_what_is_not_there_is_said_in_plain_text(reader: Reader) -> None:
    for path in ("/Invoices/00000000-0000-0000-0000-000000000000", "/Nothing", "/Reports/Nothing"):
        response = reader.get(path)
        assert response.status_code == 404 and response.headers["Content-Type"].startswith("text/plain")


def test_a_rate_can_be_written_the_other_way_round(ledger: Ledger, books: Any, serving: Any) -> None:
    foreign = next(d for d in books.kinds(Kind.INVOICE) if d.currency != books.entity.currency)
    shown = {}
    for basis in ("document_per_base", "base_per_document"):
        with serving(rate_basis=basis) as other:
            shown[basis] = Reader(other).said(f"/Invoices/{foreign.id}")["Invoices"][0]["CurrencyRate"]
    assert shown["document_per_base"] == foreign.rate
    assert abs(shown["document_per_base"] * shown["base_per_document"] - 1) < 0.0005


def test_other_inferred_rules_are_settings_too(ledger: Ledger, books: Any, serving: Any) -> None:
    draft = next(d for d in books.kinds(Kind.INVOICE) if d.state is State.DRAFT)
    credit = next(d for d in books.kinds(Kind.OVERPAYMENT, Kind.PREPAYMENT, Kind.CREDIT_NOTE) if d.outstanding)

    def read(**settings: Any) -> tuple[Any, Any]:
        with serving(**settings) as other:
            reader = Reader(other)
            due = reader.said(f"/Invoices/{draft.id}")["Invoices"][0]["AmountDue"]
            contact = reader.said(f"/Contacts/{credit.party}")["Contacts"][0]
            return due, contact["Balances"]["AccountsReceivable"]["Outstanding"]

    due, balance = read()
    assert due == draft.gross
    zero, without = read(draft_amount_due="zero", balances_count_credits=False)
    assert zero == 0 and without > balance


def test_the_same_seed_and_the_same_request_give_the_same_bytes() -> None:
    from include.sandbox.xero.server import serve

    paths = ("/Invoices?page=1", "/Contacts?page=1", "/Payments?page=1", "/Organisation", "/Reports/TrialBalance")
    read: list[list[bytes]] = []
    for _ in "12":
        ledger = Ledger(seed=5, invoices=80)
        ledger.advance(3)
        with serve(ledger) as running:
            reader = Reader(running)
            read.append([reader.get(path).content for path in paths])
    assert read[0] == read[1]


def test_what_the_reports_leave_open_is_a_setting(ledger: Ledger, books: Any, serving: Any) -> None:
    foreign = next(d for d in books.kinds(Kind.INVOICE) if d.outstanding and d.currency != books.entity.currency)

    def read(**settings: Any) -> tuple[str, str]:
        with serving(**settings) as other:
            reader = Reader(other)
            balance = reader.said("/Reports/TrialBalance")["Reports"][0]["Rows"]
            cells = [row["Cells"] for section in balance[1:] for row in section["Rows"]]
            receivable = next(row[3]["Value"] for row in cells if row[0]["Value"].startswith("Accounts Receivable"))
            aged = reader.said("/Reports/AgedReceivablesByContact", contactID=foreign.party)["Reports"][0]["Rows"][1]
            return receivable, next(
                r["Cells"][7]["Value"] for r in aged["Rows"] if r["Cells"][1]["Value"] == foreign.number
            )

    total, due = read()
    assert total == str(ledger.truth().base_total)
    assert due == str(books.in_base(foreign.outstanding, foreign.rate))
    revalued, in_document = read(trial_balance="todays_rate", aged_currency="document")
    assert revalued != total and in_document == str(foreign.outstanding)


def test_a_report_of_an_earlier_day_knows_only_what_had_happened_then(reader: Reader, ledger: Ledger) -> None:
    def receivable(day: str) -> str:
        rows = reader.said("/Reports/TrialBalance", date=day)["Reports"][0]["Rows"]
        cells = [row["Cells"] for section in rows[1:] for row in section["Rows"]]
        return next(row[3]["Value"] for row in cells if row[0]["Value"].startswith("Accounts Receivable"))

    before, total = receivable("2026-07-01"), str(ledger.truth().base_total)
    assert before == total
    ledger.advance(3)
    assert receivable("2026-07-04") == str(ledger.truth().base_total) != total
    assert receivable("2020-01-01") == "0"
    assert reader.get("/Reports/TrialBalance", date="soon").status_code == 400
    assert reader.get("/Reports/AgedReceivablesByContact").status_code == 400
