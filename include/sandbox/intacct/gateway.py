"""The XML gateway: control, authentication and operation of a request, each of which may fail in its own place."""

from __future__ import annotations

from xml.etree.ElementTree import Element

from starlette.responses import Response

from include.sandbox.faults import Fault, Order
from include.sandbox.intacct.aging import araging
from include.sandbox.intacct.company import TOP, Company
from include.sandbox.intacct.formats import Formats
from include.sandbox.intacct.functions import Functions, NoPermission, Place
from include.sandbox.intacct.gateway_query import QueryFailed
from include.sandbox.intacct.message import BadMessage, add, add_error, parsed, text, written
from include.sandbox.intacct.problems import support_id
from include.sandbox.intacct.sessions import Sessions
from include.sandbox.intacct.settings import Settings
from include.sandbox.intacct.sign_in import TOP_LEVEL, SignIn, SignInFailed
from include.sandbox.intacct.tokens import may_enter
from include.sandbox.intacct.view import Views

XML = "application/xml"
CONTROL = ("senderid", "controlid", "uniqueid", "dtdversion")
LIMITS = (Fault.TOO_MANY_A_MINUTE, Fault.TOO_MANY_A_DAY, Fault.TOO_MANY_AT_ONCE)
DEFAULTS = {"uniqueid": "true", "dtdversion": "3.0"}


