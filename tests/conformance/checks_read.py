"""Reading: pages, windows, tokens, ids and keys."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from include.connectors.base import Item, Stream
from tests.conformance.subject import Row, Subject, items, keys, rows

CENTURIES = timedelta(days=36500)


def check_keys_unique(subject: Subject) -> None:
    """No key comes twice in one read, and each is namespaced by a record type of its stream."""
    for stream in subject.streams:
        found = keys(subject.pages(stream))
        assert found, f"{stream.name}: there are no records to test with"
        assert len(found) == len(set(found)), f"{stream.name}: a key came twice"
        for key in found:
            record_type, _, identifier = key.partition(":")
            assert record_type in stream.record_types and identifier, f"{stream.name}: {key} is no key of it"


def check_pages(subject: Subject) -> None:
    """Pages hold something, carry a token that never repeats, and the vendor's clock in UTC."""
    for stream in subject.streams:
        pages = subject.pages(stream)
        assert all(isinstance(p.body, bytes) and p.body and p.items for p in pages), f"{stream.name}: an empty page"
        tokens = [page.token for page in pages]
        assert all(tokens) and len(tokens) == len(set(tokens)), f"{stream.name}: a token is empty or repeats"
        assert all(page.source_time.utcoffset() == timedelta(0) for page in pages), f"{stream.name}: clock is not UTC"
        off = max(abs(datetime.now(UTC) - page.source_time) for page in pages)
        assert off < timedelta(days=1), f"{stream.name}: the clock is {off} off"


def check_timestamps(subject: Subject) -> None:
    """Items' timestamps are in UTC or none."""
    for stream in subject.streams:
        stamps = [item.updated_at for item in subject.items(stream) if item.updated_at]
        assert all(at.utcoffset() == timedelta(0) for at in stamps), f"{stream.name}: a timestamp is not UTC"
        assert stamps or not stream.cursor, f"{stream.name} has a cursor but no timestamps"


def check_digests(subject: Subject) -> None:
    """What did not change has the same digest at the next read; different records differ."""
    for stream in subject.streams:
        again = items(subject.connect().read(stream, subject.window))
        assert again == subject.items(stream), f"{stream.name}: two reads of the same records differ"
        assert len({item.digest for item in again}) == len(again), f"{stream.name}: two records share a digest"


