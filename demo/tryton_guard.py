"""Runs trytond as long as the process that wanted it lives, even if that one is killed.

python tryton_guard.py PARENT_PID -c trytond.conf -d erp
"""

from __future__ import annotations

import os
import sys
import threading
import time

from trytond.cli import main

LOOK_EVERY_SECONDS = 0.5


def _end_with(parent: int) -> None:
    """An orphan is handed to another parent: then there is nobody left to stop the server."""
    while os.getppid() == parent:
        time.sleep(LOOK_EVERY_SECONDS)
    os._exit(1)


if __name__ == "__main__":
    threading.Thread(target=_end_with, args=[int(sys.argv.pop(1))], daemon=True).start()
    main()
