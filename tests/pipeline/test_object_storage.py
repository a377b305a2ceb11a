"""A night over object storage: the same rows as over files, and Data Docs beside them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from include import staging
from include.expectations import data_docs
from include.expectations.scope import scope_of
from include.expectations.verdict import Verdict
from tests.conformance import ledger
from tests.pipeline.night import Pipeline, after
from tests.pipeline.test_retries import Killed, kill  # noqa: F401 - a fixture
from tests.pipeline.truth import assert_equal
from tests.storages import Bucket, Disk


@pytest.fixture
def disk(tmp_path: Path) -> Disk:
    return Disk(tmp_path / "on-disk")


def shape(place: Disk | Bucket, organization_id: str) -> list[str]:
    """Return the names of what an organization staged, without the names of its runs."""
    names = [name.split("/") for name in place.files() if name.startswith(f"{organization_id}/")]
    return sorted("/".join([parts[1], *parts[3:]]) for parts in names)


@pytest.mark.slow
def test_a_night_staged_in_a_bucket_loads_the_same_rows_as_one_staged_on_a_disk(
    on_sqlite: Pipeline, bucket: Bucket, disk: Disk, monkeypatch: pytest.MonkeyPatch
) -> None:
    on_disk = Pipeline(on_sqlite.engine, on_sqlite.source, organization_id="beta")
    counted = []
    for day in (0, 1, 2):
        if day:
            with on_sqlite.books() as books:
                ledger.advance(books, after(day))
        for one, place in ((on_sqlite, bucket), (on_disk, disk)):
            monkeypatch.setenv("GREENLIGHT_STAGING", place.address)
            night = one.sync()
            assert one.blocking(night.run_id) == {}
            reads = {name: (m.record_count, m.changed_count, m.deleted) for name, m in night.manifests.items()}
            counted.append((reads, night.written))
        assert counted[-1] == counted[-2]
        assert_equal(on_sqlite)
    assert on_sqlite.everything() == on_disk.everything()
    assert shape(bucket, "acme") == shape(disk, "beta") != []
    assert any(name.endswith(".parquet") for name in bucket.files())


def test_a_killed_read_goes_on_from_the_pages_in_the_bucket(
    on_sqlite: Pipeline,
    bucket: Bucket,
    monkeypatch: pytest.MonkeyPatch,
    kill: Callable[..., None],  # noqa: F811
) -> None:
    monkeypatch.setenv("GREENLIGHT_STAGING", bucket.address)
    for number in (1, 2):
        kill("read", 1)
        with pytest.raises(Killed):
            on_sqlite.extract("invoices", run_id="r", try_number=number)
    cut = "acme/invoices/r/002/000001.json"
    bucket.write(cut, bucket.files()[cut][:10])  # as a client leaves it that writes in parts
    kill("read", None)
    manifest = on_sqlite.extract("invoices", run_id="r", try_number=3)
    assert [page.split("/")[-2:] for page in manifest.pages[:2]] == [["001", "000001.zst"], ["003", "000001.zst"]]
    whole = on_sqlite.extract("invoices", run_id="whole")
    assert [staging.page_items(page) for page in manifest.pages] == [staging.page_items(page) for page in whole.pages]
    on_sqlite.load(on_sqlite.extract("customers"))
    on_sqlite.load(manifest)
    on_sqlite.load(on_sqlite.extract("payments"))
    assert_equal(on_sqlite)
    assert staging.remove_expired("acme", 14, datetime.now(UTC) + timedelta(days=15)) == 4
    assert bucket.files() == {}


def test_data_docs_are_published_to_the_bucket_as_to_a_disk(
    on_sqlite: Pipeline, bucket: Bucket, disk: Disk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    night = on_sqlite.sync()
    now = datetime(2026, 3, 10, 2, 30, tzinfo=UTC)
    scope = scope_of(on_sqlite.organization, on_sqlite.connector, night.run_id, on_sqlite.today, now)
    for place in (disk, bucket):
        monkeypatch.setenv("GREENLIGHT_DOCS", place.address)
        address = data_docs.address("acme", night.run_id)
        assert address == f"{place.address}/acme/{night.run_id}"
        verdict = Verdict("acme", (), f"{address}/index.html", 1)
        data_docs.publish(on_sqlite.engine, on_sqlite.organization, scope, verdict, tmp_path / "none", address, now)
    assert bucket.files() == disk.files()
    assert {"acme/index.html", "acme/style.css", f"acme/{night.run_id}/index.html"} <= set(bucket.files())
