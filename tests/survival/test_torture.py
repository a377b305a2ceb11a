"""The command behind `make torture` counts what it tries, and fails when anything did not survive."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.survival import page, torture
from tests.survival.report import Report


def good(report: Report, seed: int) -> None:
    report.add("property_sample", 3, 3)
    report.add("mutants", 2, 2, total="total", good="killed")


def bad(report: Report, seed: int) -> None:
    for number in range(2):
        with report.trying("crash_kill", f"seed {seed}"):
            assert number == 0, "a row is lacking"


def broken(report: Report, seed: int) -> None:
    raise RuntimeError("it does not begin")


@pytest.fixture(autouse=True)
def here(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Parts of the test's own, run in this process, and a page of its own."""
    parts = {name: torture.Part(f"{__name__}:{name}", 1) for name in ("good", "bad", "broken")}
    monkeypatch.setattr(torture, "PARTS", parts)
    monkeypatch.setattr(page, "PAGE", tmp_path / "reliability.md")

    def run(name: str, seed: int, minutes: float | None, folder: Path) -> Any:
        report = Report(1)
        try:
            globals()[name](report, seed)
        except RuntimeError:
            return {name: {"tried": 1, "survived": 0}}, False
        return report.as_dict(), report.is_good

    monkeypatch.setattr(torture, "_run_apart", run)


def test_what_survives_is_counted_and_ends_well(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert torture.main(["--only", "good", "--seed", "7", "--json", str(tmp_path / "t.json"), "--page"]) == 0
    assert json.loads((tmp_path / "t.json").read_text()) == {
        "mutants": {"total": 2, "killed": 2}, "property_sample": {"tried": 3, "survived": 3}
    }  # fmt: skip
    assert "everything survived" in capsys.readouterr().out
    written = page.PAGE.read_text()
    assert "| `property_sample` | 3 | 3 |" in written and "seed 7" in written and "**Everything survived.**" in written


def test_one_that_did_not_survive_is_said_with_its_seed_and_ends_badly(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert torture.main(["--only", "good,bad", "--seed", "11", "--json", str(tmp_path / "t.json")]) == 1
    assert json.loads((tmp_path / "t.json").read_text())["crash_kill"] == {"tried": 2, "survived": 1}
    said = capsys.readouterr().out
    assert "FAILED crash_kill: AssertionError a row is lacking at test_torture.py:" in said and "; seed 11\n" in said
    assert "NOT everything survived" in said


def test_a_part_that_breaks_has_not_survived() -> None:
    assert torture.main(["--only", "broken"]) == 1


def test_a_run_that_tried_nothing_is_no_success() -> None:
    assert not Report().is_good


def test_a_part_that_does_not_exist_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        torture.main(["--only", "weather"])
    assert ended.value.code == 2 and "there is no part weather" in capsys.readouterr().err


def test_a_report_that_could_not_be_written_is_refused_at_once(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        torture.main(["--only", "good", "--json", "/nowhere/t.json"])
    assert ended.value.code == 2 and "there is no folder /nowhere" in capsys.readouterr().err
