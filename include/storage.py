"""Files on disk or object storage, through Airflow's ObjectStoragePath and the connection it names.

Where object storage differs from a disk is known here: a file needs no folder, and making one could
make a bucket; a listing is cached by the client and must be fresh, another process may have written;
a file's age has another name; and what goes wrong is often no OSError.
"""

from __future__ import annotations

import errno
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from traceback import walk_tb
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
    "ValueError": "the connection's endpoint is no address",
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
        conn_id, _, bucket = place.partition("/")[0].rpartition("@")
        if not (conn_id and bucket):
            raise ConfigurationError(
                f"{setting} names no Airflow connection or no bucket",
                next_step=f"write it as {scheme}://<connection>@<bucket>/<folder>",
            )
        _attach(scheme, conn_id, setting)
    return ObjectStoragePath(address)


@cache
def _attach(scheme: str, conn_id: str, setting: str) -> None:
    """Let Airflow make the client once a process.

    Its own path would fall back to whatever credentials the machine has when this fails.
    """
    from airflow.sdk.io import attach, has_fs

    from include import connections

    if not has_fs(scheme):
        raise ConfigurationError(
            f"nothing that is installed reads {scheme}://", next_step=f"install what {GUIDE} names for it"
        )
    connections.system(conn_id)
    try:
        client = attach(scheme, conn_id).fs
    except Exception as error:  # whatever a provider makes of a connection it does not like
        raise ConfigurationError(
            f"connection {conn_id!r} makes no {scheme} client ({type(error).__name__})",
            next_step=f"fill it in as {GUIDE} says",
        ) from error
    if getattr(client, "anon", False):
        raise ConfigurationError(
            f"connection {conn_id!r} has no credentials, and a public bucket is no place for {setting}",
            next_step=f"fill it in as {GUIDE} says",
        )


def read(path: ObjectStoragePath) -> bytes:
    """Return all of a file."""
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
    """Remove a folder with all it holds, and make sure: S3's client passes over what it may not delete."""
    _fresh(path).rm(path.path, recursive=True)
    if left := len(_fresh(path).find(path.path)):
        raise PermissionError(errno.EACCES, f"{left} files may not be deleted")


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
        if isinstance(error, FileNotFoundError):
            said = "it is not there"
        elif code:
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
    """Return the service's code or the error's class when it comes from object storage; "" for any other.

    The client's own text may quote a key or an address and is never taken.
    """
    for found in (error.__cause__, error):  # the client's translation keeps what it translates as its cause
        if found is not None and _origins(found) & CLIENTS:
            answer = getattr(found, "response", None)
            said = answer.get("Error", {}).get("Code", "") if isinstance(answer, dict) else ""
            return str(said) if str(said).isalnum() else type(found).__name__
    return ""


def _origins(error: BaseException) -> set[str]:
    """Return the packages that an error was defined and raised in."""
    frames = [frame for frame, _ in walk_tb(error.__traceback__)]
    names = (type(error).__module__, frames[-1].f_globals.get("__name__", "") if frames else "")
    return {name.partition(".")[0] for name in names}
