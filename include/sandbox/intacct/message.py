"""XML in and out: requests are read without entities and within limits, replies are built as a tree."""

from __future__ import annotations

from collections.abc import Mapping
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from lxml import etree

DEEPEST = 40
"""Elements within one another; no request of the vendor's needs half of it."""


class BadMessage(ValueError):
    """The bytes are no request: not well formed, too deep, or with a document type."""


def parsed(body: bytes, largest: int) -> Element:
    """Return the root of a request.

    Raises:
        BadMessage: it is no XML, is too large or too deep, or declares a document type, as which entities come.
    """
    if len(body) > largest:
        raise BadMessage("the request is too large")
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
    try:
        root = etree.fromstring(body, parser)
    except etree.XMLSyntaxError as error:
        raise BadMessage(str(error.msg)) from None
    if root.getroottree().docinfo.internalDTD is not None:
        raise BadMessage("a document type is not allowed")
    return _plain(root, 0)


def _plain(found: etree._Element, depth: int) -> Element:
    """Return a copy without comments and processing instructions."""
    if depth > DEEPEST:
        raise BadMessage("the request is too deep")
    copy = Element(str(found.tag), {str(name): str(value) for name, value in found.attrib.items()})
    copy.text = found.text
    for child in found:
        if isinstance(child.tag, str):
            copy.append(_plain(child, depth + 1))
    return copy


def text(parent: Element | None, path: str, usual: str = "") -> str:
    """Return the text of an element below another, without the space around it."""
    found = parent.find(path) if parent is not None else None
    return (found.text or "").strip() or usual if found is not None else usual


def add(parent: Element, name: str, said: object = None, **attributes: object) -> Element:
    """Add an element; without text it is empty."""
    child = SubElement(parent, name, {key: str(value) for key, value in attributes.items()})
    child.text = None if said is None else str(said)
    return child


def add_error(parent: Element, errors: list[Mapping[str, str]]) -> None:
    """Add an error message; of each error the number may be missing."""
    message = add(parent, "errormessage")
    for error in errors:
        inside = add(message, "error")
        for name in ("errorno", "description", "description2", "correction"):
            if name in error:
                add(inside, name, error[name])


def written(root: Element, whitespace: bool) -> bytes:
    """Return a reply as bytes, laid out for people if that was asked for, as it is unless it was refused."""
    if whitespace:
        indent(root)
    return bytes(tostring(root, encoding="utf-8", xml_declaration=True))
