"""The store's two doors: many readers, one writer.

SQLite with more than one writing connection can damage its log (a bug up to 3.51.2), so exactly one connection writes,
and it alone moves the log into the file. Leaving `write()` commits; an exception inside undoes everything.
"""

from __future__ import annotations

import asyncio
import hashlib
import os
import secrets
import sqlite3
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from functools import partial
from typing import TYPE_CHECKING, Any, Self

from sqlalchemy import event
from sqlalchemy.exc import DatabaseError, OperationalError, ResourceClosedError, SQLAlchemyError

from smwatch.errors import UserError
from smwatch.i18n import text
from smwatch.lean import bare
from smwatch.store import records
from smwatch.store.lock import Lock
from smwatch.store.migrate import check_current, migrate, refuse_foreign
from smwatch.store.place import engine_url, keep_private, make_folder, refuse_missing, sqlite_path, state_folder

with bare("sqlalchemy.ext.asyncio"):  # sessions, and with them the whole ORM: 6 MB
    from sqlalchemy.ext.asyncio.engine import create_async_engine

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable
    from pathlib import Path

    from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

KEY_BYTES = 32
_KEY_MARK = "key"
PAGES_IN_LOG = 4000  # about 16 MB; then the writer moves the log into the file
TENDED = 5.0  # seconds between two times that it is moved at a quiet moment, which keeps no transaction waiting
QUIET, TRIES = 0.005, 200  # seconds without a writer that are such a moment, and how often it is waited for
_ALWAYS = ("foreign_keys=ON", "busy_timeout=5000", "mmap_size=0", "temp_store=MEMORY")
_WRITER = (
    "journal_mode=WAL",
    "synchronous=NORMAL",
    "secure_delete=ON",
    f"wal_autocheckpoint={PAGES_IN_LOG}",
)
_READER = ("query_only=ON", "wal_autocheckpoint=0", "cache_size=-512")  # KiB, of each; the system keeps the file, too


