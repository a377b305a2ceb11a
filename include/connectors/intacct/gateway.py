"""The XML gateway: a session on the level of each entity, asked on the endpoint that came with it."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal, InvalidOperation
from functools import cached_property
from typing import Any
from urllib.parse import urlsplit

from lxml import etree

from include.access.pacing import Limit, Pacer
from include.connectors.base import Connection
from include.connectors.http import Answer, Http
from include.connectors.intacct import refusals, xml
from include.connectors.intacct.objects import Object
from include.connectors.intacct.settings import HOST, Settings
from include.connectors.intacct.transport import Query, Reply, Row
from include.connectors.intacct.written import Writing
from include.connectors.intacct.xml import SessionOver
from include.errors import SourceUnavailable

PATH = "/ia/xml/xmlgw.phtml"
HEADERS = {"Content-Type": "application/xml", "Accept": "application/xml"}
VENDOR = ".intacct.com"
EARLY = timedelta(seconds=60)
"""A session that ends sooner is renewed before it is used."""
AGING = "0-"
"""One period for all that is owed: only totals are compared."""


@dataclass(frozen=True, slots=True)
class Session:
    """A session: its id, the address that it is good for, and until when (UTC)."""

    id: str
    endpoint: str
    ends: datetime


class Gateway:
    """Asks the XML gateway."""

    def __init__(self, connection: Connection, settings: Settings) -> None:
        self.connection = connection
        self.settings = settings
        self.control = xml.Control(settings.sender_id, settings.sender_password)
        self.pacer = Pacer(connection.id, (Limit(settings.calls_at_once, per="connection"),))
        self._front = self._http(connection.host)
        self._https: dict[str, Http] = {}
        self._sessions: dict[str, Session] = {}

    @property
    def request_count(self) -> int:
        """HTTP requests made so far, those for sessions included."""
        return self._front.request_count + sum(http.request_count for http in self._https.values())

    def query(self, query: Query) -> Reply:
        """Ask for one page, records of entities included wherever they are."""
        if not self.has(query.object):
            return Reply((), b"", datetime.now(UTC), 0, is_last=True)
        object, parts = query.object, dict[str, Any]()
        parts["object"] = object.element
        parts["select"] = {"field": [object.fields[name] for name in query.wanted if object.fields[name]]}
        if query.condition is not None:
            value_of = lambda name, value: self.writing.asked(object, name, value)  # noqa: E731
            parts["filter"] = {"": xml.filter_of(query.condition, object.fields.__getitem__, value_of)}
        parts["orderby"] = {"order": [{"field": object.fields[name], "ascending": ""} for name in query.order]}
        parts["options"] = {"showprivate": "true"}
        size = query.size or self.settings.page_size
        parts["pagesize"] = str(size)
        parts["offset"] = str(query.start)
        answer, result = self._ask(xml.function("query", parts), query.entity)
        data = _data(result, object)
        rows = [self.writing.row(object, record) for record in xml.records(data)]
        total, is_last = _count(data, "totalcount"), _count(data, "numremaining") == 0
        return Reply(rows, answer.body, answer.at, total, is_last, size)

    def facts(self) -> Mapping[str, Any]:
        """Return how the user writes days and moments."""
        return {"transport": "gateway", "writing": self.writing.facts()}

    def has(self, object: Object) -> bool:
        """Tell whether the gateway has the object."""
        return bool(object.element)

    def aging(self, entity: str) -> Mapping[str, Decimal]:
        """Return customer id → what is owed less what is not used, by the aging report of an entity."""
        asked: dict[str, Any] = {"agingperiods": AGING, "showdetails": "false"}
        if entity:
            asked["locationid"] = entity
        found: dict[str, Decimal] = {}
        for row in self._ask(xml.function("get_araging", asked), entity)[1].iter("araging"):
            customer = xml.text(row, "customerid")
            for aging in row.iter("aging"):
                found[customer] = found.get(customer, Decimal(0)) + _amount(xml.text(aging, "totalamount"))
        return found

    @cached_property
    def writing(self) -> Writing:
        """How the user writes days and moments, asked once."""
        asked = {"object": "USERINFO", "keys": self.settings.user, "fields": "RECORDNO"}
        _, user = self._ask(xml.function("readByName", asked), "")
        key = next((xml.text(row, "RECORDNO") for row in user.iter("USERINFO", "userinfo")), "")
        _, formatting = self._ask(xml.function("readUserFormatting", {"key": key}), "")
        said = next(formatting.iter("userformatting"), None)
        return Writing.of(*(xml.text(said, name) for name in ("dateformat", "clock", "gmtoffset")))

    def rows(self, object: Object, raw: bytes) -> list[Row]:
        """Return a staged reply's records under REST's names."""
        return rows(object, raw, self.writing)

    def _ask(self, function: etree._Element, entity: str) -> tuple[Answer, etree._Element]:
        """Ask in the entity's session, which is renewed once where it is over; return the result besides."""
        for is_second in (False, True):
            session = self._session(entity)
            body = xml.request(self.control, {"sessionid": session.id}, function, str(uuid.uuid4()))
            answer = self._https[session.endpoint].post(session.endpoint, data=body, headers=HEADERS)
            try:
                root = xml.parse(answer.body)
                result = xml.result(root)
            except SessionOver:
                self._sessions.pop(entity, None)
                if is_second:
                    raise refusals.error(refusals.SESSION_OVER) from None
                continue
            self._sessions[entity] = Session(session.id, session.endpoint, _ends(root))  # every call prolongs it
            return answer, result
        raise AssertionError("unreachable")

    def _session(self, entity: str) -> Session:
        """Return the entity's session, a new one where there is none or it ends soon.

        Raises:
            ConfigurationError: the sign-in is refused, or the endpoint is nobody's we know.
        """
        known = self._sessions.get(entity)
        if known and known.ends > datetime.now(UTC) + EARLY:
            return known
        place = entity or self.settings.signs_into
        login: dict[str, Any] = {
            "userid": self.settings.user, "companyid": self.settings.company, "password": self.connection.password,
        }  # fmt: skip
        if place:
            login["locationid"] = place
        asked = xml.function("getAPISession")
        body = xml.request(self.control, {"login": login}, asked, str(uuid.uuid4()))
        answer = self._front.post(PATH, data=body, headers=HEADERS)
        root = xml.parse(answer.body)
        api = xml.result(root, is_signing_in=True).find("data/api")
        session = Session(xml.text(api, "sessionid"), xml.text(api, "endpoint"), _ends(root))
        if not session.id or not session.endpoint:
            raise SourceUnavailable("the answer holds no session", next_step="the task retries")
        self._https.setdefault(session.endpoint, self._http(self._trusted(session.endpoint)))
        self._sessions[entity] = session
        return session

    def _trusted(self, endpoint: str) -> str:
        """Return the endpoint's host: the connection's own, or one of the vendor's over TLS."""
        here, there = urlsplit(self.connection.host), urlsplit(endpoint)
        is_vendors = there.scheme == "https" and (there.hostname or "").endswith(VENDOR)
        if (here.scheme, here.netloc) != (there.scheme, there.netloc) and not (
            is_vendors and here.netloc == urlsplit(HOST).netloc
        ):
            raise SourceUnavailable(
                "the session names an endpoint of another host, where no credentials are sent",
                next_step="check the connection's host; if it is right, file a bug against the connector",
            )
        return f"{there.scheme}://{there.netloc}"

    def _http(self, host: str) -> Http:
        secrets = (self.connection.password, self.settings.sender_password)
        return Http(host, secrets=secrets, resolutions=refusals.REST, pacer=self.pacer)


