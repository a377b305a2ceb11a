"""What a connector's author hands to the conformance suite, and what the suite reads from it once."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from include.connectors.base import Connector, Item, Page, Stream, Window
from include.connectors.normalized import Columns, Normalized, Record

Row = dict[str, Any]


def absent(stream: Stream) -> str:
    """Return a key of the stream that no record has."""
    return f"{stream.record_types[0]}:999999999"


@dataclass(frozen=True, slots=True)
class Subject:
    """A connector under test, against a source that holds clean data and stands still but for `touch`.

    Args:
        connect: makes a fresh connector with right secret and entity.
        wrong_secret: makes one whose secret the source refuses.
        unreachable: makes one whose host answers nobody.
        history_from: day that bounds closed documents.
        as_of: day of the control figures.
        stream: name of the stream in which `touch` changes a record.
        touch: changes one record in the source and returns its key.
        break_record: returns a decoded record spoiled so that it cannot be kept; its key stays.
        absent: returns a well-formed key of the stream that no record has.
    """

    connect: Callable[[], Connector]
    wrong_secret: Callable[[], Connector]
    unreachable: Callable[[], Connector]
    history_from: date
    as_of: date
    stream: str
    touch: Callable[[], str]
    break_record: Callable[[Stream, Record], Record]
    absent: Callable[[Stream], str] = absent
    _pages: dict[str, list[Page]] = field(default_factory=dict)
    _rows: dict[str, list[Row]] = field(default_factory=dict)

    @property
    def window(self) -> Window:
        """The window that is open but for history_from."""
        return Window(history_from=self.history_from)

    @property
    def streams(self) -> tuple[Stream, ...]:
        """The connector's streams."""
        return self.connect().streams

    def pages(self, stream: Stream) -> list[Page]:
        """Return every page of the stream, read once."""
        if stream.name not in self._pages:
            self._pages[stream.name] = list(self.connect().read(stream, self.window))
        return self._pages[stream.name]

    def forget(self) -> None:
        """Read again from now on: the source has changed."""
        self._pages.clear()
        self._rows.clear()

    def items(self, stream: Stream) -> list[Item]:
        """Return every item of the stream."""
        return items(self.pages(stream))

    def records(self, stream: Stream) -> list[Record]:
        """Return every record of the stream."""
        connector = self.connect()
        return [record for page in self.pages(stream) for record in connector.decode(stream, page.body)]

    def normalized(self, stream: Stream) -> Normalized:
        """Return what all records of the stream mean, page by page as the pipeline asks."""
        connector = self.connect()
        whole = Normalized.of(stream)
        for page in self.pages(stream):
            said = connector.normalize(stream, connector.decode(stream, page.body))
            whole.rejects += said.rejects
            for table, columns in said.tables.items():
                for name, values in columns.items():
                    whole.tables.setdefault(table, {}).setdefault(name, []).extend(values)
        return whole

    def rows(self) -> dict[str, list[Row]]:
        """Return every stream's rows by table, normalized once."""
        for stream in self.streams if not self._rows else ():
            for table, columns in self.normalized(stream).tables.items():
                self._rows.setdefault(table, []).extend(rows(columns))
        return self._rows


def rows(columns: Columns) -> list[Row]:
    """Return the columns as rows."""
    return [dict(zip(columns, values, strict=True)) for values in zip(*columns.values(), strict=True)]


def items(pages: Iterable[Page]) -> list[Item]:
    """Return the items of all pages."""
    return [item for page in pages for item in page.items]


def keys(pages: Iterable[Page]) -> list[str]:
    """Return the keys of all pages."""
    return [item.key for item in items(pages)]
