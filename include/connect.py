"""Tests an Airflow connection, lists what it can see and writes a YAML file for each wanted entity.

    python -m include.connect CONNECTION [--connector NAME] [--all | --entity ID ...] [--into FOLDER] [--force]
    python -m include.connect CONNECTION --authorize [--port PORT]     # first where a person must consent

Exit status: 0 done, 2 the configuration must be mended, 3 the system must be waited for.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from itertools import count
from pathlib import Path
from zoneinfo import available_timezones

from include import connections, environment, organizations, yaml_file
from include.connectors import base
from include.connectors.base import Connector, Entity
from include.errors import ConfigurationError, GreenlightError, SourceUnavailable
from include.fields import LONGEST_TEXT, did_you_mean

FIX_CONFIGURATION, WAIT, FAILED, STOPPED = 2, 3, 1, 130


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; every error is one line on stderr, without a traceback or a secret."""
    options = _parser().parse_args(arguments)
    environment.for_command()
    try:
        return _connect(options)
    except ConfigurationError as error:
        return _say(str(error), FIX_CONFIGURATION)
    except SourceUnavailable as error:
        return _say(str(error), WAIT)
    except GreenlightError as error:
        return _say(str(error), FAILED)
    except (KeyboardInterrupt, EOFError):
        return _say("stopped; nothing more was written", STOPPED)
    except Exception as error:  # its text may hold what the system answered, or a secret
        return _say(f"{type(error).__name__} while connecting → file a bug against the connector", FAILED)


def _connect(options: argparse.Namespace) -> int:
    connector = _connector(options.connection, options.connector)
    if options.authorize:
        _authorize(connector, options.port)
    print(connector.check())
    entities = connector.entities()
    folder = _Folder(options.into or organizations.folder(), options.connection, entities)
    print(_table(entities, folder.by_entity))
    wanted = _wanted(entities, options, sys.stdin.isatty())
    if not wanted and not (options.all or options.entity):
        print("Nothing written. Name what you want: --all, or --entity ID (more than once if need be).")
    refused = 0
    for entity in wanted:
        refused += not folder.write(entity, connector, options.force)
    return FIX_CONFIGURATION if refused else 0


def _connector(conn_id: str, name: str | None) -> Connector:
    """Return the connector of a connection: the one that is named, else the connection's type."""
    try:
        connection = connections.resolve(conn_id)
    except ConfigurationError as error:
        close = did_you_mean(conn_id, connections.available())
        raise ConfigurationError(error.message + close, next_step=error.next_step) from None
    system = name or connections.system(conn_id)
    if name is None and system not in base.known():
        raise ConfigurationError(
            f"connection {conn_id!r} has type {system!r}, which is no connector",
            next_step=f"name one with --connector: {', '.join(base.known())}",
        )
    return base.get(system)(connection)


def _authorize(connector: Connector, port: int | None) -> None:
    from include import access
    from include.authorize import PORT, authorize

    bearer = connector.authorization()
    if bearer is None:
        raise ConfigurationError(f"{connector.title} needs nobody's consent", next_step="leave out --authorize")
    access.opened()  # before a person is asked to consent
    authorize(bearer, lambda line: print(line, flush=True), port or PORT)


class _Folder:
    """A folder of organizations, and which entities of one connection it already names."""

    def __init__(self, folder: Path, connection: str, entities: Sequence[Entity]) -> None:
        self.folder = folder
        self.by_entity: dict[str, str] = {}
        self.broken: dict[str, str] = {}
        if not folder.is_dir():
            return
        loaded = organizations.load_all(folder)
        self.by_entity = {o.entity: o.id for o in loaded.organizations if o.connection == connection}
        self.broken = _named_by_broken_files(folder, connection, {o.id for o in loaded.organizations})
        for named in (self.by_entity, self.broken):
            if "" in named and len(entities) == 1:  # two lines that leave the only entity unsaid
                named[entities[0].id] = named[""]
        for error in loaded.errors:
            print(f"note: {error}", file=sys.stderr)

    def write(self, entity: Entity, connector: Connector, force: bool) -> bool:
        """Write one entity's file unless it has one; say what happened, return False if it cannot be written."""
        known = self.by_entity.get(entity.id)
        if known and not force:
            print(f"{entity.name}: already configured as {known}; its file was left alone")
            return True
        if entity.id in self.broken:  # another file would load the same receivables under a second id
            print(f"connect: {entity.name}: not written, because {self.broken[entity.id]} names it; mend that file",
                  file=sys.stderr)  # fmt: skip
            return False
        values = _values(entity, connector)
        organization_id = known or self._new_id(entity, connector)
        if mistakes := organizations.mistakes(organization_id, values):
            print(f"connect: {entity.name}: not written, because {'; '.join(mistakes)}", file=sys.stderr)
            return False
        path = self.folder / f"{organization_id}.yaml"
        _write(path, values, overwrite=known is not None)
        self.by_entity[entity.id] = organization_id
        print(f"{entity.name}: wrote {path}")
        return True

    def _new_id(self, entity: Entity, connector: Connector) -> str:
        """Return a valid id made of the entity's name that no file has yet."""
        from slugify import slugify

        slug = slugify(entity.name, separator="_")
        if not organizations.ID.match(slug):  # as for "3M" or a name without a letter
            slug = f"{slugify(connector.name, separator='_')}_{slug or slugify(entity.id, separator='_')}"
        for number in count(1):
            ending = f"_{number}" if number > 1 else ""
            candidate = slug[: 41 - len(ending)].rstrip("_") + ending
            if not (self.folder / f"{candidate}.yaml").exists():
                return candidate
        raise AssertionError("unreachable")


