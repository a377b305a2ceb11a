"""What can be said of the deployment's files without a Docker engine."""

from __future__ import annotations

import importlib.util
import json
import re
import shlex
import shutil
import subprocess
import sys
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

import pytest
import yaml

from include import environment
from include.sandbox import __main__ as sandbox
from tests.deploy.stack import PROJECT

COMPOSE = PROJECT / "docker-compose.yaml"
TEXT = COMPOSE.read_text(encoding="utf-8")
SERVICES: dict[str, dict[str, Any]] = yaml.safe_load(TEXT)["services"]
OURS = {name: service for name, service in SERVICES.items() if service["image"].startswith("${GREENLIGHT_IMAGE")}
LASTING = {name for name, service in SERVICES.items() if not service.get("profiles") and name != "init"}
REQUIRED = re.compile(r"\$\{([A-Z_]+):\?([^}]+)\}")
DOCKERFILE = (PROJECT / "Dockerfile").read_text(encoding="utf-8")


@pytest.fixture
def keys(tmp_path: Path) -> dict[str, str]:
    """What `keys --deployment` writes."""
    environment.make_keys(tmp_path / ".env", deployment=True)
    return environment._read(tmp_path / ".env")


def test_every_service_of_a_deployment_is_there() -> None:
    assert {"api-server", "scheduler", "dag-processor", "triggerer", "worker", "postgres", "redis"} == LASTING
    assert set(SERVICES) - LASTING == {"init", "cli", "sandbox"}
    assert {name: SERVICES[name].get("profiles") for name in ("cli", "sandbox")} == {
        "cli": ["cli"],
        "sandbox": ["sandbox"],
    }


def test_what_keeps_running_says_how_it_is_and_starts_again() -> None:
    for name in LASTING:
        assert SERVICES[name]["healthcheck"]["test"], name
        assert SERVICES[name]["restart"] == "unless-stopped", name


@pytest.mark.parametrize("name", SERVICES)
def test_no_service_may_take_the_machine_or_become_root(name: str) -> None:
    service = SERVICES[name]
    assert {"mem_limit", "cpus", "pids_limit"} <= service.keys()
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert "privileged" not in service
    assert service.get("user") in ({None} if name in OURS else {"postgres", "redis"})


def test_our_image_does_not_run_as_root() -> None:
    users = re.findall(r"^USER (\S+)", DOCKERFILE, re.MULTILINE)
    assert users == ["greenlight"]


def test_the_image_takes_only_libraries_with_the_hashes_of_the_requirements() -> None:
    assert DOCKERFILE.count("pip install") == DOCKERFILE.count("--require-hashes") == 2
    assert "--requirement /tmp/requirements.txt --constraint /tmp/requirements.txt" in DOCKERFILE


def test_no_secret_and_no_test_gets_into_the_image() -> None:
    ignored = [line for line in (PROJECT / ".dockerignore").read_text().splitlines() if line and line[0] != "#"]
    assert ignored[0] == "*"
    allowed = [line[1:] for line in ignored if line.startswith("!")]
    for secret in (".env", ".data", ".git", "tests", "demo"):
        assert not any(fnmatch(secret, name) for name in allowed), secret
    for needed in ("config", "dags", "include", "plugins", "requirements.txt"):
        assert needed in allowed
        assert (PROJECT / needed).exists()


def test_only_the_api_server_can_be_reached_from_outside_and_by_default_from_this_machine_only() -> None:
    published = {name: service["ports"] for name, service in SERVICES.items() if "ports" in service}
    assert published == {"api-server": ["${GREENLIGHT_ADDRESS:-127.0.0.1:8080}:8080"]}


def test_every_secret_is_required_with_a_sentence_that_names_it(keys: dict[str, str]) -> None:
    asked = dict(REQUIRED.findall(TEXT))
    assert asked.keys() == keys.keys()
    for name, sentence in asked.items():
        assert sentence == f"{name} is missing in .env, see Deploy in README.md"
    assert "## Deploy" in (PROJECT / "README.md").read_text(encoding="utf-8")


def test_no_secret_has_a_default() -> None:
    defaults = re.findall(r"\$\{([A-Z_]+):?-", TEXT)
    assert defaults
    assert [name for name in defaults if re.search("PASSWORD|SECRET|KEY|TOKEN", name)] == []
    plain = re.findall(r"(\S*(?:PASSWORD|SECRET|_KEY)\S*): (?!\$\{|\*)(\S+)", TEXT)
    assert plain == []


def test_secrets_are_made_once_and_fit_into_a_url(tmp_path: Path) -> None:
    file = tmp_path / ".env"
    made = environment.make_keys(file, deployment=True)
    assert set(environment.DEPLOYMENT) < set(made)
    assert environment.make_keys(file, deployment=True) == []
    values = [environment._read(file)[name] for name in environment.DEPLOYMENT]
    assert all(re.fullmatch(r"[A-Za-z0-9_-]{32,}", value) for value in values)
    assert len(set(values)) == len(values)


