"""A company whose books are full of people, over a connection full of secrets: none of them may be said anywhere."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import quote

from include.connectors.base import Connection
from tests.conformance import ledger
from tests.survival.wire.kinds import PERSON
from tests.survival.worlds.sample import SampleWorld

ADDRESSES = 1000
PERSONAL = re.compile(r"kanari\w*|5550199\d*", re.IGNORECASE)
"""What every planted name, address, e-mail and number holds, and nothing else does."""
CREDENTIALS = (
    "client_secret", "refresh_token", "access_token", "api_key", "private_key", "token", "consumer_secret", "otp_seed",
)  # fmt: skip


class Planted(SampleWorld):
    """The sample system's company, with a thousand mailboxes of people among its customers."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.front = self.url
        self.secrets = {name: f"planted-{name}-{number:04d}-9f3b" for number, name in enumerate(CREDENTIALS)}
        with ledger.changing(folder, "north") as books:
            for number, party in enumerate(books["parties"]):
                _fill(party, number, -(-ADDRESSES // len(books["parties"])))

    def connection(self, host: str = "") -> Connection:
        """Lead to the front, with a secret in every field that may hold one."""
        made = super().connection(host or self.front)
        return replace(made, login="planted-login-77aa", extra={**made.extra, **self.secrets})

    @property
    def said_to_nobody(self) -> set[str]:
        """Every secret, also as HTTP and addresses write it."""
        mine = self.connection()
        plain = {mine.password, *self.secrets.values()}
        pairs = {f"{mine.login}:{secret}" for secret in plain}
        return (
            plain | {quote(s, safe="") for s in plain} | {base64.b64encode(p.encode()).decode() for p in plain | pairs}
        )

    def spoil(self) -> Iterator[str]:
        """Write a person's data where none belong, field by field, each time into another customer; yields what."""
        for number, (name, value) in enumerate(_MISPLACED):
            with self.books() as books:
                party = books.ledger["parties"][number % 5]
                party |= {name: value, "mod": self.now.isoformat()}
            yield f"{name} is {type(value).__name__}"


def told(text: str, secrets: set[str]) -> list[str]:
    """Return what of the planted stands in a text, shortened: a failure must not tell it once more."""
    found = {match[0] for match in PERSONAL.finditer(text)} | {part for part in (*secrets, *PERSON) if part in text}
    return sorted(f"{part[:4]}… ({len(part)} characters)" for part in found)


_MISPLACED: tuple[tuple[str, Any], ...] = (
    ("arch", "Kanari Misplaced"),
    ("addr", {"l1": "Kanari Street 5", "l2": None, "town": 7, "zip": "1", "ctry": "Kanari Street 5"}),
    ("ust", {"name": "Kanari Misplaced"}),
    (
        "mailz",
        [{"ln": 1, "fst": ["Kanari"], "lst": "Kanari", "@": "kanari@planted.example", "tel": 5550199, "main": 1}],
    ),
    ("lbl", {"Kanari": "Misplaced"}),
    ("cur", "Kanari Misplaced"),
    ("lng", 5550199),
    ("made", "kanari@planted.example"),
)


def _fill(party: dict[str, Any], number: int, mailboxes: int) -> None:
    people = range(number * mailboxes, (number + 1) * mailboxes)
    party["lbl"] = f"Kanari{number:04d} & Daughters"
    party["addr"] |= {"l1": f"Kanari Street {number}", "town": "Kanariville"}
    party["xtra"] = {"contact": f"Kanari{number:04d} Roe"}
    party["mailz"] = [
        {"ln": line, "fst": f"Kanari{who:04d}", "lst": f"Kanarison{who:04d}", "@": f"kanari{who:04d}@planted.example",
         "tel": f"+49 30 5550199{who:04d}", "main": line == 1}
        for line, who in enumerate(people, 1)
    ]  # fmt: skip
