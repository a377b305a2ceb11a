"""Database errors in the project's own words.

A driver's text may quote a row, which can hold a name or an address: none of it is passed on.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.engine import ExceptionContext
from sqlalchemy.exc import DataError, DBAPIError, IntegrityError

from include.errors import ContractError, StorageError

NO_ROOM = ("SQLITE_FULL", "53100", "53200")
BUSY = ("SQLITE_BUSY", "SQLITE_LOCKED", "55P03", "40001", "40P01")
NO_ANSWER = ("SQLITE_CANTOPEN", "SQLITE_IOERR", "SQLITE_READONLY", "SQLITE_NOTADB", "08", "57P", "53300")
"""Beginnings of SQLite's error names and PostgreSQL's SQLSTATEs."""


def translate(context: ExceptionContext) -> StorageError | None:
    """Say, for SQLAlchemy's event handle_error, that the warehouse cannot be used now; None for other errors."""
    return None if context.is_pre_ping else unavailable(context.original_exception)


@contextmanager
def in_own_words(organization_id: str) -> Iterator[None]:
    """Turn an error of the database into a StorageError (retried) or a ContractError (a row breaks the model)."""
    try:
        yield
    except (IntegrityError, DataError) as error:
        raise _refused(error.orig or error, organization_id) from None
    except Exception as error:
        if isinstance(error, DBAPIError) or type(error).__module__.partition(".")[0] != "psycopg":
            raise
        raise (unavailable(error) or _refused(error, organization_id)) from None  # COPY goes past SQLAlchemy


def unavailable(error: BaseException) -> StorageError | None:
    """Return what to say when the database is full, busy or away; None when the statement was at fault."""
    code = _code(error)
    if code.startswith(NO_ROOM):
        return StorageError("the warehouse has no room left", next_step="make room on its disk; the task retries")
    if code.startswith(BUSY):
        return StorageError(
            "the warehouse was busy too long", next_step="look for a long-running writer; the task retries"
        )
    if code.startswith(NO_ANSWER) or (not code and type(error).__name__ in ("OperationalError", "ConnectionTimeout")):
        return StorageError(
            "the warehouse does not answer",
            next_step="check that it runs and that the connection `warehouse` points at it; the task retries",
        )
    return None


def _refused(cause: BaseException, organization_id: str) -> ContractError:
    return ContractError(
        f"the warehouse refused a row: {type(cause).__name__}{_place(cause)}",
        next_step="let normalize reject what the model forbids, and file a bug with this line",
        organization=organization_id,
    )


def _code(error: BaseException) -> str:
    """Return SQLite's error name or PostgreSQL's SQLSTATE; empty when the server was not reached."""
    return str(getattr(error, "sqlite_errorname", None) or getattr(error, "sqlstate", None) or "")


def _place(cause: BaseException) -> str:
    """Return table and column, which are no data; SQLite says them at the end of its text."""
    diagnosis = getattr(cause, "diag", None)
    if diagnosis is not None:
        names = [name for name in (diagnosis.table_name, diagnosis.column_name, diagnosis.constraint_name) if name]
        return f" at {'.'.join(names)}" if names else f" ({_code(cause)})"
    head, _, place = str(cause).partition(": ")
    return f" at {place}" if head.endswith("constraint failed") else ""
