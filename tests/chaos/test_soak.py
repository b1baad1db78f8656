"""Weeks of running, a hundred times faster: nothing is left behind by an hour, a day, a digest.

make chaos    a week of the world's time with 10 feeds, and what memory grows by in it
"""

from __future__ import annotations

import asyncio
import gc
import os
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest

pytestmark = [pytest.mark.chaos, pytest.mark.timeout(3600)]
MIB = 1024 * 1024
WARM = 8  # hours until everything has happened once
WINDOW = 50  # hours until as many stories are open as there will be
A_DAY = 2 * MIB  # what memory may grow by in a day, bytes: half of it is for what the world here keeps, all messages


@dataclass(frozen=True)
class Held:
    """What the process holds: tasks, open files, bytes of its own memory."""

    tasks: int
    files: int
    memory: int

    @classmethod
    def now(cls) -> Held:
        gc.collect()
        pages = int(Path("/proc/self/statm").read_text().split()[1])
        return cls(
            len(asyncio.all_tasks()), len(list(Path("/proc/self/fd").iterdir())), pages * os.sysconf("SC_PAGE_SIZE")
        )


async def hours(world, feeds, count):
    """So many hours in which every feed has news, one of them of Acme, one feed fails and one is edited."""
    for hour in range(count):
        world.clock.jump(timedelta(hours=1))
        for number, feed in enumerate(feeds):
            about = "Acme ruft zurück" if number == hour % len(feeds) else "Der Rat tagt"
            feed.publishes(f"{about}, Nummer {world.count()}", f"Stunde {hour} bei {feed.name}")
            del feed.posts[20:]
        feeds[hour % len(feeds)].edits(feeds[hour % len(feeds)].posts[-1], text=f"anders um {hour}")
        await world.calm(queue=None)
        await world.moment()
        assert world.faults() == []
        world.server.requests.clear()  # the world's own memory
        world.slack.calls.clear()
        world.logs.entries.clear()


async def test_days_leave_nothing_behind(world, is_long):
    world.hurries = False
    feeds = [world.feed(f"Blatt {number}", interval="1h") for number in range(10 if is_long else 4)]
    world.watch("Acme", "acme")
    world.watch("Rat", "rat AND tagt", alert=None)
    world.digest()
    await world.starts()
    await world.until_true(lambda: world.slack.reads("smwatch beobachtet"), "the first round")
    await hours(world, feeds, WINDOW if is_long else WARM)
    before = Held.now()
    days = 7 if is_long else 1
    await hours(world, feeds, 24 * days)
    after = Held.now()
    print(f"\n{days} days: {before} → {after}")  # noqa: T201 - the figures
    assert len(world.alerts()) >= 20
    assert after.tasks <= before.tasks + 2  # what is being done at that moment
    assert after.files <= before.files + 2
    if is_long:  # a day is too short to tell growth from caches that fill
        assert after.memory - before.memory < A_DAY * days
