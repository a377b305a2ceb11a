"""One fault, one read: what came of it is a success that equals the books, or an error that lost nothing."""

from __future__ import annotations

import logging
import time
import traceback
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from hashlib import blake2b
from random import Random
from typing import Any, Literal

import pytest

from include import extract, reconcile, staging
from include.connectors import http, redaction
from include.connectors.base import Connector, Stream, Window
from include.errors import GreenlightError, SourceUnavailable
from include.staging import Manifest
from tests.nights import Nights
from tests.survival.wire.kinds import PERSON, Kind
from tests.survival.wire.proxy import Asked, Order
from tests.survival.wire.stage import Base, Scenario, Seen, Stage, assert_same

LONGEST = 20.0
"""Seconds after which a read counts as one that hangs."""

Outcome = Literal["success", "failure", "told"]


@dataclass(frozen=True, slots=True)
class Case:
    """Which fault, in which read, where.

    Args:
        skip: so many of the requests that match go through first.
        of_a_record: the fault is one record's, which may be rejected (told) until it is read well.
    """

    stream: str
    kind: Kind
    skip: int = 0
    scenario: Scenario = "nightly"
    matches: Callable[[Asked], bool] = lambda asked: True
    of_a_record: bool = False


def run(stage: Stage, case: Case, is_thorough: bool = False) -> Outcome:
    """Try the fault out; whatever is neither a success nor an error that lost nothing fails an assertion.

    Args:
        is_thorough: load also what was staged exactly as an earlier read staged it, whose rows were right.
    """
    begun = stage.base(case.scenario, case.stream)
    stage.restore(begun.file)
    host = _host(stage, case.kind)
    run_id = f"case-{next(stage.runs)}"
    stage.proxy.expect(Order(case.kind.spoil, case.matches, case.skip, case.kind.times))
    started = time.monotonic()
    with _said() as logged, bounds(case.kind):
        manifest, error = _extracted(stage.nights(case.stream, host), case, run_id)
    assert time.monotonic() - started < LONGEST, "the read hangs"
    assert stage.proxy.spoilt or host, f"the fault was not reached: {error}"
    _hold_tongue("\n".join(logged))
    stage.proxy.expect()
    nights = stage.nights(case.stream)
    if error is not None:
        _judge(error)
        assert stage.contents() == begun.contents, "a read that failed has left something in the warehouse"
        assert case.kind.ends != "success", f"the connector itself must get over it, not say {error}"
        stage.waiting.wait(getattr(error, "retry_after", None) or 0.0)
        manifest = nights.extract(case.stream, run_id=run_id, try_number=2)
    assert manifest is not None, "a read ends in a manifest or in an error"
    seal = staged_content(manifest, nights.system(), begun.known)
    if is_thorough or seal not in begun.seals:
        nights.load(manifest)
        nights.complete(run_id)
        found = stage.seen(nights)
        _assert_cursor(case, begun, found)
        if case.of_a_record and found.rejects != begun.after.rejects:
            _assert_told(stage, case, begun, found)
            return "told"
        assert_same(begun.after, found)
        begun.seals.add(seal)
    if error is not None:
        return "failure"
    assert case.kind.ends != "failure", "nobody could read that"
    return "success"


def judged(stage: Stage, kind: Kind, skip: int) -> Outcome:
    """Disturb the figures that a night is held against: they are asked again, or said to be unanswered."""
    stage.restore(stage.folder / "judged.sqlite")
    run_id = f"case-{next(stage.runs)}"
    stage.proxy.expect(Order(kind.spoil, skip=skip, times=kind.times))
    nights = stage.nights(host=_host(stage, kind))
    outcome: reconcile.Outcome | None = None
    with _said() as logged, bounds(kind):
        try:
            outcome = nights.reconcile(run_id)
        except Exception as error:
            _judge(error)
            stage.waiting.wait(getattr(error, "retry_after", None) or 0.0)
    _hold_tongue("\n".join(logged))
    assert stage.proxy.spoilt or kind.host, "the fault was not reached"
    stage.proxy.expect()
    assert_same(stage.undisturbed["nightly"], stage.seen(stage.nights()))
    if outcome is not None and not outcome.differences:
        return "success"
    assert not stage.nights().reconcile(run_id).differences, "a good asking finds nothing"
    return "failure" if outcome is None else "told"


