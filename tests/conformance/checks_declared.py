"""What a connector declares of itself, and who it says it is."""

from __future__ import annotations

import re
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import get_args

from include import money
from include.connectors import base
from include.connectors.base import FigureName, Grade
from include.model import TABLES
from tests.conformance.subject import Subject

FIGURES = get_args(FigureName)
MAY_LACK = {"deletions", "read.since", "read.until", "read.customers", *FIGURES}


def check_name(subject: Subject) -> None:
    """The name is lower case without underscore, and finds the connector."""
    connector = subject.connect()
    assert re.fullmatch(r"[a-z][a-z0-9]*", connector.name), f"{connector.name!r} is no connector name"
    assert connector.title.strip(), "there is no title"
    assert isinstance(connector, base.get(connector.name)), f"{connector.name} is not registered"


def check_streams(subject: Subject) -> None:
    """Streams fill tables of the model, children with their parents, and share no record type."""
    assert subject.streams, "there are no streams"
    names = Counter(stream.name for stream in subject.streams)
    types = Counter(record_type for stream in subject.streams for record_type in stream.record_types)
    assert max(names.values()) == 1, f"two streams of one name: {names}"
    assert max(types.values()) == 1, f"two streams read one record type: {types}"
    for stream in subject.streams:
        assert re.fullmatch(r"[a-z][a-z_]*", stream.name), f"{stream.name!r} is no stream name"
        assert stream.record_types and stream.tables, f"{stream.name} reads or fills nothing"
        odd = [record_type for record_type in stream.record_types if set(":/? ") & set(record_type)]
        assert not odd, f"{stream.name}: {odd} would be cut apart in keys"
        assert stream.overlap >= timedelta(0), f"{stream.name}: negative overlap"
        for table, parent in stream.tables.items():
            assert table in TABLES, f"{stream.name} fills {table}, which the model lacks"
            if TABLES[table].child:
                assert parent in stream.tables, f"{stream.name}: {table} needs a parent of its own, not {parent}"
            else:
                assert parent is None, f"{stream.name}: {table} has rows of its own and no parent"


def check_not_offered(subject: Subject) -> None:
    """What is lacking is something the contract knows, each with a reason; figures are graded or lacking."""
    connector = subject.connect()
    for what, reason in connector.not_offered.items():
        assert what in MAY_LACK, f"the contract has no {what!r} that could be lacking"
        assert len(reason.split()) >= 3, f"{what}: {reason!r} is no reason"
    for figure in FIGURES:
        assert (figure in connector.grades) != (figure in connector.not_offered), f"{figure}: graded or not offered?"


def check_grades(subject: Subject) -> None:
    """Grades are good enough for the gate, or the figure is declared as not offered."""
    connector = subject.connect()
    assert Grade.D not in connector.grades.values(), "the same response never counts"
    for figure, worst in (("open_total", "B"), ("count", "C")):
        if figure not in connector.not_offered:
            assert connector.grades[figure] <= worst, f"{figure} needs {worst}, not {connector.grades[figure]}"


def check_making_costs_nothing(subject: Subject) -> None:
    """Making a connector sends no request."""
    assert subject.connect().request_count == 0, "making a connector sent a request"


def check_check(subject: Subject) -> None:
    """check() asks, and says in one line as whom."""
    connector = subject.connect()
    said = connector.check()
    assert isinstance(said, str) and said.strip() and "\n" not in said, f"{said!r} is not one line"
    assert connector.request_count > 0, "check() asked nothing"
    assert not connector.connection.password or connector.connection.password not in said, "check() tells the secret"


def check_entities(subject: Subject) -> None:
    """Entities are sorted, distinct, complete, and contain our own."""
    connector = subject.connect()
    found = list(connector.entities())
    ids = [entity.id for entity in found]
    assert ids == sorted(set(ids)), f"entities are not sorted or not distinct: {ids}"
    assert all(entity.name and money.exponent(entity.base_currency) is not None for entity in found), found
    assert connector.identity().entity in ids, "our own entity is not among those seen"


def check_identity(subject: Subject) -> None:
    """Identity is the same at every asking, and agrees with the entities."""
    connector = subject.connect()
    identity = connector.identity()
    assert identity == connector.identity() == subject.connect().identity(), "identity changes between askings"
    assert identity.connector == connector.name, "identity names another connector"
    assert identity.account, "identity names no account"
    own = next(entity for entity in connector.entities() if entity.id == identity.entity)
    assert identity.base_currency == own.base_currency, "identity and entity differ in base currency"
    if connector.entity:
        assert identity.entity == connector.entity, "it answers for another entity than asked"


def check_deletions(subject: Subject) -> None:
    """Deletions are listed as (stream, key), or declared as lacking with a key sweep instead."""
    connector = subject.connect()
    fed = [stream.name for stream in connector.streams if stream.fed]
    assert not (fed and "deletions" in connector.not_offered), f"{fed} are fed by what is not offered"
    soon = datetime.now(UTC) + timedelta(days=3650)
    if "deletions" in connector.not_offered:
        assert all(stream.swept for stream in connector.streams), "no deletions and no sweep: they would go unseen"
        return
    assert list(connector.deletions(soon)) == [], "something was deleted in the future"
    for name, key in connector.deletions(soon - timedelta(days=7300)):
        assert connector.stream_of(key) == connector.stream(name), f"{key} is no key of {name}"
