"""Brings the tables up to date when the store is opened.

A new store is made whole; an older one goes through the steps that it lacks, all of them and their mark in one
transaction, so that a kill half-way leaves the version before. A store that a newer smwatch has written is refused: an
older one would not keep its promises on it. alembic is only loaded where there are steps to go: it takes 10 MB.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Column, MetaData, String, Table, func, insert, inspect, select

from smwatch.errors import UserError
from smwatch.i18n import text
from smwatch.store.schema_noise import metadata

if TYPE_CHECKING:
    from sqlalchemy import Connection
    from sqlalchemy.ext.asyncio import AsyncEngine

_TURN = 0x736D77  # of PostgreSQL's advisory locks
SCRIPTS = Path(__file__).with_name("migrations")
MARK = Table("alembic_version", MetaData(), Column("version_num", String(32), primary_key=True))


def revisions() -> tuple[str, ...]:
    """All versions of the tables, oldest first, by the names of their files (`v0002_open_web.py` is "0002")."""
    return tuple(sorted(path.name[1:5] for path in (SCRIPTS / "versions").glob("v[0-9][0-9][0-9][0-9]_*.py")))


async def migrate(engine: AsyncEngine) -> None:
    """Run what is missing, all of it in one transaction; raises UserError for a newer store."""
    async with engine.begin() as connection:
        await connection.run_sync(_upgrade)


def _upgrade(connection: Connection) -> None:
    if connection.dialect.name == "postgresql":  # another daemon may start at the same time
        connection.execute(select(func.pg_advisory_xact_lock(_TURN)))
    at = _version(connection)
    _refuse_newer(at)
    if at is None:
        metadata.create_all(connection)
        MARK.create(connection)
        connection.execute(insert(MARK).values(version_num=revisions()[-1]))
    elif at != revisions()[-1]:
        from smwatch.store.stepwise import run_steps  # noqa: PLC0415 - see above

        run_steps(connection, SCRIPTS)


async def refuse_foreign(engine: AsyncEngine) -> None:
    """Raise UserError where the store has tables of another program, or of a newer smwatch."""
    async with engine.connect() as connection:
        _refuse_newer(await connection.run_sync(_version))


async def check_current(engine: AsyncEngine) -> None:
    """Raise UserError where the store is of another version."""
    async with engine.connect() as connection:
        at = await connection.run_sync(_version)
    _refuse_newer(at)
    if at != revisions()[-1]:
        raise UserError(text("the store is of an older version; start “smwatch run” once to bring it up to date"))


def _version(connection: Connection) -> str | None:
    """The revision of the tables, None where there are none yet; raises UserError for another program's tables."""
    names = inspect(connection).get_table_names()
    at: str | None = connection.execute(select(MARK.c.version_num)).scalar() if MARK.name in names else None
    if at is None and set(names) - {MARK.name}:
        raise UserError(text("the store belongs to another program: it has tables, but none of smwatch's"))
    return at


def _refuse_newer(at: str | None) -> None:
    if at is not None and at not in revisions():
        raise UserError(text("the store was written by a newer smwatch (version {at}); install that one", at=at))
