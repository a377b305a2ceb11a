"""What a night was to cost stands in its run records, and follows from what there was to be read."""

from __future__ import annotations

import pytest

from include import connector_tables
from include.connectors.base import Connector
from include.connectors.costs import Costs


@pytest.mark.parametrize(
    ("asked", "requests", "formula"),
    [
        ({}, 2 + 3, "2 + 3 × (max(1, ⌈0/100⌉ changed))"),
        ({"changed": 100}, 2 + 3, "2 + 3 × (max(1, ⌈100/100⌉ changed))"),
        ({"changed": 101, "open": 1}, 2 + 3 * 3, "2 + 3 × (max(1, ⌈101/100⌉ changed) + ⌈1/100⌉ open)"),
        ({"by id": 41}, 2 + 3 * (1 + 3), "2 + 3 × (max(1, ⌈0/100⌉ changed) + ⌈41/20⌉ by id)"),
        ({"keys": 5001}, 2 + 3 + 2, "2 + 3 × (max(1, ⌈0/100⌉ changed)) + max(1, ⌈5001/5000⌉ keys)"),
    ],
)
def test_a_read_costs_what_its_pages_and_keys_take(asked: dict[str, int], requests: int, formula: str) -> None:
    costs = Costs(fixed=2, page=100, follow_ups=2, ids=20, keys=5000)
    assert costs.of_read(asked) == {"requests": requests, "formula": formula}


def test_a_list_without_follow_ups_is_its_pages() -> None:
    said = Costs(fixed=1).of_read({"changed": 1001, "open": 3})
    assert said == {"requests": 4, "formula": "1 + max(1, ⌈1001/1000⌉ changed) + ⌈3/1000⌉ open"}


def test_figures_cost_as_often_as_they_were_asked_for() -> None:
    assert Costs(fixed=9).of_figures(documents=1001, customers=12, comparisons=2) == {
        "requests": 2 * (9 + 2 + 2),
        "formula": "2 × (9 + ⌈1001/1000⌉ open documents + 2 × ⌈12/1000⌉ customers)",
    }


@pytest.mark.parametrize("connector", connector_tables.own(), ids=lambda connector: connector.name)
def test_every_system_says_what_its_lists_cost(connector: type[Connector]) -> None:
    assert "costs" in vars(connector)
