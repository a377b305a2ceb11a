"""Data Docs: pages for analysts, per organization and run, that need no other host.

Great Expectations builds its pages in a temporary folder; here they lose every reference to another
host, gain our style sheet and severity badges, and get a first page that says ready or not and why.
They hold keys, document and customer numbers and amounts, never a name or an address.
"""

from __future__ import annotations

import csv
import io
import os
import re
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jinja2 import Environment, FileSystemLoader
from sqlalchemy import Engine, select

from include import money, warehouse
from include.bridge import bridge
from include.errors import StorageError
from include.expectations.suite import Scope
from include.expectations.verdict import SEVERITIES, Check, Verdict
from include.organizations import Organization

if TYPE_CHECKING:
    from airflow.sdk import ObjectStoragePath

PAGES = Path(__file__).parent / "pages"
RUNS_LISTED = 50
_FOREIGN = re.compile(
    r"<link[^>]*(?:https?:)?//[^>]*>|<script[^>]*src=[\"'](?:https?:)?//[^>]*>\s*</script>"
    r"|<img[^>]*src=[\"'](?:https?:)?//[^>]*>",
    re.IGNORECASE | re.DOTALL,
)
_SCRIPTS = re.compile(r"<script\b.*?</script>", re.IGNORECASE | re.DOTALL)
_LINKS = re.compile(r"<a\b[^>]*href=[\"'](?:https?:)?//[^>]*>(.*?)</a>", re.IGNORECASE | re.DOTALL)
_BADGE = re.compile(r"\[(critical|warning|info)\]")


def root() -> ObjectStoragePath:
    """Return where pages are published: `GREENLIGHT_DOCS`, by default `.data/docs` in the working folder."""
    from airflow.sdk import ObjectStoragePath

    return ObjectStoragePath(os.environ.get("GREENLIGHT_DOCS") or f"file://{os.getcwd()}/.data/docs")


def address(organization_id: str, run_id: str) -> str:
    """Return the folder of one run's pages."""
    return str(root() / organization_id / re.sub(r"[^A-Za-z0-9_.=-]", "_", run_id))


def publish(
    engine: Engine, organization: Organization, scope: Scope, verdict: Verdict, built: Path, folder: str, now: datetime
) -> None:
    """Publish the pages that were built, our first page, a CSV per failed check, and the list of runs.

    Raises:
        StorageError: a page could not be written.
    """
    from airflow.sdk import ObjectStoragePath

    run = ObjectStoragePath(folder)
    suites = _suite_pages(built)
    style = (PAGES / "style.css").read_text()
    pages = {"style.css": style, **{f"{name}.html": _cleaned(page) for name, page in suites.items()}}
    pages |= {f"{check.name}.csv": _csv(check) for check in verdict.failed}
    pages["index.html"] = _render(
        "run.html",
        organization=organization,
        scope=scope,
        verdict=verdict,
        counts=verdict.counts(),
        severities=SEVERITIES,
        bridge=bridge(engine, organization.id, scope.as_of),
        ledger_figures=_ledger_figures(engine, organization.id, scope.run_id),
        suites=sorted(suites),
        now=now,
    )
    try:
        for name, page in pages.items():
            _write(run / name, page)
        _write(run.parent / "style.css", style)
        _write(run.parent / "index.html", _runs_page(engine, organization, scope, verdict, now))
    except OSError as error:
        raise StorageError(
            f"the Data Docs could not be written: {error.strerror or type(error).__name__}",
            organization=organization.id,
            next_step="make room under GREENLIGHT_DOCS, then clear validate",
        ) from error


def _suite_pages(built: Path) -> dict[str, str]:
    """Return suite name → page of its results, as Great Expectations rendered it."""
    site = next(built.rglob("local_site"), None)
    if site is None:
        return {}
    return {path.relative_to(site / "validations").parts[0]: path.read_text()
            for path in (site / "validations").rglob("*.html")}  # fmt: skip


def _cleaned(page: str) -> str:
    """Take away what asks other hosts (and every script), and show severities as badges."""
    page = _LINKS.sub(r"\1", _SCRIPTS.sub("", _FOREIGN.sub("", page)))
    page = _BADGE.sub(r'<span class="badge \1">\1</span>', page)
    head = '<meta name="viewport" content="width=device-width"><link rel="stylesheet" href="style.css">'
    back = '<p class="back"><a href="index.html">← the run</a></p>'
    return re.sub(r"(<body[^>]*>)", rf"\1{back}", page.replace("</head>", f"{head}</head>", 1), count=1)


def _ledger_figures(engine: Engine, organization_id: str, run_id: str) -> list[Any]:
    """Return the ERP's own totals of this run, beside ours."""
    t = warehouse.table("reconciliations")
    query = select(t).where(
        t.c.organization_id == organization_id, t.c.run_id == run_id, t.c.figure.in_(("open_total", "count"))
    )
    with warehouse.read(engine) as connection:
        return list(connection.execute(query.order_by(t.c.id)))


def _runs_page(engine: Engine, organization: Organization, scope: Scope, verdict: Verdict, now: datetime) -> str:
    """Return the organization's page: its runs, the newest first."""
    t = warehouse.table("evidence")
    query = select(t).where(t.c.organization_id == organization.id, t.c.run_id != scope.run_id)
    with warehouse.read(engine) as connection:
        earlier = list(connection.execute(query.order_by(t.c.id.desc()).limit(RUNS_LISTED - 1)))
    folders = {row.run_id: row.docs.rstrip("/").split("/")[-2] for row in earlier if row.docs}
    return _render(
        "runs.html", organization=organization, scope=scope, verdict=verdict, now=now, earlier=earlier,
        folders=folders, this=address(organization.id, scope.run_id).split("/")[-1],
    )  # fmt: skip


def _csv(check: Check) -> str:
    """Return the failing records; a cell that a spreadsheet would take for a formula is quoted."""
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    writer.writerow(("record", "number", "customer_number", "currency", "amount_minor_units", "what"))
    for f in check.failures:
        writer.writerow(_safe((f.record, f.number, f.customer_number, f.currency, f.amount, f.sentence)))
    return buffer.getvalue()


def _safe(cells: Iterable[Any]) -> list[Any]:
    return [f"'{cell}" if isinstance(cell, str) and cell[:1] in "=+-@\t\r" and cell else cell for cell in cells]


def _render(template: str, **values: Any) -> str:
    environment = Environment(loader=FileSystemLoader(PAGES), autoescape=True, trim_blocks=True, lstrip_blocks=True)
    environment.filters["money"] = money.display
    return environment.get_template(template).render(**values)


def _write(path: ObjectStoragePath, page: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(page)
