"""What a process of these tests does: python -m tests.machinery.worker WAREHOUSE VENDOR REFRESH_TOKEN WHAT [TIMES].

With `times` so many processes do it at once. They are forked: to start Python sixteen times takes longer than all else.
"""

from __future__ import annotations

import multiprocessing
import sys
import time

from include import access, warehouse
from include.access import leases, pacing
from include.access.pacing import Limit, Pacer
from include.connectors.base import Connection
from include.connectors.http import Http
from include.connectors.oauth import Bearer
from tests.machinery.vendor import CLIENT_ID, CLIENT_SECRET, OAUTH


def main(warehouse_url: str, vendor_url: str, refresh_token: str, what: str) -> None:
    """Do one of the things below, and print what came of it."""
    store = access.engine(warehouse.engine(warehouse_url))
    connection = Connection("books", vendor_url, CLIENT_ID, CLIENT_SECRET, {"refresh_token": refresh_token})
    if what == "token":
        say(Bearer(connection, OAUTH, store).token().access)
    elif what.startswith("calls"):
        _, number, per, seconds = what.split(":")
        pacer = Pacer("books", (Limit(int(per), float(seconds)), Limit(3)), store)
        http = Http(vendor_url, pacer=pacer)
        for _ in range(int(number)):
            http.get("/open", tenant="t")
        say(http.request_count)
    elif what == "die in a slot":
        pacing.SLOT_SECONDS = 1.5
        with Pacer("books", (Limit(1),), store).slot("t"):
            say("in")
            time.sleep(60)
    elif what == "die refreshing":
        leases.LEASE_SECONDS = 1.5
        Bearer(connection, OAUTH, store).token()


def say(what: object) -> None:
    """Print a line in one piece: the processes of a crowd share their output, unbuffered or not."""
    print(f"{what}\n", end="", flush=True)


def crowd(times: int, *arguments: str) -> bool:
    """Let so many processes do it, and tell whether all of them came to their end."""
    fork = multiprocessing.get_context("fork")
    started = [fork.Process(target=main, args=arguments) for _ in range(times)]
    for process in started:
        process.start()
    for process in started:
        process.join()
    return all(process.exitcode == 0 for process in started)


if __name__ == "__main__":
    *about, times = sys.argv[1:]
    sys.exit(not crowd(int(times), *about) if int(times) > 1 else main(*about))
