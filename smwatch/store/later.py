"""Statements that nobody reads an answer of: on SQLite they go to the store's thread along with the next one."""

from __future__ import annotations

from contextlib import nullcontext
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Executable
    from sqlalchemy.ext.asyncio import AsyncConnection


async def later(
    connection: AsyncConnection, statement: Executable, rows: Sequence[dict[str, Any]] | None = None
) -> None:
    """Execute it with the next statement of the transaction, or with its end.

    What is wrong with it is raised there, and undoes the whole transaction, also from within a savepoint.
    """
    assert connection.sync_connection is not None  # noqa: S101 - it was given out open
    raw = connection.sync_connection.connection.driver_connection
    with getattr(raw, "deferring", nullcontext)():
        await connection.execute(statement, rows)
