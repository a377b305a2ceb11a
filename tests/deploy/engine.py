"""A Docker engine: the one that answers, or one of our own that ends with the test."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

START_SECONDS = 40
STOP_SECONDS = 30


class Missing(RuntimeError):
    """The machine lacks something; the sentence says what, and how it is had."""


@dataclass(frozen=True, slots=True)
class Engine:
    """A running engine and the words that start Compose.

    Args:
        environment: what `docker` and Compose run with.
        is_ours: it was started here, so that its images are nobody else's.
    """

    compose: tuple[str, ...]
    environment: dict[str, str] = field(repr=False)
    is_ours: bool

    def docker(self, *words: str, seconds: float = 600, stdin: int = subprocess.DEVNULL) -> str:
        """Run `docker` and return what it printed.

        Raises:
            RuntimeError: it failed; the sentence ends with the last lines it said.
        """
        return run(("docker", *words), self.environment, seconds, stdin)

    def has(self, image: str) -> bool:
        """Tell whether the engine has this image."""
        return bool(self.docker("images", "--quiet", image).strip())


def run(command: tuple[str, ...], environment: dict[str, str], seconds: float, stdin: int = subprocess.DEVNULL) -> str:
    """Run a command to its end and return its output, or raise RuntimeError with its last lines."""
    done = subprocess.run(
        command, env=environment, stdin=stdin, capture_output=True, text=True, timeout=seconds, check=False
    )
    if done.returncode:
        tail = "\n".join((done.stderr or done.stdout).strip().splitlines()[-12:])
        raise RuntimeError(f"`{command[0]} … {' '.join(command[-8:])}` failed (exit {done.returncode}):\n{tail}")
    return done.stdout


@contextmanager
def found_or_started(folder: Path) -> Iterator[Engine]:
    """Yield an engine; one that is started here keeps its images in `folder` for the next time.

    Raises:
        Missing: there is no engine and none can be started, or there is no Compose.
    """
    if not shutil.which("docker"):
        raise Missing("there is no `docker` command: install Docker (Debian: apt-get install docker.io docker-compose)")
    environment = dict(os.environ)
    if _answers(environment):
        yield Engine(_compose(environment), environment, is_ours=False)
        return
    if not shutil.which("dockerd") or os.geteuid() != 0:
        lacking = "this user may start none" if shutil.which("dockerd") else "dockerd is not installed"
        raise Missing(
            f"no Docker engine answers and {lacking}: start Docker, point DOCKER_HOST at an engine, "
            "or run as root where dockerd is installed (Debian: apt-get install docker.io docker-compose)"
        )
    compose = _compose(environment)
    with tempfile.TemporaryDirectory(prefix="greenlight-engine-") as sockets:
        environment["DOCKER_HOST"] = f"unix://{sockets}/docker.sock"
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        words = [
            "dockerd", "--data-root", f"{folder}/engine", "--exec-root", f"{sockets}/exec",
            "--pidfile", f"{sockets}/pid", "--host", environment["DOCKER_HOST"],
        ]  # fmt: skip
        with (folder / "engine.log").open("wb") as log:
            daemon = subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True)
        try:
            _wait(daemon, environment, folder / "engine.log")
            yield Engine(compose, environment, is_ours=True)
        finally:
            daemon.terminate()
            try:
                daemon.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                daemon.kill()
                daemon.wait()


def _answers(environment: dict[str, str]) -> bool:
    words = ("docker", "version", "--format", "{{.Server.Version}}")
    done = subprocess.run(words, env=environment, stdin=subprocess.DEVNULL, capture_output=True, check=False)
    return done.returncode == 0


def _wait(daemon: subprocess.Popen[bytes], environment: dict[str, str], log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while not _answers(environment):
        if daemon.poll() is not None or time.monotonic() > deadline:
            tail = "\n".join(log.read_text(errors="replace").splitlines()[-4:])
            raise Missing(f"a Docker engine could not be started on this machine:\n{tail}")
        time.sleep(0.2)


def _compose(environment: dict[str, str]) -> tuple[str, ...]:
    for words in (("docker", "compose"), ("docker-compose",)):
        if shutil.which(words[0]):
            asked = (*words, "version")
            done = subprocess.run(asked, env=environment, stdin=subprocess.DEVNULL, capture_output=True, check=False)
            if done.returncode == 0:
                return words
    raise Missing("there is no Docker Compose: install its plugin, or Debian's docker-compose")
