"""https://www.w3.org/TR/websub/: feeds that name a hub are subscribed to there, and what it sends is taken in at once.

A hub only shortens the wait: the feed itself is read all the same, at a low rate, and decides what there is. What comes
is taken for the feed's word only when it is signed with the secret of that subscription; everything else changes
nothing. Needs `public_url`: the hub must be able to call.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import secrets
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Protocol
from urllib.parse import urlencode

import structlog
from aiolimiter import AsyncLimiter
from sqlalchemy.exc import SQLAlchemyError

from smwatch.errors import SourceError
from smwatch.fetch.walk import ways_of
from smwatch.packed import unpacked
from smwatch.receive import Reply
from smwatch.store import sources as source_store
from smwatch.store import websub as subscriptions
from smwatch.store.websub import Subscription

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping
    from contextlib import AbstractAsyncContextManager

    from smwatch.model import Page
    from smwatch.pipeline import Polled
    from smwatch.plugin import Source, SourceContext
    from smwatch.source import Request
    from smwatch.store.db import Store
    from smwatch.store.sources import SourceRow

log = structlog.get_logger(__name__)

LEASE = timedelta(days=10)  # asked for; the hub decides
SHORTEST, LONGEST = timedelta(seconds=5), timedelta(days=366)  # of a lease that is believed
RENEWED = 0.8  # of the lease
UNANSWERED = timedelta(minutes=10)  # after which a hub that did not verify is asked again
MOST = timedelta(days=1)  # between two tries
LEAVING = timedelta(days=1)  # that a hub gets to confirm an end
A_MINUTE = 120  # deliveries of one hub for one source
PATIENCE = 30.0  # seconds for one delivery
TICK = 5.0
METHODS = frozenset({"sha1", "sha256", "sha384", "sha512"})
GONE = Reply(status=410, body="410: nobody subscribes here")
TAKEN = Reply(status=202, body="")


class Poster(Protocol):
    """The way to the hub."""

    async def post(
        self,
        url: str,
        body: bytes,
        *,
        headers: Mapping[str, str] | None = None,
        allow_private: bool = False,
        insecure: bool = False,
    ) -> object:
        """POST; raises a SourceError."""


class Schedule(Protocol):
    """How sources stand, and what changes about it."""

    @property
    def rows(self) -> list[SourceRow]:
        """Every source that is read."""

    def pushed(self, number: int, until: datetime | None) -> None:
        """A hub announces what is new at this source, as long as that."""


class Push(Protocol):
    """`Pipeline.push`."""

    async def __call__(self, source: Source, row: SourceRow, page: Page, *, durable: bool = False) -> Polled:
        """Keep, match and store one page."""


@dataclass(slots=True)
class Box:
    """One subscription of one source, and how much its hub may send."""

    source: Source
    row: Subscription
    room: AsyncLimiter = field(default_factory=lambda: AsyncLimiter(A_MINUTE))


def is_signed(secret: str, body: bytes, header: str) -> bool:
    """Whether `X-Hub-Signature` ("sha256=…", "sha1=…") is that of the body; compared in constant time."""
    method, _, given = header.strip().partition("=")
    if method.lower() not in METHODS:
        return False
    expected = hmac.new(secret.encode(), body, method.lower()).hexdigest()
    return hmac.compare_digest(expected.encode(), given.strip().lower().encode("utf-8", "replace"))


def is_due(one: Subscription, now: datetime) -> bool:
    """Whether the hub is to be asked (again): never asked, not answered, or four fifths of the lease are over."""
    if one.again is not None and now < one.again:
        return False
    if one.state != "active" or one.since is None or one.until is None:
        return True
    return now >= one.since + RENEWED * (one.until - one.since)


def lapsed(one: Subscription, now: datetime) -> Subscription:
    """As it is: a lease that ended without being renewed announces nothing any more, and is asked for at once."""
    is_over = one.state == "active" and one.until is not None and now >= one.until
    return replace(one, state="asked", since=None, until=None, again=None) if is_over else one


def after_asking(one: Subscription, now: datetime) -> Subscription:
    """When the hub that was asked now is asked again, should nothing come of it: later each time."""
    pause = min(UNANSWERED * float(2 ** min(one.tries, 20)), MOST)
    if one.state == "active" and one.until is not None:
        pause = min(pause, max((one.until - now) / 2, SHORTEST))  # once more before the lease is over
    return replace(one, tries=one.tries + 1, again=now + pause)


class WebSub:
    """Subscribes (`run`), answers hubs (`take`). `open_walk` makes a context, `push` stores what came."""

    def __init__(  # noqa: PLR0913 - what it needs of the world
        self,
        client: Poster,
        store: Store,
        open_walk: Callable[[Source, SourceRow, datetime], SourceContext],
        push: Push,
        schedule: Schedule,
        *,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        nap: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._store = store
        self._client = client
        self._open = open_walk
        self._push = push
        self._public_url: str | None = None
        self._schedule = schedule
        self._clock = clock
        self._nap = nap
        self._sources: dict[int, Source] = {}
        self._boxes: dict[str, Box] = {}  # by the hash of the token: looking one up tells nothing about it
        self._turns: dict[int, asyncio.Lock] = {}
        self._hubs: dict[int, tuple[object, tuple[str, str] | None]] = {}  # what a feed named, by what was read then

    def replace(self, sources: Mapping[int, Source], public_url: str | None) -> None:
        """The sources of a (new) config by id, those that rest not among them; where hubs can call, if they can."""
        self._public_url = public_url
        self._sources = {number: one for number, one in sources.items() if one.hubs}

    async def run(self) -> None:
        """Subscribe, renew and unsubscribe for ever."""
        while True:
            try:
                await self.step()
            except SQLAlchemyError as error:
                log.warning("subscriptions_not_stored", error=type(error).__name__)
            await self._nap(self._pause())

    def _pause(self) -> float:
        """Seconds until the next lease has to be looked at."""
        now, wait = self._clock(), TICK
        for box in self._boxes.values():
            if box.row.state == "active" and box.row.since and box.row.until:
                due = max(box.row.since + RENEWED * (box.row.until - box.row.since), box.row.again or now)
                wait = min(wait, max((due - now).total_seconds(), 1.0))
        return wait

    async def step(self) -> None:
        """Bring what is subscribed in line with what the feeds say now."""
        async with self._store.read() as connection:
            standing = {one.source_id: one for one in await subscriptions.all_subscriptions(connection)}
        wanted = self._wanted()
        self._boxes = {
            _mark(one.token): self._box(self._sources[number], one)
            for number, one in standing.items()
            if number in self._sources
        }
        for number, one in standing.items():
            if number not in wanted or wanted[number] != (one.hub, one.topic):
                await self._leave(one, self._sources.get(number))
        for number, (hub, topic) in wanted.items():
            new = Subscription(source_id=number, token=_random(), secret=_random(), hub=hub, topic=topic)
            known = standing.get(number, new)
            one = lapsed(known, self._clock()) if (known.hub, known.topic) == (hub, topic) else new
            if is_due(one, self._clock()):
                await self._ask(self._sources[number], one)

    def _box(self, source: Source, one: Subscription) -> Box:
        before = self._boxes.get(_mark(one.token))
        return Box(source, one, before.room) if before is not None else Box(source, one)

    def _wanted(self) -> dict[int, tuple[str, str]]:
        """Hub and topic of every source whose feed names one, once it was read."""
        if not self._public_url:
            return {}
        known, self._hubs = self._hubs, {}
        for row in self._schedule.rows:
            if row.id in self._sources and row.heard and row.first_poll_at:
                before = known.get(row.id)
                self._hubs[row.id] = before if before and before[0] is row.heard else (row.heard, _named(row.heard))
        return {number: named for number, (_, named) in self._hubs.items() if named is not None}

    async def _ask(self, source: Source, one: Subscription) -> None:
        """Ask the hub to call; what it must know again is stored before."""
        one = after_asking(one, self._clock())
        await self._keep(source, one)
        await self._send(source, one, "subscribe")

    async def _leave(self, one: Subscription, source: Source | None) -> None:
        """Ask the hub to call no more; who does not confirm it hears 410 a day later."""
        now = self._clock()
        is_over = one.state in ("asked", "denied") or (one.state == "leaving" and now >= (one.again or now))
        if is_over or source is None or not self._public_url:
            await self._drop(one)
        elif one.state != "leaving":
            one = replace(one, state="leaving", again=now + LEAVING)
            await self._keep(source, one)
            await self._send(source, one, "unsubscribe")

    async def _send(self, source: Source, one: Subscription, mode: str) -> None:
        form = {
            "hub.mode": mode,
            "hub.topic": one.topic,
            "hub.callback": f"{(self._public_url or '').rstrip('/')}/websub/{one.token}",
            "hub.lease_seconds": str(int(LEASE.total_seconds())),
            "hub.secret": one.secret,
        }
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        try:
            await self._client.post(one.hub, _form(form), headers=headers, **ways_of(source))
        except SourceError as error:
            log.warning("hub_not_asked", source=source.name, hub=one.hub, mode=mode, reason=str(error.sentence))

    async def take(self, token: str, request: Request) -> Reply:
        """What a hub hears."""
        box = self._boxes.get(_mark(token))
        if box is None:
            return GONE
        try:
            if request.method == "GET":
                return await self._verify(box, request.query)
            if request.method == "POST":
                return await self._deliver(box, request)
        except SQLAlchemyError as error:
            log.warning("delivery_not_stored", source=box.source.name, error=type(error).__name__)
            return Reply(status=503, body="503: it cannot be stored now", retry_after=60)
        return Reply(status=405, body="405: GET or POST")

    async def _verify(self, box: Box, query: Mapping[str, str]) -> Reply:
        """The hub asks whether we mean it: only for what we have asked for."""
        mode, one, now = query.get("hub.mode"), box.row, self._clock()
        if query.get("hub.topic") != one.topic:
            return Reply(status=404, body="404: not asked for")
        challenge = Reply(status=200, body=query.get("hub.challenge", ""))
        if mode == "denied":
            log.warning("hub_denied", source=box.source.name, hub=one.hub, reason=query.get("hub.reason", "")[:200])
            await self._keep(box.source, replace(one, state="denied", again=now + MOST))
            return Reply(status=200, body="")
        if mode == "subscribe" and one.state != "leaving":
            lease = _lease(query.get("hub.lease_seconds"))
            box.row = replace(one, state="active", since=now, until=now + lease, tries=0, again=None)
            await self._keep(box.source, box.row)
            log.info("hub_announces", source=box.source.name, hub=one.hub, seconds=int(lease.total_seconds()))
            return challenge
        if mode == "unsubscribe" and one.state == "leaving":
            await self._drop(one)
            return challenge
        return Reply(status=404, body="404: not asked for")

    async def _deliver(self, box: Box, request: Request) -> Reply:
        """Content of the feed; what is not signed is answered likewise, and forgotten."""
        if not box.room.has_capacity():
            return Reply(status=429, body="429: too many at once", retry_after=1)
        await box.room.acquire()
        if box.row.state == "leaving":
            return GONE
        if not is_signed(box.row.secret, request.body, request.headers.get("X-Hub-Signature", "")):
            log.warning("delivery_not_signed", source=box.source.name, hub=box.row.hub)
            return TAKEN
        async with self._turn(box.row.source_id):
            return await self._take_in(box, request)

    async def _take_in(self, box: Box, request: Request) -> Reply:
        async with self._store.read() as connection:
            row = await source_store.get(connection, box.row.source_id)
        if row is None:
            return GONE
        try:
            async with asyncio.timeout(PATIENCE):
                walk = self._open(box.source, row, self._clock())
                page = await box.source.announced(walk, request.body, request.headers.get("Content-Type", ""))
        except (SourceError, TimeoutError) as error:  # the poll will tell
            log.warning("delivery_not_read", source=box.source.name, reason=str(error))
            return TAKEN
        polled = await self._push(box.source, row, page, durable=True)
        log.info("delivery_taken", source=box.source.name, items=polled.listed, new=polled.fresh)
        return TAKEN

    def _turn(self, number: int) -> AbstractAsyncContextManager[None]:
        return self._turns.setdefault(number, asyncio.Lock())

    async def _keep(self, source: Source, one: Subscription) -> None:
        async with self._store.write(durable=True) as connection:
            await subscriptions.put(connection, one)
        self._boxes = {mark: box for mark, box in self._boxes.items() if box.row.source_id != one.source_id} | {
            _mark(one.token): self._box(source, one)
        }
        self._schedule.pushed(one.source_id, one.until if one.state == "active" else None)

    async def _drop(self, one: Subscription) -> None:
        async with self._store.write() as connection:
            await subscriptions.drop(connection, one.source_id)
        self._boxes.pop(_mark(one.token), None)
        self._schedule.pushed(one.source_id, None)


def _named(heard: Mapping[str, Any]) -> tuple[str, str] | None:
    """Hub and topic that a feed names; None where it names none."""
    said = unpacked(heard)
    return (str(said["hub"]), str(said["topic"])) if said.get("hub") and said.get("topic") else None


def _lease(said: str | None) -> timedelta:
    try:
        return min(max(timedelta(seconds=float(said or LEASE.total_seconds())), SHORTEST), LONGEST)
    except (ValueError, OverflowError):
        return LEASE


def _mark(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()


def _random() -> str:
    return secrets.token_urlsafe(32)


def _form(values: Mapping[str, str]) -> bytes:
    return urlencode(values).encode()
