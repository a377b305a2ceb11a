"""Serves a ledger through a face, on a loopback port, from a thread of this process."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import uvicorn

STARTING_SECONDS = 10
LOOPBACK = "127.0.0.1"


def listen(port: int = 0, host: str = LOOPBACK) -> socket.socket:
    """Return a socket that listens, on the loopback interface and any free port if none is given."""
    listening = socket.socket()
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listening.bind((host, port))
    listening.listen()  # who connects before the server runs waits instead of being refused
    return listening


def address(listening: socket.socket) -> str:
    """Return the base address of a listening socket; by this machine's name where it listens to others."""
    host, port = listening.getsockname()
    return f"http://{host if host == LOOPBACK else socket.gethostname()}:{port}"


def server(app: Any) -> uvicorn.Server:
    """Return a server for an application; the Date header is the application's own to send."""
    return uvicorn.Server(
        uvicorn.Config(
            app, log_level="critical", access_log=False, lifespan="off", date_header=False, server_header=False,
            timeout_keep_alive=300, timeout_graceful_shutdown=1,
        )
    )  # fmt: skip


@contextmanager
def running(app: Any, port: int = 0) -> Iterator[str]:
    """Serve an application from a thread while the block runs; yields its base address.

    Raises:
        RuntimeError: it did not start.
    """
    listening = listen(port)
    serving = server(app)
    thread = threading.Thread(target=serving.run, args=([listening],), daemon=True)
    thread.start()
    try:
        deadline = time.monotonic() + STARTING_SECONDS
        while not serving.started:
            if time.monotonic() > deadline or not thread.is_alive():
                raise RuntimeError("the sandbox's server did not start")
            time.sleep(0.005)
        yield address(listening)
    finally:
        serving.should_exit = True
        thread.join(STARTING_SECONDS)
        listening.close()
