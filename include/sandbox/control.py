"""The sandbox's own addresses, beside the vendor's: let days pass, tell the truth, order faults."""

from __future__ import annotations

from typing import Any


def around(face: Any) -> Any:
    """Return a face's application with the control addresses in front of it."""
    return face.app
