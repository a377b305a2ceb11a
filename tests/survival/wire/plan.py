"""Which faults are tried where: every kind in every stream of every system, at a place that fits it."""

from __future__ import annotations

from random import Random
from typing import cast

from tests.survival.wire import kinds_of_body, kinds_of_connection, kinds_of_status
from tests.survival.wire.content import CONTENT, error_envelopes
from tests.survival.wire.kinds import KINDS, Kind
from tests.survival.wire.proxy import Asked
from tests.survival.wire.stage import Scenario, Stage
from tests.survival.wire.trial import Case
from tests.survival.wire.vendors import VENDORS

MODULES = (kinds_of_status, kinds_of_body, kinds_of_connection)
"""Importing them fills KINDS."""


def wire_kinds(world: str) -> dict[str, Kind]:
    """Return the kinds that any request may suffer, the system's own error envelopes among them."""
    return KINDS | {kind.name: kind for kind in error_envelopes(VENDORS[world])}


def kinds(world: str) -> list[str]:
    """Return the names of all kinds that are tried on this system."""
    return [*wire_kinds(world), *(name for name in CONTENT if name not in VENDORS[world].cannot)]


def case(stage: Stage, name: str, stream: str, random: Random, scenario: Scenario = "nightly") -> Case:
    """Return a kind's case at one of the places where it fits; in a first load, where the night's read has none.

    Raises:
        LookupError: neither read has a place for it.
    """
    vendor = VENDORS[stage.world.connector.name]
    found = wire_kinds(stage.world.connector.name).get(name)
    if found is not None:
        requests = len(stage.base(scenario, stream).log)
        last = requests if found.times == 1 else max(vendor.first + 1, requests - found.times)
        return Case(stream, found, random.randrange(vendor.first, last), scenario)
    content = CONTENT[name]

    def is_page(asked: Asked) -> bool:
        return vendor.question(asked, stream) is not None

    for read in dict.fromkeys([scenario, "first"]):
        places = content.positions(vendor, stream, stage.base(cast(Scenario, read), stream).log)
        if places:
            return Case(
                stream, content.kind(vendor, stream), random.choice(places), cast(Scenario, read), is_page,
                content.of_a_record, content.is_late,
            )  # fmt: skip
    raise LookupError(f"no page of {stream} can suffer {name}")
