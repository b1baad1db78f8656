"""The tables. `client` is "" where no client is named, and the first column of every key that people's data have.

Moments are stored as whole microseconds since 1970 in UTC, so that SQLite and PostgreSQL sort and compare them alike.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    TypeDecorator,
    UniqueConstraint,
    event,
    text,
)

if TYPE_CHECKING:
    from sqlalchemy import Connection, TextClause
    from sqlalchemy.engine import Dialect

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Moment(TypeDecorator[datetime]):
    """An aware datetime as whole microseconds since 1970, UTC."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> Any:  # noqa: ANN401, ARG002
        """To an integer."""
        return None if value is None else (value - EPOCH) // timedelta(microseconds=1)

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:  # noqa: ANN401, ARG002
        """Back to a moment in UTC."""
        return None if value is None else EPOCH + timedelta(microseconds=value)


metadata = MetaData(
    naming_convention={
        "ix": "ix_%(column_0_N_label)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)
_ID = BigInteger().with_variant(Integer, "sqlite")  # SQLite counts up by itself only on INTEGER


def _id() -> Column[int]:
    return Column("id", _ID, primary_key=True, autoincrement=True)


def _client() -> Column[str]:
    return Column("client", String, nullable=False, default="")


def _set(name: str) -> TextClause:
    """Of an index that holds only the rows where this column is set."""
    return text(f"{name} IS NOT NULL")


meta = Table("meta", metadata, Column("key", String, primary_key=True), Column("value", Text, nullable=False))

shift = Table(  # which of several daemons does what only one may do
    "shift",
    metadata,
    Column("name", String, primary_key=True),
    Column("owner", String),
    Column("until", Moment),
)

source = Table(
    "source",
    metadata,
    _id(),
    _client(),
    Column("kind", String, nullable=False),
    Column("key", String, nullable=False),  # survives a rename
    Column("name", String, nullable=False),
    Column("origin", String),  # its first key, where the address was changed: what its items are known by
    Column("former", JSON),  # keys that it had before
    Column("first_poll_at", Moment),  # the moment that parts old from new; set once, never moved
    Column("validators", JSON),
    Column("cursor", Text),
    Column("stream_cursor", Text),  # of what is pushed, apart from that of the polls
    Column("parser", String),  # pinned: a change of parser never alerts
    Column("due_at", Moment),
    Column("state", String, nullable=False, default="new"),
    Column("reason", JSON),
    Column("state_since", Moment),
    Column("failures", Integer, nullable=False, default=0),
    Column("last_ok_at", Moment),
    Column("last_item_at", Moment),
    Column("heard", JSON),  # what is learned about its rhythm (`smwatch.habits`)
    Column("pushed_until", Moment),  # a hub announces what is new, as long as its lease lasts
    Column("trouble", JSON),  # how it fails, how often in a row, since when
    Column("introduced_at", Moment),  # when the look-back over its first round was planned
    Column("paused_at", Moment),  # a person lets it rest
    Column("paused_until", Moment),  # NULL: until it is resumed
    Column("owner", String),  # the daemon that polls it now, where several share the store
    Column("lease_until", Moment),  # by the store's clock; after it another may poll
    Column("fence", BigInteger, nullable=False, server_default="0"),  # counts claims: only the last one may write
    UniqueConstraint("client", "kind", "key"),
)

websub = Table(  # what feeds' hubs were asked for (`smwatch.store.websub`)
    "websub",
    metadata,
    Column("source_id", ForeignKey("source.id", ondelete="CASCADE"), primary_key=True),
    Column("token", String, nullable=False, unique=True),
    Column("secret", String, nullable=False),
    Column("hub", Text, nullable=False),
    Column("topic", Text, nullable=False),
    Column("state", String, nullable=False),
    Column("since", Moment),
    Column("until", Moment),
    Column("tries", Integer, nullable=False, default=0),
    Column("again", Moment),
)

seen = Table(
    "seen",
    metadata,
    Column("source_id", ForeignKey("source.id", ondelete="CASCADE"), primary_key=True),
    Column("id_hmac", String, primary_key=True),  # ids carry handles, so keyed hashes
    Column("content_hash", String, nullable=False),
    Column("title_hash", String, nullable=False, default=""),
    Column("url_hash", String, nullable=False, default=""),
    Column("first_seen", Moment, nullable=False),
    Column("last_listed", Moment, nullable=False),
    Column("edits", Integer, nullable=False, default=0),
)

author = Table(
    "author",
    metadata,
    _id(),
    _client(),
    Column("platform", String, nullable=False),
    Column("native_key", String, nullable=False),  # native id, else handle, else name
    Column("native_id", String),
    Column("handle", String),
    Column("name", String),
    Column("url", Text),
    Column("followers", BigInteger),
    UniqueConstraint("client", "platform", "native_key"),
)

item = Table(
    "item",
    metadata,
    _id(),
    _client(),
    Column("source_id", ForeignKey("source.id", ondelete="CASCADE"), nullable=False),
    Column("id_hmac", String, nullable=False),
    Column("native_id", Text, nullable=False),
    Column("url", Text, nullable=False),
    Column("title", Text, nullable=False),
    Column("lead", Text, nullable=False),
    Column("text", Text, nullable=False),
    Column("kind", String, nullable=False),
    Column("author_id", ForeignKey("author.id")),
    Column("lang", String),
    Column("lang_guessed", Boolean, nullable=False, default=False),
    Column("published", Moment),
    Column("updated", Moment),
    Column("more", JSON),  # engagement, parent and root id, links, attributes
    Column("seen_at", Moment, nullable=False),
    Column("expires_at", Moment),
    Column("tombstone", Moment),
    Column("edited_at", Moment),  # an edit that gather has not looked at yet
    UniqueConstraint("source_id", "id_hmac"),
    Index("ix_item_expires_at", "expires_at"),
    Index("ix_item_edited_at", "edited_at", sqlite_where=_set("edited_at")),
)

item_alias = Table(
    "item_alias",
    metadata,
    Column("source_id", ForeignKey("source.id", ondelete="CASCADE"), primary_key=True),
    Column("id_hmac", String, primary_key=True),  # a further id, or its author's, by which the source may call it gone
    Column("item_id", ForeignKey("item.id", ondelete="CASCADE"), primary_key=True),
    Index("ix_item_alias_item_id", "item_id"),
)

watch = Table(
    "watch",
    metadata,
    _id(),
    _client(),
    Column("name", String, nullable=False),
    Column("query_hash", String, nullable=False),
    Column("version", Integer, nullable=False, default=1),
    Column("changed_at", Moment, nullable=False),  # creation or last change of the query
    Column("active", Boolean, nullable=False, default=True),
    UniqueConstraint("client", "name"),
)

story = Table(
    "story",
    metadata,
    _id(),
    _client(),
    Column("first_item", String, nullable=False),  # identity of the first item: source key and id_hmac
    Column("first_at", Moment, nullable=False),
    Column("last_at", Moment, nullable=False),
    Column("closed_at", Moment),
    Index("ix_story_client_last_at", "client", "last_at"),
    Index("ix_story_client_first_item", "client", "first_item"),
)

mention = Table(
    "mention",
    metadata,
    _id(),
    _client(),
    Column("watch_id", ForeignKey("watch.id"), nullable=False),
    Column("item_id", ForeignKey("item.id", ondelete="CASCADE"), nullable=False),
    Column("query_version", Integer, nullable=False),
    Column("spans", JSON, nullable=False),
    Column("priority", String, nullable=False),
    Column("old", Boolean, nullable=False, default=False),
    Column("late", Boolean, nullable=False, default=False),
    Column("lost", Boolean, nullable=False, default=False),  # an edit took the match away
    Column("story_id", ForeignKey("story.id")),  # NULL is the durable to-do of gather
    Column("tie", String),  # why it belongs to its story: a word for counting …
    Column("tie_reason", JSON),  # … and a sentence
    Column("tied_to", _ID),  # the item that it goes with
    Column("raised_at", Moment),  # an edit made it more urgent, and gather has not looked at it yet
    Column("seen_at", Moment, nullable=False),
    Column("reason", JSON),
    UniqueConstraint("watch_id", "item_id"),
    Index("ix_mention_story_id", "story_id"),
    Index("ix_mention_seen_at", "seen_at"),
    Index("ix_mention_raised_at", "raised_at", sqlite_where=_set("raised_at")),
)

inbox = Table(
    "inbox",
    metadata,
    _id(),
    _client(),
    Column("sender", String, nullable=False),  # kind and key of the source
    Column("delivery_id", String, nullable=False),  # the sender's own; the body's hash where it has none
    Column("body_hash", String, nullable=False),
    Column("raw", LargeBinary),  # gone once it is unpacked
    Column("headers", JSON),
    Column("received_at", Moment, nullable=False),
    Column("state", String, nullable=False, default="waiting"),  # waiting, done, refused
    Column("attempts", Integer, nullable=False, default=0),
    Column("not_before", Moment),
    Column("problem", JSON),
    UniqueConstraint("client", "sender", "delivery_id"),
    UniqueConstraint("client", "sender", "body_hash"),
    Index("ix_inbox_state", "state"),
)

fingerprint = Table(
    "fingerprint",
    metadata,
    _id(),
    _client(),
    Column("kind", String, nullable=False),  # "link", "text", "thread", "title", "shares", "grams"
    Column("hash", String, nullable=False),
    Column("grams", LargeBinary),  # hashes of four bytes each
    Column("item_id", ForeignKey("item.id", ondelete="CASCADE"), nullable=False),
    Column("story_id", ForeignKey("story.id", ondelete="CASCADE"), nullable=False),
    Column("at", Moment, nullable=False),
    UniqueConstraint("client", "kind", "hash", "item_id"),
    Index("ix_fingerprint_client_at", "client", "at"),
)

card = Table(
    "card",
    metadata,
    _id(),
    _client(),
    Column("story_id", ForeignKey("story.id", ondelete="CASCADE"), nullable=False),
    Column("channel", String, nullable=False),
    Column("priority", String, nullable=False),
    Column("wanted", Integer, nullable=False, default=1),  # revision of the state to show
    Column("shown", Integer, nullable=False, default=0),  # revision that the channel acknowledged
    Column("asked", Integer),  # revision that somebody's click wants to see at once, whatever the interval
    Column("reason", JSON),  # why this channel gets it
    Column("first_at", Moment, nullable=False),
    Column("changed_at", Moment, nullable=False),
    Column("edited_at", Moment),
    # the post that carries it
    Column("generation", Integer, nullable=False, default=0),
    Column("key", String, nullable=False),
    Column("receipt", JSON),
    Column("state", String, nullable=False, default="waiting"),  # waiting, sending, sent
    Column("unsure_at", Moment),  # when an answer was lost last: look up before posting again
    Column("first_attempt_at", Moment),
    Column("attempts", Integer, nullable=False, default=0),
    Column("not_before", Moment),
    Column("problem", JSON),  # the last failure, in words
    UniqueConstraint("client", "story_id", "channel"),
    Index("ix_card_channel_state", "channel", "state"),
)

post = Table(
    "post",
    metadata,
    _id(),
    _client(),
    Column("key", String, nullable=False, unique=True),
    Column("channel", String, nullable=False),
    Column("kind", String, nullable=False),  # digest, note, summary, late, start, ops
    Column("priority", String, nullable=False),
    Column("plan", JSON, nullable=False),  # what to show; rendered when it is sent
    Column("card_id", ForeignKey("card.id", ondelete="CASCADE")),
    Column("digest_run_id", ForeignKey("digest_run.id", ondelete="CASCADE")),
    Column("created_at", Moment, nullable=False),
    Column("receipt", JSON),
    Column("state", String, nullable=False, default="waiting"),
    Column("unsure_at", Moment),
    Column("first_attempt_at", Moment),
    Column("attempts", Integer, nullable=False, default=0),
    Column("not_before", Moment),
    Column("problem", JSON),
    Index("ix_post_channel_state", "channel", "state"),
)

card_mention = Table(
    "card_mention",
    metadata,
    Column("card_id", ForeignKey("card.id", ondelete="CASCADE"), primary_key=True),
    Column("mention_id", ForeignKey("mention.id", ondelete="CASCADE"), primary_key=True),
    Column("at", Moment, nullable=False),
)

digest_run = Table(
    "digest_run",
    metadata,
    _id(),
    Column("name", String, nullable=False),
    Column("since", Moment, nullable=False),  # covers (since, due_at] by seen_at
    Column("due_at", Moment, nullable=False),
    Column("planned_at", Moment, nullable=False),
    Column("late", Boolean, nullable=False, default=False),
    UniqueConstraint("name", "due_at"),
)

digest_mention = Table(
    "digest_mention",
    metadata,
    Column("digest_run_id", ForeignKey("digest_run.id", ondelete="CASCADE"), primary_key=True),
    Column("mention_id", ForeignKey("mention.id", ondelete="CASCADE"), primary_key=True),
)

decision = Table(
    "decision",
    metadata,
    _id(),
    Column("mention_id", ForeignKey("mention.id", ondelete="CASCADE"), nullable=False),
    Column("channel", String, nullable=False),
    Column("verdict", String, nullable=False),  # alert, hold, digest, nothing
    Column("code", String, nullable=False),  # the reason's name, for counting
    Column("reason", JSON, nullable=False),
    Column("at", Moment, nullable=False),
    Index("ix_decision_at", "at"),
    Index("ix_decision_mention_id", "mention_id"),
)

suspect = Table(
    "suspect",
    metadata,
    Column("source_id", ForeignKey("source.id", ondelete="CASCADE"), primary_key=True),
    Column("mark", String, primary_key=True),  # the item's keyed id
    Column("url", Text, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("problem", JSON),
    Column("at", Moment, nullable=False),
)


@event.listens_for(item, "before_create")
@event.listens_for(mention, "before_create")
def _partial(table: Table, connection: Connection, **_: object) -> None:
    """What holds for indexes of SQLite holds on PostgreSQL; said above, it would load that dialect everywhere."""
    if connection.dialect.name == "postgresql":
        for index in table.indexes:
            if (where := index.dialect_kwargs.get("sqlite_where")) is not None:
                index.dialect_kwargs["postgresql_where"] = where
