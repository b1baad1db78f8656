"""SQLite's driver for SQLAlchemy: `aiosqlite` with one way to its thread and back for a statement.

On each way the loop and the thread wait for each other, and for Python's lock while anything else computes. aiosqlite
goes four times for a statement (open, execute, read, close), and once more to undo what nobody has begun.
"""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING, Any, Self, TypeAlias

import aiosqlite
from aiosqlite.context import contextmanager

if TYPE_CHECKING:
    from pathlib import Path

Result: TypeAlias = tuple[list[Any], Any, int, int | None]  # rows, description, rowcount, lastrowid
ROWS_IN_CHUNK = 64  # aiosqlite's own default; no rows are read in chunks here


class Connection(aiosqlite.Connection):
    """A connection whose cursors have all rows at once."""

    _clean = False  # nothing was done since the last transaction ended

    @contextmanager
    async def cursor(self) -> Cursor:  # type: ignore[override]  # as much of one as SQLAlchemy needs
        """A cursor; what it executes is read and closed on the same way."""
        return Cursor(self)

    async def commit(self) -> None:
        """End the transaction."""
        await super().commit()
        self._clean = True

    async def rollback(self) -> None:
        """Undo the transaction, if there may be one; also what somebody began and did not wait for."""
        if not self._clean:
            await super().rollback()
            self._clean = True

    async def take(self, how: str, *given: Any) -> Result:  # noqa: ANN401 - not `run`: before 0.22 it is a thread
        """Execute something in the thread."""
        result: Result = await self._execute(self._taken, how, *given)
        return result

    async def _execute(self, *given: Any, **more: Any) -> Any:  # noqa: ANN401 - aiosqlite's own way to the thread
        self._clean = False
        return await super()._execute(*given, **more)  # type: ignore[no-untyped-call]

    def _taken(self, how: str, *given: Any) -> Result:  # noqa: ANN401 - in the thread
        cursor = self._conn.cursor()
        try:
            getattr(cursor, how)(*given)
            rows = cursor.fetchall() if cursor.description else []
            return rows, cursor.description, cursor.rowcount, cursor.lastrowid
        finally:
            cursor.close()


class Cursor:
    """What came back of the statement that was executed last."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._rows: list[Any] = []
        self.description: Any = None
        self.rowcount = -1
        self.lastrowid: int | None = None

    async def execute(self, *given: Any) -> Self:  # noqa: ANN401 - a statement and its parameters
        """Execute a statement, and read what it says."""
        return await self._run("execute", *given)

    async def executemany(self, *given: Any) -> Self:  # noqa: ANN401 - a statement and rows of parameters
        """Execute a statement once for each of the rows."""
        return await self._run("executemany", *given)

    async def _run(self, how: str, *given: Any) -> Self:  # noqa: ANN401 - see execute
        result = await self._connection.take(how, *given)
        self._rows, self.description, self.rowcount, self.lastrowid = result
        return self

    async def fetchall(self) -> list[Any]:
        """All rows, once."""
        rows, self._rows = self._rows, []
        return rows

    async def close(self) -> None:
        """Nothing is open."""


async def connect(path: Path) -> Connection:
    """An open connection, whose thread keeps no process alive."""
    connection = Connection(lambda: sqlite3.connect(path), ROWS_IN_CHUNK)
    thread: Any = getattr(connection, "_thread", connection)  # before 0.22 it was one itself
    thread.daemon = True
    await connection
    return connection
