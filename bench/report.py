"""The figures as a table, and which bounds they break."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from bench.speed import ONE_TABLE, SAME_ROWS, SEQUENCE, SERVER, STAGES, unchanged

MEGABYTE = 1e6
SERVER_AT_LEAST = 3.0
"""The server must deliver so many times the bare script's rate, or it decides the figures."""
REFUSED = "refused"
ALIKE = 1.15
"""The peak at the largest size may be so many times that at the smallest."""


def ratio(figures: Mapping[str, Mapping[str, Any]], floor: str) -> float:
    """Return the stages' rate as a part of a bare script's."""
    return float(figures[SEQUENCE]["rate"] / figures[floor]["rate"])


def refusal(figures: Mapping[str, Mapping[str, Any]]) -> str:
    """Return why nothing can be judged; "" if the server is fast enough."""
    fastest = max(figures[name]["rate"] for name in (ONE_TABLE, SAME_ROWS))
    if (times := figures[SERVER]["rate"] / fastest) >= SERVER_AT_LEAST:
        return ""
    return (
        f"{REFUSED}: the server alone delivers {times:.1f} times what the bare script loads, "
        f"less than {SERVER_AT_LEAST:g}: it would be the server that is measured"
    )


def broken(said: Mapping[str, Any], least_ratio: float, most_megabytes: float) -> list[str]:
    """Return a sentence for every bound that does not hold."""
    found = []
    if figures := said.get("figures"):
        if why := refusal(figures):
            return [why]
        if (part := ratio(figures, SAME_ROWS)) < least_ratio:
            found.append(f"the stages reach {part:.0%} of the bare script's rate, not {least_ratio:.0%}")
        if said["again"]:
            found.append(f"loading the same again wrote {said['again']} rows, not 0")
        if said["rejects"]:
            found.append(f"{said['rejects']} invoices were rejected, not 0")
    return [*found, *_memory(said, most_megabytes), *_shut(said)]


def _memory(said: Mapping[str, Any], most_megabytes: float) -> Iterator[str]:
    """Yield a sentence for every stage that takes too much memory, wherever its peak is shown, or grows."""
    for stage in STAGES:
        warm = [figure["peak"] for name, figure in said.get("figures", {}).items() if name in (stage, unchanged(stage))]
        cold = sorted((int(size), stages[stage]["peak"]) for size, stages in said.get("sizes", {}).items())
        shown = [(max(warm), f"{said['invoices']:,} invoices in a warm process")] if warm else []
        shown += [(peak, f"{size:,} invoices") for size, peak in cold]
        for peak, where in shown:
            if peak > most_megabytes * MEGABYTE:
                yield f"{stage} takes {peak / MEGABYTE:.0f} MB at {where}, above {most_megabytes:g} MB"
        if cold and (times := cold[-1][1] / cold[0][1]) > ALIKE:
            yield f"{stage} takes {times:.2f} times the memory at {cold[-1][0]:,} invoices: it grows with them"


def _shut(said: Mapping[str, Any]) -> Iterator[str]:
    """Yield a sentence where runs under Airflow did not reach their end, so that what they took says nothing."""
    for name in ("dag", "night"):
        if measured := said.get(name):
            runs = measured.get("organizations", 1)
            if shut := runs - measured["runs that opened the gate"]:
                yield f"{shut} of {runs} runs of the {name} did not open the gate"


def table(said: Mapping[str, Any]) -> str:
    """Return what was measured, for people."""
    blocks = []
    if figures := said.get("figures"):
        blocks.append(f"{said['invoices']:,} invoices, median of {said['rounds']} rounds")
        blocks.append(aligned(rows(figures)))
        blocks.append(
            f"The stages reach {ratio(figures, SAME_ROWS):.0%} of the bare script that writes the same rows, "
            f"{ratio(figures, ONE_TABLE):.0%} of the one that fills a single table; "
            f"loading the same again wrote {said['again']} rows."
        )
    for size, stages in said.get("sizes", {}).items():
        blocks += [f"{int(size):,} invoices, once, each stage in a new process", aligned(rows(stages))]
    for name in ("organizations", "night", "dag"):
        if measured := said.get(name):
            blocks.append(aligned([(f"{name}: {what}", f"{value:,}") for what, value in measured.items()]))
    return "\n\n".join(blocks)


def rows(figures: Mapping[str, Mapping[str, Any]]) -> list[tuple[str, ...]]:
    """Return header and lines of the figures."""
    head = ("", "invoices/s", "µs wall", "µs CPU client", "µs CPU server", "peak MB")
    lines = [
        (
            name, f"{f['rate']:,.0f}", f"{f['wall']:.1f}", f"{f['client_cpu']:.1f}", f"{f['server_cpu']:.1f}",
            f"{f['peak'] / MEGABYTE:.0f}",
        )
        for name, f in figures.items()
    ]  # fmt: skip
    return [head, *lines]


def aligned(lines: Sequence[Sequence[str]]) -> str:
    """Return lines of cells under each other, the first column left, the others right."""
    widths = [max(len(line[i]) for line in lines) for i in range(len(lines[0]))]
    return "\n".join(
        "  ".join(c.ljust(w) if i == 0 else c.rjust(w) for i, (c, w) in enumerate(zip(line, widths, strict=True)))
        for line in lines
    )
