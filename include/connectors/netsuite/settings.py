"""What a connection's extra may set: which account, how it proves itself, and where accounts differ."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from include import money
from include.connectors.base import Connection
from include.connectors.extra import flag, number, wrong
from include.errors import ConfigurationError

DOMAIN = "suitetalk.api.netsuite.com"
LARGEST_PAGE = 1000
CONCURRENCY = 5
"""Requests at the same time that the smallest service tier has, shared by everything that asks the account."""
_ACCOUNT = re.compile(r"[A-Za-z0-9]+([_-][A-Za-z0-9]+)*")
_CUSTOM_FIELD = re.compile(r"cust(entity|body)[a-z0-9_]{1,60}")
_RECORDS = ("customer", "transaction")


@dataclass(frozen=True, slots=True)
class Settings:
    """The extra of one connection.

    Args:
        account: the account id in capitals with underscores, `1234567` or `1234567_SB1`.
        certificate_id: of the OAuth 2.0 client credentials mapping; "" where a token of old kind is used.
        token_id, token_secret: of token-based authentication.
        timezone: the account's own (Setup, Company Information), in which it writes timestamps.
        concurrency: requests at the same time that are ours.
        page_size: rows asked for at once.
        accounting_book: id of the book whose amounts count as base currency.
        base_currency: of an account without subsidiaries that has several currencies.
        compare_balances: whether customers' balances per subsidiary, kept in base currency, are compared.
        custom_fields: `customer` or `transaction` → ids of custom fields to keep.
    """

    account: str
    certificate_id: str = ""
    token_id: str = ""
    token_secret: str = field(default="", repr=False)
    timezone: ZoneInfo = field(default_factory=lambda: ZoneInfo("America/Los_Angeles"))
    concurrency: int = CONCURRENCY
    page_size: int = LARGEST_PAGE
    accounting_book: int = 1
    base_currency: str = ""
    compare_balances: bool = True
    custom_fields: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @classmethod
    def of(cls, connection: Connection) -> Settings:
        """Read the extra.

        Raises:
            ConfigurationError: a value is missing or not of its kind; names the key, never the value.
        """
        extra = connection.extra
        made = cls(
            account=_account(connection),
            certificate_id=str(extra.get("certificate_id") or ""),
            token_id=str(extra.get("token_id") or ""),
            token_secret=str(extra.get("token_secret") or ""),
            timezone=_zone(str(extra.get("timezone") or "America/Los_Angeles")),
            concurrency=number(extra, "concurrency", CONCURRENCY, 1000),
            page_size=number(extra, "page_size", LARGEST_PAGE, LARGEST_PAGE),
            accounting_book=number(extra, "accounting_book", 1, 10**9),
            base_currency=_currency(str(extra.get("base_currency") or "")),
            compare_balances=flag(extra, "compare_balances", True),
            custom_fields=_custom_fields(extra.get("custom_fields") or {}),
        )
        if bool(made.certificate_id) == bool(made.token_id and made.token_secret):
            raise ConfigurationError(
                f"extra of connection {connection.id!r} does not say how to log in",
                next_step="set either certificate_id (OAuth 2.0) or token_id and token_secret (token-based)",
            )
        return made

    @property
    def label(self) -> str:
        """The account as addresses spell it: `1234567-sb1`."""
        return self.account.lower().replace("_", "-")

    @property
    def host(self) -> str:
        """The account's own address."""
        return f"https://{self.label}.{DOMAIN}"

    @property
    def web(self) -> str:
        """Where its users look at records."""
        return f"https://{self.label}.app.netsuite.com/app/accounting/transactions/transaction.nl?id="


def account_of(host: str) -> str:
    """Return the account whose own address this is, in capitals with underscores; "" for any other address."""
    name = (urlsplit(host).hostname or "").lower()
    return name.removesuffix(f".{DOMAIN}").upper().replace("-", "_") if name.endswith(f".{DOMAIN}") else ""


def _account(connection: Connection) -> str:
    given = str(connection.extra.get("account") or account_of(connection.host))
    if not _ACCOUNT.fullmatch(given):
        raise wrong("account", "an account id like 1234567 or 1234567_SB1")
    return given.upper().replace("-", "_")


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (OSError, ValueError, LookupError):
        raise wrong("timezone", "a time zone like Europe/Berlin") from None


def _currency(code: str) -> str:
    if code and money.exponent(code) is None:
        raise wrong("base_currency", "an ISO 4217 code in capitals")
    return code


def _custom_fields(given: Any) -> Mapping[str, tuple[str, ...]]:
    """Ids of custom fields become part of a query's text, so nothing but such an id is let through."""
    if not isinstance(given, Mapping) or not given.keys() <= {*_RECORDS}:
        raise wrong("custom_fields", "lists of field ids under customer and transaction")
    for ids in given.values():
        if not isinstance(ids, list | tuple) or not all(isinstance(i, str) and _CUSTOM_FIELD.fullmatch(i) for i in ids):
            raise wrong("custom_fields", "made of field ids like custbody_promised_on")
    return {record: tuple(ids) for record, ids in given.items()}
