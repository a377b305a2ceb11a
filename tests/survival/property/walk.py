"""A walk: steps in the books and in the pipeline, in any order, and what must be so at its end."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from datetime import timedelta
from random import Random

from sqlalchemy import Engine

from include import model
from include.connectors.base import Page
from include.errors import SourceUnavailable, StaleManifest
from include.extract import Options
from tests.nights import TONIGHT, Nights, Row
from tests.survival.property.dying import POINTS, dies
from tests.survival.property.rooms import Rooms, Run
from tests.survival.worlds import NothingToDo, World

WAITS = (timedelta(seconds=30), timedelta(minutes=3), timedelta(minutes=20), timedelta(hours=9), timedelta(hours=30))
SKEWS = (timedelta(hours=-3), timedelta(minutes=-10), timedelta(), timedelta(minutes=10), timedelta(hours=26))
QUIET = timedelta(hours=9)
PIPELINE = {
    "sync": 4, "crash": 3, "retry": 3, "full_refresh": 1, "clear": 2, "edit_while_paging": 2, "double_pages": 1,
    "reorder_pages": 1, "skew": 1,
}  # fmt: skip
"""Steps of the pipeline → how often each is drawn; each change of the books is drawn as often as three of them."""
OF_CHANGES = 3


def steps(world: type[World]) -> list[str]:
    """Return what a walk's steps are drawn from; the first, to which a failure shrinks, does nothing to the books."""
    from tests.survival.worlds import CHANGES

    possible = [name for name in CHANGES if name not in world.impossible]
    drawn = [name for name, often in PIPELINE.items() for _ in range(often)]
    return ["wait", *drawn, *(possible * OF_CHANGES)]


