"""Organizations: one YAML file of two to eight lines per subsidiary, `_defaults.yaml` beside them.

An organization's value is its own, else the one in `_defaults.yaml`, else the default below;
`thresholds` go key by key, lists are replaced as a whole. A file with a mistake takes its own
organization away and no other; a mistake in `_defaults.yaml` is reported once and counts as not
written. The folder `organizations/` holds YAML only: an `__init__.py` in it would hide this module.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from hashlib import blake2b
from pathlib import Path
from typing import Any, Final

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from include import schedule as schedules
from include import yaml_file
from include.connectors import base
from include.errors import ConfigurationError
from include.fields import (
    Currency,
    Email,
    Entity,
    PastDate,
    Percent,
    Rule,
    Schedule,
    Text,
    Timezone,
    did_you_mean,
    sentence,
)
from include.yaml_file import FileError, KeyPath, YamlFile, dotted

ID: Final = re.compile(r"[a-z][a-z0-9_]{1,40}")
MOST_HOURS: Final = 8_784
"""A year: more is a slip of the hand, and beyond some thousand years no date any more."""
DEFAULTS: Final = "_defaults.yaml"
PROJECT: Final = Path(__file__).resolve().parent.parent


class Thresholds(BaseModel):
    """When a check speaks up; every default comes from practice, not from a standard."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    evidence_hours: int = Field(default=36, ge=1, le=MOST_HOURS)
    """How long evidence opens the gate, in hours."""
    rejects_percent: Percent = Decimal("0.5")
    """Share of rejected records, in percent, above which other rejects are a warning."""
    unreachable_overdue_percent: Percent = Decimal(10)
    """Share of the overdue amount, in percent, that may lie with customers nobody can write to."""
    acknowledged_percent: Percent = Decimal("0.5")
    """Share of the open total, in percent, that acknowledged differences may add up to."""
    stale_after_hours: int | None = Field(default=None, ge=1, le=MOST_HOURS)
    """Hours without a complete read after which a stream is stale; None: 1.5 times the schedule."""
    volume_min_runs: int = Field(default=14, ge=2)
    """Runs that must have been seen before a volume is called unusual."""


class Organization(BaseModel):
    """One subsidiary as configured, defaults filled in."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: str = Field(pattern=rf"^{ID.pattern}$")
    """The file's name without `.yaml`; immutable once loaded."""
    connector: Text
    """The system, by the name of its module in include/connectors."""
    connection: Text
    """Airflow connection that reaches the system."""
    entity: Entity = ""
    """Company, subsidiary or tenant behind the connection, as the system numbers it."""
    name: Text = Field(default_factory=lambda known: known["id"].replace("_", " ").title())
    """What people call it."""
    currency: Currency | None = None
    """Base currency the system must answer with; None: whatever it answers at the first load."""
    timezone: Timezone = "UTC"
    """Where "today" and the schedule are local."""
    schedule: Schedule = "@daily"
    """Cron, `{minute}` = a minute of its own; @hourly, @daily, @weekly; None: started by hand."""
    history_from: PastDate | None = None
    """Closed documents before this day are not read; None: 24 months before the first load."""
    exclude: tuple[Rule, ...] = ()
    """Customers that collections leave out: those that match any one of these rules."""
    thresholds: Thresholds = Thresholds()
    owners: tuple[Email, ...] = ()
    """E-mail addresses that are told when the state changes."""
    approvers: tuple[Text, ...] = ()
    """Airflow user names that may approve the exit from Test Mode."""
    approve_own_request: bool = False
    """Whether who last loosened a threshold or acknowledged a difference may approve, too."""
    staging_days: int = Field(default=14, ge=1, le=3_650)
    """How long raw pages, which hold personal data, are kept."""
    paused_upon_creation: bool = False
    """Whether a new DAG waits to be switched on."""

    @property
    def owner(self) -> str:
        """Who Airflow shows as the DAG's owner."""
        return self.owners[0] if self.owners else "receivables"

    @property
    def cron(self) -> str | None:
        """The schedule as five cron fields in `timezone`; None when it is started by hand."""
        return self.schedule and schedules.cron(self.schedule, self.id)

    @property
    def stale_after(self) -> timedelta:
        """How old the last complete read of a stream may be."""
        if self.thresholds.stale_after_hours is not None:
            return timedelta(hours=self.thresholds.stale_after_hours)
        return schedules.longest_gap(self.cron) * 1.5 if self.cron else timedelta(hours=36)

    @property
    def digest(self) -> str:
        """Changes exactly when an effective value does; part of the evidence."""
        values = json.dumps(self.model_dump(mode="json"), sort_keys=True)
        return blake2b(values.encode(), digest_size=16).hexdigest()


@dataclass(frozen=True, slots=True)
class Loaded:
    """What a folder holds: the organizations sorted by id, and all that is wrong, sorted by file and line."""

    organizations: tuple[Organization, ...]
    errors: tuple[FileError, ...]


def folder() -> Path:
    """Return where the organizations are: `GREENLIGHT_ORGANIZATIONS`, else `include/organizations`."""
    return Path(os.environ.get("GREENLIGHT_ORGANIZATIONS") or PROJECT / "include" / "organizations")


def load(organization_id: str) -> Organization:
    """Return one organization.

    Raises:
        ConfigurationError: there is no such file, or it is wrong; names file, line and key.
    """
    loaded = load_all()
    for organization in loaded.organizations:
        if organization.id == organization_id:
            return organization
    path = folder() / f"{organization_id}.yaml"
    wrong = [str(error) for error in loaded.errors if error.file == _shown(path)]
    raise ConfigurationError(
        "; ".join(wrong) or f"there is no {_shown(path)}",
        organization=organization_id,
        next_step="mend the file" if wrong else "write it, or remove what still names this organization",
    )


