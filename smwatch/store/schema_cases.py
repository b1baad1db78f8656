"""The tables of what the team does: cases and their events, verdicts, silences, clicks on their way."""

from __future__ import annotations

from sqlalchemy import JSON, Boolean, Column, ForeignKey, Index, Integer, String, Table, Text, UniqueConstraint

from smwatch.store.schema import Moment, _client, _id, metadata

_JSON = JSON(none_as_null=True)

case_ = Table(
    "case",
    metadata,
    _id(),
    _client(),
    Column("story_id", ForeignKey("story.id", ondelete="CASCADE")),  # NULL: it came by phone or mail
    Column("title", Text, nullable=False, default=""),
    Column("link", Text, nullable=False, default=""),
    Column("status", String, nullable=False),
    Column("outcome", String, nullable=False, default=""),
    Column("priority", String, nullable=False),  # the story's when it was last open: a higher one reopens it
    Column("owner", _JSON),  # {"id", "name"}; erased 30 days after closing
    Column("by", _JSON),
    Column("opened_at", Moment, nullable=False),
    Column("changed_at", Moment, nullable=False),
    Column("begun_at", Moment),
    Column("until", Moment),
    Column("answer_by", Moment),
    Column("told", Integer, nullable=False, default=0),  # the last reminder that was planned
    UniqueConstraint("client", "story_id"),
    Index("ix_case_status_until", "status", "until"),
)

case_event = Table(
    "case_event",
    metadata,
    _id(),
    _client(),
    Column("case_id", ForeignKey("case.id", ondelete="CASCADE"), nullable=False),
    Column("move", String, nullable=False),
    Column("who", JSON, nullable=False),
    Column("at", Moment, nullable=False),
    Column("value", JSON, nullable=False),  # until, to, note, silence, mention
    Column("before", _JSON),  # the state that an undo restores; NULL where there is nothing to restore
    Column("undone", Boolean, nullable=False, default=False),
    Column("envelope_id", String, unique=True),  # of the click: one that comes twice is one event
    Index("ix_case_event_case_id", "case_id"),
)

verdict = Table(
    "verdict",
    metadata,
    _id(),
    _client(),
    Column("mention_id", ForeignKey("mention.id", ondelete="CASCADE"), nullable=False, unique=True),
    Column("verdict", String, nullable=False),  # irrelevant
    Column("who", JSON, nullable=False),
    Column("reason", Text, nullable=False, default=""),
    Column("at", Moment, nullable=False),
)

silence = Table(
    "silence",
    metadata,
    _id(),
    _client(),
    Column("scope", String, nullable=False),  # story, author, site, watch
    Column("value", String, nullable=False),  # its id, a keyed hash, a host, a name
    Column("label", Text, nullable=False, default=""),  # how people call it; never an author's name
    Column("until", Moment, nullable=False),
    Column("by", JSON, nullable=False),
    Column("reason", Text, nullable=False),
    Column("at", Moment, nullable=False),
    Column("ended_at", Moment),
    Index("ix_silence_until", "until"),
)

substitute = Table(
    "substitute",
    metadata,
    _id(),
    Column("away", JSON, nullable=False),
    Column("away_id", String, nullable=False, unique=True),
    Column("stand_in", JSON, nullable=False),
    Column("until", Moment, nullable=False),
)

envelope = Table(
    "envelope",
    metadata,
    _id(),
    Column("line", String, nullable=False),  # which app it came through
    Column("envelope_id", String, nullable=False, unique=True),
    Column("click", _JSON),  # what somebody did; NULL once it is done
    Column("at", Moment, nullable=False),
    Column("done_at", Moment),
    Index("ix_envelope_done_at", "done_at"),
)

__all__ = ["case_", "case_event", "envelope", "metadata", "silence", "substitute", "verdict"]
