"""`kill -9` of the real daemon at random moments under load: nothing is lost, nothing comes twice.

The daemon is a process of its own; publishers and the fake Slack are in this one (`killing`). What counts is what
stands in the channels in the end. Each run prints how much there was to tell and what the daemon was doing when it
was ended.

    make chaos                                              1,000 kills, as many without the history, 200 stops
    pytest tests/chaos/test_kills.py --kills 50 --seed 7    as many as you like, at other moments
    pytest tests/chaos/test_kills.py --long --minutes 10    as many as ten minutes give, in each of the three
"""

from __future__ import annotations

import asyncio
import signal
import time
from collections import Counter
from contextlib import AsyncExitStack

import pytest
from killing import HISTORY, Papers, SlowSlack, Storm

pytestmark = pytest.mark.chaos
SHORT, LONG = 3, 1000
SIDE_BY_SIDE = 8  # daemons in a long run, each with a world of its own: they mostly wait


@pytest.fixture
def kills(request, is_long):
    """How often a daemon is killed."""
    return request.config.getoption("--kills") or (LONG if is_long else SHORT)


@pytest.fixture
async def storms(tmp_path, kills, request):
    """One world, or several side by side where many kills are wanted."""
    seed, minutes = request.config.getoption("--seed"), request.config.getoption("--minutes") or 1e6
    async with AsyncExitStack() as stack:
        made = []
        for number in range(SIDE_BY_SIDE if kills >= 50 else 1):
            papers, slack = [await stack.enter_async_context(one()) for one in (Papers, SlowSlack)]
            (folder := tmp_path / str(number)).mkdir()
            storm = Storm(folder, papers, slack, seed * 1000 + number)
            storm.configure()
            storm.until = time.monotonic() + 60 * minutes
            made.append(storm)
        yield made
        for storm in made:
            storm.quiet()
            if storm.latest is not None:
                await storm.latest.close()


async def _all_end(storms, times, number):
    """So many ends at most, and a last run of each that tells what is left; how many ends there were."""
    left, done = iter(range(times)), Counter()
    async with asyncio.TaskGroup() as group:
        for storm in storms:
            group.create_task(_ends(storm, left, number, done))
    _say(storms, done)
    assert [storm.lost() for storm in storms if storm.lost()] == []
    assert [storm for storm in storms if "Traceback" in storm.latest.said()] == []
    return done["ends"]


async def _ends(storm, left, number, done):
    daemon = await storm.first_round()
    while time.monotonic() < storm.until and next(left, None) is not None:
        await storm.ends(daemon, number)
        daemon = await storm.daemon()
        done["ends"] += 1
        if done["ends"] % 100 == 0:
            _say([storm], done)
    await storm.calm(daemon)
    daemon.sends(signal.SIGTERM)
    assert await daemon.ends() == 0


def _say(storms, done):
    """The figures of `make chaos`."""
    sums = Counter(done)
    for storm in storms:
        sums.update(storm.figures())
    lines = [f"{count:7} {name}" for name, count in sums.items()]
    print(f"\n{len(storms)} side by side", *lines, sep="\n", flush=True)  # noqa: T201 - see above


@pytest.mark.timeout(36000)
async def test_killed_at_random_moments_it_loses_and_repeats_nothing(storms, kills):
    await _all_end(storms, kills, signal.SIGKILL)
    assert [(storm.twice(), storm.repeated()) for storm in storms if storm.twice() or storm.repeated()] == []


@pytest.mark.timeout(36000)
async def test_where_it_cannot_ask_it_repeats_what_was_under_way_and_says_so(storms, kills):
    for storm in storms:
        storm.slack.scopes -= HISTORY
    await _all_end(storms, kills, signal.SIGKILL)
    assert [storm.unexplained() for storm in storms if storm.unexplained()] == []
    assert max(storm.most_at_risk for storm in storms) <= 1
    assert [storm.undoubted() for storm in storms if storm.undoubted()] == []


@pytest.mark.timeout(36000)
async def test_stopped_at_random_moments_it_loses_and_repeats_nothing(storms, kills):
    await _all_end(storms, max(kills // 5, 2), signal.SIGTERM)
    assert [(storm.twice(), storm.repeated()) for storm in storms if storm.twice() or storm.repeated()] == []
    assert [storm for storm in storms if storm.slack.count("conversations.history")] == []
