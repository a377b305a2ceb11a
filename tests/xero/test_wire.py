"""How Xero writes values, each variant by itself."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from include.connectors.xero import values, wire


@pytest.mark.parametrize(
    ("written", "at"),
    [
        ("/Date(1518685950940+0000)/", datetime(2018, 2, 15, 9, 12, 30, 940000, UTC)),
        ("/Date(1518685950940)/", datetime(2018, 2, 15, 9, 12, 30, 940000, UTC)),
        ("/Date(1518685950940+1300)/", datetime(2018, 2, 15, 9, 12, 30, 940000, UTC)),
        ("/Date(-86400000+0000)/", datetime(1969, 12, 31, tzinfo=UTC)),
        ("2019-07-09T23:40:30.1833130", datetime(2019, 7, 9, 23, 40, 30, 183313, UTC)),
        ("2019-03-05T18:59:06Z", datetime(2019, 3, 5, 18, 59, 6, tzinfo=UTC)),
        ("", None),
        (None, None),
    ],
)
def test_moments_are_utc(written: Any, at: datetime | None) -> None:
    assert wire.moment(written) == at
    usual = "/Date(1518685950940+0000)/"
    assert values.moments([usual, written, usual])[1] == at


@pytest.mark.parametrize("odd", ["/Date(5)/\n/Date(6)/", "/Date(5)/\n", "/Date(5)", " /Date(5)/", 5])
def test_an_odd_moment_is_refused_among_others_too(odd: Any) -> None:
    with pytest.raises(ValueError, match=r"timestamp|isoformat|month"):
        values.moments(["/Date(5)/", odd, "/Date(7)/"])


@pytest.mark.parametrize(
    ("record", "on"),
    [
        ({"Date": "/Date(1539993600000+0000)/"}, date(2018, 10, 20)),
        ({"Date": "/Date(1539993600000)/"}, date(2018, 10, 20)),
        ({"Date": "/Date(1539946800000+1300)/"}, date(2018, 10, 20)),
        ({"Date": "/Date(1540008000000-0400)/"}, date(2018, 10, 20)),
        ({"DateString": "2018-10-20T00:00:00", "Date": "/Date(1539946800000+0000)/"}, date(2018, 10, 20)),
        ({"Date": "2018-10-20"}, date(2018, 10, 20)),
        ({"Date": "/Date(-86400000+0000)/"}, date(1969, 12, 31)),
        ({"Date": "/Date(0+0000)/"}, None),
        ({"Date": ""}, None),
        ({}, None),
    ],
)
def test_days_are_the_organisations_own(record: dict[str, str], on: date | None) -> None:
    assert wire.day(record, "Date") == on


@pytest.mark.parametrize("written", ["/Date(soon)/", "yesterday", 7])
def test_what_is_no_moment_is_refused(written: Any) -> None:
    with pytest.raises(ValueError, match=r"timestamp|isoformat"):
        wire.moment(written)


def test_amounts_are_numbers_that_never_were_floats() -> None:
    assert wire.amount(46) == Decimal(46) and wire.amount(Decimal("0.10")) == Decimal("0.10")
    for wrong in ("46.00", True, None, 46.1):
        with pytest.raises(ValueError, match="no number"):
            wire.amount(wrong)


@pytest.mark.parametrize(
    ("theirs", "iana"),
    [
        ("NEWZEALANDSTANDARDTIME", "Pacific/Auckland"),
        ("WEUROPESTANDARDTIME", "Europe/Berlin"),
        ("GMTSTANDARDTIME", "Europe/London"),
        ("CENTRALSTANDARDTIME(MEXICO)", "America/Mexico_City"),
        ("UTC", "Etc/UTC"),
        ("MARSSTANDARDTIME", ""),
    ],
)
def test_time_zones_are_windows_names_without_blanks(theirs: str, iana: str) -> None:
    assert wire.timezone(theirs) == iana


@pytest.mark.parametrize(
    ("written", "code"),
    [("New Zealand", "NZ"), ("deutschland", "DE"), ("UK", "GB"), ("USA", "US"), ("nz", "NZ"), ("日本", "JP"),
     ("Oz", None), ("", None)],
)  # fmt: skip
def test_countries_are_written_by_people(written: str, code: str | None) -> None:
    assert wire.country(written) == code
