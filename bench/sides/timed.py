"""The daemon of `bench/latency.py`: `timed.py FOLDER RATE PAGE SECONDS`, smwatch as it runs, with a watch in its hand.

Every loop of the daemon runs. A feed is asked whenever the schedule of the load says so, however late the ones before
it are. Prints a line of JSON: the moments (monotonic clock) at which items, and mentions with their cards, were
committed; how late the loop came; seconds of CPU.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from polling import _cpu

if TYPE_CHECKING:
    from smwatch.app import App
    from smwatch.gather import Gather
    from smwatch.pipeline import Pipeline, Polled

LOOK = 0.01  # seconds between two looks at the loop
QUIET = 2.0  # seconds between the first reading and the load: moments of feeds are whole seconds
AFTER = 5.0  # seconds in which what is left may go out


class Moments:
    """When each item was stored (`kept`), and when it lay in the outbox (`told`); by the id that its feed gave it."""

    def __init__(self) -> None:
        self.kept: dict[str, float] = {}
        self.told: dict[str, float] = {}
        self.late: list[float] = []
        self._step: list[str] = []

    def watch(self) -> None:
        """Stand behind the two transactions."""
        from smwatch import gather, pipeline  # noqa: PLC0415 - after the settings of malloc

        store, step, waiting = pipeline.Pipeline._store, gather.Gather._step, gather.stories.ungathered  # noqa: SLF001

        async def stored(one: Pipeline, harvest: Any, *given: Any, **more: Any) -> Polled:  # noqa: ANN401
            polled = await store(one, harvest, *given, **more)
            self.kept |= dict.fromkeys((fresh.item.id for fresh in harvest.fresh), time.monotonic())
            return polled

        async def stepped(one: Gather) -> int:
            self._step = []
            count = await step(one)
            self.told |= dict.fromkeys(self._step, time.monotonic())
            return count

        async def asked(*given: Any, **more: Any) -> Any:  # noqa: ANN401
            found = await waiting(*given, **more)
            self._step = [one.mention.item.id for one in found]
            return found

        pipeline.Pipeline._store = stored  # type: ignore[method-assign]  # noqa: SLF001
        gather.Gather._step = stepped  # type: ignore[method-assign]  # noqa: SLF001
        gather.stories.ungathered = asked  # type: ignore[assignment]

    async def look(self) -> None:
        """How late the loop comes, for ever."""
        while True:
            due = time.monotonic() + LOOK
            await asyncio.sleep(LOOK)
            self.late.append(max(0.0, time.monotonic() - due))


async def load(app: App, rate: float, page: int, seconds: float) -> None:
    """Ask one feed after the other, `rate` items a second altogether."""
    slots = list(app.scheduler._slots.values())  # noqa: SLF001 - as if their time had come
    began = time.monotonic()
    for number in range(round(seconds * rate / page)):
        await asyncio.sleep(max(0.0, began + number * page / rate - time.monotonic()))
        app.scheduler._push(slots[number % len(slots)], app.now())  # noqa: SLF001


async def main(folder: Path, rate: float, page: int, seconds: float) -> None:
    from smwatch import log, thrift  # noqa: PLC0415

    thrift.begin()
    sys.stderr = (folder / "log").open("w", encoding="utf-8")
    log.configure()
    from smwatch.app import App  # noqa: PLC0415
    from smwatch.config.keeper import Keeper  # noqa: PLC0415
    from smwatch.store.db import Store  # noqa: PLC0415

    moments = Moments()
    moments.watch()
    keeper = Keeper(folder / "smwatch.toml")
    keeper.start(datetime.now(UTC))
    app = App(keeper, await Store.open(keeper.config.store))
    await app.start()
    try:
        app.begin()
        thrift.settle()
        app.scheduler.poll_now()
        while not app.scheduler.first_round_over:  # noqa: ASYNC110 - nobody tells
            await asyncio.sleep(0.1)
        await asyncio.sleep(QUIET)
        looking = asyncio.create_task(moments.look())
        before, began = _spent(app), time.monotonic()
        await load(app, rate, page, seconds)
        spent, ended = _spent(app), time.monotonic()
        looking.cancel()
        await asyncio.sleep(AFTER)
    finally:
        await app.stop()
    cpu = [one - other for one, other in zip(spent, before, strict=True)]
    told = {"began": began, "ended": ended, "cpu": cpu, "kept": moments.kept, "told": moments.told}
    print(json.dumps({**told, "late": moments.late}), flush=True)


def _spent(app: App) -> tuple[float, float]:
    """Seconds of CPU: of the daemon, and of its workers."""
    return time.process_time(), sum(map(_cpu, app.pool.pids()))


if __name__ == "__main__":
    where, numbers = Path(sys.argv[1]), sys.argv[2:]
    work = main(where, float(numbers[0]), int(numbers[1]), float(numbers[2]))
    try:
        import uvloop
    except ImportError:
        asyncio.run(work)
    else:
        uvloop.run(work)
