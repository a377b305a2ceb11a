"""docs/model.md, made from the model: `python -m include.model_page`; a test holds the page to it."""

from __future__ import annotations

from pathlib import Path

from include.model import BOOKKEEPING, KEYS, TABLES, Column, Kind

PAGE = Path(__file__).resolve().parent.parent / "docs" / "model.md"

INTRODUCTION = """# The receivables model

Made from `include/model.py` by `make docs`; do not edit by hand.

Every row's key is (`organization_id`, `external_id`). Money is an integer in minor units of the
currency column named beside it, timestamps are UTC, and ● marks what must be there.
"""


def render() -> str:
    """Return the page."""
    parts = [INTRODUCTION]
    for table in TABLES.values():
        parts += [f"## {table.name}", "", table.doc, "", *_rows(table.all_columns), ""]
    parts += ["## On every table", "", *_rows((*KEYS, *BOOKKEEPING)), ""]
    return "\n".join(parts)


def _rows(columns: tuple[Column, ...]) -> list[str]:
    return [
        "| column | kind | meaning |",
        "|---|---|---|",
        *(f"| `{c.name}`{' ●' if c.required else ''} | {_kind(c)} | {c.doc} |" for c in columns),
    ]


def _kind(column: Column) -> str:
    match column.kind:
        case Kind.MONEY:
            return f"money in `{column.currency}`"
        case Kind.CHOICE:
            return " · ".join(column.choices)
        case Kind.KEY if column.refers_to:
            target = column.refers_to if column.refers_to in TABLES else f"what `{column.refers_to}` says"
            return f"key of {target}"
        case kind:
            return str(kind)


if __name__ == "__main__":
    PAGE.write_text(render())
