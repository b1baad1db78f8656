"""All channels at once: one lane each, woken when there is something, stopped without repeating anything."""

from __future__ import annotations

import asyncio
import time
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING

from sqlalchemy.exc import SQLAlchemyError

from smwatch.deliver.desk import Desk, log
from smwatch.deliver.lane import TICK, Lane
from smwatch.deliver.retry import LOOKUPS
from smwatch.store import outbox
from smwatch.store.waiting import forget_holds

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping
    from datetime import datetime
    from typing import Any

    from sqlalchemy.ext.asyncio import AsyncConnection

    from smwatch.deliver.desk import Count, Render, Store, Tell
    from smwatch.deliver.hush import Hush
    from smwatch.deliver.pace import Pace
    from smwatch.plugin import Channel
    from smwatch.store.waiting import Hold

GRACE = timedelta(seconds=10)  # for the call in flight when the daemon stops
LULL = 0.25  # seconds that a lane looks away in a storm: else each of a hundred new stories has it read all that waits
STORE_TROUBLE = 2.0  # seconds until a lane looks again after the store failed


class Sender:
    """Delivers what the outbox holds, one lane a channel.

    `render(job)` draws a job as it should be seen now; `tell(channel, reason)` hears when people must act on a
    channel, and None when it goes on; `count(channel, outcome)` hears of every attempt; `zone(channel)` is
    where its quiet hours count; `hush()` knows the silences. `clock`, `pause` and `pace` are for tests.
    """

    def __init__(  # noqa: PLR0913 - wiring
        self,
        store: Store,
        channels: Mapping[str, Channel],
        render: Render,
        *,
        session: Any = None,  # noqa: ANN401 - aiohttp's ClientSession
        tell: Tell | None = None,
        count: Count | None = None,
        zone: Callable[[str], str] | None = None,
        hush: Callable[[], Hush] | None = None,
        clock: Callable[[], datetime] | None = None,
        pause: Callable[[float], Awaitable[None]] | None = None,
        pace: Pace | None = None,
    ) -> None:
        given = {"tell": tell, "count": count, "zone": zone, "hush": hush, "clock": clock, "pause": pause, "pace": pace}
        chosen: dict[str, Any] = {name: value for name, value in given.items() if value is not None}
        self._desk = Desk(store=store, render=render, session=session, **chosen)
        self._lanes: dict[str, Lane] = {}
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._knocks: dict[str, asyncio.Event] = {}
        self._stopping = asyncio.Event()
        self._changed = asyncio.Event()
        self._recovered = False
        self.replace(channels)

    def replace(self, channels: Mapping[str, Channel]) -> None:
        """A new config: unchanged channels go on as they are, the others begin anew and forget why they were held."""
        kept = {name: lane for name, lane in self._lanes.items() if _same(lane.channel, channels.get(name))}
        was = self._lanes
        self._lanes = {name: kept.get(name) or Lane(channel=one, desk=self._desk) for name, one in channels.items()}
        for name, lane in self._lanes.items():
            if name in was and lane is not was[name]:
                lane.held = self._over(was[name].held)
            other = lane.channel.fallback
            lane.fallback = other if other in channels and other != lane.channel.name else None
        self._changed.set()

    def retry(self) -> None:
        """Somebody may have mended something (SIGHUP): held channels are tried at once."""
        for lane in self._lanes.values():
            lane.held = self._over(lane.held)
        self.wake()

    def _over(self, held: Hold | None) -> Hold | None:
        """A hold that ends now; it is taken back for good when a message gets through."""
        return None if held is None else replace(held, until=self._desk.clock())

    def wake(self, channel: str | None = None) -> None:
        """There is something new for `channel` (None: for any of them)."""
        for name, knock in self._knocks.items():
            if channel in (None, name):
                knock.set()

    @property
    def progress(self) -> float:
        """The oldest sign of life of all running lanes, in seconds of `time.monotonic`: for the watchdog."""
        working = [self._lanes[name].progress for name in self._tasks if name in self._lanes]
        return max(min(working, default=time.monotonic()), self._desk.pulse.at)

    async def run(self) -> None:
        """Deliver until `stop()`; a call in flight then has ten seconds to end."""
        await self._recover()
        stopping = asyncio.ensure_future(self._stopping.wait())
        try:
            while not self._stopping.is_set():
                self._changed.clear()
                await self._staff()
                changed = asyncio.ensure_future(self._changed.wait())
                await asyncio.wait({stopping, changed}, return_when=asyncio.FIRST_COMPLETED)
                changed.cancel()
        finally:
            stopping.cancel()
            await self._end(list(self._tasks.values()))
            self._tasks.clear()

    def stop(self) -> None:
        """No new work from now on; `run()` ends when the calls in flight have."""
        self._stopping.set()
        self.wake()

    async def _recover(self) -> None:
        """What was on its way when the last process ended is looked up before it is sent again."""
        if self._recovered:
            return
        self._recovered = True
        names = list(self._lanes)
        unsure = await self._desk.commit(self._found_on_its_way())
        await self._desk.commit(partial(forget_holds, channels=names))
        if unsure:
            log.info("deliveries_recovered", unsure=unsure)

    async def _staff(self) -> None:
        """One task for each lane; those of removed or changed channels end after their call in flight."""
        gone = [name for name in self._tasks if self._tasks[name].get_name() != self._badge(name)]
        ended = [self._tasks.pop(name) for name in gone]
        for name in gone:
            self._knocks.pop(name).set()
        await self._end(ended)
        for name in gone:
            await self._take_back(name)
        for name, lane in self._lanes.items():
            if name not in self._tasks:
                self._knocks[name] = asyncio.Event()
                self._tasks[name] = asyncio.create_task(self._work(lane, self._knocks[name]), name=self._badge(name))

    def _badge(self, name: str) -> str:
        return f"deliver {name} {id(self._lanes.get(name))}"

    async def _work(self, lane: Lane, knock: asyncio.Event) -> None:
        name = lane.channel.name
        while self._lanes.get(name) is lane and not self._stopping.is_set():
            lane.beat = time.monotonic()
            knock.clear()
            wait = await self._step(lane)
            if wait > 0 and lane.storm.began is not None:
                await self._desk.pause(LULL)
            if wait > 0:
                with suppress(TimeoutError):
                    async with asyncio.timeout(min(wait, TICK)):
                        await knock.wait()

    async def _step(self, lane: Lane) -> float:
        try:
            return await lane.step()
        except (SQLAlchemyError, OSError) as error:
            log.warning("outbox_not_read", channel=lane.channel.name, error=type(error).__name__)
        except Exception:  # noqa: BLE001 - one channel's delivery is a border: the other channels go on
            log.exception("delivery_broke", channel=lane.channel.name)
            await self._take_back(lane.channel.name)
        return STORE_TROUBLE

    async def _take_back(self, channel: str) -> None:
        """What a lane left on its way when it ended is unsure."""
        await self._desk.commit(self._found_on_its_way(channel))

    def _found_on_its_way(self, channel: str | None = None) -> Callable[[AsyncConnection], Awaitable[int]]:
        now = self._desk.clock()
        return partial(outbox.recover, now=now, not_before=now + LOOKUPS[0], channel=channel)

    @staticmethod
    async def _end(tasks: list[asyncio.Task[None]]) -> None:
        if not tasks:
            return
        _, late = await asyncio.wait(tasks, timeout=GRACE.total_seconds())
        for task in late:
            task.cancel()
        if late:
            await asyncio.wait(late, timeout=1)

    async def step(self) -> float:
        """One step of every lane; the seconds until the next one is worth while (0.0: at once)."""
        await self._recover()
        return min([await self._step(lane) for lane in list(self._lanes.values())], default=TICK)

    async def drain(self, limit: timedelta = timedelta(minutes=2)) -> bool:
        """Deliver what is due until nothing is left or `limit` has passed; whether everything went out."""
        end = self._desk.clock() + limit
        while self._desk.clock() < end and not self._stopping.is_set():
            wait = await self.step()
            if not await self._left():
                return True
            await self._desk.pause(min(TICK, wait))
        return not await self._left()

    async def _left(self) -> bool:
        async with self._desk.store.read() as connection:
            left = await outbox.waiting(connection)
        return any(one.channel in self._lanes and not one.quiet for one in left)


def _same(one: Channel, other: Channel | None) -> bool:
    """Whether two entries say the same, whatever a channel has learned meanwhile."""
    return other is not None and type(one) is type(other) and one.model_dump() == other.model_dump()