def check_resume(subject: Subject) -> None:
    """After each page's token comes exactly the rest."""
    for stream in subject.streams:
        pages = subject.pages(stream)
        for position in sorted({0, 1, len(pages) // 2, len(pages) - 1} & set(range(len(pages)))):
            window = replace(subject.window, resume=pages[position].token)
            rest = keys(subject.connect().read(stream, window))
            assert rest == keys(pages[position + 1 :]), f"{stream.name}: resuming at {position + 1} lost or doubled"


def check_since_future(subject: Subject) -> None:
    """A filter on a future moment gives nothing; a source that ignores it would give everything."""
    for stream in _filtered(subject):
        window = replace(subject.window, since=datetime.now(UTC) + CENTURIES)
        assert keys(subject.connect().read(stream, window)) == [], f"{stream.name}: the future gave records"


def check_since(subject: Subject) -> None:
    """Exactly what was modified at or after the moment comes; bursts at one timestamp come whole."""
    for stream in _filtered(subject):
        for at in _moments(subject.items(stream)):
            window = replace(subject.window, since=at)
            found = set(keys(subject.connect().read(stream, window)))
            due = {i.key for i in subject.items(stream) if i.updated_at and i.updated_at >= at}
            early = {i.key for i in subject.items(stream) if i.updated_at and i.updated_at < at}
            assert due <= found, f"{stream.name}: modified at or after {at} but not given: {sorted(due - found)[:3]}"
            assert not early & found, f"{stream.name}: modified before {at} but given: {sorted(early & found)[:3]}"


def check_until(subject: Subject) -> None:
    """Exactly what was modified before the moment comes, or the filter is declared as lacking."""
    if "read.until" in subject.connect().not_offered:
        return
    for stream in _filtered(subject):
        for at in _moments(subject.items(stream)):
            found = set(keys(subject.connect().read(stream, replace(subject.window, until=at))))
            stamped = [i for i in subject.items(stream) if i.updated_at]
            early = {i.key for i in stamped if i.updated_at and i.updated_at < at}
            late = {i.key for i in stamped} - early
            assert early <= found, f"{stream.name}: modified before {at} but not given: {sorted(early - found)[:3]}"
            assert not late & found, f"{stream.name}: modified at or after {at} but given: {sorted(late & found)[:3]}"


def check_customers(subject: Subject) -> None:
    """Only the customers asked for come, with all of theirs, or the filter is declared as lacking."""
    if "read.customers" in subject.connect().not_offered:
        return
    for stream in subject.streams:
        owned = _owned(subject, stream)
        for customer, own in sorted(owned.items())[:3]:
            window = replace(subject.window, customers=(customer,))
            found = set(keys(subject.connect().read(stream, window)))
            others: set[str] = set().union(*(k for c, k in owned.items() if c != customer)) - own
            assert own <= found, f"{stream.name}: a record of the customer did not come: {sorted(own - found)[:3]}"
            assert not others & found, f"{stream.name}: another customer's came: {sorted(others & found)[:3]}"


def check_change_is_seen(subject: Subject) -> None:
    """A record changed in the source comes with "modified since", under its key and with another digest."""
    stream = subject.connect().stream(subject.stream)
    before = {item.key: item for item in subject.items(stream)}
    asked_at = subject.pages(stream)[-1].source_time
    key = subject.touch()
    subject.forget()
    since = None if stream.cursor is None else asked_at - stream.overlap
    changed = {i.key: i for i in items(subject.connect().read(stream, replace(subject.window, since=since)))}
    assert key in changed, f"{stream.name}: {key} was changed and did not come"
    assert key in before and changed[key].digest != before[key].digest, f"{key}: its digest did not change"
    assert before.keys() == set(keys(subject.pages(stream))), "the change added or lost other records"


def check_read_while_changing(subject: Subject) -> None:
    """A record that changes between two pages neither hides nor doubles another."""
    stream = subject.connect().stream(subject.stream)
    pages = subject.connect().read(stream, subject.window)
    found = keys([next(pages)])
    touched = subject.touch()
    found += keys(pages)
    subject.forget()
    due = set(keys(subject.pages(stream)))
    assert set(found) | {touched} == due, f"{stream.name}: a change meanwhile hid {sorted(due - set(found))[:3]}"
    doubled = {key for key in found if found.count(key) > 1} - {touched}
    assert not doubled, f"{stream.name}: a change meanwhile doubled {sorted(doubled)[:3]}"


def check_history(subject: Subject) -> None:
    """history_from bounds closed documents only: open ones of any age still come."""
    for stream in subject.streams:
        late = replace(subject.window, history_from=subject.as_of + timedelta(days=365))
        found = set(keys(subject.connect().read(stream, late)))
        assert found <= set(keys(subject.pages(stream))), f"{stream.name}: a later history_from gave more"
        assert open_keys(subject, stream) <= found, f"{stream.name}: an open one is bounded by history_from"


def check_read_open(subject: Subject) -> None:
    """What is open in the source comes, whatever its age, and nothing that `read` does not give."""
    for stream in subject.streams:
        found = keys(subject.connect().read_open(stream))
        assert len(found) == len(set(found)), f"{stream.name}: a key came twice"
        assert set(found) <= set(keys(subject.pages(stream))), f"{stream.name}: open but not given by read"
        missing = open_keys(subject, stream) - set(found)
        assert not missing, f"{stream.name}: open but not given by read_open: {sorted(missing)[:3]}"


def check_read_ids(subject: Subject) -> None:
    """Exactly the records asked for come, more than a page of them too, equal to what `read` gives."""
    for stream in subject.streams:
        every = {item.key: item for item in subject.items(stream)}
        some = sorted(every)[:: max(1, len(every) // 3)]
        for wanted in (some, sorted(every)):
            found = items(subject.connect().read_ids(stream, wanted))
            assert sorted(i.key for i in found) == wanted, f"{stream.name}: not exactly the records asked for"
            assert all(item == every[item.key] for item in found), f"{stream.name}: read_ids and read differ"


def check_read_ids_absent(subject: Subject) -> None:
    """What does not exist is absent, and no number is taken for another record type's."""
    for stream in subject.streams:
        known = keys(subject.pages(stream))[0]
        foreign = [key for other in subject.streams if other != stream for key in keys(subject.pages(other))]
        found = keys(subject.connect().read_ids(stream, [subject.absent(stream), known, *foreign]))
        assert found == [known], f"{stream.name}: asked for one record that exists, got {found[:5]}"


def check_read_ids_empty(subject: Subject) -> None:
    """Asking for nothing costs no request."""
    for stream in subject.streams:
        connector = subject.connect()
        assert list(connector.read_ids(stream, [])) == [], f"{stream.name}: nothing asked, something given"
        assert connector.request_count == 0, f"{stream.name}: asking for nothing cost a request"


def check_keys(subject: Subject) -> None:
    """The key sweep lists exactly what `read` gives for an open window."""
    for stream in subject.streams:
        found = list(subject.connect().keys(stream, subject.history_from))
        assert len(found) == len(set(found)), f"{stream.name}: the sweep lists a key twice"
        differ = set(found) ^ set(keys(subject.pages(stream)))
        assert not differ, f"{stream.name}: sweep and read differ on {sorted(differ)[:3]}"


def open_keys(subject: Subject, stream: Stream) -> set[str]:
    """Return the keys of records with an open rest on receivables."""
    return {
        item.key
        for item, tables in by_record(subject, stream)
        for table, found in tables.items()
        if table in ("invoices", "credit_notes", "payments", "refunds")
        for row in found
        if row.get("status") == "open" or (row.get("status") == "booked" and row.get("unapplied_amount"))
    }


def by_record(subject: Subject, stream: Stream) -> Iterator[tuple[Item, dict[str, list[Row]]]]:
    """Yield each item with the rows that its record alone gives, by table."""
    connector = subject.connect()
    for page in subject.pages(stream):
        for item, record in zip(page.items, connector.decode(stream, page.body), strict=True):
            tables = connector.normalize(stream, [record]).tables
            yield item, {table: rows(columns) for table, columns in tables.items()}


def _owned(subject: Subject, stream: Stream) -> dict[str, set[str]]:
    """Return customer → keys of the records that are the customer's."""
    owned: dict[str, set[str]] = defaultdict(set)
    for item, tables in by_record(subject, stream):
        for table, found in tables.items():
            for row in found:
                customer = row["external_id"] if table == "customers" else row.get("customer_external_id")
                if customer:
                    owned[str(customer)].add(item.key)
    return owned


def _filtered(subject: Subject) -> list[Stream]:
    return [stream for stream in subject.streams if stream.cursor]


def _moments(found: list[Item]) -> list[datetime]:
    """Return the first, a middle and the last timestamp that records have, and the most frequent."""
    stamps = sorted(item.updated_at for item in found if item.updated_at)
    return sorted({stamps[0], stamps[len(stamps) // 2], stamps[-1], max(stamps, key=stamps.count)})
