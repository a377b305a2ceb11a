"""Tells an organization's owners by e-mail, once per change of state: ready, not ready, failing."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import quote

from airflow.sdk import BaseNotifier
from sqlalchemy import select, update

from include import connections, organizations, warehouse
from include.warehouse.binding import ensure_row

if TYPE_CHECKING:
    from airflow.sdk import Context
    from sqlalchemy import Engine

    from include.organizations import Organization

log = logging.getLogger(__name__)

State = Literal["ready", "not_ready", "failing"]
MOST_REASONS = 10
LIMITS = ("dry_run", "streams", "customers", "from", "to")
"""A run that a person limited says nothing about the organization's state."""

HEADLINES: Mapping[State, str] = {
    "ready": "is ready to exit test mode",
    "not_ready": "is not ready to exit test mode",
    "failing": "could not be synced",
}
EXPLANATIONS: Mapping[State, str] = {
    "ready": "Every check that keeps the gate shut has passed. A person decides whether data may go out.",
    "not_ready": "The last run read the data, but what it found keeps the gate shut.",
    "failing": "The last run did not come to its end. The log of its failed task says what to do.",
}


@dataclass(frozen=True, slots=True)
class Judgement:
    """What a run's evidence says: whether the gate may open, why not, and where the Data Docs are."""

    passed: bool
    reasons: tuple[str, ...] = ()
    docs: str = ""


class OwnersNotifier(BaseNotifier):
    """Airflow notifier for a run of `sync__<organization>`.

    Args:
        organization_id: whose run.
        state: what the run's end means; `failing` becomes `not_ready` when the checks did judge.
    """

    def __init__(self, organization_id: str, state: State, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.organization_id = organization_id
        self.state: State = state

    def notify(self, context: Context) -> None:
        """Send the e-mail, if the state is another than the one that was told last."""
        organization = organizations.load(self.organization_id)
        if not organization.owners or _is_limited(context):
            return
        engine = warehouse.engine()
        judgement = judged(engine, organization.id, str(context.get("run_id")))
        state: State = "not_ready" if self.state == "failing" and judgement and not judgement.passed else self.state
        if changed(engine, organization.id, state) and _send(organization, state, judgement, context):
            remember(engine, organization.id, state)


def changed(engine: Engine, organization_id: str, state: State) -> bool:
    """Tell whether the owners heard of another state last, or of none."""
    table = warehouse.table("organizations")
    with engine.connect() as connection:
        return state != connection.scalar(
            select(table.c.notified_state).where(table.c.organization_id == organization_id)
        )


def remember(engine: Engine, organization_id: str, state: State) -> None:
    """Record which state the owners were told; after the e-mail, so that a lost one is sent again."""
    table = warehouse.table("organizations")
    with warehouse.begin(engine, organization_id) as connection:
        ensure_row(connection, organization_id)  # a first run may fail before anything is bound
        mine = table.c.organization_id == organization_id
        connection.execute(update(table).where(mine).values(notified_state=state))


def judged(engine: Engine, organization_id: str, run_id: str) -> Judgement | None:
    """Return what the checks said in this run; None when they did not come to a judgement."""
    table = warehouse.table("evidence")
    query = (
        select(table.c.passed, table.c.failures, table.c.docs)
        .where(table.c.organization_id == organization_id, table.c.run_id == run_id)
        .order_by(table.c.id.desc())
        .limit(1)
    )
    with engine.connect() as connection:
        row = connection.execute(query).one_or_none()
    if row is None:
        return None
    blocking = [f for f in row.failures or () if f.get("blocking")]
    return Judgement(row.passed, tuple(str(f["sentence"]) for f in blocking if f.get("sentence")), row.docs or "")


def _send(organization: Organization, state: State, judgement: Judgement | None, context: Context) -> bool:
    """Return whether the e-mail was taken; an organization's run never fails over its e-mail."""
    from airflow.providers.smtp.notifications.smtp import SmtpNotifier

    title = " ".join(f"{organization.name} {HEADLINES[state]}".split())
    mail = SmtpNotifier(
        to=list(organization.owners), subject=title, html_content=_body(title, state, judgement, context)
    )
    if not connections.exists(mail.smtp_conn_id):
        log.warning("%s: nobody was told, there is no Airflow connection %s", title, mail.smtp_conn_id)
        return False
    try:
        mail.notify({})  # all is said already: nothing in it is a template
    except Exception as error:  # a mail server's words may repeat addresses
        log.error(
            "%s: nobody was told, the mail server refused (%s) → check connection %s and its from_email",
            title, type(error).__name__, mail.smtp_conn_id,
        )  # fmt: skip
        return False
    log.info("%s: the owners were told", title)
    return True


def _body(title: str, state: State, judgement: Judgement | None, context: Context) -> str:
    reasons = judgement.reasons if judgement and state == "not_ready" else ()
    more = len(reasons) - MOST_REASONS
    parts = [f"<h3>{escape(title)}</h3>", f"<p>{escape(EXPLANATIONS[state])}</p>"]
    if reasons:
        parts.append("<ul>" + "".join(f"<li>{escape(reason)}</li>" for reason in reasons[:MOST_REASONS]) + "</ul>")
    if more > 0:
        parts.append(f"<p>And {more} more.</p>")
    if link := _link(context):
        parts.append(f'<p><a href="{escape(link)}">The run in Airflow</a></p>')
    if judgement and judgement.docs:
        parts.append(f"<p>Data Docs: {escape(judgement.docs)}</p>")
    return "\n".join(parts)


def _link(context: Context) -> str:
    from airflow.sdk.configuration import conf

    base, dag, run_id = conf.get("api", "base_url", fallback=""), context.get("dag"), context.get("run_id")
    return f"{base.rstrip('/')}/dags/{quote(dag.dag_id)}/runs/{quote(run_id)}" if base and dag and run_id else ""


def _is_limited(context: Context) -> bool:
    asked = getattr(context.get("dag_run"), "conf", None) or {}
    return any(asked.get(name) for name in LIMITS)
