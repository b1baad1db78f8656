"""Inserts that know conflicts: each dialect has its own, and PostgreSQL's is only loaded where a store lies there."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sqlalchemy import Table
    from sqlalchemy.ext.asyncio import AsyncConnection


def upsert(connection: AsyncConnection, table: Table) -> Any:  # noqa: ANN401 - either dialect's Insert
    """An insert into `table` that has `on_conflict_do_update` and `on_conflict_do_nothing`."""
    return insert_of(connection.dialect.name, table)


def insert_of(dialect: str, table: Table) -> Any:  # noqa: ANN401 - likewise
    """The same for statements that are made once."""
    if dialect == "postgresql":
        from sqlalchemy.dialects import postgresql  # noqa: PLC0415 - 2 MB

        return postgresql.insert(table)
    from sqlalchemy.dialects import sqlite  # noqa: PLC0415 - likewise

    return sqlite.insert(table)
