"""XML of the gateway: requests written, replies parsed without entities, DTDs or network and within a size.

`parse` refuses a document type whatever it declares, so no entity can be defined, let alone be expanded.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from lxml import etree

from include.connectors.intacct import refusals
from include.connectors.intacct.conditions import Both as All
from include.connectors.intacct.conditions import Condition, Is
from include.errors import GreenlightError, SourceUnavailable

LARGEST_REPLY = 64 * 2**20
"""Bytes; two thousand records with every field that is read here have about six million."""
OPERATORS: Mapping[str, str] = {
    "$eq": "equalto", "$ne": "notequalto", "$lt": "lessthan", "$gt": "greaterthan", "$gte": "greaterthanorequalto",
    "$in": "in", "$notIn": "notin",
}  # fmt: skip
NULL: Mapping[str, str] = {"$eq": "isnull", "$ne": "isnotnull"}


class SessionOver(Exception):
    """The gateway no longer knows the session; another one is asked for, once."""


@dataclass(frozen=True, slots=True)
class Control:
    """Whose program it is that asks."""

    sender_id: str
    sender_password: str


def request(control: Control, signs_in: Mapping[str, Any], function: etree._Element, control_id: str) -> bytes:
    """Return a request of one function.

    Args:
        signs_in: `login` with its parts, or `sessionid`.
    """
    root = etree.Element("request")
    _fill(etree.SubElement(root, "control"), {
        "senderid": control.sender_id, "password": control.sender_password, "controlid": control_id,
        "uniqueid": "false", "dtdversion": "3.0", "includewhitespace": "false",
    })  # fmt: skip
    operation = etree.SubElement(root, "operation")
    _fill(etree.SubElement(operation, "authentication"), signs_in)
    holder = etree.SubElement(etree.SubElement(operation, "content"), "function", controlid=control_id)
    holder.append(function)
    return bytes(etree.tostring(root, xml_declaration=True, encoding="UTF-8"))


def function(name: str, parts: Mapping[str, Any] | None = None) -> etree._Element:
    """Return a function's element with its parts, mappings nested, lists as elements of one name."""
    made = etree.Element(name)
    _fill(made, parts or {})
    return made


def filter_of(condition: Condition, name_of: Any, value_of: Any) -> etree._Element:
    """Return a condition as the gateway writes it.

    Args:
        name_of: REST's name of a field → the gateway's.
        value_of: (REST's name, value) → the value as the gateway writes it.
    """
    if not isinstance(condition, Is):
        made = etree.Element("and" if isinstance(condition, All) else "or")
        made.extend(filter_of(part, name_of, value_of) for part in condition.parts)
        return made
    tag = NULL[condition.operator] if condition.value is None else OPERATORS[condition.operator]
    made = etree.Element(tag)
    etree.SubElement(made, "field").text = name_of(condition.field)
    values = condition.value if isinstance(condition.value, tuple) else (condition.value,)
    for value in values if condition.value is not None else ():
        etree.SubElement(made, "value").text = value_of(condition.field, value)
    return made


def parse(body: bytes) -> etree._Element:
    """Return the root of a reply.

    Raises:
        SourceUnavailable: it is no XML, is too large, or declares a document type.
    """
    if len(body) > LARGEST_REPLY:
        raise _nonsense("the answer is larger than any page can be")
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, dtd_validation=False, huge_tree=False,
        remove_comments=True, remove_pis=True,
    )  # fmt: skip
    try:
        root = etree.fromstring(body, parser)
    except (etree.XMLSyntaxError, ValueError):
        raise _nonsense("the answer is cut off or no XML") from None
    if root.getroottree().docinfo.doctype:
        raise _nonsense("the answer declares a document type, which no reply of Sage Intacct does")
    return root


def result(root: etree._Element, is_signing_in: bool = False) -> etree._Element:
    """Return the result of a reply's only function, errors on any of the three levels told apart.

    Raises:
        SessionOver: the session is no longer known.
        GreenlightError: what the reply's error means.
    """
    if root.tag != "response":
        raise _nonsense("the answer is no reply of the XML gateway")
    operation = root.find("operation")
    levels = {
        "control": (root.find("control"), root),
        "authentication": (None if operation is None else operation.find("authentication"), operation),
    }
    for level, (part, holder) in levels.items():
        if part is None or _text(part, "status") != "success":
            raise _error(level, root if holder is None else holder, is_signing_in)
    assert operation is not None
    found = operation.find("result")
    if found is None or _text(found, "status") != "success":
        raise _error("result", operation if found is None else found, is_signing_in)
    return found


def records(data: etree._Element) -> Iterator[dict[str, str | None]]:
    """Yield each record of a result's data: element name → text, None where it is empty."""
    for record in data:
        yield {str(part.tag): (part.text or "").strip() or None for part in record}


def text(element: etree._Element | None, path: str) -> str:
    """Return the text at a path, "" where there is none."""
    return "" if element is None else _text(element, path)


def _error(level: str, holder: etree._Element, is_signing_in: bool) -> GreenlightError | SessionOver:
    errors = [*holder.iter("error")]
    number = next((n for error in errors if (n := _text(error, "errorno"))), "")
    said = " ".join(_text(error, name) for error in errors for name in ("description", "description2"))
    row = refusals.of_gateway(level, number, said, is_signing_in)
    return SessionOver() if row is refusals.SESSION_OVER else refusals.error(row)


def _text(element: etree._Element, path: str) -> str:
    return (element.findtext(path) or "").strip()


def _fill(element: etree._Element, parts: Mapping[str, Any]) -> None:
    for name, value in parts.items():
        for each in value if isinstance(value, list) else [value]:
            child = each if etree.iselement(each) else etree.Element(name)
            element.append(child)
            if isinstance(each, Mapping):
                _fill(child, each)
            elif isinstance(each, str):
                child.text = each


def _nonsense(what: str) -> SourceUnavailable:
    return SourceUnavailable(
        what, next_step="check the connection's host, and what a proxy in between may answer; the task retries"
    )
