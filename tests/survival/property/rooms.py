"""The rooms of a night, one by one, as tasks that die, are retried, and are cleared days later."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

from include import staging, warehouse
from include.connectors.base import Connector, Page
from include.errors import SourceUnavailable
from include.extract import Options
from tests.nights import TONIGHT, Nights

RETRIES = 3
"""So often Airflow tries a task again whose system did not answer as it should."""

Pages = Callable[[Iterable[Page]], Iterator[Page]]


@dataclass
class Run:
    """A run of the DAG, and how far it came."""

    run_id: str
    options: Options = TONIGHT
    manifests: dict[str, staging.Manifest] = field(default_factory=dict)
    loaded: set[str] = field(default_factory=set)
    tries: Counter[str] = field(default_factory=Counter)


class Rooms(Nights):
    """Nights whose rooms are entered one by one, over pages that may come as `pages` lets them."""

    pages: Pages | None = None
    _opened: Connector | None = None

    def system(self) -> Connector:
        """Return the connector of this night; where pages are interfered with, through that."""
        if self._opened is None:
            self._opened = made = super().system()
            for name in ("read", "read_open"):
                setattr(made, name, self._interfered(getattr(made, name)))
        return self._opened

    def _interfered(self, read: Callable[..., Iterator[Page]]) -> Callable[..., Iterator[Page]]:
        return lambda *asked: self.pages(read(*asked)) if self.pages else read(*asked)

    def begin(self, options: Options = TONIGHT) -> Run:
        return Run(self.new_run(), options)

    def live(self, run: Run) -> None:
        """Take a run from where it is to the checks, which are for the last nights."""
        self._opened = None
        for stream in self.world.connector.streams:
            if stream.name not in run.loaded:
                self.read_and_load(run, stream.name)
        self.complete_again(run)

    def read_and_load(self, run: Run, stream: str) -> None:
        """Do a stream's tasks, those that are not done; to record that nothing is new belongs to the first of them."""
        if stream not in run.manifests or run.manifests[stream].is_unchanged:
            run.manifests.pop(stream, None)
            run.manifests[stream] = self._read(run, stream)
        self.load(run.manifests[stream])
        run.loaded.add(stream)

    def load_again(self, run: Run, stream: str) -> warehouse.Summary:
        """Clear a load: it finds what its run had read."""
        self._opened = None
        return self.load(run.manifests[stream])

    def complete_again(self, run: Run) -> None:
        run.tries["complete"] += 1
        self.complete(run.run_id, run.tries["complete"])

    def _read(self, run: Run, stream: str) -> staging.Manifest:
        for left in reversed(range(RETRIES + 1)):
            run.tries[stream] += 1
            try:
                return self.extract(stream, run.options, run.run_id, run.tries[stream])
            except SourceUnavailable:
                if not left:
                    raise
        raise AssertionError("returned or raised")
