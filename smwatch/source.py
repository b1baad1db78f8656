"""What a source plugin is made of: its card, its class, and what the core hands to it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, ClassVar, Literal, Protocol

from pydantic import ConfigDict, Field

from smwatch.entry import Duration, Plugin

if TYPE_CHECKING:
    import asyncio
    from collections.abc import AsyncIterator, Mapping, Sequence

    from structlog.typing import FilteringBoundLogger

    from smwatch.i18n import Text
    from smwatch.model import Item, Page


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """What a source can and cannot do: docs, `doctor` and the digest's footer are generated from it.

    `retention` caps how long its texts may be kept (days; None: as the config says). `blind` says in a sentence what
    it cannot see. `docs` is the vendor's API page. `gives` names query fields that its items carry besides what the
    flags say ("country", "rating", "tag", "type" …): `check` tells where a condition can never hold. `pause` is the
    least time between two requests to its host, whichever of its sources makes them.
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
    pause: timedelta = timedelta(0)
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
    def certificate_days(self) -> int | None:
        """How many whole days the server's certificate still holds; None without TLS, or where it is not verified."""

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

    async def post(
        self,
        url: str,
        *,
        json: object = None,
        data: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Response:
        """POST JSON or a form, once: it is neither repeated nor sent on to where it is redirected."""

    def lines(
        self, url: str, *, params: Mapping[str, str] | None = None, headers: Mapping[str, str] | None = None
    ) -> AsyncIterator[str]:
        """The lines of an answer that does not end (server-sent events, JSON lines), each at most 1 MiB.

        Raises Transient where the connection ends or nothing at all comes for 90 seconds, Broken for longer lines.
        """

    def websocket(
        self, url: str, *, params: Mapping[str, str] | None = None, headers: Mapping[str, str] | None = None
    ) -> AsyncIterator[str | bytes]:
        """The messages of a WebSocket (address with http or https), each at most 1 MiB; raises as `lines` does."""


class Wire(Protocol):
    """A connection for protocols that are not HTTP."""

    @property
    def reader(self) -> asyncio.StreamReader:
        """What the other side says; a line has at most 4 MiB."""

    @property
    def writer(self) -> asyncio.StreamWriter:
        """What we say."""

    @property
    def host(self) -> str:
        """Whom we speak with."""

    async def secure(self) -> None:
        """Go on encrypted (STARTTLS); raises a SourceError."""

    async def close(self) -> None:
        """Hang up at once."""


class SourceContext(Protocol):
    """What the core hands to one fetch of one source."""

    @property
    def http(self) -> Http:
        """The client, already knowing this source's `allow_private` and limits."""

    @property
    def cursor(self) -> str | None:
        """The last committed cursor: of the polls in `fetch`, of the stream in `listen`."""

    @property
    def now(self) -> datetime:
        """The start of this walk, in UTC."""

    @property
    def log(self) -> FilteringBoundLogger:
        """A logger that carries the source's name."""

    def searches(self, platform: str) -> tuple[str, ...]:
        """What to search `platform` for, on behalf of the watches that this source feeds.

        `platform` is one of the source's own `searched()`. The strings together find at least all that the watches
        match there; everything found is matched again here.
        """

    async def connect(self, host: str, port: int, *, tls: bool) -> Wire:
        """A connection behind the same address guard as `http`; raises a SourceError. Close it yourself."""

    async def parse(self, function: str, body: bytes, options: Mapping[str, Any]) -> Any:  # noqa: ANN401 - plain JSON values
        """Run `"module:function"` on (body, options) in the killable worker; its plain JSON answer.

        Raises Broken where the worker died, ran too long or the function raised.
        """

    async def allowed(self, url: str) -> bool:
        """Whether the robots.txt of its host lets us read the page (for pages; feeds are not asked about).

        Read once a day. Raises Transient while the host cannot say it: then none of its pages may be read.
        """

    async def sitemaps(self, url: str) -> tuple[str, ...]:
        """The sitemaps that the robots.txt of its host names, at most 100; raises as `allowed` does."""

    async def crawl_delay(self, url: str) -> timedelta:
        """The pause that the host asks for between two requests, at most a minute; `http` keeps it by itself.

        A walk that reads pages plans fewer of them where this is long: one that takes minutes is given up.
        """


class Source(Plugin):
    """A place that is read regularly: `[[source]]`. Subclasses add their keys, a `card`, `key()` and `fetch()`."""

    model_config = ConfigDict(ignored_types=(Card,))

    card: ClassVar[Card]
    hubs: ClassVar[bool] = False  # whether a hub may announce what is new (WebSub): `announced` reads it

    interval: Duration | None = Field(default=None, description="How often it is read; learned where it is left out.")
    allow_private: bool = Field(default=False, description="Admits addresses of your own network, http and any port.")
    licence: str | None = Field(default=None, description="Your licence for its texts.")
    tls: Literal["strict", "insecure"] = Field(
        default="strict", description='"insecure" accepts any certificate: somebody in between can change what it says.'
    )
    group: str | None = Field(default=None, description="A heading of your own, as lists of feeds (OPML) have them.")
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

    def searched(self) -> tuple[str, ...]:
        """The searches that get their strings from the watches' queries: names that the pushdown knows.

        "x", "youtube", "bluesky", "mastodon" (hashtags), "mastodon-search", "reddit", "hackernews", "gdelt".
        """
        return ()

    def fetch(self, ctx: SourceContext) -> AsyncIterator[Page]:
        """One walk over what is new; an async generator of pages. Raises a SourceError."""
        raise NotImplementedError

    def listens(self) -> bool:
        """Whether `listen` is to run beside the polls, as this source is configured."""
        return False

    def listen(self, ctx: SourceContext) -> AsyncIterator[Page]:
        """What is pushed, as pages, for as long as the connection holds; an async generator.

        Every page is a transaction of its own, and its cursor (kept apart from that of `fetch`) moves with it. The
        core starts it again, later and later, when it ends or raises a SourceError.
        """
        raise NotImplementedError

    async def announced(self, ctx: SourceContext, body: bytes, content_type: str) -> Page:
        """What a hub sent about this source, signed and read as `fetch` would; raises a SourceError."""
        raise NotImplementedError

    async def look_up(self, ctx: SourceContext, items: Sequence[Item]) -> Sequence[Item]:  # noqa: ARG002 - see below
        """The items of a page that matched, with what has to be asked for: their author, their engagement.

        Only these two are taken over. Where it raises a SourceError, the items stay as they are.
        """
        return items


class PushSource(Source):
    """A source that only listens: there is nothing to poll, and what arrives is new from the first moment."""

    def listens(self) -> bool:
        """Always."""
        return True

    async def fetch(self, ctx: SourceContext) -> AsyncIterator[Page]:  # noqa: ARG002 - nothing is asked
        """Nothing."""
        return
        yield


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What was sent to a receiver's address; `headers` are looked up without case, `body` is what came, to the byte."""

    method: str
    headers: Mapping[str, str]
    body: bytes
    now: datetime
    query: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Accepted:
    """It is kept and worked on afterwards, once: another one with the same `id` is answered like it and left out.

    `id` is the sender's own name of the delivery, "" where it has none; the same body never counts twice either.
    `headers` are those that `unpack` needs. `answer` goes back to the sender.
    """

    id: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    answer: str = "ok"


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """Nothing is kept: a handshake, or an event that nobody asked for."""

    answer: str = "ok"
    status: int = 200
    content_type: str = "text/plain"


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """It is not what the sender and we agreed on; `reason` tells the sender in a few English words."""

    status: int
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Received:
    """A delivery as it was kept, before anybody looked into it."""

    body: bytes
    headers: Mapping[str, str]
    at: datetime


class Receiver(PushSource):
    """A source that is sent to: the web server takes what comes to `/in/` and its address.

    What `accept` accepts is in the store before the sender hears of it, and unpacked afterwards, in the order of
    arrival; what cannot be unpacked is kept with the reason, and the next one goes on.
    """

    def listens(self) -> bool:
        """The web server does."""
        return False

    def address(self) -> str:
        """The last part of the path below `/in/`; unique."""
        return self.name

    def accept(self, request: Request) -> Accepted | Answered | Refused:
        """What becomes of a request, decided from it alone, in a few milliseconds. May raise SecretMissing."""
        raise NotImplementedError

    async def unpack(self, ctx: SourceContext, received: Received) -> Page:
        """The items of a delivery. Transient and RateLimited are tried again later, other SourceErrors are final."""
        raise NotImplementedError


class Enricher(Protocol):
    """Adds to an item what its source did not say (its language), before it is matched.

    One that raises leaves the item as it was.
    """

    async def enrich(self, item: Item) -> Item:
        """The item with more known about it."""
