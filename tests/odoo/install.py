"""Makes the tests' real Odoo 14 once, in the user's cache: python -m tests.odoo.install

Three minutes and 0.6 GB the first time, nothing afterwards. Where it cannot be made it says why, and so do the tests
that need it, which are skipped then. An interrupted set-up leaves nothing that the next one would take for whole.
"""

from __future__ import annotations

import fcntl
import subprocess
import sys
import tempfile
from pathlib import Path

from tests import postgres
from tests.odoo import debian
from tests.odoo.server import Odoo, OdooError, template

REASON = debian.CACHE / "not-made"
"""Why the last set-up did not make it; gone when one did."""


def missing() -> str:
    """Return why there is no real Odoo for the tests; empty when there is one."""
    if debian.ROOT.exists() and template().exists():
        return debian.unable()
    if REASON.exists():
        return f"set-up could not make a real Odoo 14: {REASON.read_text(encoding='utf-8').strip()}"
    return "no real Odoo 14 is installed: make env-odoo"


def main() -> None:
    """Make what is missing, one set-up at a time."""
    debian.CACHE.mkdir(parents=True, exist_ok=True)
    with (debian.CACHE / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        try:
            _make()
        except debian.CannotBeMade as error:
            REASON.write_text(f"{error}\n", encoding="utf-8")
            print(f"no real Odoo 14 for the tests, they will be skipped: {error}", file=sys.stderr)
        else:
            REASON.unlink(missing_ok=True)


def _make() -> None:
    if not debian.ROOT.exists():
        print(f"making a Debian 11 with Odoo 14 in {debian.CACHE} (two minutes, 0.5 GB, once) ...", flush=True)
        debian.make()
    if not (kept := template()).exists():
        print("making Odoo's blank database (half a minute, once) ...", flush=True)
        make_template(kept)


def make_template(kept: Path) -> None:
    """Leave the data folder of a PostgreSQL server with Odoo's blank database at `kept`."""
    part = kept.with_suffix(".part")
    subprocess.run(["rm", "-rf", part], check=True)
    try:
        with tempfile.TemporaryDirectory(prefix="greenlight-odoo-") as folder, postgres.server(keep=part) as database:
            Odoo(database, Path(folder)).make_blank()
    except OdooError as error:
        raise debian.CannotBeMade(str(error)) from None
    part.rename(kept)


if __name__ == "__main__":
    main()
