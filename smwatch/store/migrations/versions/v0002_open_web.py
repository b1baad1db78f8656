"""What came with the open web, streams and cases: tables and columns that the first version did not have."""

from __future__ import annotations

from alembic import op
from sqlalchemy import inspect
from sqlalchemy.schema import CreateColumn

from smwatch.store.schema_noise import metadata

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Add what is missing (nullable, or with a server default); a fresh store has it all from the first step."""
    metadata.create_all(op.get_bind())
    standing = inspect(op.get_bind())
    for table in metadata.sorted_tables:
        known = {column["name"] for column in standing.get_columns(table.name)}
        for column in table.columns:
            if column.name not in known:
                told = CreateColumn(column).compile(dialect=op.get_bind().dialect)
                op.execute(f"ALTER TABLE {table.name} ADD COLUMN {told}")
        indexed = {index["name"] for index in standing.get_indexes(table.name)}
        for index in table.indexes:
            if index.name not in indexed:
                index.create(op.get_bind())
