"""The inbox of receivers: what is sent to smwatch is kept, then answered, then unpacked, each delivery once.

The sender hears "ok" only when the delivery is on the disk, so that nothing is lost by whatever happens afterwards.
Deliveries are unpacked in the order of arrival. One that cannot be is kept with the reason, and the next one goes on.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import structlog
from aiolimiter import AsyncLimiter
from sqlalchemy.exc import SQLAlchemyError

from smwatch.brought import contained
from smwatch.errors import Broken, NotPermitted, RateLimited, SourceError, Transient
from smwatch.i18n import Text, text
from smwatch.secret import SecretMissing
from smwatch.source import Accepted, Answered, Received, Receiver, Refused
from smwatch.store import inbox
from smwatch.store import sources as source_store
from smwatch.store.ingest import id_mark
from smwatch.store.tombstones import foresee

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from smwatch.model import Page
    from smwatch.pipeline import Polled
    from smwatch.plugin import Source, SourceContext
    from smwatch.source import Request
    from smwatch.store.db import Store
    from smwatch.store.inbox import Letter
    from smwatch.store.sources import SourceRow

log = structlog.get_logger(__name__)

A_MINUTE = 1200  # deliveries of one sender
REFUSALS = 60  # a minute that get an answer of their own, and a line in the log
WAITING, BYTES = 5000, 256 * 1024 * 1024  # more is asked to come later
LATER = 60  # seconds
ATTEMPTS = 3  # then a delivery that breaks its plugin is left alone
DEATHS = 8  # then one during which the process ended so often; a kill from outside may hit anybody once or twice
PATIENCE = 30.0  # seconds for one delivery
SOONEST, LATEST = timedelta(seconds=10), timedelta(hours=1)  # between two tries of what may pass
GIVE_UP = timedelta(days=3)
LEASE = timedelta(seconds=2 * PATIENCE)  # so long a delivery belongs to one of several daemons
TICK = 5.0
AT_ONCE = timedelta(seconds=1)  # so that what arrives in the very first moment is new


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What the sender hears; `retry_after` in seconds."""

    status: int
    body: str = ""
    content_type: str = "text/plain"
    retry_after: int | None = None


def tries_again(now: datetime, received_at: datetime) -> datetime:
    """When a delivery is tried again that failed for a reason that may pass: later the longer it waits."""
    return now + min(max(now - received_at, SOONEST), LATEST)


@dataclass(slots=True)
class Box:
    """One receiver, and how much its sender may send."""

    receiver: Receiver
    row: SourceRow
    room: AsyncLimiter = field(default_factory=lambda: AsyncLimiter(A_MINUTE))
    refusals: AsyncLimiter = field(default_factory=lambda: AsyncLimiter(REFUSALS))

    @property
    def sender(self) -> tuple[str, str]:
        """Its name in the inbox."""
        return self.row.client, inbox.sender_of(self.row.kind, self.row.key)


