"""What went wrong, asked over XML-RPC: Odoo 14 with several databases answers a failed `/jsonrpc` with a bare page.

Such a server knows no database before the call is read, and then nobody turns the error into JSON. Its XML-RPC turns
it into a fault with a code, whatever the number of databases. Source: `odoo/http.py` (`_dispatch_nodb`), `addons/base/
controllers/rpc.py`, executed.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any
from xmlrpc.client import dumps

from include.connectors.http import Http
from include.connectors.odoo.wire import nonsense

NAMES = {1: "", 2: "UserError", 3: "AccessDenied", 4: "AccessError"}
"""Fault's code → the class of the error; 1 is any other, whose name stands at the end of the traceback."""
CODE = re.compile(rb"<name>faultCode</name>\s*<value><int>(\d+)</int>")
LAST_LINE = re.compile(r"^([\w.]+): (.*)$", re.MULTILINE)


def asked_again(http: Http, service: str, method: str, args: Sequence[Any]) -> dict[str, str]:
    """Call once more, over XML-RPC, and return the error's name and message; {} where the call went well now."""
    body = dumps(tuple(args), method, allow_none=True)
    headers = {"Content-Type": "text/xml", "Accept": "text/xml"}
    said = http.post(f"/xmlrpc/2/{service}", data=body.encode(), headers=headers).body
    code = CODE.search(said)
    if code is None:
        if b"<methodResponse>" not in said:
            raise nonsense()
        return {}
    name = NAMES.get(int(code[1]), "")
    lines = LAST_LINE.findall(said.decode(errors="replace"))
    return {"name": name or (lines[-1][0] if lines else ""), "message": lines[-1][1] if lines else ""}
