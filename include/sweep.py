"""Sweep: compare all keys of the source with ours, for what never arrived here and what is gone there."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from hashlib import blake2b
from typing import TYPE_CHECKING

from include import warehouse

if TYPE_CHECKING:
    from include.extract import Read, Stager

log = logging.getLogger(__name__)

SWEEP_ROWS, SWEEP_PERCENT = 5, 2
"""A sweep refuses to delete more than max(5 rows, 2 %) of a stream without a recorded consent."""


def lacking(read: Read, listed: Iterable[str]) -> list[str]:
    """Return what the source lists and we never loaded, or not with this mapping.

    A history that was moved back, a record committed later than the overlap, a mended normalize.
    """
    known = warehouse.digests(read.engine, read.organization.id, read.stream.name)
    mapping = f"{read.connector.mapping_version}."
    return sorted(key for key in listed if not known.get(key, "").startswith(mapping))


def gone(read: Read, stager: Stager, listed: set[str], accepted: str = "") -> tuple[list[str], str]:
    """Return the keys that are gone from the source, confirmed one by one.

    When too many are, return none and the fingerprint under which a person may accept that.

    Args:
        listed: the keys that the source lists now.
        accepted: the fingerprint that a person accepted.
    """
    known = warehouse.digests(read.engine, read.organization.id, read.stream.name)
    missing = sorted(stager.seen.lacking(set(known) - listed))
    if not missing:
        return [], ""
    stager.stage(read.connector.read_ids(read.stream, missing))
    gone = list(stager.seen.lacking(missing))
    fingerprint = blake2b("\n".join(gone).encode(), digest_size=6).hexdigest()
    limit = max(SWEEP_ROWS, len(known) * SWEEP_PERCENT // 100)
    if len(gone) > limit and accepted != fingerprint:
        log.warning(
            "%d of %d %s are gone from the source, more than the %d that are deleted without asking. Nothing was "
            "deleted. If that is right, run again with accept_deletions=%s.",
            len(gone), len(known), read.stream.name, limit, fingerprint,
        )  # fmt: skip
        return [], fingerprint
    return gone, ""
