"""The steps from an older store to today's: alembic, run by the program itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

from alembic.config import Config
from alembic.runtime.environment import EnvironmentContext
from alembic.script import ScriptDirectory

if TYPE_CHECKING:
    from pathlib import Path

    from sqlalchemy import Connection


def scripts(folder: Path) -> ScriptDirectory:
    """All migrations, oldest first in their chain."""
    config = Config()
    config.set_main_option("script_location", str(folder))
    return ScriptDirectory.from_config(config)


def run_steps(connection: Connection, folder: Path) -> None:
    """Run what is missing; the caller's transaction holds all of it."""
    known = scripts(folder)
    steps = EnvironmentContext(Config(), known, fn=lambda at, _: known._upgrade_revs("head", at))  # noqa: SLF001 - as alembic's own commands do
    steps.configure(connection=connection)
    with steps.begin_transaction():
        steps.run_migrations()