def night(stage: Stage, kind: Kind, random: Random) -> Outcome:
    """Disturb a whole night somewhere; a room that fails is entered once more, as its task is retried."""
    stage.restore(stage.folder / "nightly.sqlite")
    run_id = f"case-{next(stage.runs)}"
    times = random.choice((1, 2, kind.times))
    stage.proxy.expect(Order(kind.spoil, skip=random.randrange(1, len(stage.log)), times=times))
    nights, errors = stage.nights(), list[Exception]()

    def enter(room: Callable[[int], Any]) -> Any:
        try:
            return room(1)
        except Exception as error:
            _judge(error)
            errors.append(error)
            stage.proxy.expect()
            stage.waiting.wait(getattr(error, "retry_after", None) or 0.0)
            return room(2)

    with _said() as logged, bounds(kind):
        for stream in stage.streams:
            nights.load(enter(lambda number, name=stream: nights.extract(name, run_id=run_id, try_number=number)))
        enter(lambda number: nights.complete(run_id, number))
        outcome = enter(lambda number: nights.reconcile(run_id))
    _hold_tongue("\n".join(logged))
    stage.proxy.expect()
    assert_same(stage.undisturbed["nightly"], stage.seen(stage.nights()))
    if outcome.differences:
        assert not stage.nights().reconcile(run_id).differences, "a good asking finds nothing"
        return "told"
    return "failure" if errors else "success"


def staged_content(manifest: Manifest, connector: Connector, known: Mapping[str, str]) -> str:
    """Return a digest of all that load makes rows, rejects and cursor of: two that are equal make the same.

    Args:
        known: the digests that the warehouse has, key by key: such records make nothing.
    """
    told = [manifest.cursor_after, manifest.full_refresh, manifest.future, manifest.swept]
    stream = connector.stream(manifest.stream)
    latest = {}
    for address in manifest.pages:
        items = staging.page_items(address)
        for item, record in zip(items, connector.decode(stream, staging.read_page(address)), strict=True):
            if known.get(item.key) != item.digest:
                latest[item.key] = (item, record)
    return blake2b(repr((told, sorted(manifest.deleted), sorted(latest.items()))).encode()).hexdigest()


@contextmanager
def bounds(kind: Kind) -> Iterator[None]:
    """Shorten what the kind wants shortened."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in kind.bounds.items():
            patch.setattr(http, name, value)
        yield


def _host(stage: Stage, kind: Kind) -> str:
    """Return the address that the connection names meanwhile; "" for the proxy's own."""
    return kind.host.format(proxy=stage.proxy.url.partition("//")[2])


def _extracted(nights: Nights, case: Case, run_id: str) -> tuple[Manifest | None, Exception | None]:
    """Read, and return the manifest or what the read raised."""
    try:
        return nights.extract(case.stream, run_id=run_id), None
    except Exception as error:
        return None, error


def _judge(error: Exception) -> None:
    """Hold an error to what an operator may expect of it."""
    words = "".join(traceback.format_exception(error))
    assert isinstance(error, GreenlightError), words
    assert error.next_step, words
    if isinstance(error, SourceUnavailable) and error.retry_after is not None:
        assert 0 <= error.retry_after <= 2 * 86_400, "nobody waits that long"
    _hold_tongue(f"{error}\n{words}")


def _hold_tongue(words: str) -> None:
    """No secret and no personal datum was said."""
    told = [secret for secret in {*redaction._secrets, *PERSON} if secret in words]
    assert not told, f"{len(told)} secrets or personal data are said"


def _assert_cursor(case: Case, begun: Base, found: Seen) -> None:
    """The cursor is not beyond that of an undisturbed night, and not back."""
    before, after, now = (seen.states[case.stream].cursor for seen in (begun.before, begun.after, found))
    if after is None:
        assert now is None
        return
    assert now is None or now <= after, "the cursor is beyond what was read"
    assert before is None or (now is not None and now >= before), "the cursor went back"


def _assert_told(stage: Stage, case: Case, begun: Base, found: Seen) -> None:
    """A record is rejected by name, every other one is as it should be, and the next good read mends it."""
    assert set(found.rejects) - set(begun.after.rejects), "what is wrong was not told"
    _much_later(stage, case, begun)


def _much_later(stage: Stage, case: Case, begun: Base) -> None:
    """Read undisturbed once more, when no overlap reaches back to the last read, and hold that to the books."""
    window = extract._window

    def without_overlap(stream: Stream, *given: Any) -> Window:
        made = window(stream, *given)
        return replace(made, since=made.since + stream.overlap) if made.since else made

    nights = stage.nights(case.stream)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(extract, "_window", without_overlap)
        nights.load(nights.extract(case.stream))
    nights.complete(nights.new_run())
    assert_same(begun.after, stage.seen(nights))


@contextmanager
def _said() -> Iterator[list[str]]:
    """Collect what is logged, tracebacks included."""
    lines: list[str] = []

    class Collect(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            lines.append(self.format(record))

    handler = Collect(logging.DEBUG)
    logging.getLogger().addHandler(handler)
    try:
        yield lines
    finally:
        logging.getLogger().removeHandler(handler)
