"""Reads a query with the foreign client; run by its own Python: netsuite_client.py URL QUERY LIMIT, credentials in."""

from __future__ import annotations

import asyncio
import json
import sys

from netsuite import Config, NetSuiteRestApi, TokenAuth


class Local(NetSuiteRestApi):
    """The client, with the sandbox in the vendor's place."""

    def _make_url(self, subpath: str) -> str:
        return f"{sys.argv[1]}/services/rest{subpath}"


async def rows() -> list[dict[str, str]]:
    said = json.load(sys.stdin)
    config = Config(account=said["account"], auth=TokenAuth(**said["tokens"][0]))
    found, limit = [], int(sys.argv[3])
    while True:
        page = await Local(config).suiteql(sys.argv[2], limit=limit, offset=len(found))
        found += [{name: value for name, value in item.items() if name != "links"} for item in page["items"]]
        if not page["hasMore"]:
            return found


print(json.dumps(asyncio.run(rows())))
