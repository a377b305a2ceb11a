"""Fixtures: where staging and Data Docs can stand, a folder of this machine and a bucket of an S3 server.

The server is moto's, a process of its own on loopback that ends with the tests. It checks access
keys, signatures and rights; what it holds is looked at with a client that is not ours.
"""

from __future__ import annotations

import ctypes
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
import requests

__all__ = ["bucket", "place", "s3_server"]

BUCKET = "receivables"
REGION = "eu-central-1"
READER = [
    {"Effect": "Allow", "Action": ["s3:GetObject", "s3:PutObject", "s3:ListBucket"], "Resource": "*"},
]
"""The rights of a user who may do everything but delete."""
NOBODY = [{"Effect": "Deny", "Action": "s3:*", "Resource": "*"}]


@dataclass
class S3Server:
    """A running server with a bucket, its users' access keys by name."""

    url: str
    keys: dict[str, tuple[str, str]] = field(default_factory=dict)

    def client(self, service: str = "s3", user: str = "admin") -> Any:
        """Return a client of the tests' own."""
        import boto3
        from botocore.config import Config

        key, secret = self.keys.get(user, ("made-up", "made-up"))
        config = Config(retries={"max_attempts": 0}, connect_timeout=5, read_timeout=20)
        return boto3.client(
            service, endpoint_url=self.url, region_name=REGION, config=config,
            aws_access_key_id=key, aws_secret_access_key=secret,
        )  # fmt: skip

    def connection(self, user: str = "admin", **other: Any) -> str:
        """Return an Airflow connection to it, as the environment holds one."""
        key, secret = self.keys[user]
        extra = {"endpoint_url": self.url, "region_name": REGION, **other.pop("extra", {})}
        return json.dumps({"conn_type": "aws", "login": key, "password": secret, "extra": extra, **other})

    def prepare(self) -> None:
        """Make the bucket and the users, and from then on let nobody in without keys and rights."""
        self.client().create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": REGION})
        iam = self.client("iam")
        everything = [{"Effect": "Allow", "Action": "*", "Resource": "*"}]
        for name, statement in (("admin", everything), ("reader", READER), ("nobody", NOBODY)):
            iam.create_user(UserName=name)
            policy = json.dumps({"Version": "2012-10-17", "Statement": statement})
            iam.put_user_policy(UserName=name, PolicyName="rights", PolicyDocument=policy)
            made = iam.create_access_key(UserName=name)["AccessKey"]
            self.keys[name] = (made["AccessKeyId"], made["SecretAccessKey"])
        requests.post(f"{self.url}/moto-api/reset-auth", data=b"0", timeout=5).raise_for_status()


@contextmanager
def serving() -> Iterator[S3Server]:
    """Start a server on a free port of loopback and end it at the end, also when the tests are killed."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with tempfile.TemporaryFile() as output:
        child = subprocess.Popen(
            [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)],
            stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT, preexec_fn=_end_with_parent,
            env={"PATH": os.environ["PATH"], "MOTO_IAM_LOAD_MANAGED_POLICIES": "false"},
        )  # fmt: skip
        try:
            running = S3Server(f"http://127.0.0.1:{port}")
            _wait_until_it_answers(running.url, child, output)
            running.prepare()
            yield running
        finally:
            child.terminate()
            try:
                child.wait(10)
            except subprocess.TimeoutExpired:
                child.kill()
                child.wait()


def _wait_until_it_answers(url: str, child: subprocess.Popen[bytes], output: Any) -> None:
    deadline = time.monotonic() + 60
    while True:
        try:
            requests.get(f"{url}/moto-api/", timeout=2)
            return
        except requests.ConnectionError:
            if child.poll() is not None or time.monotonic() > deadline:
                output.seek(0)
                raise RuntimeError(f"the S3 server did not start:\n{output.read().decode()}") from None
            time.sleep(0.1)


def _end_with_parent() -> None:
    set_death_signal = 1
    ctypes.CDLL(None).prctl(set_death_signal, signal.SIGTERM)


@dataclass(frozen=True)
class Disk:
    """A folder of this machine."""

    folder: Path

    @property
    def address(self) -> str:
        return f"file://{self.folder}"

    def files(self) -> dict[str, bytes]:
        return {str(p.relative_to(self.folder)): p.read_bytes() for p in self.folder.rglob("*") if p.is_file()}

    def write(self, name: str, body: bytes) -> None:
        (self.folder / name).write_bytes(body)


@dataclass(frozen=True)
class Bucket:
    """A folder of a bucket, seen and written with the tests' own client."""

    server: S3Server
    prefix: str

    @property
    def address(self) -> str:
        return f"s3://objects@{BUCKET}/{self.prefix}"

    def files(self) -> dict[str, bytes]:
        client = self.server.client()
        pages = client.get_paginator("list_objects_v2").paginate(Bucket=BUCKET, Prefix=f"{self.prefix}/")
        keys = [entry["Key"] for page in pages for entry in page.get("Contents", [])]
        return {
            key.removeprefix(f"{self.prefix}/"): client.get_object(Bucket=BUCKET, Key=key)["Body"].read()
            for key in keys
        }

    def write(self, name: str, body: bytes) -> None:
        self.server.client().put_object(Bucket=BUCKET, Key=f"{self.prefix}/{name}", Body=body)


@pytest.fixture(scope="session")
def s3_server() -> Iterator[S3Server]:
    """An S3 server of this test run."""
    with serving() as running:
        yield running


@pytest.fixture
def bucket(s3_server: S3Server, monkeypatch: pytest.MonkeyPatch) -> Bucket:
    """An empty folder of the bucket; connection `objects` leads to it."""
    monkeypatch.setenv("AIRFLOW_CONN_OBJECTS", s3_server.connection())
    return Bucket(s3_server, f"tests/{uuid4().hex}")


@pytest.fixture(params=["disk", "s3"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Disk | Bucket:
    """An empty place on either storage."""
    if request.param == "disk":
        return Disk(tmp_path / "place")
    found: Bucket = request.getfixturevalue("bucket")
    return found
