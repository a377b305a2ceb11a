"""Shows every mistake in the organizations' YAML files as one import error; their DAGs alone are missing."""

from __future__ import annotations

from airflow.sdk import get_parsing_context

from include import organizations
from include.errors import ConfigurationError

if get_parsing_context().dag_id is None:  # a running task must not fail over another organization's file
    errors = organizations.load_all().errors
    if errors:
        raise ConfigurationError("\n" + "\n".join(str(error) for error in errors))
