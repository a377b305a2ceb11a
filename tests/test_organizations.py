"""Organizations' YAML: two lines are enough, and every mistake is named by file, line and key."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from include import organizations
from include.connectors import base
from include.errors import ConfigurationError
from include.organizations import Loaded, Organization, Thresholds

TWO_LINES = "connector: paper\nconnection: acme\n"
Write = Callable[..., Loaded]


@pytest.fixture(autouse=True)
def paper(monkeypatch: pytest.MonkeyPatch) -> None:
    """The only system there is for the length of a test."""
    monkeypatch.setattr(base.Connector, "_registry", {"paper": base.Connector})
    monkeypatch.setattr(base, "known", lambda: ["paper"])


@pytest.fixture
def write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Write:
    """Write files (name without .yaml, or whole name) into an organizations' folder and load it."""
    monkeypatch.setenv("GREENLIGHT_ORGANIZATIONS", str(tmp_path))

    def files(**texts: str | bytes) -> Loaded:
        for name, text in texts.items():
            body = text.encode() if isinstance(text, str) else text
            (tmp_path / (name if "." in name else f"{name}.yaml")).write_bytes(body)
        return organizations.load_all()

    return files


def only(loaded: Loaded) -> tuple[int, str, str]:
    """Return (line, key, message) of the one error there is."""
    assert len(loaded.errors) == 1, [str(e) for e in loaded.errors]
    return loaded.errors[0].line, loaded.errors[0].key, loaded.errors[0].message


def ids(loaded: Loaded) -> list[str]:
    return [organization.id for organization in loaded.organizations]


def test_two_lines_are_enough(write: Write) -> None:
    loaded = write(acme_austria=TWO_LINES)
    assert loaded.errors == ()
    assert loaded.organizations == (
        Organization(id="acme_austria", connector="paper", connection="acme", name="Acme Austria"),
    )
    assert organizations.load("acme_austria") == loaded.organizations[0]


def test_every_field_is_read_as_its_own_kind(write: Write) -> None:
    loaded = write(
        acme=TWO_LINES
        + """
entity: 001
name: Acme, Inc.
currency: EUR
timezone: Europe/Vienna
schedule: "{minute} 5 * * 1-5"
history_from: 2024-01-31
exclude:
  - category: Intercompany
    address_country: NO
  - is_active: false
thresholds: {evidence_hours: 12, rejects_percent: 1.50}
owners: [ar@acme.example, finance@acme.example]
approvers: [jane]
approve_own_request: yes
staging_days: 7
"""
    )
    assert loaded.errors == ()
    (acme,) = loaded.organizations
    assert acme.entity == "001"
    assert acme.history_from == date(2024, 1, 31)
    assert acme.exclude == ({"category": "Intercompany", "address_country": "NO"}, {"is_active": False})
    assert acme.thresholds == Thresholds(evidence_hours=12, rejects_percent=Decimal("1.5"))
    assert acme.owners == ("ar@acme.example", "finance@acme.example")
    assert (acme.approvers, acme.approve_own_request, acme.staging_days) == (("jane",), True, 7)


