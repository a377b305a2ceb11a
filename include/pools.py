"""Airflow pools, one per connector module: `python -m include.pools` makes them at set-up.

A task whose pool is missing waits in silence, so set-up makes a pool for every module there is;
limits per connection are held by pacing, so a new organization needs no set-up step.
"""

from __future__ import annotations

from include import environment
from include.connectors import base

SLOTS = 8


def make() -> list[str]:
    """Create the pools that are missing in Airflow's database; return the names of all."""
    from airflow.models.pool import Pool

    names = [f"connector_{name}" for name in base.known()]
    for name in names:
        if Pool.get_pool(name) is None:
            Pool.create_or_update_pool(name, SLOTS, f"requests to {name} systems", include_deferred=False)
    return names


if __name__ == "__main__":
    environment.for_command()
    print("pools:", ", ".join(make()))
