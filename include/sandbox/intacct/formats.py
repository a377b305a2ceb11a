"""How the gateway writes days and moments: in the format and the time zone of the user, with no zone beside them."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal

from include.sandbox.intacct.objects import Kind, Value
from include.sandbox.intacct.select import BadValue, typed
from include.sandbox.intacct.settings import Settings

PARTS = {"m": "%m", "d": "%d", "y": "%y", "Y": "%Y"}
GENERIC = "%m/%d/%Y"
"""What the gateway understands whatever the user's format is, where that cannot be mistaken for it."""


class Formats:
    """The formats of one user: `date_format` is a separator and three letters, as `/mdY`."""

    def __init__(self, settings: Settings) -> None:
        separator, letters = settings.date_format[0], settings.date_format[1:]
        self._day = separator.join(PARTS[letter] for letter in letters)
        self._time = "%H:%M:%S" if settings.clock_hours == "24" else "%I:%M:%S %p"
        sign, hours, minutes = settings.gmt_offset[0], settings.gmt_offset[1:3], settings.gmt_offset[4:6]
        offset = timedelta(hours=int(hours), minutes=int(minutes))
        self.zone = timezone(-offset if sign == "-" else offset)
        self._short = settings.amounts_in_xml == "short"
        self._days = [self._day] if separator == "/" else [self._day, GENERIC]

    def written(self, kind: Kind, value: Value) -> str:
        """Return a value as the gateway writes it; what is null is empty."""
        if value is None:
            return ""
        if isinstance(value, bool):
            return str(value).lower()
        if isinstance(value, datetime):
            return value.astimezone(self.zone).strftime(f"{self._day} {self._time}")
        if isinstance(value, date):
            return value.strftime(self._day)
        if isinstance(value, Decimal):
            return self._number(value)
        return "0" if kind is Kind.AMOUNT and not value else str(value)

    def read(self, kind: Kind, text: str) -> Value:
        """Return a value of a filter.

        Raises:
            BadValue: the field cannot have it.
        """
        if kind is Kind.DAY:
            return self._moment(text.partition(" ")[0], [""]).date()
        if kind is Kind.MOMENT:
            local = self._moment(text, [f" {self._time}", " %H:%M:%S", ""])
            return local.replace(tzinfo=self.zone).astimezone(UTC)
        return typed(kind, text)

    def _moment(self, text: str, endings: list[str]) -> datetime:
        for day in self._days:
            for ending in endings:
                try:
                    return datetime.strptime(text, day + ending)  # noqa: DTZ007 - the caller adds the user's zone
                except ValueError:
                    continue
        raise BadValue(text)

    def _number(self, value: Decimal) -> str:
        if not value:
            return "0"
        return f"{value.normalize():f}" if self._short else f"{value:f}"