def rows(object: Object, raw: bytes, writing: Writing) -> list[Row]:
    """Return a reply's records under REST's names."""
    result = xml.result(xml.parse(raw))
    return [writing.row(object, record) for record in xml.records(_data(result, object))]


def _data(result: etree._Element, object: Object) -> etree._Element:
    data = result.find("data")
    if data is None or data.get("listtype", "").upper() != object.element:
        raise SourceUnavailable(f"the answer holds no list of {object.name}", next_step="the task retries")
    return data


def _count(data: etree._Element, name: str) -> int:
    written = data.get(name, "")
    if not written.isdigit():
        raise SourceUnavailable("a page does not say how many records there are", next_step="the task retries")
    return int(written)


def _ends(root: etree._Element) -> datetime:
    """Return until when the session is good, by its own words; soon, where it does not say."""
    written = xml.text(root.find("operation"), "authentication/sessiontimeout")
    try:
        at = datetime.fromisoformat(written)
    except ValueError:
        return datetime.now(UTC) + 2 * EARLY
    return at if at.tzinfo else at.replace(tzinfo=UTC)


def _amount(written: str) -> Decimal:
    try:
        return Decimal(written or "0")
    except InvalidOperation:
        raise SourceUnavailable("the aging report holds what is no amount", next_step="the task retries") from None