@pytest.mark.parametrize(
    ("text", "line", "key", "message"),
    [
        ("", 1, "", "is empty: two lines are enough"),
        ("# nothing yet\n", 1, "", "is empty"),
        ("connection: acme\n", 1, "connector", "is missing"),
        ("connector: paper\n", 1, "connection", "is missing"),
        ("connector: papre\nconnection: acme\n", 1, "connector", 'did you mean "paper"? (there are: paper)'),
        (TWO_LINES + "timzone: UTC\n", 3, "timzone", 'is no key here; did you mean "timezone"?'),
        (TWO_LINES + "password: hunter2\n", 3, "password", "is no key here"),
        (TWO_LINES + "id: other\n", 3, "id", "comes from the file's name"),
        (TWO_LINES + "connection: b\n", 3, "connection", "stands here twice: the first is in line 2"),
        (TWO_LINES + "\ntimezone: europe/vienna\n", 4, "timezone", 'did you mean "Europe/Vienna"?'),
        (TWO_LINES + "timezone: ../../etc/passwd\n", 3, "timezone", "is no time zone"),
        (TWO_LINES + "timezone: Europe\n", 3, "timezone", "is no time zone"),
        (TWO_LINES + "currency: eur\n", 3, "currency", "is no ISO 4217 currency; write it in capitals"),
        (TWO_LINES + "currency: ZZZ\n", 3, "currency", "'ZZZ' is no ISO 4217 currency"),
        (TWO_LINES + "currency: [EUR]\n", 3, "currency", "must be one word or text"),
        (TWO_LINES + "schedule: 5 4 * *\n", 3, "schedule", "needs five cron fields"),
        (TWO_LINES + "schedule: 61 4 * * *\n", 3, "schedule", "is no cron expression"),
        (TWO_LINES + "schedule: 0 4 31 2 *\n", 3, "schedule", "never comes"),
        (TWO_LINES + "schedule: R 4 * * *\n", 3, "schedule", "must not use R or H"),
        (TWO_LINES + "schedule: nightly at four\n", 3, "schedule", "needs five cron fields"),
        (TWO_LINES + 'schedule: "@yearly"\n', 3, "schedule", "use one of @hourly, @daily, @weekly"),
        (TWO_LINES + "history_from: 20240131\n", 3, "history_from", "must be a date like 2024-01-31"),
        (TWO_LINES + "history_from: 2024-02-30\n", 3, "history_from", "must be a date like 2024-01-31"),
        (TWO_LINES + "history_from: 2999-01-01\n", 3, "history_from", "lies in the future"),
        (TWO_LINES + "owners: ar@acme.example\n", 3, "owners", "must be a list, even of one"),
        (TWO_LINES + "owners:\n  - ar@acme.example\n  - jane\n", 5, "owners[1]", "is no e-mail address"),
        (TWO_LINES + "staging_days: 0\n", 3, "staging_days", "must be at least 1"),
        (TWO_LINES + "staging_days: 20240101\n", 3, "staging_days", "must be at most 3650"),
        (TWO_LINES + "thresholds: {evidence_hours: 99999999999}\n", 3, "thresholds.evidence_hours", "at most 8784"),
        (TWO_LINES + 'name: "A\\0B"\n', 3, "name", "holds a character that cannot be shown"),
        (TWO_LINES + 'name: "A\\uD800"\n', 3, "name", "holds a character that cannot be shown"),
        (TWO_LINES + f"name: {'A' * 201}\n", 3, "name", "is longer than 200 characters"),
        (TWO_LINES + 'entity: "1\\n2"\n', 3, "entity", "holds a character that cannot be shown"),
        (TWO_LINES + "staging_days: two\n", 3, "staging_days", "must be a whole number"),
        (TWO_LINES + "name:\n", 3, "name", "has no value"),
        (TWO_LINES + "approve_own_request: perhaps\n", 3, "approve_own_request", "must be true or false"),
        (TWO_LINES + "thresholds: 3\n", 3, "thresholds", "must be keys with values"),
        (TWO_LINES + "thresholds:\n  rejects: 1\n", 4, "thresholds.rejects", 'did you mean "rejects_percent"?'),
        (TWO_LINES + "thresholds:\n  rejects_percent: 101\n", 4, "thresholds.rejects_percent", "at most 100"),
        (TWO_LINES + "thresholds:\n  rejects_percent: .nan\n", 4, "thresholds.rejects_percent", "must be a number"),
        (TWO_LINES + "exclude:\n  - categry: X\n", 4, "exclude[0]", 'did you mean "category"?'),
        (TWO_LINES + "exclude:\n  - exclusion_reason: x\n", 4, "exclude[0]", "have no column 'exclusion_reason'"),
        (TWO_LINES + "exclude:\n  - is_active: often\n", 4, "exclude[0]", "is_active is true or false"),
        (TWO_LINES + "exclude:\n  - category: [X]\n", 4, "exclude[0].category", "must be one word or text"),
        (TWO_LINES + "exclude:\n  - {}\n", 4, "exclude[0]", "names no column"),
        (TWO_LINES + "exclude:\n  - Intercompany\n", 4, "exclude[0]", "must be `column: value`"),
        (TWO_LINES + "\tname: x\n", 3, "name", "a tab cannot indent"),
        (TWO_LINES + "name: a: b\n", 3, "name", "put the value in quotes"),
        (TWO_LINES + "name: 'a\n", 4, "", "end of stream"),
        (TWO_LINES + "? [a, b]\n: c\n", 3, "", "a key must be one plain word"),
        (TWO_LINES + "---\nconnector: paper\n", 3, "", "one organization per file"),
        (TWO_LINES + "name: &x A\nentity: *x\n", 3, "name", "anchors are not used here"),
        (TWO_LINES + "name: *x\n", 3, "name", "anchors are not used here"),
        (TWO_LINES + "owners: &x [*x]\n", 3, "owners", "anchors are not used here"),
        (TWO_LINES + "name: !!python/name:os.system\n", 3, "name", "YAML tags"),
        (TWO_LINES + "name: " + "[" * 5000 + "\n", 1, "", "nested too deeply"),
        (TWO_LINES + "name: a\0b\n", 3, "name", "a character that YAML does not allow"),
        ("- connector: paper\n", 1, "", "must hold lines of the form"),
        ("just words\n", 1, "", "must hold lines of the form"),
        ("connector: paper\nname: Sociét\xe9\n".encode("latin-1"), 2, "", "is not UTF-8"),
        (TWO_LINES.encode("utf-16"), 1, "", "is not UTF-8"),
    ],
)
def test_a_mistake_is_named_by_line_and_key_and_takes_nobody_else_away(
    write: Write, text: str | bytes, line: int, key: str, message: str
) -> None:
    loaded = write(bad=text, good=TWO_LINES)
    found = only(loaded)
    assert found[:2] == (line, key)
    assert message in found[2]
    assert ids(loaded) == ["good"]
    with pytest.raises(ConfigurationError, match=f"bad.yaml:{line}: .*mend the file"):
        organizations.load("bad")


