"""Staging: raw pages exactly as they came, on disk or object storage, and the manifests that list them.

Layout: ``<GREENLIGHT_STAGING>/<organization>/<stream>/<run>/<try>/``. Pages are zstd-compressed, a
small note beside each says which records it holds, and the manifest is written last: what has no
manifest was never read to its end. Staged pages hold personal data; `remove_expired` deletes them.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import asdict, dataclass, field
from datetime import UTC, date, datetime, timedelta
from hashlib import blake2b
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
import zstandard

from include import exact_json, storage
from include.connectors.base import Item, Page, Window

if TYPE_CHECKING:
    from airflow.sdk import ObjectStoragePath

SETTING = "GREENLIGHT_STAGING"
PROJECT = Path(__file__).resolve().parent.parent
LONGEST_NAME = 200
"""Characters of a run id that its folder's name repeats; file systems take 255 bytes."""
MOST_TRIES = 10**6
ZSTD_LEVEL = 1
"""Level 1 packs a JSON page to about a tenth at 2.5 µs a row; higher levels buy little."""


def root() -> ObjectStoragePath:
    """Return the staging root: `GREENLIGHT_STAGING`, by default `.data/staging` in the project.

    Raises:
        ConfigurationError: it names a connection that is not there, or a scheme that nothing can read.
    """
    return _path(os.environ.get(SETTING) or f"file://{PROJECT}/.data/staging")


@dataclass(slots=True)
class Manifest:
    """What one read brought; its address is all that XCom carries.

    Args:
        address: where this manifest stands; names the read for good, sync_runs is keyed by it.
        version: the stream's version in sync_cursors when the read started (the fence).
        limited: bounded by streams, customers or dates: moves no cursor, refreshes no freshness.
        cursor_before, cursor_after: UTC; after is never earlier than before.
        started_at: when the read began, by the vendor's clock, UTC.
        read_again: some key may stand in these pages more than once.
        future: records stamped later than the vendor's clock; loaded, counted, do not move the cursor.
        swept: every key here was compared with the source's.
        deleted: keys the source no longer has, confirmed one by one; load decides whether they go.
        accept_deletions, accepted_by: fingerprints of refused deletions that a person accepted, and who.
        pages: page addresses, in reading order; earlier tries' pages may be among them.
        tables, records, rejects: Parquet addresses, filled by normalize.
        unknown_fields: names of fields that the connector does not know, found by normalize.
        budget: how many `requests` the read was to take, and the `formula` for it; empty if nobody says.
    """

    address: str
    organization_id: str
    stream: str
    run_id: str
    version: int
    limited: bool = False
    full_refresh: bool = False
    cursor_before: str | None = None
    cursor_after: str | None = None
    started_at: str | None = None
    history_from: str | None = None
    read_again: bool = True
    future: int = 0
    record_count: int = 0
    changed_count: int = 0
    request_count: int = 0
    byte_count: int = 0
    swept: bool = False
    accept_deletions: str = ""
    accepted_by: str = ""
    deleted: list[str] = field(default_factory=list)
    pages: list[str] = field(default_factory=list)
    tables: dict[str, list[str]] = field(default_factory=dict)
    records: list[str] = field(default_factory=list)
    rejects: str = ""
    reject_count: int = 0
    unknown_fields: list[str] = field(default_factory=list)
    budget: dict[str, Any] = field(default_factory=dict)

    @property
    def is_unchanged(self) -> bool:
        """Nothing new was read and nothing is gone: normalize and load have no work."""
        return self.changed_count == 0 and not self.deleted

    @property
    def normalized_address(self) -> str:
        """Where normalize writes the manifest that lists its files."""
        return self.address.rsplit("/", 1)[0] + "/normalized.json"

    def summary(self) -> dict[str, Any]:
        """Return what may be logged and pushed: the address, counts and cursors, never data."""
        return {
            "manifest": self.address,
            "records": self.record_count,
            "changed": self.changed_count,
            "deleted": len(self.deleted),
            "requests": self.request_count,
            "budget": self.budget.get("requests"),
            "bytes": self.byte_count,
            "cursor_before": self.cursor_before,
            "cursor_after": self.cursor_after,
        }

    def write(self, at: str = "") -> str:
        """Write the manifest, by default at its own address, and return where."""
        return write_bytes(at or self.address, json.dumps(asdict(self), indent=1).encode())

    @classmethod
    def read(cls, at: str) -> Manifest:
        """Read a manifest; its `address` names the read it came from, wherever it stands."""
        return cls(**json.loads(_read(_path(at))))


