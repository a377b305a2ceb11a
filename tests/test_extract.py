"""Extract: how far back the first load reads, and what a person may ask a run for."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from include.errors import ConfigurationError
from include.extract import history_from
from include.organizations import Organization
from include.run import options


@pytest.mark.parametrize(
    ("bound_at", "timezone", "day"),
    [
        ("2026-12-31T12:00", "UTC", date(2024, 12, 31)),
        ("2026-02-28T12:00", "UTC", date(2024, 2, 28)),
        ("2026-01-01T12:00", "UTC", date(2024, 1, 1)),
        ("2028-02-29T12:00", "UTC", date(2026, 2, 28)),
        ("2026-12-31T12:00", "Pacific/Auckland", date(2025, 1, 1)),
    ],
)
def test_history_begins_24_months_before_the_local_day_of_the_first_load(
    bound_at: str, timezone: str, day: date
) -> None:
    organization = Organization(id="acme", connector="sample", connection="erp", timezone=timezone)
    assert history_from(organization, datetime.fromisoformat(bound_at).replace(tzinfo=UTC)) == day


@pytest.mark.parametrize(
    ("params", "word"),
    [
        ({"from": "31.01.2026"}, "from"),
        ({"to": "2026-02-30"}, "to"),
        ({"from": "2026-02-01", "to": "2026-01-01"}, "before"),
        ({"from": "2026-02-01", "to": "2026-02-01T00:00:00Z"}, "before"),
        ({"customers": [""]}, "customers"),
    ],
)
def test_params_that_can_bring_nothing_are_refused(params: dict[str, object], word: str) -> None:
    with pytest.raises(ConfigurationError, match=word):
        options(params)
