"""When an answer was lost, not only that it was: one lookup long enough after it is enough, also after a restart."""

from __future__ import annotations

from datetime import UTC, datetime

from alembic import op
from sqlalchemy import Boolean, column, inspect, update
from sqlalchemy.schema import CreateColumn

from smwatch.store.schema import card, post
from smwatch.store.schema_noise import metadata

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """What is unsure now counts as lost now; the step before may have made the new column already.

    A store whose first command was not the daemon has no `proposal` yet.
    """
    metadata.create_all(op.get_bind())
    for here in (card, post):
        known = {one["name"] for one in inspect(op.get_bind()).get_columns(here.name)}
        if "unsure_at" not in known:
            told = CreateColumn(here.c.unsure_at).compile(dialect=op.get_bind().dialect)
            op.execute(f"ALTER TABLE {here.name} ADD COLUMN {told}")
        if "unsure" in known:
            op.execute(update(here).where(column("unsure", Boolean)).values(unsure_at=datetime.now(UTC)))
            op.drop_column(here.name, "unsure")
