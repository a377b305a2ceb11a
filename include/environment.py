"""The environment of everything that runs from this folder: config/airflow.env, .env and the paths.

    python -m include.environment keys                 # make .env with the keys that are missing
    python -m include.environment keys --deployment    # … and those that docker-compose.yaml asks for
    python -m include.environment run airflow dags list   # run a command as `make up` would see it

What is already set goes first. With `AIRFLOW_HOME` set, Airflow is somebody else's: commands then
take only this project's own keys from .env.
"""

from __future__ import annotations

import argparse
import os
import secrets
import sys
from collections.abc import MutableMapping
from pathlib import Path

PROJECT = Path(__file__).resolve().parent.parent
SETTINGS = PROJECT / "config" / "airflow.env"
KEYS = PROJECT / ".env"
OURS = "GREENLIGHT_"
DEPLOYMENT = (
    "AIRFLOW__API__SECRET_KEY",
    "ADMINISTRATOR_PASSWORD",
    "POSTGRES_PASSWORD",
    "AIRFLOW_DATABASE_PASSWORD",
    "WAREHOUSE_DATABASE_PASSWORD",
    "REDIS_PASSWORD",
)
"""Secrets of a deployment beside the keys; some become part of a URL, so they hold nothing to be quoted there."""
SECRET_KEY = f"{OURS}SECRET_KEY"


def load(everything: bool = False, environment: MutableMapping[str, str] = os.environ) -> None:
    """Set what is not set yet; to be called before Airflow is imported.

    Args:
        everything: Airflow's settings, too, although `AIRFLOW_HOME` is set.
        environment: what to complete.
    """
    keys = _read(KEYS)
    if everything or "AIRFLOW_HOME" not in environment:
        settings = {**_read(SETTINGS), **_paths(environment), **keys}
    else:
        settings = {name: value for name, value in keys.items() if name.startswith(OURS)}
    for name, value in settings.items():
        environment.setdefault(name, value)


def for_command() -> None:
    """Load for a command that a person typed: Airflow's own log lines only when they are errors."""
    load()
    os.environ.setdefault("AIRFLOW__LOGGING__LOGGING_LEVEL", "ERROR")


def make_keys(file: Path = KEYS, deployment: bool = False) -> list[str]:
    """Write the keys that `file` lacks, readable by its owner only; return their names.

    Args:
        file: is made when it is not there; what it holds already stays.
        deployment: the passwords that docker-compose.yaml asks for, too.
    """
    from cryptography.fernet import Fernet

    made = {
        SECRET_KEY: Fernet.generate_key().decode(),
        "AIRFLOW__CORE__FERNET_KEY": Fernet.generate_key().decode(),
        "AIRFLOW__API_AUTH__JWT_SECRET": secrets.token_urlsafe(64),
    }
    if deployment:
        made |= {name: secrets.token_urlsafe(32) for name in DEPLOYMENT}
    missing = [name for name in made if not _read(file).get(name)]
    if missing:
        file.touch(mode=0o600)
        file.chmod(0o600)
        with file.open("r+", encoding="utf-8") as lines:
            if lines.read()[-1:] not in ("", "\n"):
                lines.write("\n")
            if SECRET_KEY in missing:
                lines.write("# Keep a copy: without it, what the warehouse holds encrypted is lost.\n")
            lines.writelines(f"{name}={made[name]}\n" for name in missing)
    return missing


def _paths(environment: MutableMapping[str, str]) -> dict[str, str]:
    data = PROJECT / ".data"
    port = environment.get("AIRFLOW__API__PORT", "8080")
    # Airflow puts neither this folder nor its own programs on the path of what it starts.
    environment["PYTHONPATH"] = _first(str(PROJECT), environment.get("PYTHONPATH"))
    environment["PATH"] = _first(str(Path(sys.executable).parent), environment.get("PATH"))
    return {
        "AIRFLOW_HOME": str(data / "airflow"),
        "AIRFLOW__API__BASE_URL": f"http://127.0.0.1:{port}",
        "AIRFLOW__CORE__DAGS_FOLDER": str(PROJECT / "dags"),
        "AIRFLOW__CORE__PLUGINS_FOLDER": str(PROJECT / "plugins"),
        "GREENLIGHT_STAGING": f"file://{data / 'staging'}",
        "GREENLIGHT_DOCS": f"file://{data / 'docs'}",
    }


def _first(folder: str, folders: str | None) -> str:
    others = [other for other in (folders or "").split(os.pathsep) if other and other != folder]
    return os.pathsep.join([folder, *others])


def _read(file: Path) -> dict[str, str]:
    """Read KEY=VALUE lines; a missing file has none."""
    try:
        lines = file.read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        return {}
    pairs = [line.partition("=") for line in lines if "=" in line and not line.lstrip().startswith("#")]
    return {name.strip(): value.strip() for name, _, value in pairs}


def main() -> int:
    """Run the command line; `run` never returns, the command takes this process's place."""
    parser = argparse.ArgumentParser(prog="python -m include.environment", description=(__doc__ or "").splitlines()[0])
    commands = parser.add_subparsers(dest="command", required=True)
    keys = commands.add_parser("keys", help="make .env with the keys that are missing")
    keys.add_argument("--deployment", action="store_true", help="and with what docker-compose.yaml asks for")
    keys.add_argument("--file", type=Path, default=KEYS, help="another file than .env")
    run = commands.add_parser("run", help="run a command in this environment")
    run.add_argument("words", nargs=argparse.REMAINDER, metavar="COMMAND")
    arguments = parser.parse_args()
    if arguments.command == "keys":
        if made := make_keys(arguments.file, arguments.deployment):
            print(f"{arguments.file.name} now holds a new {', '.join(made)}")
        return 0
    if not arguments.words:
        run.error("name the command to run")
    load(everything=True)
    try:
        os.execvp(arguments.words[0], arguments.words)
    except OSError as error:
        print(f"{arguments.words[0]}: {error.strerror}", file=sys.stderr)
        return 127


if __name__ == "__main__":
    sys.exit(main())
