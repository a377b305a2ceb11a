"""Connects proteus to a running Tryton server, for the scripts that work against one."""

from __future__ import annotations

import argparse
import json
import sys
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

from proteus import config


def parser(description: str) -> argparse.ArgumentParser:
    """The options that say which server and which database."""
    options = argparse.ArgumentParser(description=description)
    options.add_argument("--url", required=True, help="for example http://127.0.0.1:8000")
    options.add_argument("--database", default="erp")
    options.add_argument("--login", default="admin")
    options.add_argument("--password-file", type=Path, required=True)
    options.add_argument("--json", type=Path, help="file for the answer instead of stdout")
    return options


def connect(options: argparse.Namespace) -> AbstractContextManager[Any]:
    """A session; without one, Tryton computes the password's slow hash for every request."""
    password = options.password_file.read_text(encoding="utf-8").strip()
    return config.set_xmlrpc_session(f"{options.url}/{options.database}/rpc/", options.login, password)


def answer(options: argparse.Namespace, content: dict[str, Any]) -> None:
    """Write the JSON where it was asked for."""
    text = json.dumps(content, indent=2, ensure_ascii=False) + "\n"
    if options.json:
        options.json.write_text(text, encoding="utf-8")
    else:
        sys.stdout.write(text)
