"""Python's collector of reference cycles, kept from walking through records over and over.

Records are trees: they hold no cycles and go when nobody needs them. Making them by the hundred thousand
lets the collector, as it is set by default, look at all of them again and again, a third of a stage's time.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager

RARELY = (100_000, 50, 100)
"""Objects that are made between two looks, and looks at the young between those at the older ones."""


@contextmanager
def rarely_looking() -> Iterator[None]:
    """Let the collector look rarely while the block runs, and never at what was there before it."""
    before = gc.get_threshold()
    gc.freeze()
    gc.set_threshold(*RARELY)
    try:
        yield
    finally:
        gc.set_threshold(*before)
        gc.unfreeze()
