"""All exhibits of the museum."""

from __future__ import annotations

from tests.survival.museum import (
    exhibits_groups,
    exhibits_intacct,
    exhibits_reading,
    exhibits_rows,
    exhibits_values,
    exhibits_wire,
)
from tests.survival.museum.mutant import Check, Mutant

EXHIBITS: tuple[Mutant, ...] = (
    *exhibits_reading.EXHIBITS,
    *exhibits_rows.EXHIBITS,
    *exhibits_values.EXHIBITS,
    *exhibits_wire.EXHIBITS,
    *exhibits_intacct.EXHIBITS,
    *exhibits_groups.EXHIBITS,
)
CHECKS: tuple[Check, ...] = tuple(dict.fromkeys(mutant.caught_by for mutant in EXHIBITS))