class Folder:
    """The staging folder of one try of one stream's read."""

    def __init__(self, organization_id: str, stream: str, run_id: str, try_number: int) -> None:
        self.run = root() / organization_id / stream / _safe(run_id)
        self.path = self.run / f"{try_number:03d}"
        self.try_number = try_number

    @property
    def manifest_address(self) -> str:
        """Where this try's manifest will stand."""
        return str(self.path / "manifest.json")

    @property
    def is_read(self) -> bool:
        """This try has read to its end."""
        return _exists(self.path / "manifest.json")

    def page_address(self, number: int) -> str:
        """Where the body of the page with that number stands, or will stand."""
        return str(self.path / f"{number:06d}.zst")

    def write_page(self, number: int, page: Page, resumable: bool) -> str:
        """Store one page and, after it, its note; return the page's address."""
        address = self.page_address(number)
        _write(_path(address), zstandard.ZstdCompressor(level=ZSTD_LEVEL).compress(page.body))
        note = {
            "items": [*map(msgspec.structs.astuple, page.items)],
            "token": page.token,
            "resumable": resumable,
            "source_time": page.source_time,
            "bytes": len(page.body),
        }
        _write(self.path / f"{number:06d}.json", exact_json.encode(note))
        return address

    def bind(self, window: Window, version: int = 0) -> None:
        """Record the window this try reads and the stream's version, so that a later try knows if its pages serve."""
        _write(self.path / "window.json", json.dumps(_bounds(window, version)).encode())

    def earlier_pages(self, window: Window, version: int = 0) -> Iterator[tuple[str, dict[str, Any]]]:
        """Yield (address, note) of the pages the last try with this window and version staged, in order.

        There are none when that try had read to its end (who asks again wants a new reading) or when
        the stream was loaded meanwhile (its rows are newer than those pages). A note that its try
        was killed over is none: what it would have said is read again.
        """
        return _staged(self.run, self.try_number, window, version)

    def unfinished_pages(
        self, window: Window, version: int, not_before: datetime
    ) -> Sequence[tuple[str, dict[str, Any]]]:
        """Return what `earlier_pages` would of the run before this one, if it staged something since then.

        A page that retention has removed meanwhile makes all of them worthless: the read begins anew.
        """
        runs = {run: storage.newest(run) for run in _children(self.run.parent) if run.name != self.run.name}
        last = max(runs, key=lambda run: runs[run], default=None)
        if last is None or runs[last] < not_before.timestamp():
            return []
        pages = list(_staged(last, MOST_TRIES, window, version))
        folders = {address.rpartition("/")[0] for address, _ in pages}
        present = {str(page) for folder in folders for page in _children(_path(folder))}
        return pages if present.issuperset(address for address, _ in pages) else []

    def inherit(self, pages: list[tuple[str, dict[str, Any]]]) -> None:
        """Record which earlier pages this try goes on from, so that a third try finds them too."""
        _write(self.path / "inherited.json", json.dumps(pages).encode())


