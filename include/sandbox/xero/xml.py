"""The same replies as XML, which this vendor sends unless JSON is asked for."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any
from xml.etree.ElementTree import Element, SubElement, tostring

import msgspec

DATE = re.compile(r"/Date\((-?\d+)(?:\+0000)?\)/")
READER = msgspec.json.Decoder(float_hook=str)  # amounts stay as they are written
SINGULAR = {"Addresses": "Address", "Currencies": "Currency", "Tracking": "TrackingCategory"}


def as_xml(body: bytes) -> bytes:
    """Return a JSON reply as XML: dates in ISO, their text twins left out, lists as elements of one kind each."""
    root = Element("Response")
    _fill(root, READER.decode(body))
    return bytes(tostring(root, encoding="utf-8", xml_declaration=True))


def _fill(element: Element, said: Any) -> None:
    if isinstance(said, dict):
        for name, value in said.items():
            if value is None or (name.endswith("String") and name.removesuffix("String") in said):
                continue
            _fill(SubElement(element, name), value)
    elif isinstance(said, list):
        name = SINGULAR.get(element.tag, element.tag.removesuffix("s"))
        for value in said:
            _fill(SubElement(element, name), value)
    else:
        element.text = _text(said)


def _text(said: Any) -> str:
    if isinstance(said, bool):
        return str(said).lower()
    if isinstance(said, str) and (found := DATE.fullmatch(said)):
        return datetime.fromtimestamp(int(found[1]) / 1000, UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3]
    return str(said)
