"""Errors, sorted by what their reader must do.

Every error names the organization, the system and, where there is one, the record's external id,
and ends with the next step. Nothing here ever carries a secret or a personal datum.
"""

from __future__ import annotations


class GreenlightError(Exception):
    """Base of every error the project raises on purpose.

    The sentence is written for the person who operates the pipeline; `str(error)` is one line of
    the form ``<organization> · <system> · <record>: <what happened> → <next step>``.
    """

    def __init__(
        self,
        message: str,
        *,
        next_step: str = "",
        organization: str = "",
        system: str = "",
        record: str = "",
    ) -> None:
        super().__init__(message)
        self.message = message
        self.next_step = next_step
        self.organization = organization
        self.system = system
        self.record = record

    def __str__(self) -> str:
        where = " · ".join(part for part in (self.organization, self.system, self.record) if part)
        sentence = f"{where}: {self.message}" if where else self.message
        return f"{sentence} → {self.next_step}" if self.next_step else sentence


class ConfigurationError(GreenlightError):
    """Fix the configuration: a retry cannot help (wrong secret, unseen company, bad YAML)."""


class MissingRights(ConfigurationError):
    """Grant a right: the credentials are good, but user or app may not do this (a role, a scope)."""


class GrantRefused(ConfigurationError):
    """Authorize again: the system no longer accepts the grant that the connection was given."""


class SourceUnavailable(GreenlightError):
    """Wait: the system is down, busy or answers nonsense; the task is retried.

    `retry_after` is in seconds when the system said how long to wait.
    """

    def __init__(self, message: str, *, retry_after: float | None = None, **where: str) -> None:
        super().__init__(message, **where)
        self.retry_after = retry_after


class RecordError(GreenlightError):
    """Look at the record: one record cannot be read or kept; the others go on."""


class StorageError(GreenlightError):
    """Make room or repair the storage (disk full, bucket unreachable); the task is retried."""


class StaleManifest(GreenlightError):
    """Run the stream again: another load came first, so this one's starting point is gone."""


class SchemaOutdated(ConfigurationError):
    """The warehouse has another schema than this code: run the command the sentence names."""


class ContractError(GreenlightError):
    """File a bug: a connector broke the contract of include/connectors/base.py."""


class NotReady(GreenlightError):
    """The gate stays shut: the data must be looked at; never retried."""
