"""How the gateway writes values for one user: days and moments in the user's format and zone, states in words.

Read, each becomes what REST says; asked for, REST's value becomes the gateway's. What is not as expected stays as
it came, so that the mapping refuses that record and no other.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any

from include.connectors.intacct.objects import Kind, Object
from include.connectors.intacct.transport import Row
from include.errors import ConfigurationError

MODULES = {"4.AR": "accountsReceivable", "8.SO": "orderEntry"}
_PARTS = {"m": "%m", "d": "%d", "Y": "%Y", "y": "%y"}


@dataclass(frozen=True, slots=True)
class Writing:
    """A user's preferences.

    Args:
        dates: separator and order of a date's parts, `/mdY`.
        clock: "24" or "12".
        gmt_offset: of the user's time zone, `-0800`.
    """

    dates: str = "/mdY"
    clock: str = "24"
    gmt_offset: str = "+0000"

    @classmethod
    def of(cls, dates: str, clock: str, gmt_offset: str) -> Writing:
        """Return the preferences, checked.

        Raises:
            ConfigurationError: dates are written in a way that cannot be read back for sure.
        """
        made = cls(dates, clock, gmt_offset.replace(":", "").replace("GMT", "").replace("UTC", "") or "+0000")
        try:
            offset = made.zone.utcoffset(None)
            known = sorted(dates[1:].lower()) == ["d", "m", "y"] and not dates[0].isalnum() and clock in ("12", "24")
            known &= abs(offset) <= timedelta(hours=14)
        except (ValueError, IndexError):
            known = False
        if not known:
            raise ConfigurationError(
                "the user's preferences write dates or times in a way that is not known here",
                next_step="set date format MM/DD/YYYY, the 24 hour clock and a time zone in the user's preferences",
            )
        return made

    @property
    def zone(self) -> timezone:
        """The user's time zone."""
        return timezone(datetime.strptime(self.gmt_offset, "%z").utcoffset() or timedelta(0))

    @property
    def day_format(self) -> str:
        """Of dates, for strptime."""
        return self.dates[0].join(_PARTS[part] for part in self.dates[1:])

    @property
    def moment_format(self) -> str:
        """Of timestamps, for strptime."""
        return f"{self.day_format} {'%H:%M:%S' if self.clock == '24' else '%I:%M:%S %p'}"

    def facts(self) -> Mapping[str, str]:
        """Return it as JSON, to be staged beside what it reads."""
        return asdict(self)

    def row(self, object: Object, said: Mapping[str, str | None]) -> Row:
        """Return a record under REST's names, in REST's writing."""
        return {
            name: self._read(object.kinds.get(name, Kind.TEXT), said.get(element))
            for element, name in object.by_element.items()
            if element in said
        }

    def asked(self, object: Object, name: str, value: Any) -> str:
        """Return a value of REST as the gateway wants it in a filter."""
        text = str(value)
        match object.kinds.get(name, Kind.TEXT):
            case Kind.DAY:
                return date.fromisoformat(text).strftime(self.day_format)
            case Kind.MOMENT:
                return datetime.fromisoformat(text).astimezone(self.zone).strftime(self.moment_format)
            case Kind.STATE:
                return _spaced(text)
        return text

    def _read(self, kind: Kind, text: str | None) -> Any:
        if text is None:
            return None
        try:
            match kind:
                case Kind.DAY:
                    return datetime.strptime(text, self.day_format).date().isoformat()  # noqa: DTZ007 - a day
                case Kind.MOMENT:
                    return self._moment(text)
                case Kind.FLAG:
                    return {"true": True, "t": True, "false": False, "f": False}[text.lower()]
        except (ValueError, KeyError):
            return text
        if kind is Kind.STATE:
            return _joined(text)
        return MODULES.get(text, text) if kind is Kind.MODULE else text

    def _moment(self, text: str) -> str:
        at = datetime.strptime(text, self.moment_format).replace(tzinfo=self.zone)
        return at.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _joined(words: str) -> str:
    """Return "Partially Paid", or "active non-posting", as REST writes it."""
    parts = words.replace("-", " ").split()
    if len(parts) == 1:  # Posted, or partiallyPaid as it is
        return parts[0].lower() if parts[0].isupper() else parts[0][0].lower() + parts[0][1:]  # EFT, too
    return parts[0].lower() + "".join(part.capitalize() for part in parts[1:])


def _spaced(word: str) -> str:
    """Return partiallyPaid as the gateway writes it."""
    spaced = "".join(f" {letter}" if letter.isupper() else letter for letter in word)
    return spaced.title()
