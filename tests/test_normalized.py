"""What a page means: all records at once, and one that cannot be mapped takes no neighbour along."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from include.connectors.normalized import Normalized, Record, Reject
from include.errors import ContractError
from tests.conformance.sample import Sample

STREAM = Sample.stream("customers")
ROW_BY_ROW = [False, True]


def mapped(records: Sequence[Record], row_by_row: bool = False) -> tuple[Normalized, list[int]]:
    """Map numbers as customers, 0 cannot be mapped; return also how many records each attempt was about."""
    attempts: list[int] = []

    def fill(records: Sequence[Record], said: Normalized) -> None:
        attempts.append(len(records))
        if row_by_row:
            for number in records:
                said.add("customers", {"external_id": f"Party:{number}", "name": str(1 / number)})
        else:
            said.extend("customers", {"external_id": [f"Party:{n}" for n in records]})
            said.extend("contacts", {"first_name": [str(1 / n) for n in records]})

    def reject(record: Record, error: Exception) -> Reject:
        return Reject(f"Party:?{record}", "customers", type(error).__name__, "", is_open=True)

    return Normalized.of_records(STREAM, records, fill, reject, (ArithmeticError,)), attempts


@pytest.mark.parametrize("row_by_row", ROW_BY_ROW)
@pytest.mark.parametrize("bad", [(), (0,), (99,), (41,), (0, 1, 50, 98, 99), range(100)])
def test_records_that_cannot_be_mapped_are_rejected_alone_and_the_others_keep_their_order(
    bad: Sequence[int], row_by_row: bool
) -> None:
    said, _ = mapped([0 if index in bad else index + 1 for index in range(100)], row_by_row)
    assert said.tables["customers"]["external_id"] == [f"Party:{i + 1}" for i in range(100) if i not in bad]
    assert [reject.reason for reject in said.rejects] == ["ZeroDivisionError"] * len(bad)
    assert {len(values) for columns in said.tables.values() for values in columns.values()} <= {100 - len(bad), 0}


def test_a_page_without_a_bad_record_is_mapped_once_and_one_bad_record_costs_no_thousand_attempts() -> None:
    assert mapped(range(1, 1001))[1] == [1000]
    assert len(mapped([*range(1, 500), 0, *range(500, 1000)])[1]) < 25


def test_a_failure_that_is_no_records_own_is_not_taken_for_one() -> None:
    with pytest.raises(TypeError):
        mapped(["1"])


def test_columns_that_share_a_list_do_not_grow_into_each_other() -> None:
    said, shared = Normalized.of(STREAM), ["a"]
    for _ in range(2):
        said.extend("customers", {"external_id": shared, "number": shared})
    said.add("customers", {"external_id": "b"})
    assert said.tables["customers"]["number"] == ["a", "a", None] and shared == ["a"]
    assert said.tables["customers"]["external_id"] == ["a", "a", "b"]


@pytest.mark.parametrize("columns", [{"external_id": ["a"], "nmae": ["b"]}, {"external_id": ["a"], "name": []}])
def test_columns_that_the_model_lacks_or_that_are_not_of_one_length_are_refused(columns: dict[str, list[str]]) -> None:
    with pytest.raises(ContractError):
        Normalized.of(STREAM).extend("customers", columns)
