"""Data Docs: pages for analysts, per organization and run, that need no other host.

Great Expectations builds its pages in a temporary folder; here their tables of results lose whatever
asks another host, move into pages of ours, and get a first page that says ready or not and why.
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
from textwrap import dedent
from typing import TYPE_CHECKING, Any

from jinja2 import Environment, FileSystemLoader
from markupsafe import Markup
from sqlalchemy import Engine, select

from include import money, storage, warehouse
from include.bridge import bridge
from include.expectations.suite import Scope, Suite
from include.expectations.suites import ALL
from include.expectations.verdict import ROWS_PER_CHECK, SEVERITIES, Check, Verdict
from include.organizations import Organization

if TYPE_CHECKING:
    from airflow.sdk import ObjectStoragePath

SETTING = "GREENLIGHT_DOCS"
PAGES = Path(__file__).parent / "pages"
PROJECT = PAGES.parent.parent.parent
RUNS_LISTED = 50
_RESULTS = re.compile(r"<table\s+id=\"section-2-.*</table>", re.DOTALL)
_SCRIPTS = re.compile(r"<(script|style)\b.*?</\1>", re.IGNORECASE | re.DOTALL)
_TRACES = re.compile(r"<code\b.*?</code>|<p\b[^>]*>\s*<a data-toggle=\"collapse\".*?</p>", re.IGNORECASE | re.DOTALL)
"""An error's text may quote a row; it stands in the log of validate."""
_ASSETS = re.compile(r"</?(?:a|img|link|iframe|object|embed|base|meta|form)\b[^>]*>", re.IGNORECASE)
_ICON = re.compile(r"<i class=\"[^\"]*text-(success|danger|warning)\"[^>]*>\s*</i>")
_ICONS = {"success": ("ok", "passed"), "danger": ("bad", "failed"), "warning": ("bad", "raised an error")}
_NOISE = re.compile(r"\s(?:id|style|onclick|data-[a-z-]+)=(?:\"[^\"]*\"|[^\s>]+)|\s(?:src|href)=\"[^\"]*\"")
_BADGE = re.compile(r"\[(critical|warning|info)\]")


def root() -> ObjectStoragePath:
    """Return where pages are published: `GREENLIGHT_DOCS`, by default `.data/docs` in the project."""
    return storage.locate(os.environ.get(SETTING) or f"file://{PROJECT}/.data/docs", SETTING)


def address(organization_id: str, run_id: str) -> str:
    """Return the folder of one run's pages."""
    return str(root() / organization_id / re.sub(r"[^A-Za-z0-9_.=-]", "_", run_id))


def publish(
    engine: Engine, organization: Organization, scope: Scope, verdict: Verdict, built: Path, folder: str, now: datetime
) -> None:
    """Publish the pages that were built, our first page, a CSV per failed check, and the list of runs.

    Raises:
        ConfigurationError, StorageError: a page could not be written.
    """
    run = storage.locate(folder, SETTING)
    suites = _suite_pages(built)
    style = (PAGES / "style.css").read_text()
    pages = {"style.css": style} | {
        f"{suite.name}.html": _suite_page(organization, scope, verdict, suite, suites[suite.name])
        for suite in ALL
        if suite.name in suites
    }
    pages |= {f"{check.name}.csv": _csv(check) for check in verdict.failed}
    pages["index.html"] = _render(
        "run.html",
        organization=organization,
        scope=scope,
        verdict=verdict,
        counts=verdict.counts(),
        severities=SEVERITIES,
        rows_per_check=ROWS_PER_CHECK,
        bridge=bridge(engine, organization.id, scope.as_of),
        ledger_figures=_ledger_figures(engine, organization.id, scope.run_id),
        suites=sorted(suites),
        now=now,
    )
    with storage.telling(
        "the Data Docs could not be written",
        f"make room under {SETTING}, then clear validate",
        SETTING,
        organization.id,
    ):
        for name, page in pages.items():
            storage.write(run / name, page.encode())
        storage.write(run.parent / "style.css", style.encode())
        storage.write(run.parent / "index.html", _runs_page(engine, organization, scope, verdict, now).encode())


def _suite_pages(built: Path) -> dict[str, str]:
    """Return suite name → page of its results, as Great Expectations rendered it."""
    site = next(built.rglob("local_site"), None)
    if site is None:
        return {}
    return {path.relative_to(site / "validations").parts[0]: path.read_text()
            for path in (site / "validations").rglob("*.html")}  # fmt: skip


def _suite_page(organization: Organization, scope: Scope, verdict: Verdict, suite: Suite, page: str) -> str:
    """Return one suite's page: the results as Great Expectations rendered them, in a frame of ours."""
    checks = [check for check in verdict.checks if check.suite == suite.name]
    return _render(
        "suite.html",
        name=suite.name,
        organization=organization,
        scope=scope,
        checks=checks,
        failed=sum(not check.passed for check in checks),
        results=Markup(_results(page)),  # noqa: S704 - what could ask another host or run is taken away
        batch=dedent(suite.batch(scope)).strip(),
    )


def _results(page: str) -> str:
    """Return the table of results without scripts, links and assets, its icons as words, severities as badges."""
    found = _RESULTS.search(page)
    if found is None:
        return "Great Expectations rendered no results."
    table = _NOISE.sub("", _ASSETS.sub("", _TRACES.sub("", _SCRIPTS.sub("", found[0]))))
    table = _ICON.sub(lambda icon: '<span class="{}">{}</span>'.format(*_ICONS[icon[1]]), table)
    return _BADGE.sub(r'<span class="badge \1">\1</span>', table.replace("Observed Value", "Records"))


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
