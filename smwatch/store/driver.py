"""SQLite's driver for SQLAlchemy: `aiosqlite` with no more ways to its thread and back than there are answers to read.

On each way the loop and the thread wait for each other, and for Python's lock while anything else computes. aiosqlite
goes four times for a statement (open, execute, read, close), and once more to undo what nobody has begun. Here it goes
once. What begins a transaction goes with its first statement, and what nobody reads an answer of (`later`) with the
next one, or with the end of the transaction. The end of one that has only read is not waited for.
"""

from __future__ import annotations

import asyncio
import sqlite3
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Self, TypeAlias

import aiosqlite
from aiosqlite.context import contextmanager as opened

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

Work: TypeAlias = tuple[str, tuple[Any, ...]]  # a method of a cursor, and what it is given
Result: TypeAlias = tuple[list[Any], Any, int, int | None]  # rows, description, rowcount, lastrowid
ROWS_IN_CHUNK = 64  # aiosqlite's own default; no rows are read in chunks here
MOST_AT_ONCE = 64  # rows in one INSERT, and then 32, 16 …: so few different statements stay prepared


class Connection(aiosqlite.Connection):
    """A connection whose cursors have all rows at once; one that `reads` cannot write."""

    def __init__(self, path: Path, *, reads: bool) -> None:
        super().__init__(lambda: sqlite3.connect(path), ROWS_IN_CHUNK)
        self._reads = reads
        self._clean = False  # nothing was done since the last transaction ended
        self._first: list[Work] = []  # what begins the transaction, until something is done in it
        self._ahead: list[Work] = []  # what was put off
        self._defers = False
        self._failed: Exception | None = None  # of what was put off: the transaction cannot go on

    @opened
    async def cursor(self) -> Cursor:  # type: ignore[override]  # as much of one as SQLAlchemy needs
        """A cursor; what it executes is read and closed on the same way."""
        return Cursor(self)

    def begin(self, said: str) -> None:
        """Begin a transaction with the next statement."""
        self._first = [("execute", (said,))]

    @contextmanager
    def deferring(self) -> Iterator[None]:
        """What is executed meanwhile is put off, and says nothing."""
        self._defers = True
        try:
            yield
        finally:
            self._defers = False

    async def commit(self) -> None:
        """End the transaction."""
        if self._first and not self._ahead:
            self._first = []  # nothing was done
        elif self._reads:
            self._tx.put_nowait((asyncio.get_running_loop().create_future(), self._conn.commit))
            self._clean = True
        else:
            await self._execute(self._done, self._put_off(), self._conn.commit)
            self._clean = True

    async def rollback(self) -> None:
        """Undo the transaction, if there may be one; also what somebody began and did not wait for."""
        self._put_off()
        if not self._clean:
            await self._execute(self._undone)
            self._clean = True

    async def take(self, how: str, *given: Any) -> Result:  # noqa: ANN401 - not `run`: before 0.22 it is a thread
        """Execute something in the thread, after what was put off."""
        if self._defers:
            self._ahead.append((how, given))
            return [], None, -1, None
        result: Result = await self._execute(self._done, self._put_off(), lambda: self._taken(how, *given))
        return result

    async def _execute(self, *given: Any, **more: Any) -> Any:  # noqa: ANN401 - aiosqlite's own way to the thread
        self._clean = False
        return await super()._execute(*given, **more)  # type: ignore[no-untyped-call]

    def _put_off(self) -> list[Work]:
        """What was put off; from now on nothing is."""
        work, self._first, self._ahead = [*self._first, *self._ahead], [], []
        return work

    def _done(self, ahead: Sequence[Work], last: Callable[[], Any]) -> Any:  # noqa: ANN401 - what `last` returns
        """In the thread: what was put off, and then the last of it."""
        if self._failed is not None:
            raise self._failed
        try:
            for how, given in ahead:
                self._taken(how, *given)
        except Exception as error:
            self._failed = error
            raise
        return last()

    def _undone(self) -> None:
        self._failed = None
        self._conn.rollback()

    def _taken(self, how: str, *given: Any) -> Result:  # noqa: ANN401 - in the thread
        cursor, count = self._conn.cursor(), 0
        try:
            for method, said in _widened(*given) if how == "executemany" else [(how, given)]:
                getattr(cursor, method)(*said)
                count += cursor.rowcount
            rows = cursor.fetchall() if cursor.description else []
            return rows, cursor.description, count, cursor.lastrowid
        finally:
            cursor.close()


def _widened(said: str, rows: Sequence[Sequence[Any]]) -> Iterator[Work]:
    """An INSERT of many rows as a few statements: for each one Python's lock is given away and waited for."""
    marks = f"({', '.join('?' * len(rows[0]))})"
    head, values, tail = said.partition(f"VALUES {marks}")
    if not (head.startswith("INSERT") and values) or marks in tail:
        yield "executemany", (said, rows)
        return
    start, many = 0, MOST_AT_ONCE
    while start < len(rows):
        while many > len(rows) - start:
            many //= 2
        part = [value for row in rows[start : start + many] for value in row]
        yield "execute", (f"{head}VALUES {', '.join([marks] * many)}{tail}", part)
        start += many


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


async def connect(path: Path, *, reads: bool) -> Connection:
    """An open connection, whose thread keeps no process alive."""
    connection = Connection(path, reads=reads)
    thread: Any = getattr(connection, "_thread", connection)  # before 0.22 it was one itself
    thread.daemon = True
    await connection
    return connection