def _named_by_broken_files(folder: Path, connection: str, sound: set[str]) -> dict[str, str]:
    """Return entity → name of the file with a mistake that names it, as far as such files can be read."""
    found = {}
    for path in sorted(folder.glob("[!_.]*.y*ml")):
        values = yaml_file.read(path).values
        if path.stem not in sound and values.get("connection") == connection:
            found[str(values.get("entity") or "")] = path.name
    return found


def _values(entity: Entity, connector: Connector) -> dict[str, str]:
    values = {
        "connector": connector.name,
        "connection": connector.connection.id,
        "entity": entity.id,
        "name": "".join(c for c in " ".join(entity.name.split()) if c.isprintable())[:LONGEST_TEXT].strip(),
        "currency": entity.base_currency,
        "timezone": entity.timezone if entity.timezone in available_timezones() else "",
    }
    return {key: value for key, value in values.items() if value}


def _write(path: Path, values: dict[str, str], overwrite: bool) -> None:
    """Write the file whole or not at all; it never takes the place of one that it did not know of."""
    import yaml

    draft = path.with_name(f".{path.stem}.{os.getpid()}.draft")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        draft.write_text(yaml.safe_dump(values, sort_keys=False, allow_unicode=True, width=1000), encoding="utf-8")
        if overwrite:
            draft.replace(path)
        else:
            os.link(draft, path)  # unlike a rename, fails where a file stands
    except OSError as error:
        raise ConfigurationError(f"{path} cannot be written: {error.strerror}", next_step="see --into") from None
    finally:
        with suppress(OSError):
            draft.unlink()


def _wanted(entities: Sequence[Entity], options: argparse.Namespace, may_ask: bool) -> list[Entity]:
    if options.all:
        return list(entities)
    if options.entity:
        return _picked(entities, options.entity)
    if not may_ask or not entities:
        return []
    answer = input("Write files for which? (ids with commas between, all, or nothing) ").strip()
    if answer.lower() == "all":
        return list(entities)
    return _picked(entities, [part.strip() for part in answer.split(",") if part.strip()])


def _picked(entities: Iterable[Entity], ids: Iterable[str]) -> list[Entity]:
    by_id = {entity.id: entity for entity in entities}
    unseen = [i for i in ids if i not in by_id]
    if unseen:
        raise ConfigurationError(
            f"the connection sees no entity {', '.join(map(repr, unseen))}",
            next_step=f"use one of: {', '.join(by_id) or 'none'}; or give the user access to it",
        )
    return [by_id[i] for i in dict.fromkeys(ids)]


def _table(entities: Sequence[Entity], configured: Mapping[str, str]) -> str:
    rows = [("ID", "NAME", "CURRENCY", "ALREADY CONFIGURED AS")]
    rows += [(e.id or "(the only one)", e.name, e.base_currency, configured.get(e.id, "")) for e in entities]
    widths = [max(len(row[column]) for row in rows) for column in range(4)]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
    return "\n".join(lines)


def _say(sentence: str, status: int) -> int:
    print(f"connect: {' '.join(sentence.split())}", file=sys.stderr)
    return status


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m include.connect", description="Test a connection and write a YAML file for each entity."
    )
    parser.add_argument("connection", metavar="CONNECTION", help="id of the Airflow connection")
    parser.add_argument("--connector", metavar="NAME", help="the system, where the connection's type does not say it")
    parser.add_argument("--authorize", action="store_true", help="have a person consent in a browser first")
    parser.add_argument("--port", type=int, help="of the redirect address on this machine, if not 8765")
    which = parser.add_mutually_exclusive_group()
    which.add_argument("--all", action="store_true", help="write a file for every entity")
    which.add_argument("--entity", action="append", metavar="ID", help="write a file for this entity")
    parser.add_argument(
        "--into", type=Path, metavar="FOLDER", help="folder of the files (default: where they are read)"
    )
    parser.add_argument("--force", action="store_true", help="write an entity's file anew; its other settings are lost")
    return parser


if __name__ == "__main__":
    sys.exit(main())
