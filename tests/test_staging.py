"""Staging: pages as they came, notes beside them, the manifest last, and nothing kept for longer than allowed."""

from __future__ import annotations

import time
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from include import staging
from include.connectors.base import Item, Page, Window
from include.errors import StorageError
from tests.storages import Bucket, Disk

NOW = datetime(2026, 3, 10, 2, 30, tzinfo=UTC)
WINDOW = Window(history_from=date(2024, 1, 1))


@pytest.fixture(autouse=True)
def root(place: Disk | Bucket, monkeypatch: pytest.MonkeyPatch) -> Disk | Bucket:
    """The staging area, on a disk and on object storage."""
    monkeypatch.setenv("GREENLIGHT_STAGING", place.address)
    return place


def page(number: int, body: bytes = b'{"rows": ["\xc3\xa4", 1]}') -> Page:
    return Page(body, (Item(f"Bill:{number}", f"digest-{number}", NOW), Item("Bill:0", "d", None)), f"t{number}", NOW)


def folder(try_number: int = 1, run_id: str = "scheduled__2026-03-10T02:30:00+00:00") -> staging.Folder:
    return staging.Folder("acme", "invoices", run_id, try_number)


def test_every_try_has_a_folder_of_its_own(root: Disk | Bucket) -> None:
    address = folder(2).write_page(1, page(1), resumable=True)
    home = address.removeprefix(f"{root.address}/").rpartition("/")[0]
    assert home.startswith("acme/invoices/scheduled__2026-03-10T02_30_00_00_00") and home.endswith("/002")
    assert set(root.files()) == {f"{home}/000001.json", f"{home}/000001.zst"}
    assert folder(2).manifest_address == f"{root.address}/{home}/manifest.json"


def test_a_slash_at_the_end_of_the_setting_changes_no_address(
    root: Disk | Bucket, monkeypatch: pytest.MonkeyPatch
) -> None:
    address = folder().manifest_address
    monkeypatch.setenv("GREENLIGHT_STAGING", f"{root.address}/")
    assert folder().manifest_address == address


@pytest.mark.parametrize("run_id", ["../../../etc/passwd", "..", ".", "x" * 250, "ä" * 250])
def test_a_run_id_cannot_leave_its_stream(root: Disk | Bucket, run_id: str) -> None:
    folder(run_id=run_id).write_page(1, page(1), resumable=True)
    (run,) = {name.rpartition("/001/")[0] for name in root.files()}
    assert run.startswith("acme/invoices/") and run.count("/") == 2 and len(run.rpartition("/")[2]) < 256


def test_no_two_run_ids_share_a_folder() -> None:
    """A manifest loads once by its address: the second run's would be taken for the first's."""
    names = ["x_1", "x:1", "x+1", "x/1", "x~1", "x" * 250, "x" * 249, "x" * 200]
    assert len({folder(run_id=name).manifest_address for name in names}) == len(names)


def test_a_page_comes_back_as_the_system_sent_it() -> None:
    body = bytes(range(256)) * 50
    address = folder().write_page(1, page(1, body), resumable=True)
    assert staging.read_page(address) == body
    assert len(staging.read_bytes(address)) < len(body) / 5
    assert staging.page_items(address) == list(page(1).items)


def test_the_note_stands_only_beside_a_whole_page(monkeypatch: pytest.MonkeyPatch) -> None:
    written = []
    monkeypatch.setattr(staging, "_write", lambda path, body: written.append(path.name))
    folder().write_page(7, page(7), resumable=True)
    assert written == ["000007.zst", "000007.json"]


def test_a_later_try_finds_the_pages_of_its_own_window_only() -> None:
    first = folder(1)
    first.bind(WINDOW)
    addresses = [first.write_page(number, page(number), resumable=number < 3) for number in (1, 2, 3)]
    found = list(folder(2).earlier_pages(WINDOW))
    assert [address for address, _ in found] == addresses
    assert [(note["token"], note["resumable"]) for _, note in found] == [("t1", True), ("t2", True), ("t3", False)]
    assert staging.note_items(found[0][1]) == list(page(1).items)
    for other in (
        Window(history_from=date(2023, 1, 1)), Window(WINDOW.history_from, since=NOW),
        Window(WINDOW.history_from, customers=("Party:1",)), Window(WINDOW.history_from, customers=()),
        Window(WINDOW.history_from, until=NOW),
    ):  # fmt: skip
        assert list(folder(2).earlier_pages(other)) == []
    resumed = Window(WINDOW.history_from, resume="t2")
    assert list(folder(2).earlier_pages(resumed)) == found, "where it goes on is no bound"
    assert list(folder(1).earlier_pages(WINDOW)) == []
    assert list(folder(2).earlier_pages(WINDOW, version=1)) == [], "the stream was loaded meanwhile"


