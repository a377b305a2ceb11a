"""`python -m tests.deploy.rows ORGANIZATION ...`: each one's rows as JSON; runs inside the deployment."""

from __future__ import annotations

import json
import sys

from include import warehouse
from tests.rows import rows

if __name__ == "__main__":
    engine = warehouse.engine()
    print(json.dumps({organization: rows(engine, organization) for organization in sys.argv[1:]}))
