"""Sweep: compare all keys of the source with ours, for what never arrived here and what is gone there.

Where the source keeps a list of what it deleted, that list is asked instead. Either way only what cannot
be read by its id any more is gone; whether so much may go without a person's word, load decides
(include/warehouse/losses.py).
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import TYPE_CHECKING

from include import warehouse
from include.connectors.base import is_unnamed

if TYPE_CHECKING:
    from include.stager import Read, Stager


def lacking(read: Read, listed: Iterable[str]) -> list[str]:
    """Return what the source lists and we never loaded, or not with this mapping; of a stream that is reread, all.

    A history that was moved back, a record committed later than the overlap, a mended normalize.
    """
    if read.stream.reread:
        return sorted(listed)
    known = warehouse.digests(read.engine, read.organization.id, read.stream.name)
    mapping = f"{read.connector.mapping_version}."
    return sorted(key for key in listed if not known.get(key, "").startswith(mapping))


def unlisted(read: Read, stager: Stager, listed: set[str]) -> list[str]:
    """Return the keys we know that the source does not list and has not shown tonight, once they are confirmed."""
    known = warehouse.digests(read.engine, read.organization.id, read.stream.name)
    return _confirmed(read, stager, set(known) - listed)


def unnamed(read: Read, stager: Stager) -> list[str]:
    """Return the keys of records that once came without an id and did not tonight, although all since then was read."""
    known = warehouse.digests(read.engine, read.organization.id, read.stream.name)
    return sorted(key for key in known if is_unnamed(key) and key not in stager.seen)


def deleted_since(read: Read, stager: Stager, since: datetime) -> list[str]:
    """Return the keys we know that the source's list of deletions names from then on, once they are confirmed.

    What it names and still has (restored, merged, voided) is no deletion.
    """
    named = {key for stream, key in read.connector.deletions(since) if stream == read.stream.name}
    known = warehouse.digests(read.engine, read.organization.id, read.stream.name, sorted(named))
    return _confirmed(read, stager, known)


def _confirmed(read: Read, stager: Stager, missing: Iterable[str]) -> list[str]:
    """Ask for each by its id; what comes is staged like anything else, what does not is gone."""
    asked = sorted({*stager.seen.lacking(missing)})
    if not asked:
        return []
    stager.stage_ids(asked)
    return list(stager.seen.lacking(asked))
