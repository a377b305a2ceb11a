"""What a connection's extra may set: where Xero's documents leave open how it is, or plans differ."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from include.connectors.base import Connection
from include.connectors.extra import flag, number, wrong

LARGEST_PAGE = 1000
CALLS_PER_MINUTE, CALLS_PER_DAY = 60, 5000

RateBasis = Literal["document_per_base", "base_per_document"]


@dataclass(frozen=True, slots=True)
class Settings:
    """The extra of one connection.

    Args:
        page_size: records asked for at once.
        calls_per_minute, calls_per_day: of one organisation; the Starter tier allows 1000 a day.
        rate_basis: what `CurrencyRate` says.
        balances_include_credits: whether a contact's balance is less what it may still use; None = undecided.
        prepayments_on_receivables: whether money paid ahead lowers the receivable account.
        compare_trial_balance: whether the trial balance, where it may be read, is a control figure: it is
            none where open amounts in other currencies are revalued in it.
        scopes: asked for instead of the usual ones, for apps made before March 2026.
    """

    page_size: int = LARGEST_PAGE
    calls_per_minute: int = CALLS_PER_MINUTE
    calls_per_day: int = CALLS_PER_DAY
    rate_basis: RateBasis = "document_per_base"
    balances_include_credits: bool | None = None
    prepayments_on_receivables: bool = True
    compare_trial_balance: bool = True
    scopes: tuple[str, ...] = ()

    @classmethod
    def of(cls, connection: Connection) -> Settings:
        """Read the extra.

        Raises:
            ConfigurationError: a value is not of its kind; names the key, never the value.
        """
        extra = connection.extra
        scopes = extra.get("scopes") or ()
        return cls(
            page_size=number(extra, "page_size", LARGEST_PAGE, LARGEST_PAGE),
            calls_per_minute=number(extra, "calls_per_minute", CALLS_PER_MINUTE),
            calls_per_day=number(extra, "calls_per_day", CALLS_PER_DAY),
            rate_basis=_choice(extra, "rate_basis", ("document_per_base", "base_per_document")),
            balances_include_credits=flag(extra, "balances_include_credits", True)
            if extra.get("balances_include_credits") is not None
            else None,
            prepayments_on_receivables=flag(extra, "prepayments_on_receivables", True),
            compare_trial_balance=flag(extra, "compare_trial_balance", True),
            scopes=tuple(scopes.split() if isinstance(scopes, str) else map(str, scopes)),
        )


def _choice(extra: Any, name: str, choices: tuple[RateBasis, ...]) -> RateBasis:
    for choice in choices:
        if extra.get(name, choices[0]) == choice:
            return choice
    raise wrong(name, " or ".join(choices))
