"""docs/reliability.md, written by `make torture ARGS=--page` from the run that has just ended, never by hand."""

from __future__ import annotations

import platform
import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from itertools import groupby
from pathlib import Path
from typing import Any

from tests.survival.museum.exhibits import EXHIBITS

PAGE = Path(__file__).resolve().parents[2] / "docs" / "reliability.md"
Counts = Mapping[str, Mapping[str, int]]

PROMISES: Mapping[int, str] = {
    1: "**Nothing lost, nothing doubled.** Killing any process at any moment and letting Airflow retry ends in the "
    "same rows as an undisturbed run.",
    2: '**The cursor never lies.** It never passes what was not read, and what "modified since" cannot show is '
    "found otherwise.",
    3: "**A bad record never blocks the good ones**, and is never forgotten.",
    4: "**One organization cannot touch another.**",
    5: "**The gate fails closed.** What could not be read is told, never taken for empty.",
    7: "**No secret and no personal datum** in logs, XCom, Data Docs, keys or error texts.",
}
"""By their numbers in the design; the sixth, what may go out, is tested where data goes out."""

TRIALS: Mapping[str, tuple[str, tuple[int, ...]]] = {
    "property": (
        "An accountant's year against a living system, in random order: create, change, void, delete, restore, "
        "back-date, merge, commit late, edit while paging; sync, crash, retry, full refresh between. After two "
        "quiet nights the warehouse equals the books to the minor unit, and a third writes no row.",
        (1, 2, 5),
    ),
    "crash": (
        "The real task dies at a named failpoint, by an exception, a SIGKILL or a cut connection, and is tried once "
        "more, unattended. A failpoint that was not reached does not count.",
        (1, 2),
    ),
    "http_faults": (
        "A fault in what the system answers, in every stream: read after all, or failed loudly with the cursor "
        "unmoved and nothing written.",
        (1, 2, 3, 5),
    ),
    "crowd": (
        "A round of sixteen organizations, each in a process of its own, loading into the same tables at once, one of "
        "them twice: each holds what it would hold alone.",
        (1, 4),
    ),
    "zones": (
        "A turn of the clock or a midnight between +14 and -11: syncs in the hour that comes twice or never, the run's "
        "day, what is overdue, how far back is read, when the next run comes.",
        (2,),
    ),
    "canaries": (
        "A failure forced over books with a thousand planted people and a connection with a secret in every field, "
        "and everything looked through that somebody might read.",
        (7,),
    ),
    "museum_checks": ("The museum's checks on the code as it is.", (1, 2, 3, 4, 5, 7)),
    "mutants": (
        "A defect that the public has seen elsewhere, put into our code: a check must fail.",
        (1, 2, 3, 4, 5, 7),
    ),
}
"""What a name in the report begins with → what one try is, and which promises it holds to account."""


def write(counts: Counts, seed: int, minutes: float, parts: Sequence[str], is_good: bool) -> None:
    """Write the page."""
    PAGE.write_text("\n".join(_page(counts, seed, minutes, parts, is_good)) + "\n", encoding="utf-8")


def _page(counts: Counts, seed: int, minutes: float, parts: Sequence[str], is_good: bool) -> Iterator[str]:
    yield "# Reliability: what was promised, what was tried, what survived"
    yield ""
    yield "Written by `make torture ARGS=--page`; every number is counted, none is typed."
    yield ""
    yield (
        f"{datetime.now(UTC):%Y-%m-%d}, Python {platform.python_version()}, seed {seed}, {minutes:.0f} minutes; "
        f"parts: {', '.join(parts)}. "
        + ("**Everything survived.**" if is_good else "**Not everything survived**; the rows below say what.")
    )
    yield ""
    yield from _promises(counts)
    yield from _tries(counts)
    yield from _repeat()
    yield from _museum()


def _promises(counts: Counts) -> Iterator[str]:
    yield "## The promises"
    yield ""
    yield "| | promise | tried | survived |"
    yield "|---|---|---:|---:|"
    for number, promise in PROMISES.items():
        mine = [each for name, each in counts.items() if number in _trial(name)[1] and "tried" in each]
        tried, survived = (sum(each[word] for each in mine) for word in ("tried", "survived"))
        yield f"| {number} | {promise} | {_shown(tried)} | {_shown(survived)} |"
    yield ""


def _tries(counts: Counts) -> Iterator[str]:
    yield "## The tries"
    yield ""
    for kind, names in groupby(sorted(counts, key=lambda name: (_order(name), name)), key=_kind):
        yield f"### {kind}"
        yield ""
        yield f"{_trial(kind)[0]} Promises {', '.join(map(str, _trial(kind)[1])) or 'none'}."
        yield ""
        yield "| what | tried | survived |" if kind != "mutants" else "| what | all | caught |"
        yield "|---|---:|---:|"
        for name in names:
            first, second = list(counts[name].values())[:2]
            yield f"| `{name}` | {_shown(first)} | {_shown(second)} |"
        yield ""


def _repeat() -> Iterator[str]:
    yield "## Repeat it"
    yield ""
    yield "```"
    yield 'make torture ARGS="--json torture.json"              # all of it, two hours on two cores'
    yield 'make torture ARGS="--only crowd,museum --seed 4711"  # parts of it, with the seed of a run that failed'
    yield 'make torture ARGS="--minutes 5"                      # as much of each part as five minutes allow'
    yield "```"
    yield ""
    yield "The suite (`make test`) runs a small share of every part over three of the systems, its walks by the day's"
    yield "seed, which they print; `make kits` walks forty times over every system and puts every fault on every"
    yield "stream; CI runs both."
    yield ""


def _museum() -> Iterator[str]:
    yield "## The museum"
    yield ""
    yield (
        f"{len(EXHIBITS)} defects that others have met, each put into our code while the check beside it runs, and "
        "caught. What was seen elsewhere is told in our words; the number leads to it on GitHub."
    )
    yield ""
    yield "| defect | seen in | caught by |"
    yield "|---|---|---|"
    for mutant in EXHIBITS:
        place, _, what = mutant.seen_in.partition(": ")
        repository, _, number = place.partition("#")
        link = f"[{place}](https://github.com/{repository}/issues/{number})"
        yield f"| {mutant.name} | {link}: {what} | `{mutant.caught_by.__name__}` |"


def _kind(name: str) -> str:
    """Return what a name in the report begins with, as TRIALS knows it; else the name itself."""
    return next((kind for kind in TRIALS if re.match(rf"{kind}(?![a-z])", name)), name)


def _order(name: str) -> int:
    kinds = list(TRIALS)
    return kinds.index(_kind(name)) if _kind(name) in kinds else len(kinds)


def _trial(name: str) -> tuple[str, tuple[int, ...]]:
    return TRIALS.get(_kind(name), ("", ()))


def _shown(number: Any) -> str:
    return f"{number:,}"