def test_a_service_knows_only_the_secrets_it_needs() -> None:
    seen = {name: {secret for secret, _ in REQUIRED.findall(json.dumps(service))} for name, service in SERVICES.items()}
    assert seen["redis"] == {"REDIS_PASSWORD"}
    assert seen["postgres"] == {"POSTGRES_PASSWORD", "AIRFLOW_DATABASE_PASSWORD", "WAREHOUSE_DATABASE_PASSWORD"}
    assert seen["sandbox"] == set()
    assert [name for name, secrets in seen.items() if "ADMINISTRATOR_PASSWORD" in secrets] == ["init"]
    assert [name for name, secrets in seen.items() if "POSTGRES_PASSWORD" in secrets] == ["postgres"]


def test_the_services_share_one_volume_for_staging_docs_and_logs() -> None:
    folders = re.findall(r"(?:GREENLIGHT_STAGING|GREENLIGHT_DOCS|BASE_LOG_FOLDER)=(?:file://)?(\S+)", DOCKERFILE)
    assert len(folders) == 3
    assert all(folder.startswith("/var/lib/greenlight/") for folder in folders)
    for name in OURS.keys() - {"sandbox"}:
        assert "data:/var/lib/greenlight" in SERVICES[name]["volumes"], name


def test_files_that_containers_are_given_are_there() -> None:
    mounted = re.findall(r"(?:- |:-)(\./[^:}\s]+)", TEXT)
    assert mounted
    for name in [*mounted, *{service["env_file"] for service in OURS.values() if "env_file" in service}]:
        assert (PROJECT / name).exists(), name
    subprocess.run(["sh", "-n", PROJECT / "config/postgres/databases.sh"], check=True)


def commands() -> list[list[str]]:
    """Return every command of our services and their health checks, as words."""
    found = []
    for service in OURS.values():
        for words in (service["command"], service.get("healthcheck", {}).get("test", ["CMD"])[1:]):
            is_script = len(words) == 1 or words[:1] == ["bash"]
            lines = words[-1].splitlines() if is_script else [shlex.join(words)]
            found += [shlex.split(line.removeprefix("exec ")) for line in lines if line]
    return found


def test_every_command_of_a_service_exists() -> None:
    seen = {words[0] for words in commands()}
    assert seen == {"airflow", "python", "python3", "celery"}
    for words in commands():
        if words[:2] == ["python", "-m"]:
            assert importlib.util.find_spec(words[2]), words
    assert shutil.which("celery", path=str(Path(sys.executable).parent))


def test_the_sandbox_understands_its_command() -> None:
    """It is given a protocol by whoever starts it."""
    words = next(words for words in commands() if words[2:3] == ["include.sandbox"])
    parsed = sandbox._parser().parse_args(
        [word.replace("$$GREENLIGHT_SANDBOX", sandbox.faces()[0]) for word in words[3:]]
    )
    assert (parsed.host, parsed.port) == ("0.0.0.0", 8000)


@pytest.mark.slow
def test_airflow_understands_every_command_as_it_is_written(tmp_path: Path) -> None:
    """Parsed by Airflow's own parser, with the users of FAB and the workers of Celery."""
    asked = [words[1:] for words in commands() if words[0] == "airflow"]
    assert len(asked) >= 8
    program = (
        "import json, sys\n"
        "from airflow.cli.cli_parser import get_parser\n"
        "for words in json.loads(sys.argv[1]): get_parser().parse_args(words)\n"
        "from airflow.providers.celery.executors.celery_executor import app\n"
        "print(app.main)"
    )
    settings = {**SERVICES["worker"]["environment"], "AIRFLOW_HOME": str(tmp_path), "PATH": "/usr/bin:/bin"}
    kept = ("AIRFLOW_HOME", "PATH", "AIRFLOW__CORE__EXECUTOR", "AIRFLOW__CORE__AUTH_MANAGER")
    done = subprocess.run(
        [sys.executable, "-c", program, json.dumps(asked)],
        cwd=PROJECT, env={name: settings[name] for name in kept}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]
    assert done.stdout.splitlines()[-1] == "airflow.providers.celery.executors.celery_executor"


@pytest.mark.parametrize(
    ("programs", "missing"),
    [
        ((), "there is no `docker` command: install Docker"),
        (("docker",), "no Docker engine answers and dockerd is not installed: start Docker"),
    ],
)
def test_without_an_engine_one_clear_line_says_what_is_missing(
    tmp_path: Path, programs: tuple[str, ...], missing: str
) -> None:
    for name in programs:
        (tmp_path / name).write_text("#!/bin/sh\nexit 1\n")
        (tmp_path / name).chmod(0o755)
    done = subprocess.run(
        [sys.executable, "-m", "tests.deploy"], cwd=PROJECT, env={"PATH": str(tmp_path)}, capture_output=True, text=True
    )
    assert done.returncode == 2
    assert done.stderr.startswith(f"compose-test: {missing}")
    assert len(done.stderr.splitlines()) == 1