class Inbox:
    """Takes requests (`take`) and unpacks what was kept (`run`).

    `open_walk` makes the context of one delivery, `push` stores its page; `heard(id, error)` hears of the state.
    """

    def __init__(  # noqa: PLR0913 - what it needs of the world
        self,
        store: Store,
        open_walk: Callable[[Source, SourceRow, datetime], SourceContext],
        push: Callable[[Source, SourceRow, Page], Awaitable[Polled]],
        *,
        heard: Callable[[int, SourceError | None], None] = lambda *_: None,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        nap: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._store = store
        self._open = open_walk
        self._push = push
        self._heard = heard
        self._clock = clock
        self._nap = nap
        self._boxes: dict[str, Box] = {}
        self._waiting: tuple[int, int] | None = None  # deliveries and bytes; None: not counted yet
        self._excused: Counter[int] = Counter()  # attempts that the store failed, not the delivery
        self._knock = asyncio.Event()

    async def replace(self, sources: Mapping[int, Source]) -> None:
        """The sources of a (new) config by id; what arrives at a new receiver is new from this moment on."""
        receivers = {number: one for number, one in sources.items() if isinstance(one, Receiver)}
        if receivers:
            async with self._store.write() as connection:
                for number in receivers:
                    await source_store.begin(connection, number, self._clock() - AT_ONCE)
        async with self._store.read() as connection:
            rows = {number: await source_store.get(connection, number) for number in receivers}
        before = self._boxes
        self._boxes = {
            one.address(): Box(one, row, *_limits(before.get(one.address())))
            for number, one in receivers.items()
            if (row := rows[number]) is not None
        }
        self._knock.set()

    async def take(self, address: str, request: Request) -> Reply:
        """What the sender hears; a 2xx only when the delivery is kept."""
        box = self._boxes.get(address)
        if box is None:
            return Reply(status=404, body="404: nobody receives here")
        try:
            with contained():
                verdict = box.receiver.accept(request)
        except SecretMissing as error:
            self._heard(box.row.id, NotPermitted(error.sentence))
            return Reply(status=503, body="503: not ready to receive", retry_after=LATER)
        except Exception:
            log.exception("receiver_broke", source=box.row.name)
            return Reply(status=500, body="500: the receiver failed")
        if isinstance(verdict, Refused):
            return await self._refusal(box, verdict)
        if isinstance(verdict, Answered):
            return Reply(status=verdict.status, body=verdict.answer, content_type=verdict.content_type)
        return await self._keep(box, request, verdict)

    @staticmethod
    async def _refusal(box: Box, refused: Refused) -> Reply:
        if not box.refusals.has_capacity():
            return Reply(status=429, body="429: too many refused deliveries", retry_after=LATER)
        await box.refusals.acquire()
        log.info("delivery_refused", source=box.row.name, status=refused.status, reason=refused.reason)
        return Reply(status=refused.status, body=f"{refused.status}: {refused.reason}")

    async def _keep(self, box: Box, request: Request, accepted: Accepted) -> Reply:
        if not box.room.has_capacity():
            return Reply(status=429, body="429: too many deliveries at once", retry_after=1)
        await box.room.acquire()
        try:
            if await self._is_full():
                return Reply(status=503, body="503: too much waits here already", retry_after=LATER)
            client, sender = box.sender
            is_new = await inbox.put(
                self._store,
                client=client,
                sender=sender,
                delivery_id=accepted.id.encode("utf-8", "replace").decode(),
                raw=request.body,
                headers=accepted.headers,
                now=request.now,
            )
        except SQLAlchemyError as error:  # a full disk, a locked store: the sender comes again
            log.warning("delivery_not_stored", source=box.row.name, error=type(error).__name__)
            return Reply(status=503, body="503: it cannot be stored now", retry_after=LATER)
        if is_new:
            self._count(1, len(request.body))
            self._knock.set()
        return Reply(status=200, body=accepted.answer if is_new else "duplicate")

    async def _is_full(self) -> bool:
        if self._waiting is None:
            async with self._store.read() as connection:
                self._waiting = await inbox.load(connection)
        return self._waiting[0] >= WAITING or self._waiting[1] >= BYTES

    def _count(self, letters: int, size: int) -> None:
        if self._waiting is not None:
            self._waiting = (self._waiting[0] + letters, self._waiting[1] + size)

    async def try_again(self) -> int:
        """Give what could not be unpacked another chance: a plugin or a mapping was mended; how many that is."""
        async with self._store.write() as connection:
            count = await inbox.again(connection)
        self._waiting = None
        self._knock.set()
        return count

    async def run(self) -> None:
        """Unpack for ever."""
        while True:
            self._knock.clear()
            try:
                worked = await self.step()
            except SQLAlchemyError as error:
                log.warning("inbox_not_read", error=type(error).__name__)
                await self._nap(TICK)
                continue
            if not worked:
                with suppress(TimeoutError):
                    async with asyncio.timeout(TICK):
                        await self._knock.wait()

    async def step(self) -> int:
        """Unpack the next deliveries; how many."""
        boxes = {box.sender: box for box in self._boxes.values()}
        if not boxes:
            return 0
        async with self._store.read() as connection:
            letters = await inbox.waiting(connection, self._clock(), list(boxes))
        for letter in letters:
            await self._one(boxes[letter.client, letter.sender], letter)
        return len(letters)

    async def _one(self, box: Box, letter: Letter) -> None:
        """One delivery from the inbox to its items; whatever it does, the next one goes on."""
        if letter.attempts - self._excused[letter.id] >= (ATTEMPTS if letter.problem else DEATHS):
            told = text("smwatch ended {n} times while it read it", n=letter.attempts)
            await self._refuse(box, letter, letter.problem or told)
            return
        lease = self._lease(letter)
        async with self._store.write() as connection:
            if not await inbox.try_it(connection, letter.id, self._clock(), lease):
                return  # another daemon is at it
        try:
            with contained():
                polled = await self._unpacked(box, letter)
        except (Transient, RateLimited) as error:
            self._excused[letter.id] += 1
            await self._put_off(box, letter, error.sentence, error.retry_at)
        except SourceError as error:
            await self._refuse(box, letter, error.sentence)
        except SQLAlchemyError:
            self._excused[letter.id] += 1
            raise
        except TimeoutError:
            await self._put_off(box, letter, text("it took too long"))
        except Exception as error:
            log.exception("source_broke", source=box.row.name)
            await self._put_off(box, letter, text("the plugin failed: {error}", error=type(error).__name__))
        else:
            await self._done(box, letter, polled)

    def _lease(self, letter: Letter) -> timedelta | None:
        """How long nobody else tries it, nor we after a death in between."""
        again = timedelta(seconds=2.0 ** min(letter.attempts, 6)) if letter.attempts else None
        return max(LEASE, again or LEASE) if self._store.shared else again

    async def _unpacked(self, box: Box, letter: Letter) -> Polled:
        received = Received(body=letter.raw, headers=letter.headers, at=letter.received_at)
        walk = self._open(box.receiver, box.row, self._clock())
        async with asyncio.timeout(PATIENCE):
            page = await box.receiver.unpack(walk, received)
        polled = await self._push(box.receiver, box.row, page)
        if page.deleted:
            marks = [id_mark(self._store.key, box.row.identity, one) for one in page.deleted]
            async with self._store.write() as connection:
                await foresee(connection, box.row.id, marks, self._clock())
        return polled

    async def _done(self, box: Box, letter: Letter, polled: Polled) -> None:
        async with self._store.write() as connection:
            await inbox.done(connection, letter.id)
        self._leaves(letter)
        log.info(
            "delivery_unpacked",
            source=box.row.name,
            items=polled.listed,
            new=polled.fresh,
            mentions=polled.mentions,
            seconds=round((self._clock() - letter.received_at).total_seconds(), 1),
        )
        self._heard(box.row.id, None)

    async def _put_off(self, box: Box, letter: Letter, reason: Text, asked: datetime | None = None) -> None:
        now = self._clock()
        if now - letter.received_at > GIVE_UP:
            await self._refuse(box, letter, reason)
            return
        async with self._store.write() as connection:
            await inbox.put_off(connection, letter.id, max(tries_again(now, letter.received_at), asked or now), reason)
        log.info("delivery_put_off", source=box.row.name, reason=str(reason))

    async def _refuse(self, box: Box, letter: Letter, reason: Text) -> None:
        async with self._store.write() as connection:
            await inbox.refuse(connection, letter.id, reason)
        self._leaves(letter)
        log.warning("delivery_set_aside", source=box.row.name, delivery=letter.id, reason=str(reason))
        self._heard(box.row.id, Broken(text("a delivery could not be read and is kept: {reason}", reason=reason)))

    def _leaves(self, letter: Letter) -> None:
        self._count(-1, -len(letter.raw))
        del self._excused[letter.id]


def _limits(before: Box | None) -> tuple[AsyncLimiter, ...]:
    """A reload does not fill up what a sender has used."""
    return () if before is None else (before.room, before.refusals)
