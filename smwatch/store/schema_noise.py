"""The table of what the program proposes, and what people made of it."""

from __future__ import annotations

from sqlalchemy import JSON, Column, Index, Integer, String, Table, Text

from smwatch.store.schema import Moment, _client, _id
from smwatch.store.schema_cases import metadata

proposal = Table(
    "proposal",
    metadata,
    _id(),
    _client(),
    Column("watch", String, nullable=False),
    Column("query", Text, nullable=False),  # the new entry of its `exclude`
    Column("kind", String, nullable=False),  # words, author, site
    Column("reason", JSON, nullable=False),
    Column("removed", Integer, nullable=False),  # mentions of the last 30 days that it would have taken out
    Column("examples", JSON, nullable=False),  # ids of a few of them
    Column("state", String, nullable=False),  # open, confirmed, applied, declined
    Column("file", Text, nullable=False, default=""),
    Column("diff", Text, nullable=False, default=""),  # what would change in the file
    Column("at", Moment, nullable=False),
    Column("by", JSON(none_as_null=True)),
    Column("decided_at", Moment),
    Index("ix_proposal_client_watch", "client", "watch"),
)

__all__ = ["metadata", "proposal"]
