"""Sample connectors that each break one promise about rows or figures, with the check that must fail them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any

from include.connectors.base import ControlFigures, Figure, Grade, Stream
from include.connectors.normalized import Normalized, Record, Reject
from tests.conformance.broken import fails
from tests.conformance.sample import Sample
from tests.conformance.sample_rows import key


class Changed(Sample):
    """Changes one column after normalizing."""

    table: str
    column: str

    def normalize(self, stream: Stream, records: Iterable[Record]) -> Normalized:
        said = super().normalize(stream, records)
        if self.table in said.tables:
            columns = said.tables[self.table]
            columns[self.column] = [self.spoiled(value) for value in columns[self.column]]
        return said

    def spoiled(self, value: Any) -> Any:
        return None


class Misreported(Sample):
    """Changes figures after asking."""

    def control_figures(self, as_of: date, history_from: date) -> ControlFigures:
        said = super().control_figures(as_of, history_from)
        return replace(said, figures=tuple(f for figure in said.figures if (f := self.spoiled(figure))))

    def spoiled(self, figure: Figure) -> Figure | None:
        return figure


def _nothing(value: Any) -> None:
    """Leave a value out."""


def _changing(check: str, name: str, table: str, column: str, spoiled: Callable[[Any], Any] = _nothing) -> None:
    """Register a connector that spoils one column."""
    body = {"table": table, "column": column, "spoiled": lambda self, value: spoiled(value)}
    fails(check)(type(name, (Changed,), body))


def _misreporting(check: str, name: str, spoiled: Callable[[Figure], Figure | None]) -> None:
    """Register a connector that spoils figures."""
    fails(check)(type(name, (Misreported,), {"spoiled": lambda self, figure: spoiled(figure)}))


def _midnight(day: date | None) -> datetime | None:
    return datetime.combine(day, time()) if day else None


_changing("amounts", "FloatMoney", "invoices", "gross_amount", float)
_changing("times", "NaiveRowTimes", "invoices", "source_updated_at", lambda at: at and at.replace(tzinfo=None))
_changing("times", "DatesWithTime", "invoices", "due_date", _midnight)
_changing("choices", "VendorStatus", "invoices", "status", lambda status: f"state {status}")
_changing("required", "NoCustomer", "invoices", "customer_external_id")
_changing("typed", "LowerCaseCountry", "customers", "address_country", str.lower)
_changing("row_keys", "OneKeyForAll", "allocations", "external_id", lambda value: "Receipt:1")
_changing("row_keys", "AddressAsKey", "contacts", "external_id", lambda value: f"{value}@example.com")
_changing("children", "NoParentStream", "contacts", "parent_stream", lambda value: "contacts")
_changing("children", "ParentIsTheTable", "installments", "parent_external_id", lambda value: f"{value}:1")
_changing("references", "NumbersAreNoKeys", "allocations", "target_external_id", lambda value: f"{value}0000")
_changing("recomputed", "FillsRecordId", "invoices", "record_id", lambda value: "mine")
_changing("statuses", "PaidWithARest", "invoices", "status", lambda value: "paid" if value == "open" else value)
_changing("installments", "NoInstallmentRest", "installments", "outstanding_amount", lambda value: Decimal(0))
_changing("allocations", "UnsignedAllocations", "allocations", "target_amount", lambda value: -value)
_changing("allocations_in_currency", "AllCurrenciesAreEuro", "allocations", "target_currency", lambda value: "EUR")
_changing("figures_equal_rows", "RestIsGross", "credit_notes", "unapplied_amount", lambda value: value + 1)

_misreporting("figures_graded", "SameResponse", lambda f: replace(f, grade=Grade.D))
_misreporting("figures_graded", "NoTotal", lambda f: None if f.name == "open_total" else f)
_misreporting("figures_formed", "FloatFigures", lambda f: replace(f, amount=f.amount and float(f.amount)))  # type: ignore[arg-type]
_misreporting("figures_add_up", "TotalOfDebitsOnly", lambda f: None if "Note" in f.subject else f)
_misreporting("figures_add_up", "BalancesLeftOut", lambda f: None if f.subject == "Party:1" else f)
_misreporting("figures_name_every_document", "OneCustomerForAll", lambda f: replace(f, customer="Party:1"))
_misreporting("figures_count", "CountsOneMore", lambda f: replace(f, count=f.count and f.count + 1))
_misreporting("figures_closed_world", "TypeForgotten", lambda f: None if f.subject == "R" else f)


@fails("decode")
class RecordsOutOfOrder(Sample):
    """Records come in another order than the items."""

    def decode(self, stream: Stream, body: bytes) -> Sequence[Record]:
        return super().decode(stream, body)[::-1]


@fails("tables")
class ForeignTable(Sample):
    """A stream fills a table it did not declare."""

    def normalize(self, stream: Stream, records: Iterable[Record]) -> Normalized:
        said = super().normalize(stream, records)
        said.tables["customers"] = {"external_id": ["Party:1"]}
        return said


@fails("deterministic")
class ChangesItsInput(Sample):
    """Normalizing changes the records."""

    def normalize(self, stream: Stream, records: Iterable[Record]) -> Normalized:
        for record in records:
            record.pop("xtra", None)
        return super().normalize(stream, [record | {"xtra": None} for record in records])


@fails("unknown_fields")
class StrictFields(Sample):
    """A field added by the vendor rejects every record."""

    def normalize(self, stream: Stream, records: Iterable[Record]) -> Normalized:
        return super().normalize(stream, [{} if "x_new_field" in record else record for record in records])


@fails("bad_record")
class OneBadRecordStopsAll(Sample):
    """A malformed record raises."""

    def normalize(self, stream: Stream, records: Iterable[Record]) -> Normalized:
        said = super().normalize(stream, records)
        if said.rejects:
            raise ValueError("malformed")
        return said


@fails("bad_record")
class ForgetsBadRecords(Sample):
    """A malformed record disappears."""

    def normalize(self, stream: Stream, records: Iterable[Record]) -> Normalized:
        said = super().normalize(stream, records)
        said.rejects.clear()
        return said


@fails("bad_record")
class TellsNames(Sample):
    """A reject tells whose record it was."""

    def normalize(self, stream: Stream, records: Iterable[Record]) -> Normalized:
        listed = list(records)
        names = {key("C", record.get("ident")): record.get("lbl") for record in listed if record.get("kynd") == "C"}
        said = super().normalize(stream, listed)
        said.rejects = [self._telling(reject, names) for reject in said.rejects]
        return said

    @staticmethod
    def _telling(reject: Reject, names: dict[str, Any]) -> Reject:
        return replace(reject, message=f"{reject.message}: {names.get(reject.key)}")


@fails("record_without_fields")
class NeedsANumber(Sample):
    """A record without a number crashes the page."""

    def normalize(self, stream: Stream, records: Iterable[Record]) -> Normalized:
        return super().normalize(stream, sorted(records, key=lambda record: str(record["ident"])))


@fails("figures_asked")
class AskedSomehow(Sample):
    """Nobody is told how the figures were asked."""

    def control_figures(self, as_of: date, history_from: date) -> ControlFigures:
        return replace(super().control_figures(as_of, history_from), asked={})


@fails("figures_answered")
class UnansweredFigure(Sample):
    """A figure is not answered by a system that is well."""

    def control_figures(self, as_of: date, history_from: date) -> ControlFigures:
        return replace(super().control_figures(as_of, history_from), unanswered={"count": "no time"})


@fails("figures_ask_anew")
class RemembersFigures(Sample):
    """The second comparison sees the first one's figures."""

    _remembered: ControlFigures | None = None

    def control_figures(self, as_of: date, history_from: date) -> ControlFigures:
        self._remembered = self._remembered or super().control_figures(as_of, history_from)
        return self._remembered