class Walk:
    """One organization over one world, and the runs it has had."""

    def __init__(self, world: World, engine: Engine, organization_id: str) -> None:
        self.world = world
        self.engine = engine
        self.rooms = Rooms(engine, world, organization_id)
        self.runs: list[Run] = []
        self.dead: Run | None = None
        self.overtaken = False
        """Since it died, a cleared task of another run has loaded."""
        self._cursors = self._reached()

    def step(self, name: str, seed: int) -> None:
        """Do one step; where the books or the runs do not allow it now, nothing."""
        random = Random(seed)
        if name in self.world.changes:
            self._change(name, random)
            return
        {"wait": self._wait, "skew": self._skew, "sync": self._sync, "full_refresh": self._full_refresh,
         "crash": self._crash, "retry": self._retry, "clear": self._clear, "edit_while_paging": self._edit_while_paging,
         "double_pages": self._double_pages, "reorder_pages": self._reorder_pages}[name](random)  # fmt: skip

    def end(self) -> None:
        """Two quiet nights, and the warehouse equals the books; one more, and nothing is written."""
        if refused := self._refused(self._quiet()):
            accepted = self._quiet(Options(accept_deletions=",".join(refused), accepted_by="an accountant"))
            assert not self._refused(accepted), "a refusal goes on that was accepted"
        nights = Nights(self.engine, self.world, self.rooms.organization_id, first=1000)
        nights.skew = self.rooms.skew
        self.world.wait(QUIET)
        night = nights.sync()
        assert not night.outcome.differences, night.outcome.differences[0]
        self.world.assert_equal(nights)
        before = _everything(nights)
        last = self._quiet()
        assert not sum(load.written for load in last.loads.values()), "a night without news writes nothing"
        assert last.completed and not last.completed.records
        assert _everything(nights) == before

    def _quiet(self, options: Options = TONIGHT) -> Run:
        """Let a night pass in which nobody does anything."""
        self.world.wait(QUIET)
        run = Run(self.rooms.new_run(), options)
        run.completed = self.rooms.live(run)
        return run

    @staticmethod
    def _refused(run: Run) -> list[str]:
        """Return what a person must accept, where sweeps refused to delete so much."""
        return [load.sweep_refused for load in run.loads.values() if load.sweep_refused]

    def _change(self, name: str, random: Random) -> bool:
        try:
            self.world.changes[name](random)
        except NothingToDo:
            return False
        return True

    def _wait(self, random: Random) -> None:
        self.world.wait(random.choice(WAITS))

    def _skew(self, random: Random) -> None:
        """The workers' clock is another one from now on."""
        self.rooms.skew = random.choice(SKEWS)

    def _sync(self, random: Random) -> None:
        self._run(Run(self.rooms.new_run()))

    def _full_refresh(self, random: Random) -> None:
        self._run(Run(self.rooms.new_run(), Options(full_refresh=True)))

    def _run(self, run: Run) -> None:
        """Live a whole run; the one that died before is given up."""
        self.dead = None
        self.runs.append(run)
        self.rooms.live(run)
        self._assert_cursors_kept(run.options.full_refresh)

    def _crash(self, random: Random) -> None:
        """Begin a run, and die somewhere in it; half of the dead are tried again at once, the others later or never."""
        where = random.choice(list(POINTS))
        self.runs.append(run := Run(self.rooms.new_run()))
        self.dead, self.overtaken = run, False
        at = random.randint(1, POINTS[where])
        if not dies(self.engine, where, at, lambda: self.rooms.live(run)):
            self.dead = None
        elif random.random() < 0.5:
            self._retry(random)
        self._assert_cursors_kept()

    def _retry(self, random: Random) -> None:
        """Try the dead task again, and go on with its run from there."""
        if self.dead:
            run, self.dead = self.dead, None
            try:
                self.rooms.live(run)
            except StaleManifest:
                assert self.runs[-1] is not run or self.overtaken, "nobody loaded meanwhile"
            self._assert_cursors_kept()

    def _clear(self, random: Random) -> None:
        """Clear a task of a run of before: its extract with what follows, its load alone, or complete."""
        if not self.runs:
            return
        run, stream = random.choice(self.runs[-4:]), random.choice(self.world.connector.streams).name
        match random.choice(("extract", "load", "complete")):
            case "load" if stream in run.manifests and not run.manifests[stream].is_unchanged:
                try:
                    summary = self.rooms.load_again(run, stream)
                    assert summary.already_loaded or stream not in run.loads  # who died had perhaps loaded it
                    run.loads[stream] = summary
                except StaleManifest:
                    assert stream not in run.loads, "who comes again gets the first time's summary"
            case "extract":
                self.overtaken |= run is not self.dead
                run.manifests.pop(stream, None)
                self.rooms._opened = None
                self.rooms.read_and_load(run, stream)
            case "complete":
                self.overtaken = True
                self.rooms._opened = None
                self.rooms.complete_again(run)
        self._assert_cursors_kept(run.options.full_refresh)

    def _edit_while_paging(self, random: Random) -> None:
        """Somebody works on: a change happens between two pages of some read of this night."""
        left = random.randrange(1, 7)
        name = random.choice(list(self.world.changes))

        def pages(read: Iterable[Page]) -> Iterator[Page]:
            nonlocal left
            for page in read:
                yield page
                left -= 1
                if left == 0:
                    self._change(name, random)

        self._run_over(pages)

    def _double_pages(self, random: Random) -> None:
        """Each page comes again after the next one, as from a cache between us and the system: refused loudly."""

        def pages(read: Iterable[Page]) -> Iterator[Page]:
            before: Page | None = None
            for page in read:
                yield page
                if before:
                    yield before
                before = page

        with suppress(SourceUnavailable):
            self._run_over(pages)
        self._assert_cursors_kept()

    def _reorder_pages(self, random: Random) -> None:
        """Pages come in the other order, as from a system that lists the newest first."""
        self._run_over(lambda read: iter(list(read)[::-1]))

    def _run_over(self, pages: Callable[[Iterable[Page]], Iterator[Page]]) -> None:
        self.rooms.pages = pages
        try:
            self._sync(Random())
        finally:
            self.rooms.pages = None

    def _reached(self) -> dict[str, object]:
        return {stream.name: self.rooms.state(stream.name).cursor for stream in self.world.connector.streams}

    def _assert_cursors_kept(self, full_refresh: bool = False) -> None:
        """A cursor never goes back but by a full refresh."""
        now = self._reached()
        for stream, before in self._cursors.items():
            assert full_refresh or not before or (now[stream] and now[stream] >= before), stream  # type: ignore[operator]
        self._cursors = now


def _everything(nights: Nights) -> dict[str, dict[str, Row]]:
    """Return every row there ever was, with the run that last changed it."""
    return {name: nights.rows(name, live=False) for name in model.TABLES}
