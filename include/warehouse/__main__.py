"""`python -m include.warehouse upgrade`: make or upgrade the warehouse's tables."""

from __future__ import annotations

import argparse
import sys

from include import access, environment, warehouse
from include.errors import GreenlightError


def main() -> int:
    """Run the command and return its exit status: 0 done, 1 refused, with the reason on stderr."""
    parser = argparse.ArgumentParser(prog="python -m include.warehouse", description=__doc__)
    parser.add_argument("command", choices=["upgrade", "check"], help="upgrade the tables, or check their version")
    command = parser.parse_args().command
    environment.for_command()
    try:
        engine = warehouse.engine()
        if command == "upgrade":
            warehouse.upgrade(engine)
        warehouse.check_schema(engine)
        access.check(access.engine(engine))
    except GreenlightError as error:
        print(error, file=sys.stderr)
        return 1
    print(f"The warehouse has this code's tables ({engine.url.render_as_string(hide_password=True)}).")
    return 0


if __name__ == "__main__":
    sys.exit(main())