def _staged(run: ObjectStoragePath, before: int, window: Window, version: int) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield what the last try of a run below that number has staged, and what it had taken over itself."""
    tries = sorted(int(path.name) for path in _children(run) if path.name.isdigit() and int(path.name) < before)
    for number in reversed(tries):
        folder = run / f"{number:03d}"
        if (folder / "manifest.json").exists():
            return
        bounds, inherited = _note(folder / "window.json"), folder / "inherited.json"
        pages = _note(inherited) if _exists(inherited) else []
        if bounds is None or pages is None:
            continue
        if bounds != _bounds(window, version):
            return
        yield from ((address, note) for address, note in pages)
        for note_path in (p for p in _children(folder) if re.fullmatch(r"\d{6}\.json", p.name)):
            if (note := _note(note_path)) is None:
                return
            yield str(note_path).removesuffix(".json") + ".zst", note
        return


class _Items(msgspec.Struct):
    items: list[Item]


_ITEMS = msgspec.json.Decoder(_Items)


def note_items(note: dict[str, Any]) -> list[Item]:
    """Return the items a page's note lists."""
    return [Item(key, digest, at and datetime.fromisoformat(at)) for key, digest, at in note["items"]]


def page_items(address: str) -> list[Item]:
    """Return the items of a staged page, in the body's order."""
    note = _read(_path(address.removesuffix(".zst") + ".json"))
    try:
        return _ITEMS.decode(note).items
    except ValueError:  # a key holds half of a surrogate pair
        return note_items(json.loads(note))


def read_page(address: str) -> bytes:
    """Return a staged page's body, as the system sent it."""
    return zstandard.ZstdDecompressor().decompress(_read(_path(address)))


def read_bytes(address: str) -> bytes:
    """Return the bytes at an address of the staging area."""
    return _read(_path(address))


def write_bytes(address: str, body: bytes) -> str:
    """Write bytes at an address of the staging area and return the address."""
    _write(_path(address), body)
    return address


def remove_expired(organization_id: str, days: int, now: datetime) -> int:
    """Delete this organization's staged runs older than that many days; return how many.

    Raises:
        ConfigurationError, StorageError: they cannot be listed or removed.
    """
    limit = (now.astimezone(UTC) - timedelta(days=days)).timestamp()
    removed = 0
    with storage.telling(
        "expired pages could not be removed from staging",
        f"repair access to {SETTING}; they hold personal data",
        SETTING,
        organization_id,
    ):
        for stream in storage.children(root() / organization_id):
            for run in storage.children(stream):
                if storage.newest(run) < limit:
                    storage.remove(run)
                    removed += 1
    return removed


def _note(path: ObjectStoragePath) -> Any:
    """Return what a note says; None when it is not there or was cut short."""
    try:
        return json.loads(_read(path)) if _exists(path) else None
    except ValueError:
        return None


def _bounds(window: Window, version: int) -> dict[str, Any]:
    bounds = asdict(window) | {"version": version}
    bounds.pop("resume")
    return {k: v.isoformat() if isinstance(v, date | datetime) else v for k, v in bounds.items()} | {
        "customers": list(window.customers) if window.customers is not None else None
    }


def _safe(run_id: str) -> str:
    """Return the run id as the name of a folder that no other run id has: a manifest's address names one read."""
    plain = re.sub(r"[^A-Za-z0-9_.=-]", "_", run_id)[:LONGEST_NAME]
    return (
        plain
        if plain == run_id and plain.strip(".")
        else f"{plain}-{blake2b(run_id.encode(), digest_size=4).hexdigest()}"
    )


def _path(address: str) -> ObjectStoragePath:
    return storage.locate(address, SETTING)


def _exists(path: ObjectStoragePath) -> bool:
    with _listing():
        return storage.exists(path)


def _children(path: ObjectStoragePath) -> list[ObjectStoragePath]:
    with _listing():
        return storage.children(path)


def _listing() -> AbstractContextManager[None]:
    return storage.telling("staging could not be listed", f"repair access to {SETTING}; the task retries", SETTING)


def _write(path: ObjectStoragePath, body: bytes) -> None:
    with storage.telling(
        "staging could not be written",
        f"make room under {SETTING} (or repair access to it); the task retries",
        SETTING,
    ):
        storage.write(path, body)


def _read(path: ObjectStoragePath) -> bytes:
    with storage.telling(
        f"staged file {path.name} could not be read",
        "clear the stream's extract task so that it is read again",
        SETTING,
    ):
        return storage.read(path)
