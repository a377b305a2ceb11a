"""Staging on object storage: what a disk does not do, and what goes wrong there, in one sentence."""

from __future__ import annotations

import subprocess
import sys
import tracemalloc
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from traceback import format_exception
from typing import Any
from uuid import uuid4

import pytest

from include import staging, storage
from include.connectors.base import Item, Page, Window
from include.errors import ConfigurationError, GreenlightError, StorageError
from tests.storages import BUCKET, Bucket, S3Server

NOW = datetime(2026, 3, 10, 2, 30, tzinfo=UTC)
WINDOW = Window(history_from=date(2024, 1, 1))
CANARY = "C4n4ry/+secret"
PATIENT = 100
"""Days that all pages are older than at the latest."""


@pytest.fixture(autouse=True)
def root(bucket: Bucket, monkeypatch: pytest.MonkeyPatch) -> Bucket:
    monkeypatch.setenv("GREENLIGHT_STAGING", bucket.address)
    return bucket


@pytest.fixture
def through(s3_server: S3Server, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Let staging stand in a bucket behind a connection that differs so from the good one."""

    def change(bucket: str = BUCKET, user: str = "admin", scheme: str = "s3", **other: Any) -> None:
        conn_id = f"other_{uuid4().hex[:8]}"
        monkeypatch.setenv(f"AIRFLOW_CONN_{conn_id.upper()}", s3_server.connection(user, **other))
        monkeypatch.setenv("GREENLIGHT_STAGING", f"{scheme}://{conn_id}@{bucket}/elsewhere/{conn_id}")

    return change


def page(number: int) -> Page:
    return Page(b"{}", (Item(f"Bill:{number}", "d", NOW),), f"t{number}", NOW)


def folder(try_number: int = 1) -> staging.Folder:
    return staging.Folder("acme", "invoices", "run", try_number)


def every_way_in() -> list[GreenlightError]:
    """Write, read and remove, and return what went wrong."""
    raised = []
    for act in (
        lambda: folder().bind(WINDOW),
        lambda: staging.Manifest.read(folder().manifest_address),
        lambda: staging.remove_expired("acme", 1, datetime.now(UTC) + timedelta(days=PATIENT)),
    ):
        with pytest.raises(GreenlightError) as error:
            act()
        raised.append(error.value)
    return raised


def test_only_files_are_made_never_a_folder(root: Bucket) -> None:
    folder().bind(WINDOW)
    assert set(root.files()) == {"acme/invoices/run/001/window.json"}


def test_what_another_process_wrote_is_seen_although_this_one_has_looked_before(root: Bucket) -> None:
    folder().bind(WINDOW)
    folder().write_page(1, page(1), resumable=True)
    assert len(list(folder(2).earlier_pages(WINDOW))) == 1
    assert not folder().is_read
    work = "from tests.test_staging_objects import folder, page; folder().write_page(2, page(2), True)"
    subprocess.run([sys.executable, "-c", work], check=True, capture_output=True, timeout=100)
    assert [note["token"] for _, note in folder(2).earlier_pages(WINDOW)] == ["t1", "t2"]
    root.write("acme/invoices/run/001/manifest.json", b"{}")
    assert folder().is_read


def test_a_file_that_another_process_made_longer_is_read_to_its_end(root: Bucket) -> None:
    address = staging.write_bytes(f"{root.address}/acme/rows.parquet", b"short")
    path = storage.locate(address, "GREENLIGHT_STAGING")
    assert storage.children(path.parent) == [path]
    root.write("acme/rows.parquet", b"much longer than before")
    with storage.stream(path) as stream:
        assert stream.read() == b"much longer than before"


@pytest.mark.slow
def test_more_files_than_one_answer_lists_are_listed_in_order_and_removed(root: Bucket) -> None:
    """S3 lists and deletes at most 1000 in one answer."""
    home: Any = folder().path
    home.fs.pipe({f"{home.path}/{number:06d}.json": b"{}" for number in range(1, 1002)})
    names = [path.name for path in storage.children(home)]
    assert names == [f"{number:06d}.json" for number in range(1, 1002)]
    assert staging.remove_expired("acme", 1, datetime.now(UTC) + timedelta(days=PATIENT)) == 1
    assert root.files() == {}


def test_a_large_file_is_read_in_parts(root: Bucket) -> None:
    size = 16 * storage.BLOCK_BYTES
    root.write("large", bytes(size))
    path = storage.locate(f"{root.address}/large", "GREENLIGHT_STAGING")
    with storage.stream(path) as stream:
        read = len(stream.read(1))  # what the client imports at its first use is not counted
    tracemalloc.start()
    try:
        with storage.stream(path) as stream:
            stream.seek(1)
            while part := stream.read(2**20):
                read += len(part)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert read == size
    assert peak < size / 2


def test_a_bucket_that_is_not_there_is_not_made(through: Callable[..., None], s3_server: S3Server) -> None:
    through(bucket="recievables")
    for error in every_way_in():
        assert isinstance(error, ConfigurationError)
        assert "there is no such bucket" in error.message and "GREENLIGHT_STAGING" in error.next_step
    assert [found["Name"] for found in s3_server.client().list_buckets()["Buckets"]] == [BUCKET]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"password": CANARY}, "secret key does not belong|access is denied"),
        ({"login": "AKIANOBODY", "password": CANARY}, "access key is not known|access is denied"),
        ({"bucket": "No_Bucket!"}, "bucket's name is not valid"),
        ({"password": CANARY, "extra": {"endpoint_url": "no address"}}, "endpoint is no address"),
        ({"login": "", "password": ""}, "has no credentials"),
        ({"password": CANARY, "extra": {"service_config": {"s3": {"signer": "x"}}}}, "makes no s3 client"),
        ({"scheme": "gs", "password": CANARY}, "nothing that is installed reads gs://"),
        ({"bucket": ""}, "no bucket"),
    ],
)
def test_what_a_retry_cannot_help_is_said_once_and_without_a_secret(
    through: Callable[..., None], change: dict[str, Any], said: str, caplog: pytest.LogCaptureFixture
) -> None:
    through(**change)
    for error in every_way_in():
        assert isinstance(error, ConfigurationError)
        assert error.next_step
        with pytest.raises(ConfigurationError, match=said):
            raise error
        assert CANARY not in "".join(format_exception(error))
    assert CANARY not in caplog.text


def test_a_connection_is_named_and_exists(root: Bucket, monkeypatch: pytest.MonkeyPatch) -> None:
    """Airflow would go on with whatever credentials the machine has."""
    for address, said in (
        (f"s3://{BUCKET}/x", "no Airflow connection"),
        (f"s3://nobody@{BUCKET}/x", "no Airflow connection 'nobody'"),
    ):
        monkeypatch.setenv("GREENLIGHT_STAGING", address)
        for error in every_way_in():
            assert isinstance(error, ConfigurationError) and said in error.message


def test_a_storage_that_cannot_be_reached_is_waited_for(through: Callable[..., None]) -> None:
    through(password=CANARY, extra={"endpoint_url": "http://127.0.0.1:9"})
    with pytest.raises(StorageError, match="cannot be reached") as error:
        folder().bind(WINDOW)
    assert "the task retries" in error.value.next_step
    assert CANARY not in "".join(format_exception(error.value))


def test_pages_that_may_not_be_deleted_are_not_passed_over(through: Callable[..., None]) -> None:
    """S3's client reports a bulk deletion that was denied as one without an error."""
    through(user="reader")
    folder().bind(WINDOW)
    with pytest.raises(StorageError, match="1 files may not be deleted") as error:
        staging.remove_expired("acme", 1, datetime.now(UTC) + timedelta(days=PATIENT))
    assert "personal data" in error.value.next_step


def test_a_denied_right_is_named_as_such(through: Callable[..., None]) -> None:
    through(user="nobody")
    assert {str(type(error).__name__) for error in every_way_in()} == {"ConfigurationError"}


def test_importing_staging_loads_neither_airflow_nor_a_client() -> None:
    look = "import sys, include.staging; print(*{n.partition('.')[0] for n in sys.modules})"
    done = subprocess.run([sys.executable, "-c", look], check=True, capture_output=True, text=True, timeout=60)
    assert not {"airflow", "fsspec", "upath", "boto3", "botocore", "s3fs", "pandas", "pyarrow"} & set(
        done.stdout.split()
    )
