"""All that a plugin may import.

A source plugin is a class whose fields are its TOML keys::

    from smwatch.plugin import Card, Item, Page, Source, hookimpl

    class Example(Source):
        '''https://vendor.example/api: what it reads, and what it cannot see.'''
        card = Card(…)
        url: str

        async def fetch(self, ctx):
            answer = await ctx.http.get(self.url)
            yield Page(items=…)

    @hookimpl
    def register_sources(register):
        register("example", Example)

The core owns HTTP, ids already seen, cursors, validators, back-off and budgets: no plugin keeps any of them.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal, Protocol

import pluggy
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from smwatch.errors import (
    AuthExpired,
    Broken,
    BudgetSpent,
    ChannelError,
    Gone,
    NotPermitted,
    Outcome,
    RateLimited,
    Scope,
    SourceError,
    Transient,
    UserError,
)
from smwatch.feeds import READ_FEED
from smwatch.feeds.address import read_address
from smwatch.feeds.items import feed_items
from smwatch.feeds.opml import Outline, read_opml
from smwatch.i18n import Text, text, texts
from smwatch.message.blockkit import block_kit, fallback, plain_fallback
from smwatch.message.escape import safe_url, shown_host, slack_escape, tame
from smwatch.message.mail import Mailbox, compose, mailbox, message_id
from smwatch.message.model import Message, Run
from smwatch.message.pack import packed
from smwatch.message.plain import plain_text
from smwatch.model import Author, Engagement, Item, Page, Priority
from smwatch.secret import Secret, SecretMissing

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping, Sequence

    from structlog.typing import FilteringBoundLogger

hookimpl = pluggy.HookimplMarker("smwatch")

_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
_DURATION = re.compile(r"(\d+)\s*([smhd])")


def parse_duration(value: object) -> timedelta:
    """`"10m"` and its like ("2s", "1h", "14d") as a timedelta; raises ValueError."""
    if isinstance(value, timedelta):
        return value
    found = _DURATION.fullmatch(value) if isinstance(value, str) else None
    if found is None:
        raise ValueError('a duration like "10m" (s, m, h, d)')
    return timedelta(seconds=int(found[1]) * _UNITS[found[2]])


Duration = Annotated[timedelta, BeforeValidator(parse_duration, json_schema_input_type=str)]


def parse_retry_after(value: str | None, now: datetime) -> timedelta | None:
    """A `Retry-After` header: seconds ("30", "1.5") or a date; None where it is absent or says nothing."""
    if not value:
        return None
    try:
        seconds = float(value)
    except ValueError:
        try:
            moment = parsedate_to_datetime(value)
        except ValueError:
            return None
        moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        return max(moment - now, timedelta(0))
    return timedelta(seconds=min(max(seconds, 0.0), 1e9)) if math.isfinite(seconds) else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """What a source can and cannot do: docs, `doctor` and the digest's footer are generated from it.

    `retention` caps how long its texts may be kept (days; None: as the config says). `blind` says in a sentence what
    it cannot see. `docs` is the vendor's API page. `gives` names query fields that its items carry besides what the
    flags say ("country", "rating", "tag", "type" …): `check` tells where a condition can never hold.
    """

    title: str
    docs: str
    keyword_search: bool = False
    mentions: bool = False
    comments: bool = False
    author: bool = False
    followers: bool = False
    engagement: bool = False
    push: bool = False
    reply: Literal["api", "deeplink", "none"] = "deeplink"
    retention: int | None = None
    cost: str = "free"
    approval: bool = False
    gives: tuple[str, ...] = ()
    min_interval: timedelta = timedelta(minutes=1)
    blind: Text | None = None
    example: str = ""


class Response(Protocol):
    """An answer that the guarded client has read: at most 5 MiB of decoded body."""

    @property
    def status(self) -> int:
        """The HTTP status; only 2xx and 304 arrive here, the rest is raised as a SourceError."""

    @property
    def url(self) -> str:
        """The address after redirects."""

    @property
    def headers(self) -> Mapping[str, str]:
        """Header names are looked up without case."""

    @property
    def body(self) -> bytes:
        """The decoded bytes; empty with 304."""

    @property
    def unchanged(self) -> bool:
        """304, or the same bytes as last time: nothing to parse."""


class Http(Protocol):
    """The one polite and safe way out: address guard, body cap, limits, per-host politeness."""

    async def get(
        self,
        url: str,
        *,
        params: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        conditional: bool = False,
    ) -> Response:
        """GET; with `conditional` the core adds and keeps the source's validators. Raises a SourceError."""


