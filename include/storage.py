"""Files on disk or object storage, through Airflow's ObjectStoragePath and the connection it names.

Where object storage differs from a disk is known here: a file needs no folder, and making one could
make a bucket; a listing is cached by the client and must be fresh, another process may have written;
a file's age has another name; and what goes wrong is often no OSError.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from typing import IO, TYPE_CHECKING, Any

from include.errors import ConfigurationError, GreenlightError, StorageError

if TYPE_CHECKING:
    from airflow.sdk import ObjectStoragePath

GUIDE = "docs/object-storage.md"
DISK = ("", "file", "local")
BLOCK_BYTES = 4 * 2**20
"""How much of an open file is fetched at once and kept; the S3 client's own default is 50 MiB."""

CLIENTS = frozenset({"botocore", "aiobotocore", "aiohttp", "s3fs", "gcsfs", "google", "azure", "adlfs"})
"""Packages whose errors come from object storage; most of them are no OSError."""

REFUSALS = {
    "NoSuchBucket": "there is no such bucket",
    "InvalidBucketName": "the bucket's name is not valid",
    "ParamValidationError": "the bucket's name is not valid",
    "AccessDenied": "access is denied",
    "AllAccessDisabled": "access is denied",
    "403": "access is denied",
    "InvalidAccessKeyId": "the access key is not known there",
    "SignatureDoesNotMatch": "the secret key does not belong to the access key",
    "ExpiredToken": "the session token has expired",
    "InvalidToken": "the session token is not valid",
    "NoCredentialsError": "the connection has no credentials",
    "PartialCredentialsError": "the connection has only half of the credentials",
    "RequestTimeTooSkewed": "this machine's clock is wrong",
    "AuthorizationHeaderMalformed": "the bucket is in another region",
    "PermanentRedirect": "the bucket is in another region",
    "301": "the bucket is in another region",
}
"""What a retry cannot help: the service's error code or the client's error class → in words."""

_MODIFIED = ("mtime", "LastModified", "last_modified", "updated")
"""What disk, S3, Azure and Google call the time of a file's last change."""


def locate(address: str, setting: str) -> ObjectStoragePath:
    """Return the place that a setting's address means, with the connection it names made sure of.

    Raises:
        ConfigurationError: no or an unknown connection, or no support for the scheme is installed.
        SourceUnavailable: Airflow could not be asked for the connection.
    """
    from airflow.sdk import ObjectStoragePath

    scheme, _, place = address.rpartition("://")
    if scheme not in DISK:
        _attach(scheme, place.partition("/")[0].rpartition("@")[0], setting)
    return ObjectStoragePath(address)


@cache
def _attach(scheme: str, conn_id: str, setting: str) -> None:
    """Let Airflow make the client once a process.

    Its own path would fall back to whatever credentials the machine has when this fails.
    """
    from airflow.sdk.io import attach

    from include import connections

    if not conn_id:
        raise ConfigurationError(
            f"{setting} names no Airflow connection", next_step=f"write it as {scheme}://<connection>@<bucket>/<folder>"
        )
    connections.system(conn_id)
    try:
        attach(scheme, conn_id).fs  # noqa: B018 - the client is made where it is first asked for
    except ImportError as error:
        raise ConfigurationError(
            f"nothing that is installed can read {scheme}://", next_step=f"install what {GUIDE} names"
        ) from error
    except Exception as error:
        raise ConfigurationError(
            f"{setting}: connection {conn_id!r} makes no {scheme} client ({type(error).__name__})",
            next_step=f"fill in the connection as {GUIDE} says",
        ) from error


def read(path: ObjectStoragePath) -> bytes:
    """Return a file's bytes, in one request."""
    body: bytes = path.fs.cat_file(path.path)
    return body


def write(path: ObjectStoragePath, body: bytes) -> None:
    """Write a file; on object storage it is there whole or not at all."""
    if path.protocol in DISK:
        path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(body)


def stream(path: ObjectStoragePath) -> IO[bytes]:
    """Open a file to be read in parts; at most `BLOCK_BYTES` of it are fetched ahead."""
    opened: IO[bytes] = _fresh(path).open(path.path, "rb", block_size=BLOCK_BYTES)
    return opened


def exists(path: ObjectStoragePath) -> bool:
    """Tell whether there is such a file now, whoever wrote it."""
    return bool(_fresh(path).exists(path.path))


def children(path: ObjectStoragePath) -> list[ObjectStoragePath]:
    """List a folder by name; one that nobody wrote to has nothing."""
    try:
        listed = _fresh(path).ls(path.path, detail=False)
    except FileNotFoundError as error:
        if _code(error) in REFUSALS:
            raise
        return []
    here = path.path.rstrip("/")
    names = {str(name).rstrip("/") for name in listed} - {here}  # a folder's own marker is no child
    return [path / name.rpartition("/")[2] for name in sorted(names)]


def newest(path: ObjectStoragePath) -> float:
    """Return when something in the folder was last written, in seconds since 1970; 0 for an empty one.

    Raises:
        StorageError: the storage does not tell.
    """
    return max((_modified(info) for info in _fresh(path).find(path.path, detail=True).values()), default=0)


def remove(path: ObjectStoragePath) -> None:
    """Remove a folder with all it holds.

    Raises:
        StorageError: some of it is still there; clients pass over what a bulk deletion may not delete.
    """
    _fresh(path).rm(path.path, recursive=True)
    if left := len(_fresh(path).find(path.path)):
        raise StorageError(f"{left} files were not removed", next_step=f"grant the right to delete, see {GUIDE}")


@contextmanager
def telling(what: str, next_step: str, setting: str, organization: str = "") -> Iterator[None]:
    """Raise what goes wrong with storage as one sentence that begins with `what` and names no path.

    Raises:
        ConfigurationError: the storage refuses us; a retry cannot help.
        StorageError: anything else that is wrong with it.
    """
    try:
        yield
    except GreenlightError:
        raise
    except Exception as error:
        code = _code(error)
        if not (isinstance(error, OSError) or code):
            raise
        if code in REFUSALS:
            raise ConfigurationError(
                f"{what}: {REFUSALS[code]}",
                next_step=f"check {setting} and the connection it names, and its rights, against {GUIDE}",
                organization=organization,
            ) from error
        if code and not isinstance(error, FileNotFoundError):
            said = "the object storage cannot be reached" if "Connect" in code else f"the object storage says {code}"
            next_step = f"see whether what {setting} names can be reached; the task retries"
        else:
            said = getattr(error, "strerror", None) or type(error).__name__
        raise StorageError(f"{what}: {said}", next_step=next_step, organization=organization) from error


def _fresh(path: ObjectStoragePath) -> Any:
    """Return the path's client without what it remembers: other processes write, too."""
    client = path.fs
    client.invalidate_cache()
    return client


def _modified(info: Mapping[str, Any]) -> float:
    for name in _MODIFIED:
        if (moment := info.get(name)) is not None:
            return float(moment.timestamp() if hasattr(moment, "timestamp") else moment)
    raise StorageError("the storage does not say when a file was written", next_step=f"use a storage of {GUIDE}")


def _code(error: BaseException) -> str:
    """Return the service's code or the client's class of an error of object storage; "" for any other.

    The client's own text may quote a key or an address and is never taken.
    """
    for found in (error, error.__cause__):
        if found is not None and type(found).__module__.partition(".")[0] in CLIENTS:
            answer = getattr(found, "response", None)
            said = answer.get("Error", {}).get("Code", "") if isinstance(answer, dict) else ""
            return str(said) if str(said).isalnum() else type(found).__name__
    return ""