class Gateway:
    """Answers requests; a fault of status 200 is inside the reply."""

    def __init__(self, company: Company, settings: Settings, views: Views, sessions: Sessions) -> None:
        self._company, self._settings, self._views = company, settings, views
        self._formats = Formats(settings)
        self._functions = Functions(self._formats)
        self.sign_in = SignIn(company, settings, sessions)

    def entity_of(self, body: bytes) -> str:
        """Return the entity in which a request would be answered, for faults that are one entity's own."""
        try:
            root = parsed(body, self._settings.largest_request)
        except BadMessage:
            return TOP
        return self.sign_in.place(root.find("operation/authentication"))

    def answer(self, body: bytes, base: str, path: str, order: Order | None) -> Response:
        """Answer a request.

        Args:
            base: scheme and host at which the server was asked, for the endpoint of a session.
            path: where it was asked.
        """
        try:
            request = parsed(body, self._settings.largest_request)
        except BadMessage as error:
            return self._refused(None, "XL03000003", f"Invalid XML: {error}", 400)
        control = request.find("control")
        if control is None or request.tag != "request":
            return self._refused(None, "XL03000003", "The request has no control block", 400)
        if self._settings.gateway_limit == "text" and order and order.fault in LIMITS:
            return self._refused(control, "GW-0010", "API rate limit exceeded", 200)
        try:
            self.sign_in.check_sender(control)
        except SignInFailed as error:
            return self._refused(control, "XL03000006", str(error), 200)
        return self._operation(request, control, base, path, order)

    def _operation(self, request: Element, control: Element, base: str, path: str, order: Order | None) -> Response:
        root = self._reply(control, "success")
        operation = add(root, "operation")
        authentication = request.find("operation/authentication")
        try:
            entity = self.sign_in.enter(authentication, path)
        except SignInFailed as error:
            inside = add(operation, "authentication")
            for name, said in (("status", "failure"), ("userid", text(authentication, "login/userid")),
                               ("companyid", text(authentication, "login/companyid"))):  # fmt: skip
                add(inside, name, said)
            add_error(operation, [_error("XL03000006", str(error))])
            return self._written(control, root)
        self.sign_in.confirm(operation, entity)
        place = Place(self._views.now(), entity, order)
        whole = request.find("operation")
        assert whole is not None, "it holds the authentication"
        return self._run(whole, operation, place, base) or self._written(control, root)

    def _run(self, asked: Element, operation: Element, place: Place, base: str) -> Response | None:
        """Run the functions of an operation; as one transaction, a failure aborts all of them."""
        functions = asked.findall("content/function")
        if not functions:
            add_error(operation, [_error("XL03000003", "The operation has no function")])
        for function in functions:
            if other := self._call(function, operation, place, base, alone=len(functions) == 1):
                return other
        results = operation.findall("result")
        failed = any(text(result, "status") == "failure" for result in results)
        if asked.get("transaction", "false").lower() == "true" and failed:
            for result in results:
                _abort(result)
        return None

    def _call(
        self, function: Element, operation: Element, place: Place, base: str, *, alone: bool
    ) -> Response | None:  # fmt: skip
        asked = function[0] if len(function) else Element("")
        result = Element("result")
        add(result, "status", "success")
        add(result, "function", asked.tag)
        add(result, "controlid", function.get("controlid", ""))
        try:
            if other := self._do(asked, result, place, base, alone=alone):
                return other
        except QueryFailed as error:
            _fail(result, [_error("Query Failed", str(error))])
        except NoPermission as error:
            _fail(result, [self._no_permission(asked.tag, error.element)])
        operation.append(result)
        return None

    def _do(self, asked: Element, result: Element, place: Place, base: str, *, alone: bool) -> Response | None:
        functions = self._functions
        match asked.tag:
            case "query":
                return functions.query(place, asked, result)
            case "getAPISession":
                self._new_session(asked, result, place, base, alone=alone)
            case "readByQuery":
                functions.read_by_query(place, asked, result)
            case "readMore":
                functions.read_more(place, asked, result)
            case "read" | "readByName":
                functions.read(place, asked, result, by_name=asked.tag == "readByName")
            case "lookup":
                functions.lookup(place, asked, result)
            case "readUserFormatting":
                functions.user_formatting(place, asked, result)
            case "get_araging":
                araging(place.view, place.entity, asked, self._formats, add(result, "data"))
            case other:
                _fail(result, [_error("XL03000003", f"The function {other} does not exist")])
        return None

    def _new_session(self, asked: Element, result: Element, place: Place, base: str, *, alone: bool) -> None:
        """Open a session, in the entity that is named or, if none is, where the request was answered."""
        named = asked.find("locationid")
        entity = text(asked, "locationid") if named is not None else place.entity
        if not alone:
            _fail(result, [_error("XL03000003", "getAPISession must be the only function of its request")])
        elif not may_enter(self._company, entity):
            _fail(result, [_error("PL04000055", f"The entity {entity or TOP_LEVEL} is not valid")])
        else:
            self.sign_in.open_session(entity, base, add(result, "data"))

    def _no_permission(self, function: str, element: str) -> dict[str, str]:
        error = _error(
            "PL04000055",
            f"You do not have permission for API operation {function} on objects of type {element.lower()}",
        )
        if element == "AUDITHISTORY" and self._settings.audit_history == "forbidden_without_errorno":
            error.pop("errorno")
        return error

    def _reply(self, control: Element | None, status: str) -> Element:
        root = Element("response")
        inside = add(root, "control")
        add(inside, "status", status)
        for name in CONTROL:
            add(inside, name, text(control, name, DEFAULTS.get(name, "")) or None)
        return root

    def _refused(self, control: Element | None, number: str, why: str, status: int) -> Response:
        """Return that the control block, or what should have been one, is refused."""
        root = self._reply(control, "failure")
        add_error(root, [_error(number, why)])
        return self._written(control, root, status)

    def _written(self, control: Element | None, root: Element, status: int = 200) -> Response:
        whitespace = text(control, "includewhitespace", "true").lower() == "true"
        return Response(written(root, whitespace), status, media_type=XML)


def _error(number: str, why: str) -> dict[str, str]:
    return {
        "errorno": number, "description": "", "description2": f"{why} [Support ID: {support_id(why)}]", "correction": ""
    }  # fmt: skip


def _fail(result: Element, errors: list[dict[str, str]]) -> None:
    status = result.find("status")
    assert status is not None, "every result has one"
    status.text = "failure"
    for data in result.findall("data"):
        result.remove(data)
    add_error(result, list(errors))


def _abort(result: Element) -> None:
    """Let a function that did succeed have happened for nothing."""
    if text(result, "status") != "failure":
        _fail(result, [_error("XL03000009", "The entire transaction in this operation has been rolled back")])
        status = result.find("status")
        assert status is not None, "every result has one"
        status.text = "aborted"
