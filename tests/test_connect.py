"""`python -m include.connect`: a connection tested, its entities listed, a file written for each wanted one."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from include import connect, connections, environment, organizations
from include.connectors import base
from include.connectors.base import Connection, Entity
from include.errors import ConfigurationError, SourceUnavailable

VIENNA = Entity("1", "Contoso Österreich GmbH", "EUR", "Europe/Vienna")
TOKYO = Entity("002", "コントソ", "JPY", "Asia/Tokyo")
Run = Callable[..., tuple[int, str, str]]


class Paper:
    """What the system of these tests answers."""

    answer: str | BaseException = "reader sees 2 companies"
    entities: Sequence[Entity] = (VIENNA, TOKYO)


@pytest.fixture
def paper(monkeypatch: pytest.MonkeyPatch) -> type[Paper]:
    """Register a connector `paper`, and a connection `books` of that type."""

    class Answers(Paper):
        pass

    monkeypatch.setattr(base.Connector, "_registry", {})
    monkeypatch.setattr(base, "known", lambda: ["paper"])
    monkeypatch.setattr(connections, "available", lambda: ["books"])
    monkeypatch.setattr(connections, "system", lambda conn_id: "paper")
    monkeypatch.setattr(environment, "load", lambda: None)

    def resolve(conn_id: str) -> Connection:
        if conn_id != "books":
            raise ConfigurationError(f"there is no Airflow connection {conn_id!r}", next_step="make it")
        return Connection("books", "https://paper.example.com", "reader", "hunter2")

    class PaperConnector(base.Connector):
        name = "paper"

        def check(self) -> str:
            if isinstance(Answers.answer, BaseException):
                raise Answers.answer
            return Answers.answer

        def entities(self) -> Sequence[Entity]:
            return Answers.entities

    PaperConnector.__abstractmethods__ = frozenset()
    monkeypatch.setattr(connections, "resolve", resolve)
    return Answers


@pytest.fixture
def run(paper: type[Paper], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Run the command on connection `books` with an organizations' folder of its own."""
    monkeypatch.setenv("GREENLIGHT_ORGANIZATIONS", str(tmp_path))
    monkeypatch.setattr(sys.stdin, "isatty", lambda: False)

    def command(*words: str, connection: str = "books") -> tuple[int, str, str]:
        status = connect.main([connection, *words])
        printed = capsys.readouterr()
        return status, printed.out, printed.err

    return command


def files(folder: Path) -> dict[str, str]:
    return {path.name: path.read_text() for path in sorted(folder.iterdir())}


def test_it_lists_what_the_connection_sees_and_writes_nothing_unasked(run: Run, tmp_path: Path) -> None:
    status, out, err = run()
    assert (status, err, files(tmp_path)) == (0, "", {})
    assert out.splitlines()[:3] == [
        "reader sees 2 companies",
        "ID   NAME                     CURRENCY  ALREADY CONFIGURED AS",
        "1    Contoso Österreich GmbH  EUR",
    ]
    assert "--all, or --entity ID" in out


def test_all_writes_a_valid_file_for_each_entity(run: Run, tmp_path: Path) -> None:
    status, out, err = run("--all")
    assert (status, err) == (0, "")
    assert files(tmp_path)["contoso_osterreich_gmbh.yaml"] == (
        "connector: paper\nconnection: books\nentity: '1'\nname: Contoso Österreich GmbH\n"
        "currency: EUR\ntimezone: Europe/Vienna\n"
    )
    loaded = organizations.load_all()
    assert loaded.errors == ()
    assert [(o.entity, o.name, o.currency, o.timezone) for o in loaded.organizations] == [
        ("1", "Contoso Österreich GmbH", "EUR", "Europe/Vienna"),
        ("002", "コントソ", "JPY", "Asia/Tokyo"),
    ]
    assert out.count("wrote ") == 2


def test_an_entity_whose_file_has_a_mistake_gets_no_second_file(run: Run, tmp_path: Path) -> None:
    """It would be loaded under two ids as soon as the mistake is mended."""
    (tmp_path / "vienna.yaml").write_text("connector: paper\nconnection: books\nentity: 1\ntimezne: UTC\n")
    status, out, err = run("--all")
    assert status == 2
    assert "not written, because vienna.yaml names it" in err
    assert out.count("wrote ") == 1 and len(files(tmp_path)) == 2


def test_a_file_is_never_overwritten_unless_forced(run: Run, tmp_path: Path) -> None:
    mine = "connector: paper\nconnection: books\nentity: 1\nowners: [ar@contoso.example]\n"
    (tmp_path / "austria.yaml").write_text(mine)
    status, out, _ = run("--all")
    assert status == 0
    assert "EUR       austria" in out
    assert "already configured as austria; its file was left alone" in out
    assert files(tmp_path)["austria.yaml"] == mine
    assert len(files(tmp_path)) == 2
    run("--entity", "1", "--force")
    assert "name: Contoso Österreich GmbH" in files(tmp_path)["austria.yaml"]
    assert len(files(tmp_path)) == 2


def test_two_lines_that_leave_the_only_entity_unsaid_count_as_its_file(
    run: Run, paper: type[Paper], tmp_path: Path
) -> None:
    (tmp_path / "austria.yaml").write_text("connector: paper\nconnection: books\n")
    paper.entities = (VIENNA,)
    assert "already configured as austria" in run("--all")[1]
    assert list(files(tmp_path)) == ["austria.yaml"]