class SourceContext(Protocol):
    """What the core hands to one fetch of one source."""

    @property
    def http(self) -> Http:
        """The client, already knowing this source's `allow_private` and limits."""

    @property
    def cursor(self) -> str | None:
        """The last committed cursor of this source."""

    @property
    def now(self) -> datetime:
        """The start of this walk, in UTC."""

    @property
    def log(self) -> FilteringBoundLogger:
        """A logger that carries the source's name."""

    async def parse(self, function: str, body: bytes, options: Mapping[str, Any]) -> Any:  # noqa: ANN401 - plain JSON values
        """Run `"module:function"` on (body, options) in the killable worker; its plain JSON answer.

        Raises Broken where the worker died, ran too long or the function raised.
        """


class Plugin(BaseModel):
    """What sources and channels share: the class's fields are its TOML keys."""

    model_config = ConfigDict(frozen=True, extra="forbid", arbitrary_types_allowed=True, ignored_types=(Card,))

    type: str
    name: str = Field(default="", description="The name that people see; without one it is made from the address.")
    client: str | None = Field(default=None, description="For which client; clients are kept apart.")


class Source(Plugin):
    """A place that is read regularly: `[[source]]`. Subclasses add their keys, a `card`, `key()` and `fetch()`."""

    card: ClassVar[Card]

    interval: Duration | None = Field(default=None, description="How often it is read; learned where it is left out.")
    allow_private: bool = Field(default=False, description="Admits addresses of your own network, http and any port.")
    licence: str | None = Field(default=None, description="Your licence for its texts.")
    tls: Literal["strict", "insecure"] = Field(
        default="strict", description='"insecure" accepts any certificate: somebody in between can change what it says.'
    )
    note: str | None = Field(default=None, description="For yourself.")
    active: bool = Field(default=True, description="false lets it rest.")

    def key(self) -> str:
        """What identifies this source when it is renamed; unique per type and client."""
        raise NotImplementedError

    def default_name(self) -> str:
        """The name of a source that was given none."""
        return self.key()

    def expand(self, folder: str) -> Sequence[Source]:  # noqa: ARG002 - for sources that stand for several
        """The sources that this entry stands for; files are looked up from `folder`. Raises UserError."""
        return [self]

    def fetch(self, ctx: SourceContext) -> AsyncIterator[Page]:
        """One walk over what is new; an async generator of pages. Raises a SourceError."""
        raise NotImplementedError


class Enricher(Protocol):
    """Adds to an item what its source did not say (its language), before it is matched.

    One that raises leaves the item as it was.
    """

    async def enrich(self, item: Item) -> Item:
        """The item with more known about it."""


class QuietHours(BaseModel):
    """`quiet_hours = { from = "20:00", to = "07:00", except_priority = "sofort" }`."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)

    start: time = Field(alias="from")
    end: time = Field(alias="to")
    days: tuple[str, ...] = ()
    except_priority: Priority | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """Where a message stands in its channel (Slack: channel and ts; mail: Message-ID), as plain strings."""

    ref: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """One message on its way.

    `key` is deterministic and goes into the message's metadata; `kind` is "card", "note", "digest", "summary" or
    "ops". `reply_to` is the receipt of the message whose thread it belongs to. `first_attempt` is set when this key
    was tried before. `data` is the same content as plain JSON values, for machines (webhook). `revision` counts the
    states of one card. `possible_duplicate` marks a repeat after an answer was lost; the message already says so.
    """

    key: str
    kind: str
    message: Message
    reply_to: Receipt | None = None
    first_attempt: datetime | None = None
    data: Mapping[str, Any] = field(default_factory=dict)
    revision: int = 1
    possible_duplicate: bool = False


class ChannelContext(Protocol):
    """What the core hands to a channel's call."""

    @property
    def session(self) -> Any:  # noqa: ANN401 - aiohttp's ClientSession, which the pure rooms do not import
        """The operator's own aiohttp session (proxy and CA as configured); end points of channels are trusted."""

    @property
    def now(self) -> datetime:
        """The moment of this attempt, in UTC."""

    @property
    def log(self) -> FilteringBoundLogger:
        """A logger that carries the channel's name."""


