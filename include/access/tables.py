"""The tables of the access store. Their secrets are encrypted with GREENLIGHT_SECRET_KEY; times are UTC."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, Index, MetaData, Table, Text

from include.warehouse.types import UtcTimestamp, identifier

metadata = MetaData()

tokens = Table(
    "tokens",
    metadata,
    Column("connection_id", identifier(), primary_key=True),
    Column("seed_digest", identifier(), primary_key=True),  # of what the connection holds: a changed seed begins anew
    Column("current", Text()),  # encrypted pair: what the vendor gave last
    Column("previous", Text()),  # encrypted pair: what it gave before, until the current one has worked
    Column("version", BigInteger(), nullable=False, server_default="0"),  # +1 with every new current pair
    Column("has_worked", Boolean(), nullable=False),
    Column("leased_by", Text()),
    Column("leased_until", UtcTimestamp()),
    Column("updated_at", UtcTimestamp(), nullable=False),
)

calls = Table(
    "calls",  # what counts towards a limit: running calls end in the future, ended ones in the past
    metadata,
    Column("call_id", identifier(), primary_key=True),
    Column("scope", identifier(), primary_key=True),
    Column("ended_at", UtcTimestamp(), nullable=False),
    Index("ix_calls_scope_ended_at", "scope", "ended_at"),
)

holds = Table(
    "holds",  # until when a system wants no call
    metadata,
    Column("scope", identifier(), primary_key=True),
    Column("until", UtcTimestamp(), nullable=False),
)
