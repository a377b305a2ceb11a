"""Failpoints of the access store: one call to a vendor, from the lease of a token to the slot that is given back."""

from __future__ import annotations

import os
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from signal import SIGKILL
from unittest.mock import patch

from sqlalchemy import Engine, delete

from include import access, warehouse
from include.access import leases
from include.access.pacing import Limit, Pacer
from include.access.tables import metadata
from include.connectors.base import Connection
from include.connectors.http import Http
from include.connectors.oauth import Bearer
from tests.conformance.sample import Sample
from tests.machinery.vendor import CLIENT_ID, CLIENT_SECRET, OAUTH, Vendor
from tests.survival.crash.crashes import FORK, Kind
from tests.survival.crash.failpoints import BOTH, Failpoint
from tests.survival.crash.planting import Planted, Trap, cuts, kills, raises
from tests.survival.crash.watching import Moment, Told, watching

LEASES, PACING = "access.leases:TokenStore.", "access.pacing:Pacer."
CALL = "call"
LEASE_SECONDS, CHILD_SECONDS = 0.3, 60
ASKING = "include.connectors.token_endpoint:TokenEndpoint.refresh"


def _at(name: str, verb: str, table: str, within: str, nth: int = 1) -> Failpoint:
    return Failpoint(name, CALL, verb, table, within, BOTH, nth)


FAILPOINTS = (
    _at("token: what is stored is looked up", "SELECT", "", f"{LEASES}_lease"),
    _at("token: its row", "INSERT", "tokens", f"{LEASES}_lease"),
    _at("token: the lease is taken", "UPDATE", "tokens", f"{LEASES}_lease"),
    _at("token: commit of the lease", "COMMIT", "", f"{LEASES}_lease"),
    _at("token: the vendor is asked", "CALL", ASKING, ""),
    _at("token: its row is held again", "SELECT", "", f"{LEASES}_commit"),
    _at("token: the new pair", "UPDATE", "tokens", f"{LEASES}_commit"),
    _at("token: pairs of former seeds", "DELETE", "tokens", f"{LEASES}_commit"),
    _at("token: commit of the new pair", "COMMIT", "", f"{LEASES}_commit"),
    _at("token: the lease is given back", "UPDATE", "tokens", f"{LEASES}_release"),
    _at("token: commit of that", "COMMIT", "", f"{LEASES}_release"),
    _at("pacing: old calls are forgotten", "DELETE", "calls", f"{PACING}_take"),
    _at("pacing: the slot", "INSERT", "calls", f"{PACING}_take"),
    _at("pacing: commit of the slot", "COMMIT", "", f"{PACING}_take"),
    _at("token: it worked", "UPDATE", "tokens", f"{LEASES}worked"),
    _at("token: commit of that it worked", "COMMIT", "", f"{LEASES}worked"),
    _at("pacing: the slot is given back", "UPDATE", "calls", f"{PACING}end"),
    _at("pacing: commit of its end", "COMMIT", "", f"{PACING}end"),
)
FIRST_LOST, LAST_LOST = ("token: the vendor is asked", "after"), ("token: commit of the new pair", "before")
"""From here to there the only copy of a new pair is in the process: without a grace of the vendor, it dies with it."""


def is_between(failpoint: Failpoint, moment: Moment) -> bool:
    """Tell whether the vendor's answer has come there and nothing of it is kept."""
    places = [(f.name, at) for f in FAILPOINTS for at in f.moments]
    return places.index(FIRST_LOST) <= places.index((failpoint.name, moment)) <= places.index(LAST_LOST)


def connected(vendor: Vendor, seed: str) -> Connection:
    """Return a connection to the vendor that begins with this refresh token."""
    return Connection("books", vendor.url, CLIENT_ID, CLIENT_SECRET, {"refresh_token": seed})


def call(store: Engine, vendor: Vendor, seed: str) -> int:
    """Call the vendor's API once, as a task does; return the status."""
    limits = (Limit(1_000, 60.0), Limit(3))
    http = Http(vendor.url, auth=Bearer(connected(vendor, seed), OAUTH, store), pacer=Pacer("books", limits, store))
    return http.get("/invoices", tenant="t").status


@contextmanager
def told(listener: Told) -> Iterator[None]:
    """Watch what a call does."""
    with watching(listener, Sample, frozenset({ASKING})):
        yield


def dies(engine: Engine, vendor: Vendor, seed: str, failpoint: Failpoint, moment: Moment, kind: Kind) -> bool:
    """Let a call die at a failpoint; False if it was not reached."""
    if kind == "kill":
        child = FORK.Process(target=_be_killed, args=(engine, vendor, seed, failpoint, moment))
        child.start()
        child.join(CHILD_SECONDS)
        assert child.exitcode in (0, -SIGKILL), f"the process ended with {child.exitcode}"
        return child.exitcode == -SIGKILL
    url = engine.url.render_as_string(hide_password=False).replace("+psycopg", "")
    trap = Trap(failpoint, moment, raises if kind == "exception" else cuts(url))
    try:
        with told(trap):
            call(access.engine(engine), vendor, seed)
    except Planted:
        return True
    except Exception:  # a cut connection shows as whatever the database's driver calls it
        if not trap.has_sprung:
            raise
    return trap.has_sprung


def _be_killed(engine: Engine, vendor: Vendor, seed: str, failpoint: Failpoint, moment: Moment) -> None:
    try:
        own = warehouse.engine(engine.url)  # no connection of the parent's
        with told(Trap(failpoint, moment, kills)):
            call(access.engine(own), vendor, seed)
    except BaseException:
        traceback.print_exc()
        os._exit(1)


@contextmanager
def quick_leases() -> Iterator[None]:
    """Let the lease of who died end soon."""
    with patch.object(leases, "LEASE_SECONDS", LEASE_SECONDS):
        yield


def forget(store: Engine) -> None:
    """Empty the access store."""
    with access.transaction(store, "tests") as connection:
        for table in metadata.sorted_tables:
            connection.execute(delete(table))