@pytest.mark.parametrize(
    ("name", "organization_id"),
    [
        ("Acme & Söhne, Inc.", "acme_sohne_inc"),
        ("3M", "paper_3m"),
        ("A", "paper_a"),
        ("—", "paper_7"),
        ("A" * 60, "a" * 41),
        ("Taken", "taken_2"),
        ("../../etc/passwd", "etc_passwd"),
        ("yes", "yes"),
        ("a: b # c\nowners: [x]", "a_b_c_owners_x"),
        ("Zwei\tZeilen\x00 " + "e" * 300, "zwei_zeilen_" + "e" * 29),
    ],
)
def test_the_id_is_made_of_the_name_valid_and_new(
    run: Run, paper: type[Paper], tmp_path: Path, name: str, organization_id: str
) -> None:
    (tmp_path / "taken.yaml").write_text("connector: paper\nconnection: other\n")
    paper.entities = (Entity("7", name, "EUR"),)
    assert run("--all")[0] == 0
    assert organizations.load(organization_id).name == " ".join(name.replace("\x00", "").split())[:200]


def test_entities_are_picked_by_id_and_an_unseen_one_is_refused(run: Run, tmp_path: Path) -> None:
    status, _, err = run("--entity", "002", "--entity", "9")
    assert (status, files(tmp_path)) == (2, {})
    assert "sees no entity '9' → use one of: 1, 002" in err
    assert run("--entity", "002", "--into", str(tmp_path / "new" / "place"))[0] == 0
    assert len(files(tmp_path / "new" / "place")) == 1


def test_at_a_terminal_it_asks(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys.stdin, "isatty", lambda: True)
    answers = iter(["", "1, 002", "all"])
    monkeypatch.setattr("builtins.input", lambda question: next(answers))
    assert run()[0] == 0
    assert files(tmp_path) == {}
    assert run()[1].count("wrote ") == 2
    assert run()[1].count("already configured as") == 2


def test_an_entity_whose_currency_does_not_exist_is_told_and_the_others_are_written(
    run: Run, paper: type[Paper], tmp_path: Path
) -> None:
    paper.entities = (Entity("5", "Old books", "ZZZ"), VIENNA)
    status, _, err = run("--all")
    assert status == 2
    assert "Old books: not written, because currency 'ZZZ' is no ISO 4217 currency" in err
    assert list(files(tmp_path)) == ["contoso_osterreich_gmbh.yaml"]


def test_a_time_zone_nobody_knows_is_left_out(run: Run, paper: type[Paper], tmp_path: Path) -> None:
    paper.entities = (Entity("1", "Acme", "EUR", "Middle Earth"),)
    assert run("--all")[0] == 0
    assert "timezone" not in files(tmp_path)["acme.yaml"]


def test_files_that_are_wrong_already_are_mentioned(run: Run, tmp_path: Path) -> None:
    (tmp_path / "bad.yaml").write_text("connector: paper\n")
    assert "bad.yaml:1: connection: is missing" in run()[2]


@pytest.mark.parametrize(
    ("answer", "status"),
    [
        (ConfigurationError("the password is wrong", next_step="correct it"), 2),
        (SourceUnavailable("the server is down", next_step="try again later"), 3),
        (RuntimeError("token hunter2 expired\n in line 7"), 1),
        (KeyboardInterrupt(), 130),
    ],
)
def test_every_error_is_one_clear_line(
    run: Run, paper: type[Paper], answer: BaseException, status: int, tmp_path: Path
) -> None:
    paper.answer = answer
    found, out, err = run("--all")
    assert (found, out, files(tmp_path)) == (status, "", {})
    assert len(err.splitlines()) == 1 and err.startswith("connect: ")
    assert "hunter2" not in err and "Traceback" not in err


def test_an_unknown_connection_is_told_with_the_closest_one(run: Run) -> None:
    status, _, err = run(connection="bokks")
    assert status == 2
    assert "there is no Airflow connection 'bokks'; did you mean \"books\"? → make it" in err


def test_a_type_that_is_no_connector_needs_a_name(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connections, "system", lambda conn_id: "http")
    status, _, err = run()
    assert status == 2
    assert "has type 'http', which is no connector → name one with --connector: paper" in err
    assert run("--connector", "paper")[0] == 0
    assert run("--connector", "papyrus")[0] == 2


def test_a_folder_that_cannot_be_written_is_named(run: Run, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    status, _, err = run("--all", "--into", str(tmp_path / "file" / "folder"))
    assert status == 2
    assert "cannot be written" in err


def test_as_a_command_it_finds_the_environment_and_ends_without_a_traceback(tmp_path: Path) -> None:
    environment = {
        "PATH": os.environ["PATH"],
        "AIRFLOW_HOME": str(tmp_path),
        "AIRFLOW_CONN_BOOKS": '{"conn_type": "http", "host": "https://reader:hunter2@paper.example.com"}',
    }
    done = subprocess.run(
        [sys.executable, "-m", "include.connect", "books"],
        env=environment, cwd=organizations.PROJECT, capture_output=True, text=True, stdin=subprocess.DEVNULL,
    )  # fmt: skip
    assert done.returncode == 2, done.stderr
    assert "connect: the host of connection 'books' holds a login" in done.stderr
    assert "Traceback" not in done.stderr + done.stdout
    assert "hunter2" not in done.stderr + done.stdout
