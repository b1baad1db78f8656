"""Brings the tables up to date when the store is opened: alembic, run by the program itself.

All missing steps and their mark are one transaction, so that a kill half-way leaves the version before. A store that a
newer smwatch has written is refused: an older one would not keep its promises on it.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.runtime.environment import EnvironmentContext
from alembic.script import ScriptDirectory
from sqlalchemy import func, inspect, select

from smwatch.errors import UserError
from smwatch.i18n import text

if TYPE_CHECKING:
    from sqlalchemy import Connection
    from sqlalchemy.ext.asyncio import AsyncEngine

_TURN = 0x736D77  # of PostgreSQL's advisory locks
SCRIPTS = Path(__file__).with_name("migrations")


def scripts() -> ScriptDirectory:
    """All migrations, oldest first in their chain."""
    config = Config()
    config.set_main_option("script_location", str(SCRIPTS))
    return ScriptDirectory.from_config(config)


async def migrate(engine: AsyncEngine) -> None:
    """Run what is missing, all of it in one transaction; raises UserError for a newer store."""
    async with engine.begin() as connection:
        await connection.run_sync(_upgrade)


def _upgrade(connection: Connection) -> None:
    if connection.dialect.name == "postgresql":  # another daemon may start at the same time
        connection.execute(select(func.pg_advisory_xact_lock(_TURN)))
    known = scripts()
    _refuse_newer(_version(connection), known)
    steps = EnvironmentContext(Config(), known, fn=lambda at, _: known._upgrade_revs("head", at))  # noqa: SLF001 - as alembic's own commands do
    steps.configure(connection=connection)
    with steps.begin_transaction():
        steps.run_migrations()


async def refuse_foreign(engine: AsyncEngine) -> None:
    """Raise UserError where the store has tables of another program, or of a newer smwatch."""
    async with engine.connect() as connection:
        _refuse_newer(await connection.run_sync(_version), scripts())


async def check_current(engine: AsyncEngine) -> None:
    """Raise UserError where the store is of another version."""
    async with engine.connect() as connection:
        at = await connection.run_sync(_version)
    known = scripts()
    _refuse_newer(at, known)
    if at != known.get_current_head():
        raise UserError(text("the store is of an older version; start “smwatch run” once to bring it up to date"))


def _version(connection: Connection) -> str | None:
    """The revision of the tables, None where there are none yet; raises UserError for another program's tables."""
    at = MigrationContext.configure(connection).get_current_revision()
    if at is None and inspect(connection).get_table_names():
        raise UserError(text("the store belongs to another program: it has tables, but none of smwatch's"))
    return at


def _refuse_newer(at: str | None, known: ScriptDirectory) -> None:
    if at is not None and at not in {step.revision for step in known.walk_revisions()}:
        raise UserError(text("the store was written by a newer smwatch (version {at}); install that one", at=at))
