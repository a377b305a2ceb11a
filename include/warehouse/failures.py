"""Database errors in the project's own words.

A driver's text may quote a row, which can hold a name or an address: none of it is passed on.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.exc import DBAPIError, OperationalError

from include.errors import ContractError, GreenlightError, StorageError


@contextmanager
def in_own_words(organization_id: str) -> Iterator[None]:
    """Turn a database error into a StorageError (retried) or a ContractError (a row breaks the model)."""
    try:
        yield
    except DBAPIError as error:
        raise _translated(error, organization_id) from None
    except Exception as error:
        if type(error).__module__.partition(".")[0] not in ("psycopg", "sqlite3"):  # raised beside SQLAlchemy, by COPY
            raise
        raise _translated(error, organization_id) from None


def _translated(error: Exception, organization_id: str) -> GreenlightError:
    cause = getattr(error, "orig", None) or error
    said = str(cause).lower()
    if "disk" in said or "no space" in said or _state(cause) in ("53100", "53200"):
        return StorageError(
            "the warehouse has no room left",
            next_step="make room on its disk; the task retries",
            organization=organization_id,
        )
    if isinstance(error, OperationalError) or type(cause).__name__ == "OperationalError" or _state(cause)[:2] == "08":
        busy = "locked" in said or "busy" in said
        return StorageError(
            "the warehouse was busy for a minute" if busy else "the warehouse does not answer or broke off",
            next_step="look for a long-running writer; the task retries"
            if busy
            else "check that its server runs and that the connection `warehouse` points at it; the task retries",
            organization=organization_id,
        )
    return ContractError(
        f"the warehouse refused a row: {type(cause).__name__}{_place(cause)}",
        next_step="let normalize reject what the model forbids, and file a bug with this line",
        organization=organization_id,
    )


def _state(cause: Exception | BaseException) -> str:
    return str(getattr(cause, "sqlstate", "") or "")


def _place(cause: Exception | BaseException) -> str:
    """Return table and column, which are no data; SQLite says them at the end of its text."""
    diagnosis = getattr(cause, "diag", None)
    if diagnosis is not None:
        names = [name for name in (diagnosis.table_name, diagnosis.column_name, diagnosis.constraint_name) if name]
        return f" at {'.'.join(names)}" if names else f" ({_state(cause)})"
    head, _, place = str(cause).partition(": ")
    return f" at {place}" if head.endswith("constraint failed") else ""
