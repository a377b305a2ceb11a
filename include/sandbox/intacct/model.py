"""The model service: what an object consists of, as the company's own configuration would have it."""

from __future__ import annotations

from include.sandbox.intacct.objects import Kind, Object
from include.sandbox.intacct.shapes import Shape

FORMATS = {Kind.DAY: "date", Kind.MOMENT: "date-time", Kind.AMOUNT: "decimal-precision-2"}
TYPES = {Kind.FLAG: "boolean", Kind.INTEGER: "integer", Kind.NUMBER: "number"}


def model(found: Object) -> Shape:
    """Return fields, groups of fields, references and owned lists of an object."""
    root: Shape = {"fields": {}, "groups": {}, "refs": {}, "lists": {}}
    for name, kind in found.fields.items():
        *folders, last = name.split(".")
        inside = root
        for folder in folders:
            inside = inside.setdefault("groups", {}).setdefault(folder, {"fields": {}})
        inside["fields"][last] = _field(kind, write_only=False)
    for name in sorted(found.write_only):
        root["fields"][name] = _field(Kind.TEXT, write_only=True)
    for prefix, ref in found.refs.items():
        *folders, last = prefix.split(".")
        inside = root
        for folder in folders:
            inside = inside["groups"].setdefault(folder, {"fields": {}})
        shown = {field: _field(Kind.TEXT, write_only=False) for field in ref.shown}
        inside.setdefault("refs", {})[last] = {"apiObject": ref.path, "fields": shown}
    root["lists"] = [{name: {"apiObject": path}} for name, (path, _) in found.lists.items()]
    return root | {"httpMethods": "OPTIONS,GET,POST,DELETE,PATCH", "idempotenceSupported": True, "type": "rootObject"}


def _field(kind: Kind, *, write_only: bool) -> Shape:
    shape: Shape = {"type": TYPES.get(kind, "string"), "readOnly": False, "writeOnly": write_only, "required": False}
    return shape | {"nullable": True, "mutable": True} | ({"format": FORMATS[kind]} if kind in FORMATS else {})
