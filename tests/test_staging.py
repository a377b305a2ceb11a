"""Staging: pages as they came, notes beside them, the manifest last, and nothing kept for longer than allowed."""

from __future__ import annotations

import os
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from include import staging
from include.connectors.base import Item, Page, Window
from include.errors import StorageError

NOW = datetime(2026, 3, 10, 2, 30, tzinfo=UTC)
WINDOW = Window(history_from=date(2024, 1, 1))


@pytest.fixture(autouse=True)
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("GREENLIGHT_STAGING", f"file://{tmp_path}/staging")
    return tmp_path / "staging"


def page(number: int, body: bytes = b'{"rows": ["\xc3\xa4", 1]}') -> Page:
    return Page(body, (Item(f"Bill:{number}", f"digest-{number}", NOW), Item("Bill:0", "d", None)), f"t{number}", NOW)


def folder(try_number: int = 1, run_id: str = "scheduled__2026-03-10T02:30:00+00:00") -> staging.Folder:
    return staging.Folder("acme", "invoices", run_id, try_number)


def test_every_try_has_a_folder_of_its_own(root: Path) -> None:
    address = folder(2).write_page(1, page(1), resumable=True)
    (run,) = (root / "acme" / "invoices").iterdir()
    assert run.name.startswith("scheduled__2026-03-10T02_30_00_00_00")
    home = run / "002"
    assert address == f"file://{home}/000001.zst"
    assert sorted(path.name for path in home.iterdir()) == ["000001.json", "000001.zst"]
    assert folder(2).manifest_address == f"file://{home}/manifest.json"


@pytest.mark.parametrize("run_id", ["../../../etc/passwd", "..", ".", "x" * 250, "ä" * 250])
def test_a_run_id_cannot_leave_its_stream(root: Path, run_id: str) -> None:
    folder(run_id=run_id).write_page(1, page(1), resumable=True)
    (found,) = (root / "acme" / "invoices").iterdir()
    assert (found / "001" / "000001.zst").is_file()


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


def test_what_cannot_be_read_is_an_error_that_names_no_path(root: Path) -> None:
    with pytest.raises(StorageError, match=r"manifest\.json") as error:
        staging.Manifest.read(folder().manifest_address)
    assert str(root) not in str(error.value)


def age(root: Path, run_id: str, days: float, organization_id: str = "acme", stream: str = "invoices") -> Path:
    """Stage a run that is so many days old."""
    mine = staging.Folder(organization_id, stream, run_id, 1)
    mine.write_page(1, page(1), resumable=True)
    run = root / organization_id / stream / run_id
    stamp = (NOW - timedelta(days=days)).timestamp()
    for path in run.rglob("*"):
        os.utime(path, (stamp, stamp))
    return run


def test_runs_older_than_the_retention_are_removed_whole(root: Path) -> None:
    old, other = age(root, "old", 14.1), age(root, "old", 20, stream="customers")
    young, neighbour = age(root, "young", 13.9), age(root, "old", 400, organization_id="beta")
    assert staging.remove_expired("acme", 14, NOW) == 2
    assert [path.exists() for path in (old, other, young, neighbour)] == [False, False, True, True]
    assert staging.remove_expired("acme", 14, NOW) == 0
    assert staging.remove_expired("acme", 1, NOW) == 1


def test_a_run_is_as_old_as_its_newest_page(root: Path) -> None:
    run = age(root, "retried", 30)
    folder(2, "retried").write_page(1, page(1), resumable=True)
    for path in (run / "002").iterdir():
        os.utime(path, (NOW.timestamp(), NOW.timestamp()))
    assert staging.remove_expired("acme", 14, NOW) == 0
    assert run.exists()


def test_an_organization_that_never_ran_has_nothing_to_remove() -> None:
    assert staging.remove_expired("nobody", 14, NOW) == 0


def test_what_cannot_be_removed_is_not_passed_over(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from airflow.sdk import ObjectStoragePath

    age(root, "old", 20)

    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(ObjectStoragePath, "rmdir", refuse)
    with pytest.raises(StorageError, match="Permission denied"):
        staging.remove_expired("acme", 14, NOW)