class Store:
    """An open store. `key` is the secret for keyed hashes; it lies beside the store, not in its backups."""

    def __init__(self, url: str, *, key: bytes, lock: Lock | None) -> None:
        self.url = url
        self.key = key
        self._lock = lock
        self._turn = asyncio.Lock()
        self._closed = False
        self._written: float | None = None  # when the last transaction ended that is not moved into the file yet
        self._reader = _engine(url, _READER, size=4)
        self._writer = _engine(url, _WRITER, size=1) if lock else None

    @classmethod
    async def open(cls, url: str) -> Self:
        """Open for writing: take the lock, make what is missing, bring the tables up to date.

        Raises UserError: a folder that cannot be written, another daemon, a newer store.
        """
        folder, path = state_folder(url), sqlite_path(url)
        make_folder(folder)
        store = cls(url, key=_key(folder), lock=Lock(folder / "smwatch.lock").take())
        if path is not None:
            path.touch(mode=0o600)
        await store._or_closed(store._upgrade())
        if path is not None:
            keep_private(path)
        return store

    @classmethod
    async def open_to_read(cls, url: str) -> Self:
        """Open beside a running daemon; raises UserError where there is no store yet, or a newer one."""
        refuse_missing(sqlite_path(url))
        store = cls(url, key=_key(state_folder(url), make=False), lock=None)
        await store._or_closed(check_current(store._reader))
        return store

    async def _or_closed(self, opening: Awaitable[None]) -> None:
        """Whatever keeps it from being opened closes it again; a file that is no store is told in a sentence."""
        try:
            await opening
        except BaseException as error:
            await self.close()
            if isinstance(error, DatabaseError) and not isinstance(error, OperationalError):
                told = text(
                    "{url} is damaged, or no store of smwatch: {error}; put a backup in its place, or move it"
                    " away to begin anew",
                    url=self.url,
                    error=str(error.orig),
                )
                raise UserError(told) from error
            raise

    async def _upgrade(self) -> None:
        await refuse_foreign(self._reader)  # before the writer touches it
        if self._writer is not None:
            await migrate(self._writer)
            if self.shared:
                await self._refuse_another_key()

    async def _refuse_another_key(self) -> None:
        """Daemons that share a store need one key: with another, everything that is known would look new."""
        mark = hashlib.sha256(b"smwatch" + self.key).hexdigest()[:16]
        async with self.write() as connection:
            known = await records.get(connection, _KEY_MARK)
            if known is None:
                await records.put(connection, _KEY_MARK, mark)
        if known not in (None, mark):
            place = str(state_folder(self.url) / "store.key")
            raise UserError(text("the store belongs to another store.key; copy that file here: {place}", place=place))

    @property
    def shared(self) -> bool:
        """Whether daemons on other machines may work with the same store."""
        return sqlite_path(self.url) is None

    @asynccontextmanager
    async def read(self) -> AsyncIterator[AsyncConnection]:
        """A connection that cannot write; what it reads is from one moment."""
        async with self._connected(self._reader) as connection, connection.begin():
            yield connection

    @asynccontextmanager
    async def write(self, *, durable: bool = False) -> AsyncIterator[AsyncConnection]:
        """The one writer, for one transaction: take finished values in, and never await the network here.

        A `durable` one is on the disk when it is over; the others are when the next one is, or a moment later.
        """
        async with self._turn, self._connected(self._opened()) as connection:
            if durable:
                await self._pragma(connection, "synchronous=FULL")
            try:
                async with connection.begin():
                    yield connection
            finally:
                self._written = asyncio.get_running_loop().time()
                if durable:
                    await self._pragma(connection, "synchronous=NORMAL")

    async def tend(self) -> None:
        """For ever: have what was written in the file soon, and not only when the log is full and somebody waits."""
        while True:
            await asyncio.sleep(TENDED)
            with suppress(
                sqlite3.Error, SQLAlchemyError, OSError
            ):  # a full disk: SQLite tries again when the log is full
                await self.tidy()

    async def tidy(self) -> None:
        """Move the log into the file at a quiet moment; without one, or where nothing was written, later.

        The disk gets the log before that, so that nobody who writes waits for as much of it.
        """
        path = sqlite_path(self.url)
        if self._written is None or path is None:
            return
        await asyncio.to_thread(_on_disk, path.with_name(f"{path.name}-wal"))
        for _ in range(TRIES):
            if self._is_quiet():
                async with self._turn, self._connected(self._opened()) as connection:
                    await self._pragma(connection, "wal_checkpoint(PASSIVE)")
                    self._written = None
                return
            await asyncio.sleep(QUIET)

    def _is_quiet(self) -> bool:
        since = self._written or 0.0
        return not self._turn.locked() and asyncio.get_running_loop().time() - since >= QUIET

    async def checkpoint(self) -> None:
        """Move the whole log into the file and cut it, so that what was erased is nowhere any more."""
        if self._writer is None or sqlite_path(self.url) is None:
            return
        async with self._turn, self._connected(self._writer) as connection:
            await self._pragma(connection, "wal_checkpoint(TRUNCATE)")

    async def _pragma(self, connection: AsyncConnection, said: str) -> None:
        """Outside of every transaction, where it has its effect; PostgreSQL is durable by itself."""
        if sqlite_path(self.url) is not None:
            driver: Any = (await connection.get_raw_connection()).driver_connection
            await (await driver.execute(f"PRAGMA {said}")).close()

    async def close(self) -> None:
        """Let go of everything; nothing is read or written after it, whoever still works."""
        async with self._turn:
            self._closed = True
            if self._writer is not None:
                await self._writer.dispose()
            await self._reader.dispose()
        if self._lock is not None:
            self._lock.release()

    @asynccontextmanager
    async def _connected(self, engine: AsyncEngine) -> AsyncIterator[AsyncConnection]:
        """A connection; a server that cannot be reached is an error of the store like all others, not the driver's."""
        self._refuse_when_closed()  # the engine would just open another connection
        async with AsyncExitStack() as stack:
            try:
                connection = await stack.enter_async_context(engine.connect())
            except SQLAlchemyError:
                raise
            except Exception as error:
                raise OperationalError("connect", None, error) from error
            stack.push_async_callback(self._drop_when_closed, connection)
            self._refuse_when_closed()
            yield connection

    def _opened(self) -> AsyncEngine:
        if self._writer is None:
            raise RuntimeError("this store is open for reading only")
        return self._writer

    def _refuse_when_closed(self) -> None:
        if self._closed:
            raise ResourceClosedError("the store is closed")

    async def _drop_when_closed(self, connection: AsyncConnection) -> None:
        """Nobody would close it any more: the pool that it goes back to has been left."""
        if self._closed:
            await connection.invalidate()


def _on_disk(log: Path) -> None:
    with log.open("rb") as file:  # SQLite locks other files, whose locks another opening would take away
        os.fsync(file.fileno())


def _key(folder: Path, *, make: bool = True) -> bytes:
    path = folder / "store.key"
    if not path.exists():
        if not make:
            return b""
        path.touch(mode=0o600)
        path.write_bytes(secrets.token_bytes(KEY_BYTES))
    return path.read_bytes()


def _engine(url: str, pragmas: tuple[str, ...], *, size: int) -> AsyncEngine:
    path, pool = sqlite_path(url), {"pool_size": size, "max_overflow": 0, "pool_timeout": 30}
    if path is None:
        return create_async_engine(engine_url(url), **pool, pool_pre_ping=True)
    from smwatch.store.driver import connect  # noqa: PLC0415 - not needed where the store lies in PostgreSQL

    reads = pragmas is _READER
    engine = create_async_engine(engine_url(url), **pool, async_creator=partial(connect, path, reads=reads))
    event.listen(engine.sync_engine, "connect", lambda raw, _: _prepare(raw, pragmas))
    begin = "BEGIN" if reads else "BEGIN IMMEDIATE"
    event.listen(engine.sync_engine, "begin", lambda one: one.connection.driver_connection.begin(begin))
    return engine


def _prepare(raw: Any, pragmas: tuple[str, ...]) -> None:  # noqa: ANN401 - the driver's connection
    raw.isolation_level = None  # we say BEGIN ourselves: the driver's own is too late for DDL and SELECT
    cursor = raw.cursor()
    for pragma in (*_ALWAYS, *pragmas):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()