def test_all_mistakes_of_a_file_are_told_at_once_and_none_shows_a_value(write: Write) -> None:
    loaded = write(bad="connector: paper\nowners: [jane.doe]\npasword: hunter2\nstaging_days: secret\n")
    assert [(e.line, e.key) for e in loaded.errors] == [
        (1, "connection"), (2, "owners[0]"), (3, "pasword"), (4, "staging_days"),
    ]  # fmt: skip
    text = " ".join(map(str, loaded.errors))
    assert not any(value in text for value in ("jane.doe", "hunter2", "secret"))


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("Acme.yaml", "an id is 2 to 41"),
        ("a.yaml", "an id is 2 to 41"),
        ("7eleven.yaml", "an id is 2 to 41"),
        ("acme-at.yaml", "an id is 2 to 41"),
        (f"a{'b' * 41}.yaml", "an id is 2 to 41"),
        ("_other.yaml", "an id is 2 to 41"),
        ("acme.yml", "must be called acme.yaml"),
        ("acme.YAML", "must be called acme.yaml"),
    ],
)
def test_a_file_name_that_is_no_id_is_refused(write: Write, name: str, message: str) -> None:
    loaded = write(**{name: TWO_LINES, "good": TWO_LINES + "entity: 2\n"})
    assert message in only(loaded)[2]
    assert ids(loaded) == ["good"]


def test_other_files_are_left_alone(write: Write, tmp_path: Path) -> None:
    loaded = write(**{"README.md": "words", ".acme.yaml": "junk: [", "acme.yaml~": "junk: ["})
    assert loaded == Loaded((), ())


def test_an_unreadable_file_and_a_missing_folder_are_errors(write: Write, tmp_path: Path) -> None:
    (tmp_path / "dangling.yaml").symlink_to(tmp_path / "nowhere")
    loaded = write(good=TWO_LINES)
    assert "cannot be read: No such file" in only(loaded)[2]
    assert ids(loaded) == ["good"]
    missing = organizations.load_all(tmp_path / "nowhere")
    assert "cannot be read as a folder of organizations" in only(missing)[2]


def test_two_organizations_cannot_share_an_entity(write: Write) -> None:
    loaded = write(
        first=TWO_LINES + "entity: 1\n",
        second=TWO_LINES + 'name: Copy\nentity: "1"\n',
        third=TWO_LINES + "entity: 2\n",
    )
    assert ids(loaded) == ["first", "third"]
    assert only(loaded) == (4, "entity", "first.yaml already names this connection and entity: one organization each")


def test_defaults_hold_for_all_and_thresholds_go_key_by_key(write: Write) -> None:
    loaded = write(
        _defaults="connector: paper\ntimezone: Europe/Vienna\nowners: [a@acme.example]\nschedule: none\n"
        "thresholds: {evidence_hours: 12, volume_min_runs: 20}\n",
        one="connection: one\n",
        two="connection: two\nowners: []\nthresholds: {evidence_hours: 24}\ntimezone: UTC\nschedule: '@weekly'\n",
    )
    assert loaded.errors == ()
    one, two = loaded.organizations
    assert (one.timezone, one.owners, one.cron) == ("Europe/Vienna", ("a@acme.example",), None)
    assert (two.timezone, two.owners) == ("UTC", ())
    assert one.thresholds == Thresholds(evidence_hours=12, volume_min_runs=20)
    assert two.thresholds == Thresholds(evidence_hours=24, volume_min_runs=20)


