"""Parses the DAG folder as a process of its own would and prints what came of it as JSON."""

from __future__ import annotations

import json
import sys

from airflow.dag_processing.dagbag import DagBag
from airflow.serialization.serialized_objects import DagSerialization

HEAVY = ("pandas", "pyarrow", "great_expectations")


def main() -> None:
    """Print the serialised DAGs, the import errors and the heavy modules that parsing has brought along."""
    bag = DagBag(sys.argv[1])
    print(json.dumps({
        "heavy": sorted(name for name in HEAVY if name in sys.modules),
        "errors": bag.import_errors,
        "dags": {dag_id: DagSerialization.to_dict(dag) for dag_id, dag in bag.dags.items()},
    }, default=str))  # fmt: skip


if __name__ == "__main__":
    main()
