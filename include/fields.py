"""The kinds of value an organization's YAML may hold, each with the sentence that refuses a wrong one."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import UTC, date, datetime
from decimal import Decimal
from difflib import get_close_matches
from typing import Annotated, Final
from zoneinfo import ZoneInfo, available_timezones

from email_validator import EmailNotValidError, validate_email
from pydantic import AfterValidator, BeforeValidator
from pydantic import Field as Bounds
from pydantic_core import ErrorDetails

from include import model, money, schedule


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """Return `; did you mean "…"?` for the known word closest to this one, nothing where none is close."""
    by_lower = {k.lower(): k for k in known}
    close = get_close_matches(word.lower(), by_lower, n=1)
    return f'; did you mean "{by_lower[close[0]]}"?' if close else ""


LONGEST_TEXT = 200
"""Characters: Airflow keeps a name of up to 2,000 and cannot store the DAGs of a whole file that holds a longer one."""


def _plain(value: str) -> str:
    """Return the text without blanks around it; whatever no database or page can show is none."""
    value = value.strip()
    if not value.isprintable():
        raise ValueError("holds a character that cannot be shown")
    if len(value) > LONGEST_TEXT:
        raise ValueError(f"is longer than {LONGEST_TEXT} characters")
    return value


def _text(value: str) -> str:
    if not value.strip():
        raise ValueError("has no value")
    return _plain(value)


def _currency(value: str) -> str:
    if money.exponent(value) is None:
        hint = "; write it in capitals" if money.exponent(value.upper()) is not None else ""
        raise ValueError(f"{value!r} is no ISO 4217 currency{hint}")
    return value


def _timezone(value: str) -> str:
    try:
        ZoneInfo(value)
    except (OSError, ValueError, LookupError):
        raise ValueError(f"{value!r} is no time zone{did_you_mean(value, available_timezones())}") from None
    return value


def _written_out(value: object) -> object:
    """Keep pydantic from reading `20240101` as seconds since 1970."""
    if isinstance(value, str) and not re.fullmatch(r"\d{4}-\d\d-\d\d", value):
        raise ValueError("must be a date like 2024-01-31")
    return value


def _past(value: date) -> date:
    if value > datetime.now(UTC).date():
        raise ValueError("lies in the future")
    return value


def _email(value: str) -> str:
    try:
        return validate_email(value, check_deliverability=False).normalized
    except EmailNotValidError:
        raise ValueError("is no e-mail address") from None


def _plain_decimal(value: Decimal) -> Decimal:
    """0.50 and 0.5 are the same setting, and must have the same digest."""
    return Decimal(f"{value.normalize():f}")


def _excludable_columns() -> dict[str, model.Kind]:
    computed = {"record_id", "superseded_by_external_id", *model.RECOMPUTED["customers"]}
    columns = (*model.KEYS[1:], *model.CUSTOMERS.columns)
    return {c.name: c.kind for c in columns if c.name not in computed and c.kind is not model.Kind.JSON}


EXCLUDABLE: Final = _excludable_columns()
"""The columns of customers that an exclusion rule may compare, and their kinds."""


def _rule(rule: dict[str, str | bool]) -> dict[str, str | bool]:
    if not rule:
        raise ValueError("names no column")
    return {column: _compared(column, value) for column, value in rule.items()}


def _compared(column: str, value: str | bool) -> str | bool:
    kind = EXCLUDABLE.get(column)
    if kind is None:
        raise ValueError(f"customers have no column {column!r} to compare{did_you_mean(column, EXCLUDABLE)}")
    if kind is not model.Kind.FLAG:
        return str(value)
    if str(value).lower() not in ("true", "false"):
        raise ValueError(f"{column} is true or false")
    return str(value).lower() == "true"


Text = Annotated[str, AfterValidator(_text)]
Entity = Annotated[str, AfterValidator(_plain)]
Currency = Annotated[str, AfterValidator(_currency)]
Timezone = Annotated[str, AfterValidator(_timezone)]
Schedule = Annotated[str | None, AfterValidator(schedule.checked)]
PastDate = Annotated[date, BeforeValidator(_written_out), AfterValidator(_past)]
Email = Annotated[str, AfterValidator(_email)]
Percent = Annotated[Decimal, Bounds(ge=0, le=100), AfterValidator(_plain_decimal)]
Rule = Annotated[dict[str, str | bool], AfterValidator(_rule)]
"""Columns of customers and the values that, all together, leave a customer out of collections."""


def sentence(problem: ErrorDetails, known: Iterable[str]) -> str:
    """Say in plain words what pydantic refused; never repeats a value, which may be personal.

    Args:
        known: the keys that there are where an unknown one stands.
    """
    kind, bounds = problem["type"], problem.get("ctx", {})
    if kind == "value_error":
        return str(bounds["error"])
    if kind == "missing":
        return "is missing"
    if kind == "extra_forbidden":
        return f"is no key here{did_you_mean(str(problem['loc'][-1]), known)}"
    if problem["input"] is None:
        return "has no value"
    return _MUST_BE[kind].format(**bounds) if kind in _MUST_BE else str(problem["msg"])


_MUST_BE: Final = {
    "string_type": "must be one word or text",
    "int_type": "must be a whole number",
    "int_parsing": "must be a whole number",
    "decimal_type": "must be a number",
    "decimal_parsing": "must be a number",
    "finite_number": "must be a number",
    "bool_type": "must be true or false",
    "bool_parsing": "must be true or false",
    "date_type": "must be a date like 2024-01-31",
    "date_parsing": "must be a date like 2024-01-31",
    "date_from_datetime_parsing": "must be a date like 2024-01-31",
    "tuple_type": "must be a list, even of one: [ … ]",
    "dict_type": "must be `column: value`",
    "model_type": "must be keys with values, indented below it",
    "greater_than_equal": "must be at least {ge}",
    "less_than_equal": "must be at most {le}",
}
