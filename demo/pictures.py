"""Takes the README's pictures of a demo that is up: `make demo` in one terminal, `make pictures` in another.

    python -m demo.pictures [--port PORT] [--folder FOLDER] [--to FOLDER]

Two of the first organization that has planted defects: the Airflow UI with its newest run and what
`validate` told, and the top of that run's Data Docs. Both come from what Airflow and its tasks wrote.
"""

from __future__ import annotations

import argparse
import io
import json
import shutil
import sys
from pathlib import Path
from typing import Any
from urllib.parse import quote

import requests
from PIL import Image
from playwright.sync_api import Browser, Error, sync_playwright

from demo.__main__ import FOLDER, PROJECT

BROWSERS = ("chromium", "chromium-browser", "google-chrome")
BROWSER_ARGUMENTS = (
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
)  # fmt: skip
SIZE, DOCS_SIZE = {"width": 1440, "height": 900}, {"width": 1200, "height": 900}
GAP = 12
"""Less than what lies between two checks, pixels."""
SETTLE_SECONDS = 4
"""What Airflow's pages need after their last word to stand still."""


def main() -> int:
    """Take both pictures; return 0 if they are there."""
    parser = argparse.ArgumentParser(prog="make pictures", description=__doc__.splitlines()[0])
    parser.add_argument("--port", type=int, default=8080, help="where the demo's Airflow UI is (default 8080)")
    parser.add_argument("--folder", type=Path, default=FOLDER, help="where the demo keeps its files")
    parser.add_argument("--to", type=Path, default=PROJECT / "docs" / "pictures", help="where the pictures go")
    arguments = parser.parse_args()
    program = next(filter(None, map(shutil.which, BROWSERS)), None)
    try:
        if program is None:
            raise RuntimeError(f"there is none of {', '.join(BROWSERS)}; install one (Debian: apt install chromium)")
        organization = _defective(arguments.folder / "status.json")
        url = f"http://127.0.0.1:{arguments.port}"
        run = _newest_run(url, f"sync__{organization['id']}")
        arguments.to.mkdir(parents=True, exist_ok=True)
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=program, args=list(BROWSER_ARGUMENTS))
            _airflow(browser, f"{url}/dags/sync__{organization['id']}/runs/{quote(run, safe='')}/tasks/validate",
                     organization["why"][0]["sentence"], arguments.to / "airflow.png")  # fmt: skip
            _data_docs(browser, Path(organization["data_docs"]), arguments.to / "data-docs.png")
            browser.close()
    except (RuntimeError, OSError, Error) as error:
        print(f"pictures: {error}", file=sys.stderr)
        return 1
    return 0


def _defective(status: Path) -> dict[str, Any]:
    """Return the first organization that is not ready, as the demo's own figures have it."""
    if not status.is_file():
        raise RuntimeError(f"there is no {status}; let `make demo` come to its table first")
    organizations: list[dict[str, Any]] = json.loads(status.read_text(encoding="utf-8"))
    return next(each for each in organizations if each["mode"] == "test_mode")


def _newest_run(url: str, dag_id: str) -> str:
    """Return the id of the newest run."""
    token = requests.get(f"{url}/auth/token", timeout=10)
    token.raise_for_status()
    answer = requests.get(
        f"{url}/api/v2/dags/{dag_id}/dagRuns", params={"order_by": "-run_after", "limit": 1}, timeout=10,
        headers={"Authorization": f"Bearer {token.json()['access_token']}"},
    )  # fmt: skip
    answer.raise_for_status()
    run_id: str = answer.json()["dag_runs"][0]["dag_run_id"]
    return run_id


def _airflow(browser: Browser, url: str, sentence: str, to: Path) -> None:
    """Show the grid with its groups open, and the log from its first line; it opens at its last, a traceback."""
    page = browser.new_page(viewport=SIZE)
    page.goto(url)  # the demo's Airflow lets everybody in as administrator
    page.get_by_test_id("expand-all-button").click()
    page.get_by_text("Post Execute").wait_for()
    page.mouse.move(SIZE["width"] * 0.7, SIZE["height"] * 0.6)
    page.mouse.wheel(0, -100_000)
    page.get_by_text(sentence).wait_for()
    page.mouse.move(0, 0)
    page.wait_for_timeout(SETTLE_SECONDS * 1000)
    _save(page.screenshot(), to)
    page.close()


def _data_docs(browser: Browser, index: Path, to: Path) -> None:
    """Show the first page's top, down to the last check that fits whole."""
    page = browser.new_page(viewport=DOCS_SIZE)
    page.goto(index.as_uri())
    bottoms = [box["y"] + box["height"] for each in page.locator("section").all() if (box := each.bounding_box())]
    height = max(bottom for bottom in bottoms if bottom <= DOCS_SIZE["height"] - GAP) + GAP
    _save(page.screenshot(clip={"x": 0, "y": 0, "width": DOCS_SIZE["width"], "height": height}), to)
    page.close()


def _save(picture: bytes, to: Path) -> None:
    """Write it with a palette: a third of the bytes. Rare colours stay apart, a state is an icon's colour."""
    whole = Image.open(io.BytesIO(picture)).convert("RGB")
    whole.quantize(256, Image.Quantize.MAXCOVERAGE, dither=Image.Dither.NONE).save(to, optimize=True)


if __name__ == "__main__":
    sys.exit(main())
