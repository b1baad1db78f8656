"""What all channels share while they deliver: the store, the renderer, the session, the clock."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

import structlog
from sqlalchemy.exc import SQLAlchemyError

from smwatch.brought import called
from smwatch.deliver.hush import Hush
from smwatch.deliver.pace import Pace
from smwatch.errors import ChannelError, Outcome
from smwatch.i18n import Text, text
from smwatch.store.jobs import Job

if TYPE_CHECKING:
    from collections.abc import Coroutine
    from contextlib import AbstractAsyncContextManager
    from datetime import timedelta

    from sqlalchemy.ext.asyncio import AsyncConnection
    from structlog.typing import FilteringBoundLogger

    from smwatch.message.model import Message

T = TypeVar("T")
STORE_PAUSE = 1.0  # seconds between tries to write down what has been sent
log: FilteringBoundLogger = structlog.get_logger("smwatch.deliver")


@dataclass(frozen=True, slots=True, kw_only=True)
class Rendered:
    """A job as people should see it now.

    `data` is the same for machines; `mentions` are the (card, mention) pairs that it shows.
    """

    message: Message
    data: Mapping[str, Any] = field(default_factory=dict)
    mentions: tuple[tuple[int, int], ...] = ()


Render = Callable[[Job], Awaitable[Rendered | None]]  # None: there is nothing left to show
Count = Callable[[str, str], None]  # one attempt at a channel has ended: "sent", "not sent", "unsure"
Tell = Callable[[str, Text | None], Awaitable[None]]  # a channel is held (why), or goes on (None)


class Store(Protocol):
    """The two doors of the store, and its secret for keyed hashes."""

    @property
    def key(self) -> bytes:
        """See `smwatch.store.db.Store`."""

    def read(self) -> AbstractAsyncContextManager[AsyncConnection]:
        """A connection to read with."""

    def write(self) -> AbstractAsyncContextManager[AsyncConnection]:
        """The one writer; leaving it commits."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """The ChannelContext of one call."""

    session: Any
    now: datetime
    log: FilteringBoundLogger


def _utc_now() -> datetime:
    return datetime.now(UTC)


async def _tell_nobody(channel: str, reason: Text | None) -> None:
    """Where nobody asked to be told."""


@dataclass(slots=True)
class Pulse:
    """When somebody last tried to write to a store that takes nothing: a full disk is no hang."""

    at: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """What a lane works with; `clock` is UTC, `pause` sleeps, `zone` is where a channel's readers are.

    `hush()` knows the silences as they are now.
    """

    store: Store
    render: Render
    session: Any = None
    clock: Callable[[], datetime] = _utc_now
    pause: Callable[[float], Awaitable[None]] = asyncio.sleep
    pace: Pace = field(default_factory=Pace)
    pulse: Pulse = field(default_factory=Pulse)
    tell: Tell = _tell_nobody
    count: Count = lambda _channel, _outcome: None
    zone: Callable[[str], str] = lambda _channel: "UTC"
    hush: Callable[[], Hush] = Hush

    def context(self, channel: str) -> Context:
        """The context for one call of `channel`."""
        return Context(session=self.session, now=self.clock(), log=log.bind(channel=channel))

    async def commit(self, change: Callable[[AsyncConnection], Awaitable[T]]) -> T:
        """Run `change` in a transaction of its own, and again until the store takes it.

        What a channel has acknowledged must never be forgotten because a disk was full for a moment.
        """
        told = False
        while True:
            try:
                async with self.store.write() as connection:
                    return await change(connection)
            except (SQLAlchemyError, OSError) as error:
                if not told:
                    log.warning("outbox_not_written", error=type(error).__name__)
                told = True
                self.pulse.at = time.monotonic()
                await self.pause(STORE_PAUSE)


_abandoned: set[asyncio.Task[Any]] = set()


async def bounded(work: Coroutine[Any, Any, T], limit: timedelta) -> T:
    """The result of `work`, or ChannelError (unsure) after `limit`.

    `asyncio.wait_for` never returns where a plugin swallows its cancellation; this does.
    """
    task = asyncio.ensure_future(called(work))
    try:
        await asyncio.wait({task}, timeout=limit.total_seconds())
    except asyncio.CancelledError:
        task.cancel()
        raise
    if task.done() and not task.cancelled():
        return task.result()
    task.cancel()
    _abandoned.add(task)
    task.add_done_callback(_forget)
    raise ChannelError(text("no answer within {n} seconds", n=int(limit.total_seconds())), outcome=Outcome.UNSURE)


def _forget(task: asyncio.Task[Any]) -> None:
    _abandoned.discard(task)
    if not task.cancelled():
        task.exception()  # read, so that asyncio does not report it