def test_a_try_that_was_read_to_its_end_is_not_gone_on_from() -> None:
    """Who asks again after that wants a new reading: to mend a page, or because another load came first."""
    for number in (1, 2):
        folder(number).bind(WINDOW)
        folder(number).write_page(1, page(1), resumable=True)
    staging.Manifest(folder(2).manifest_address, "acme", "invoices", "r", 0).write()
    assert list(folder(3).earlier_pages(WINDOW)) == []


def test_a_third_try_goes_on_from_both() -> None:
    for number in (1, 2):
        mine = folder(number)
        mine.bind(WINDOW)
        if before := list(mine.earlier_pages(WINDOW)):
            mine.inherit(before)
        mine.write_page(number, page(number), resumable=True)
    assert [note["token"] for _, note in folder(3).earlier_pages(WINDOW)] == ["t1", "t2"]
    assert [note["token"] for _, note in folder(5).earlier_pages(WINDOW)] == ["t1", "t2"], "tries without pages between"


def test_a_manifest_comes_back_and_keeps_its_address_wherever_it_stands() -> None:
    manifest = staging.Manifest(
        address=folder().manifest_address, organization_id="acme", stream="invoices", run_id="r", version=3,
        cursor_after=NOW.isoformat(), deleted=["Bill:9"], pages=["a.zst"], tables={"invoices": ["i.parquet"]},
    )  # fmt: skip
    assert not folder().is_read
    assert manifest.write() == manifest.address
    assert folder().is_read
    manifest.reject_count = 2
    manifest.write(at=manifest.normalized_address)
    assert staging.Manifest.read(manifest.address).reject_count == 0
    again = staging.Manifest.read(manifest.normalized_address)
    assert again == manifest and again.address == folder().manifest_address


def test_its_summary_is_counts_and_its_address_never_data() -> None:
    manifest = staging.Manifest("a", "acme", "invoices", "r", 1, deleted=["Bill:9"], pages=["secret.zst"])
    assert manifest.summary()["deleted"] == 1
    assert all(isinstance(value, int | str | None) for value in manifest.summary().values())
    assert "Bill:9" not in str(manifest.summary())


def test_it_is_unchanged_only_when_nothing_is_new_and_nothing_gone() -> None:
    def unchanged(**values: object) -> bool:
        return staging.Manifest("a", "acme", "invoices", "r", 1, **values).is_unchanged  # type: ignore[arg-type]

    assert unchanged(record_count=7)
    assert not unchanged(changed_count=1)
    assert not unchanged(deleted=["Bill:9"])


def test_what_cannot_be_read_is_an_error_that_names_no_path(root: Disk | Bucket) -> None:
    with pytest.raises(StorageError, match=r"manifest\.json") as error:
        staging.Manifest.read(folder().manifest_address)
    assert root.address.partition("://")[2] not in str(error.value)
    assert "extract" in error.value.next_step


def stage(run_id: str, organization_id: str = "acme", stream: str = "invoices", try_number: int = 1) -> None:
    staging.Folder(organization_id, stream, run_id, try_number).write_page(1, page(1), resumable=True)


def runs(root: Disk | Bucket) -> set[str]:
    return {"/".join(name.split("/")[:3]) for name in root.files()}


def test_runs_older_than_the_retention_are_removed_whole(root: Disk | Bucket) -> None:
    for where in (("old",), ("retried",), ("older", "acme", "customers"), ("neighbour", "beta")):
        stage(*where)
    time.sleep(1.1)  # the storage's clock may have no finer steps
    between = datetime.now(UTC)
    time.sleep(1.1)
    stage("young")
    stage("retried", try_number=2)  # a run is as old as its newest page
    days_later = between + timedelta(days=14)
    assert staging.remove_expired("acme", 15, days_later) == 0
    assert staging.remove_expired("acme", 14, days_later) == 2
    assert runs(root) == {"acme/invoices/young", "acme/invoices/retried", "beta/invoices/neighbour"}
    assert len(root.files()) == 2 + 4 + 2
    assert staging.remove_expired("acme", 14, days_later) == 0
    assert staging.remove_expired("acme", 1, days_later) == 2


def test_an_organization_that_never_ran_has_nothing_to_remove() -> None:
    assert staging.remove_expired("nobody", 14, NOW) == 0


def test_what_cannot_be_removed_is_not_passed_over(root: Disk | Bucket, monkeypatch: pytest.MonkeyPatch) -> None:
    stage("old")
    client: Any = staging.root().fs

    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(client, "rm", refuse)
    with pytest.raises(StorageError, match="Permission denied"):
        staging.remove_expired("acme", 14, datetime.now(UTC) + timedelta(days=15))
    monkeypatch.setattr(client, "rm", lambda *_, **__: None)
    with pytest.raises(StorageError, match="2 files may not be deleted"):
        staging.remove_expired("acme", 14, datetime.now(UTC) + timedelta(days=15))
    assert root.files()