class Channel(Plugin):
    """A way to tell people: `[channels.NAME]`. Subclasses add their keys and say what they can.

    `send`, `edit` and `find` return a receipt or raise ChannelError: sent, surely not sent, or unsure. No channel
    retries by itself: the core does.
    """

    can_edit: ClassVar[bool] = False
    can_thread: ClassVar[bool] = False
    can_find: ClassVar[bool] = False
    pace: ClassVar[timedelta] = timedelta(seconds=1)
    patience: ClassVar[timedelta] = timedelta(seconds=30)  # a call that takes longer is given up as unsure

    group_wait: Duration = Field(default=timedelta(0), description="How long a new story waits for more sources.")
    group_interval: Duration = Field(
        default=timedelta(minutes=1), description="The least time between two changes of one message."
    )
    max_per_hour: int = Field(
        default=60, ge=0, description="Beyond it everything but the urgent goes into one summary; 0: no limit."
    )
    quiet_hours: QuietHours | None = Field(
        default=None, description="When nothing is told, and which priority is told all the same."
    )
    fallback: str | None = Field(default=None, description="The channel that is told where this one does not work.")
    shared: bool = Field(default=False, description="It may be told of several clients.")
    language: str | None = Field(default=None, description="The language of its messages.")
    timezone: str | None = Field(default=None, description="The time zone of its messages.")

    def abilities(self) -> frozenset[Literal["edit", "thread", "find"]]:
        """What this channel can do as it is configured."""
        can = {"edit": self.can_edit, "thread": self.can_thread, "find": self.can_find}
        return frozenset(name for name, able in can.items() if able)  # type: ignore[misc]

    def limit_key(self) -> str:
        """What shares one pace: two entries of a config that post to the same real place return the same words."""
        return self.name

    async def check(self, ctx: ChannelContext) -> tuple[Text, ...]:  # noqa: ARG002 - for channels that can ask
        """Ask without telling anybody: what is missing, in sentences (`doctor`). Raises ChannelError."""
        return ()

    def pages(self, message: Message) -> tuple[Message, ...]:
        """`message` in parts that each fit into one post; most channels take it whole."""
        return (message,)

    async def send(self, ctx: ChannelContext, delivery: Delivery) -> Receipt:
        """Post a new message."""
        raise NotImplementedError

    async def edit(self, ctx: ChannelContext, delivery: Delivery, receipt: Receipt) -> Receipt:
        """Show the full new state in place of the old."""
        raise NotImplementedError

    async def find(self, ctx: ChannelContext, delivery: Delivery) -> Receipt | None:
        """The message that carries `delivery.key`, if an earlier attempt got through."""
        raise NotImplementedError


__all__ = [
    "READ_FEED",
    "AuthExpired",
    "Author",
    "Broken",
    "BudgetSpent",
    "Card",
    "Channel",
    "ChannelContext",
    "ChannelError",
    "Delivery",
    "Duration",
    "Engagement",
    "Enricher",
    "Field",
    "Gone",
    "Http",
    "Item",
    "Mailbox",
    "Message",
    "NotPermitted",
    "Outcome",
    "Outline",
    "Page",
    "Plugin",
    "Priority",
    "QuietHours",
    "RateLimited",
    "Receipt",
    "Response",
    "Run",
    "Scope",
    "Secret",
    "SecretMissing",
    "Source",
    "SourceContext",
    "SourceError",
    "Text",
    "Transient",
    "UserError",
    "block_kit",
    "compose",
    "fallback",
    "feed_items",
    "hookimpl",
    "mailbox",
    "message_id",
    "packed",
    "parse_duration",
    "parse_retry_after",
    "plain_fallback",
    "plain_text",
    "read_address",
    "read_opml",
    "safe_url",
    "shown_host",
    "slack_escape",
    "tame",
    "text",
    "texts",
]
