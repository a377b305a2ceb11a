"""The images that are built on: pulled where a registry answers, else made from Debian's packages."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from collections.abc import Callable
from pathlib import Path

from tests.deploy.engine import Engine, Missing

HERE = Path(__file__).resolve().parent
SUITE = "bookworm"
BASE = "greenlight-test/base"
SERVERS = {"POSTGRES_IMAGE": "postgres", "REDIS_IMAGE": "redis"}
"""Variable of docker-compose.yaml → folder of the image that stands in."""
AUTHORITIES = Path("/etc/ssl/certs/ca-certificates.crt")
BUNDLE = "usr/local/share/authorities.crt"
"""Where the stand-in keeps this machine's certificate authorities: behind some proxies there is one more."""


def prepare(engine: Engine, defaults: dict[str, str], tell: Callable[[str], None]) -> dict[str, str]:
    """Return the variables that name images which are not those of docker-compose.yaml; none where all can be pulled.

    Args:
        defaults: variable → image of docker-compose.yaml: BASE_IMAGE and those of SERVERS.
    """
    if all(engine.has(image) or _pull(engine, image) for image in defaults.values()):
        return {}
    tell("images cannot be pulled here; Debian's packages stand in for them")
    base = f"{BASE}:{SUITE}"
    if not engine.has(base):
        _bootstrap(engine, base)
    stand_ins = {"BASE_IMAGE": base}
    for variable, name in SERVERS.items():
        stand_ins[variable] = f"greenlight-test/{name}:{SUITE}"
        words = ("build", "--quiet", "--build-arg", f"BASE={base}", "--tag", stand_ins[variable])
        engine.docker(*words, str(HERE / "images" / name))
    return stand_ins


def _pull(engine: Engine, image: str) -> bool:
    try:
        engine.docker("pull", "--quiet", image)
    except (RuntimeError, subprocess.TimeoutExpired):
        return False
    return True


def _bootstrap(engine: Engine, image: str) -> None:
    if not shutil.which("debootstrap"):
        raise Missing(
            "images cannot be pulled and debootstrap is not installed, which makes one from Debian's packages"
        )
    with tempfile.TemporaryDirectory(prefix="greenlight-base-") as folder:
        done = subprocess.run(
            ("debootstrap", "--variant=minbase", SUITE, folder),
            stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False,
        )  # fmt: skip
        if done.returncode:
            raise RuntimeError(f"debootstrap failed:\n{done.stdout[-800:]}")
        words = ["import"]
        if AUTHORITIES.exists():
            (bundle := Path(folder) / BUNDLE).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(AUTHORITIES, bundle)
            words += ["--change", f"ENV PIP_CERT=/{BUNDLE} SSL_CERT_FILE=/{BUNDLE}"]
        with subprocess.Popen(("tar", "-C", folder, "-c", "."), stdout=subprocess.PIPE) as tar:
            assert tar.stdout
            engine.docker(*words, "-", image, stdin=tar.stdout.fileno())
            tar.stdout.close()
            if tar.wait():
                raise RuntimeError("the base image could not be packed")