@pytest.mark.parametrize(
    ("defaults", "line", "key"),
    [
        ("timezone: Mars\n", 1, "timezone"),
        ("\nthresholds:\n  evidence_hour: 1\n", 3, "thresholds.evidence_hour"),
        ("owners: [jane]\n", 1, "owners[0]"),
        ("nmae: X\n", 1, "nmae"),
        ("name: X\n", 1, "name"),
        ("entity: 1\n", 1, "entity"),
        ("timezone: [\n", 2, ""),
        ("connector: pepar\n", 1, "connector"),
    ],
)
def test_a_mistake_in_the_defaults_is_told_once_and_counts_as_not_written(
    write: Write, defaults: str, line: int, key: str
) -> None:
    loaded = write(_defaults=defaults, one=TWO_LINES, two=TWO_LINES + "entity: 2\n")
    assert only(loaded)[:2] == (line, key)
    assert loaded.errors[0].file.endswith("_defaults.yaml")
    assert ids(loaded) == ["one", "two"]


def test_what_the_defaults_got_wrong_is_not_told_again_as_missing(write: Write) -> None:
    loaded = write(_defaults="connector: pepar\n", one="connection: one\n", two="connection: two\nzzz: 1\n")
    assert [(Path(e.file).name, e.key) for e in loaded.errors] == [("_defaults.yaml", "connector"), ("two.yaml", "zzz")]
    assert ids(loaded) == []


def test_empty_defaults_are_no_mistake(write: Write) -> None:
    assert write(_defaults="# nothing\n", one=TWO_LINES).errors == ()


def test_the_defaults_that_come_with_the_project_are_what_the_code_does(write: Write) -> None:
    shipped = (organizations.PROJECT / "include/organizations/_defaults.yaml").read_text()
    uncommented = re.sub(r"(?m)^# ((?:  )?[a-z_]+:(?: |$))", r"\1", shipped)
    loaded = write(_defaults=uncommented, one=TWO_LINES)
    assert loaded.errors == ()
    assert loaded.organizations == (Organization(id="one", connector="paper", connection="acme"),)
    settable = set(Organization.model_fields) - {"id", "name", "entity", "connector", "connection"}
    written = set(re.findall(r"(?m)^# ([a-z_]+):(?: |$)", shipped))
    assert written == settable
    assert set(re.findall(r"(?m)^#   ([a-z_]+):", shipped)) == set(Thresholds.model_fields)


def test_a_schedule_has_a_minute_of_its_own_and_tells_when_a_stream_is_stale() -> None:
    def made(organization_id: str = "acme", **values: object) -> Organization:
        return Organization.model_validate({"id": organization_id, "connector": "c", "connection": "c", **values})

    assert made().cron == made().cron == "53 4 * * *"
    assert len({made(f"org_{n}").cron for n in range(200)}) > 50
    assert made(schedule="*/30  8-17 * * 1-5").cron == "*/30 8-17 * * 1-5"
    assert made(schedule=None).cron is None
    assert made().stale_after == timedelta(hours=36)
    assert made(schedule="@hourly").stale_after == timedelta(hours=1.5)
    assert made(schedule="0 4 * * 1-5").stale_after == timedelta(hours=108)
    assert made(schedule=None).stale_after == timedelta(hours=36)
    assert made(thresholds={"stale_after_hours": 5}).stale_after == timedelta(hours=5)


def test_the_digest_follows_effective_values_only() -> None:
    one = Organization(id="acme", connector="c", connection="c")
    same = Organization(id="acme", connector="c", connection="c", timezone="UTC", name="Acme")
    spelled = Organization(
        id="acme", connector="c", connection="c", thresholds=Thresholds(rejects_percent=Decimal("0.50"))
    )
    looser = Organization(id="acme", connector="c", connection="c", thresholds=Thresholds(rejects_percent=Decimal(1)))
    assert one.digest == same.digest == spelled.digest
    assert one.digest != looser.digest


def test_a_connector_that_cannot_be_imported_is_named(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(name: str) -> type[base.Connector]:
        raise ImportError("No module named 'zeep'")

    monkeypatch.setattr(base, "get", broken)
    assert only(write(acme=TWO_LINES)) == (
        1, "connector", "connector 'paper' cannot be looked up: ImportError: No module named 'zeep'",
    )  # fmt: skip


def test_the_module_wins_over_the_folder_of_the_same_name_and_imports_light() -> None:
    code = (
        "import sys, include.organizations as o\n"
        "assert o.__file__.endswith('organizations.py'), o.__file__\n"
        "o.load_all()\n"
        "heavy = {'pandas', 'pyarrow', 'great_expectations', 'airflow', 'numpy'} & set(sys.modules)\n"
        "assert not heavy, heavy\n"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=organizations.PROJECT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert not list((organizations.PROJECT / "include/organizations").glob("*.py"))
