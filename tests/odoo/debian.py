"""A Debian 11 in a folder of its own, the last Debian that has Odoo: where it is, how it is made and worked in.

The folder is kept in the user's cache and shared by all checkouts; who works in it writes nothing there that
stays. Everything runs in namespaces of its own: what is mounted is seen by nobody else, and nothing outlives
the first process.
"""

from __future__ import annotations

import ctypes
import hashlib
import os
import shutil
import signal
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import IO

SUITE = "bullseye"
"""Fetched from where debootstrap fetches by itself."""
PACKAGES = ("odoo-14", "libfaketime")
UNNEEDED = ("wkhtmltopdf", "postgresql-client", "graphviz")
"""What Odoo depends on for printing, backups and drawings: half a gigabyte that no test uses."""
EXCLUDED = ("doc", "man", "info", "locale")
"""Folders below /usr/share that nobody reads here."""

CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "greenlight" / "odoo-14"
_RECIPE = hashlib.sha256(repr((SUITE, PACKAGES, UNNEEDED, EXCLUDED)).encode()).hexdigest()[:8]
ROOT = CACHE / f"root-{_RECIPE}"
"""There when it is whole: it is made beside and then renamed. Another recipe has another folder."""

WORK = """
mount -t proc proc "$0/proc"
for own in tmp var/lib/odoo; do mount -t tmpfs -o mode=1777 tmpfs "$0/$own"; done
mount --bind "$1" "$0/mnt"; shift
chroot --userspec=odoo "$0" "$@" & wait $!
"""
"""The first process stays root and waits: one that changes its user is no longer ended with its parent."""
INSTALL = f"""
debootstrap --variant=minbase {SUITE} "$0"
cat > "$0/etc/dpkg/dpkg.cfg.d/small" <<'DPKG'
{"".join(f"path-exclude=/usr/share/{name}/*" + chr(10) for name in EXCLUDED)}\
path-exclude=/usr/lib/python3/dist-packages/odoo/addons/*/i18n/*
DPKG
printf '#!/bin/sh\\nexit 101\\n' > "$0/usr/sbin/policy-rc.d" && chmod 755 "$0/usr/sbin/policy-rc.d"  # no services
mkdir "$0/unneeded" "$0/unneeded/DEBIAN"
cat > "$0/unneeded/DEBIAN/control" <<'CONTROL'
Package: unneeded
Version: 1
Architecture: all
Maintainer: nobody
Provides: {", ".join(UNNEEDED)}
Description: stands for what no test needs
CONTROL
mount -t proc proc "$0/proc"
chroot "$0" sh -e <<'INSIDE'
export DEBIAN_FRONTEND=noninteractive LC_ALL=C
dpkg-deb --build /unneeded && dpkg --install /unneeded.deb && rm -r /unneeded*
apt-get -q update
apt-get -q install -y --no-install-recommends {" ".join(PACKAGES)} < /dev/null
apt-get clean
rm -rf /var/lib/apt/lists/* {" ".join(f"/usr/share/{name}/*" for name in EXCLUDED)}
INSIDE
"""


class CannotBeMade(Exception):
    """This machine cannot have a real Odoo; the text says why."""


def make() -> None:
    """Make the folder (a minute and a half, about 100 MB to fetch) unless it is there.

    Raises:
        CannotBeMade: no root, no debootstrap, no namespaces, or no Debian mirror to be reached.
    """
    if ROOT.exists():
        return
    if reason := unable():
        raise CannotBeMade(reason)
    part, log = CACHE / "root.part", CACHE / "install.log"
    subprocess.run(["rm", "-rf", "--one-file-system", part], check=True)
    part.mkdir(parents=True)
    with log.open("wb") as said:
        done = subprocess.run(
            _alone(INSTALL, str(part)),
            stdin=subprocess.DEVNULL, stdout=said, stderr=said, preexec_fn=_end_with_parent, check=False,
        )  # fmt: skip
    if done.returncode:
        raise CannotBeMade(f"it was not installed: {_last_line(log) or done.returncode} ({log})")
    part.rename(ROOT)


def unable() -> str:
    """Return why this machine cannot make or use the folder; empty when it can."""
    if os.geteuid() != 0:
        return "only root can make and enter a Debian 11 in a folder"
    for program, package in (("debootstrap", "debootstrap"), ("unshare", "util-linux"), ("chroot", "coreutils")):
        if not shutil.which(program):
            return f"{program} is missing (Debian: apt-get install {package})"
    tried = subprocess.run(_alone("true"), stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    return f"no namespaces of its own: {tried.stderr.strip()}" if tried.returncode else ""


def work(command: Sequence[str], shared: Path, output: IO[bytes]) -> subprocess.Popen[bytes]:
    """Start a command as the user odoo in the folder, with empty folders of its own to write in, `shared` as /mnt.

    The process leads a group of its own; everything in it ends when it is killed, and with our own end.
    """
    return subprocess.Popen(
        _alone(WORK, str(ROOT), str(shared.absolute()), *command),
        stdin=subprocess.DEVNULL, stdout=output, stderr=output, cwd="/", start_new_session=True,
        env={"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C.UTF-8",
             "HOME": "/var/lib/odoo"},
        preexec_fn=_end_with_parent,
    )  # fmt: skip


def _alone(script: str, *arguments: str) -> list[str]:
    """Return the command that runs a shell's script in namespaces of its own, `arguments` being its $0, $1 …"""
    return ["unshare", "--mount", "--pid", "--fork", "--kill-child", "sh", "-ec", script, *arguments]


def _last_line(log: Path) -> str:
    return (log.read_text(encoding="utf-8", errors="replace").strip().splitlines() or [""])[-1]


def _end_with_parent() -> None:
    set_death_signal = 1
    ctypes.CDLL(None).prctl(set_death_signal, signal.SIGKILL)
