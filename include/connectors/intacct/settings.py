"""What a connection's extra may set, and by which of the two transports it is reached."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from include.connectors.base import Connection
from include.connectors.extra import flag, number, wrong
from include.errors import ConfigurationError

HOST = "https://api.intacct.com"
LARGEST_PAGE, USUAL_PAGE = 2000, 1000
CALLS_AT_ONCE = 2
"""The least that any published tier allowed; a tier of today allows six and more."""

Transport = Literal["rest", "gateway"]
RateBasis = Literal["base_per_document", "document_per_base"]


@dataclass(frozen=True, slots=True)
class Settings:
    """The extra of one connection.

    Args:
        transport: REST where a `username` is there, the XML gateway where a `sender_id` is.
        user, company: who signs in, and into which company.
        signs_into: entity that the sign-in itself names; "" = the top level.
        sender_id, sender_password: of the Web Services subscription (gateway only).
        top_level_entity: the entity whose organization also owns the documents of the top level; "" = nobody said.
        base_currency: of a company without entities, which does not state its own.
        page_size: records asked for at once.
        calls_at_once: of the whole connection, by the company's performance tier.
        rate_basis: what an exchange rate says.
        balance_currency: what a customer's total due and the aging report add up: amounts in base currency, or those
            of the documents, whatever their currency.
        balances_include_credits: whether both are less credits and advances that are not used yet.
        balances_are_per_entity: whether a total due, asked on an entity's level, is what is owed to that entity
            (gateway only: REST keeps a total for each).
        compare_aging: whether the aging report of the gateway is a control figure.
    """

    transport: Transport
    user: str
    company: str
    signs_into: str = ""
    sender_id: str = ""
    sender_password: str = ""
    top_level_entity: str = ""
    base_currency: str = ""
    page_size: int = USUAL_PAGE
    calls_at_once: int = CALLS_AT_ONCE
    rate_basis: RateBasis = "base_per_document"
    balance_currency: Literal["base", "document"] = "base"
    balances_include_credits: bool = True
    balances_are_per_entity: bool = True
    compare_aging: bool = True

    @classmethod
    def of(cls, connection: Connection) -> Settings:
        """Read the extra.

        Raises:
            ConfigurationError: it says neither or both of the transports, or a value is not of its kind; names
                the key, never the value.
        """
        extra = connection.extra
        username, sender = _text(extra, "username"), _text(extra, "sender_id")
        if bool(username) == bool(sender):
            raise ConfigurationError(
                f"connection {connection.id!r} holds {'both' if sender else 'neither'} a username for REST "
                f"{'and' if sender else 'nor'} a sender_id for the XML gateway",
                next_step="write one of the two into its extra, as docs/connect/intacct.md shows",
            )
        signs_in = _rest(username) if username else _gateway(connection, extra)
        return cls(
            **signs_in,
            top_level_entity=_text(extra, "top_level_entity"),
            base_currency=_text(extra, "base_currency"),
            page_size=number(extra, "page_size", USUAL_PAGE, LARGEST_PAGE),
            calls_at_once=number(extra, "calls_at_once", CALLS_AT_ONCE, 100),
            rate_basis="document_per_base"
            if _choice(extra, "rate_basis", ("base_per_document", "document_per_base")) == "document_per_base"
            else "base_per_document",
            balance_currency="document"
            if _choice(extra, "balance_currency", ("base", "document")) == "document"
            else "base",
            balances_are_per_entity=flag(extra, "balances_are_per_entity", True),
            balances_include_credits=flag(extra, "balances_include_credits", True),
            compare_aging=flag(extra, "compare_aging", True),
        )


def _rest(username: str) -> dict[str, Any]:
    """Take `user@company` or `user@company|entity` apart; a user's id may hold an @ itself."""
    account, _, entity = username.partition("|")
    user, at, company = account.rpartition("@")
    if not (user and at and company):
        raise wrong("username", "of the form user@company")
    return {"transport": "rest", "user": user, "company": company, "signs_into": entity}


def _gateway(connection: Connection, extra: Mapping[str, Any]) -> dict[str, Any]:
    wanted = {name: _text(extra, name) for name in ("company_id", "sender_password")}
    for name, value in {**wanted, "login": connection.login, "password": connection.password}.items():
        if not value:
            raise ConfigurationError(
                f"connection {connection.id!r} has a sender_id and no {name}",
                next_step="complete it as docs/connect/intacct.md shows",
            )
    return {
        "transport": "gateway", "user": connection.login, "company": wanted["company_id"],
        "signs_into": _text(extra, "location_id"), "sender_id": _text(extra, "sender_id"),
        "sender_password": wanted["sender_password"],
    }  # fmt: skip


def _text(extra: Mapping[str, Any], name: str) -> str:
    value = extra.get(name, "")
    if not isinstance(value, str):
        raise wrong(name, "a text")
    return value.strip()


def _choice(extra: Mapping[str, Any], name: str, choices: tuple[str, ...]) -> str:
    """Return the choice, the first where nothing is said."""
    if (value := extra.get(name, choices[0])) not in choices:
        raise wrong(name, " or ".join(choices))
    return str(value)