def load_all(place: Path | None = None) -> Loaded:
    """Read every organization of a folder; a bad file is an error and takes no other away.

    Args:
        place: another folder than `folder()`.
    """
    place = place or folder()
    try:
        files = sorted(p for p in place.iterdir() if p.suffix.lower() in (".yaml", ".yml") and p.name[0] != ".")
    except OSError as error:
        message = f"cannot be read as a folder of organizations: {error.strerror}"
        return Loaded((), (FileError(_shown(place), 1, "", message),))
    defaults = _read_defaults(place / DEFAULTS) if place / DEFAULTS in files else _Defaults()
    organizations: list[Organization] = []
    errors = defaults.errors
    for path in files:
        if path.name != DEFAULTS:
            written = yaml_file.read(path, _shown(path))
            organizations += _read(path, written, defaults, organizations)
            errors += written.errors
    return Loaded(tuple(sorted(organizations, key=lambda o: o.id)), tuple(sorted(errors)))


def mistakes(organization_id: str, values: Mapping[str, Any]) -> list[str]:
    """Return what would be wrong with a file of these values, without writing it."""
    nowhere = YamlFile("")
    return [f"{dotted(keys)} {message}" for keys, message in _complaints(organization_id, values, nowhere)]


@dataclass(slots=True)
class _Defaults:
    """What `_defaults.yaml` says that holds, and the keys it got wrong."""

    values: dict[str, Any] = field(default_factory=dict)
    wrong: set[str] = field(default_factory=set)
    errors: list[FileError] = field(default_factory=list)


def _read_defaults(path: Path) -> _Defaults:
    written = yaml_file.read(path, _shown(path))
    values = written.values
    for key in ("entity", "name"):
        if key in values:
            written.refuse((key,), "belongs to one organization: write it in that one's file")
            del values[key]
    wrong = set()
    for keys, message in [*_complaints("defaults", {"connector": "any", "connection": "any"} | values, written)]:
        written.refuse(keys, message)
        wrong.add(str(keys[0]))
        if keys[0] == "thresholds" and len(keys) > 1:
            values["thresholds"].pop(keys[1], None)
        else:
            values.pop(str(keys[0]), None)
    return _Defaults(values, wrong, written.errors)


def _read(path: Path, written: YamlFile, defaults: _Defaults, others: Sequence[Organization]) -> list[Organization]:
    """Return the organization a file describes, or nothing and the reasons in `written.errors`."""
    organization_id = path.stem
    if path.suffix != ".yaml":
        written.refuse((), f"must be called {organization_id.lower()}.yaml")
    if not ID.fullmatch(organization_id):
        written.refuse((), f"is called {path.name}, but an id is 2 to 41 of a-z, 0-9 and _, beginning with a letter")
        organization_id = "unnamed"
    if not written.values:
        if not written.errors:
            written.refuse((), "is empty: two lines are enough, `connector: …` and `connection: …`")
        return []
    values = _merged(defaults.values, written.values)
    complaints = [*_complaints(organization_id, values, written)]
    for keys, message in complaints:
        if keys in written.lines or keys[0] not in defaults.wrong:  # those were said once, of _defaults.yaml
            written.refuse(keys, message)
    if complaints or written.errors:
        return []
    organization = Organization(**values, id=organization_id)
    for other in others:
        if (other.connection, other.entity) == (organization.connection, organization.entity):
            key = "entity" if ("entity",) in written.lines else "connection"
            written.refuse((key,), f"{other.id}.yaml already names this connection and entity: one organization each")
            return []
    return [organization]


def _merged(defaults: Mapping[str, Any], own: Mapping[str, Any]) -> dict[str, Any]:
    values = {**defaults, **own}
    if isinstance(defaults.get("thresholds"), dict) and isinstance(own.get("thresholds"), dict):
        values["thresholds"] = defaults["thresholds"] | own["thresholds"]
    return values


def _complaints(organization_id: str, values: Mapping[str, Any], written: YamlFile) -> Iterator[tuple[KeyPath, str]]:
    """Yield the key and the sentence for everything that is wrong with these values, once per key."""
    if "id" in values:
        yield ("id",), "comes from the file's name"
    seen = {error.key for error in written.errors} | ({"name"} if "name" not in values else set())
    try:
        Organization(**{**values, "id": organization_id})
    except ValidationError as error:
        for problem in error.errors():
            keys = problem["loc"] if problem["type"] == "missing" else _written_keys(problem["loc"], written)
            if dotted(keys) not in seen:
                seen.add(dotted(keys))
                yield keys, sentence(problem, _known_keys(keys))
    connector = written.values.get("connector")
    if isinstance(connector, str) and connector.strip() and (message := _why_no_connector(connector.strip())):
        yield ("connector",), message


def _written_keys(keys: KeyPath, written: YamlFile) -> KeyPath:
    """Cut what pydantic adds to a path (the branch of a union) off again."""
    while len(keys) > 1 and keys not in written.lines:
        keys = keys[:-1]
    return keys


def _known_keys(keys: KeyPath) -> Iterable[str]:
    return (Thresholds if keys[0] == "thresholds" else Organization).model_fields


def _why_no_connector(name: str) -> str:
    try:
        base.get(name)
    except ConfigurationError:
        known = base.known()
        return f"there is no connector {name!r}{did_you_mean(name, known)} (there are: {', '.join(known)})"
    except Exception as error:  # a module of another system that cannot be imported must be named, not raised
        return f"connector {name!r} cannot be looked up: {type(error).__name__}: {error}"
    return ""


def _shown(path: Path) -> str:
    """Return the path as people write it: from the project's root where it lies inside."""
    path = path.absolute()
    return str(path.relative_to(PROJECT)) if path.is_relative_to(PROJECT) else str(path)
