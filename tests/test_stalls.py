"""What holds the loop up is named with its line, and rests when it does so three times in an hour."""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime, timedelta

import pytest
from structlog.testing import capture_logs

from smwatch.stalls import Stall, Stalls, culprit, innermost

NOW = datetime(2026, 11, 26, 9, 0, tzinfo=UTC)
QUICK = 0.2


class Room:
    def __init__(self):
        self.now, self.rested = NOW, []

    async def rest(self, stall):
        self.rested.append(stall)

    async def stalls(self, times, *, apart=timedelta(minutes=1)):
        """A task called "poll 7" that blocks so often, each time until it was noticed."""
        stalls = Stalls(self.rest, lambda: self.now, patience=QUICK)
        running = asyncio.create_task(stalls.run())
        await asyncio.sleep(0)

        async def blocks():
            while stalls._seen is None:
                time.sleep(0.01)

        with capture_logs() as logs:
            for _ in range(times):
                await asyncio.create_task(blocks(), name="poll 7")
                while stalls._seen is not None:
                    await asyncio.sleep(0.01)
                self.now += apart
        running.cancel()
        await asyncio.wait({running})
        return [entry for entry in logs if entry["event"] == "loop_blocked"]


@pytest.fixture
def room():
    return Room()


async def test_the_culprit_is_named_with_its_line(room):
    (told,) = await room.stalls(1)
    assert (told["by"], "test_stalls.py:" in told["at"], told["seconds"] >= QUICK) == ("poll 7", True, True)
    assert room.rested == []


async def test_three_times_in_an_hour_are_enough(room):
    assert len(await room.stalls(4)) == 4
    assert [culprit(stall) for stall in room.rested] == [7]


async def test_now_and_then_is_borne(room):
    await room.stalls(4, apart=timedelta(minutes=31))
    assert room.rested == []


@pytest.mark.parametrize(("task", "number"), [("poll 7", 7), ("listen 12", 12), ("deliver", None), ("poll x", None)])
def test_only_sources_are_culprits(task, number):
    assert culprit(Stall(task=task, seconds=1.0, place="x.py:1")) == number


def test_the_line_is_the_plugins_own_where_it_calls_others():
    import sys

    assert innermost(sys._getframe(), lambda name: name.endswith("python.py")).split(":")[0].endswith("python.py")
    assert innermost(sys._getframe(), lambda _: False).split(":")[0] == __file__


def test_it_is_told_in_words():
    told = Stall(task="poll 7", seconds=1.2, place="kurier.py:9").told("Kurier").render("de")
    assert told == (
        "Kurier ruht 6 Stunden lang: Das Plugin hat smwatch dreimal angehalten, zuletzt 1.2 s lang bei kurier.py:9"
    )
