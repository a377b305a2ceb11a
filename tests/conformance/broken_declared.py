"""Sample connectors that each break one promise about declarations or errors, with the check that must fail them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import ClassVar, NoReturn

from include.connectors.base import Connection, Entity, Grade, Identity, Stream
from include.connectors.normalized import Normalized, Record
from include.errors import ConfigurationError, SourceUnavailable
from tests.conformance import sample
from tests.conformance.broken import fails
from tests.conformance.sample import Sample


@fails("name")
class OddName(Sample):
    """The name has an underscore."""


OddName.name = "sample_erp"  # after its making, so that no such connector is registered


@fails("streams")
class ChildWithoutParent(Sample):
    """Contacts are said to have no parent."""

    streams: ClassVar[tuple[Stream, ...]] = (
        replace(sample.CUSTOMERS, tables={"customers": None, "contacts": None}), sample.INVOICES, sample.PAYMENTS
    )  # fmt: skip


@fails("streams")
class SharedRecordType(Sample):
    """Two streams read the same records."""

    streams: ClassVar[tuple[Stream, ...]] = (
        sample.CUSTOMERS, sample.INVOICES, replace(sample.PAYMENTS, record_types=("Receipt", "Bill"))
    )  # fmt: skip


@fails("not_offered")
class SilentLack(Sample):
    """What is lacking has no reason."""

    not_offered: ClassVar[dict[str, str]] = {"deletions": "no"}


@fails("deletions")
class NeitherSweptNorTold(Sample):
    """A deletion would never be seen."""

    streams: ClassVar[tuple[Stream, ...]] = (replace(sample.CUSTOMERS, swept=False), sample.INVOICES, sample.PAYMENTS)


@fails("deletions")
class FedByNothing(Sample):
    """A stream waits for a list that the system does not have."""

    streams: ClassVar[tuple[Stream, ...]] = (replace(sample.CUSTOMERS, fed=True), sample.INVOICES, sample.PAYMENTS)


@fails("making_costs_nothing")
class AsksWhenMade(Sample):
    """Making it sends a request."""

    def __init__(self, connection: Connection, entity: str = "") -> None:
        super().__init__(connection, entity)
        self.entities()


@fails("check")
class ChecksNothing(Sample):
    """check() is content without asking."""

    def check(self) -> str:
        return "fine"


@fails("entities")
class UnsortedEntities(Sample):
    """Entities come as the system lists them."""

    def entities(self) -> Sequence[Entity]:
        return list(reversed(super().entities()))


@fails("identity")
class IdentityOfTheMoment(Sample):
    """The account changes at every asking."""

    def identity(self) -> Identity:
        return replace(super().identity(), account=str(datetime.now(UTC)))


@fails("grades")
class GradeTooLow(Sample):
    """The open total is counted from the same records."""

    grades: ClassVar[dict[str, Grade]] = {**Sample.grades, "open_total": Grade.C}


@fails("wrong_secret")
class SecretInError(Sample):
    """The error tells the secret."""

    def check(self) -> str:
        try:
            return super().check()
        except Exception as error:
            raise type(error)(f"refused: {self.connection.password}", next_step="try again") from None  # type: ignore[call-arg]


@fails("wrong_secret")
class WaitsForASecret(Sample):
    """A wrong secret is retried for ever."""

    def check(self) -> NoReturn:
        raise SourceUnavailable("it does not work", next_step="wait")


@fails("unreachable")
class DownIsMisconfigured(Sample):
    """A system that is down is said to be set up wrongly, and nobody retries."""

    def check(self) -> NoReturn:
        raise ConfigurationError("it does not work", next_step="look for what is wrong")


@fails("every_table_is_filled")
class NothingToSee(Sample):
    """A table is declared that nothing ever fills."""

    streams: ClassVar[tuple[Stream, ...]] = (
        sample.CUSTOMERS, replace(sample.INVOICES, tables={**sample.INVOICES.tables, "payments": None}), sample.PAYMENTS
    )  # fmt: skip

    def normalize(self, stream: Stream, records: Iterable[Record]) -> Normalized:
        said = super().normalize(stream, records)
        if "payments" in said.tables:
            said.tables["payments"] = {}
        return said


@fails("requests_are_counted")
class CountsNothing(Sample):
    """Requests are not counted."""

    @property
    def request_count(self) -> int:
        return 0
