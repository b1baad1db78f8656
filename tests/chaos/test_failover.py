"""PostgreSQL hangs up, falls and comes back under the real daemon: it goes on by itself, nothing is lost or doubled.

What counts is what stands in the channel in the end. The store's connections end while Slack is being called, and the
server is away while new items appear.
"""

from __future__ import annotations

import asyncio
import signal

import pytest
from killing import SlowSlack
from one_feed import OneFeed
from postgres_server import SAFE, running_or_skipped

from smwatch.testing.servers import FeedServer

pytestmark = pytest.mark.chaos
SHORT, LONG = 3, 50
AWAY = "OperationalError"  # the daemon has noticed that the store is away


@pytest.fixture
def times(is_long):
    """How often it happens."""
    return LONG if is_long else SHORT


@pytest.fixture(scope="module")
def postgres():
    """One of its own, which is stopped here."""
    with running_or_skipped(**SAFE) as server:
        yield server


@pytest.fixture
async def storm(postgres, tmp_path, request, monkeypatch):
    monkeypatch.setenv("STATE_DIRECTORY", str(tmp_path))
    async with FeedServer() as server, SlowSlack() as slack:
        made = OneFeed(tmp_path, server, slack, request.config.getoption("--seed"))
        made.configure(await postgres.database())
        yield made
        if made.latest is not None:
            await made.latest.close()


async def _in_the_middle(storm, daemon):
    """New items are there, and Slack is being called."""
    calls = len(storm.slack.calls)
    storm.publish(3)
    await daemon.until(lambda: len(storm.slack.calls) > calls, "its first call of Slack")
    await asyncio.sleep(storm.random.random())


async def _whole(storm, daemon):
    await daemon.until(lambda: not storm.lost(), f"every item:\n{daemon.said()}", patience=180)
    daemon.sends(signal.SIGTERM)
    assert await daemon.ends() == 0
    assert (storm.lost(), storm.twice()) == ([], [])
    assert "Traceback" not in daemon.said()


@pytest.mark.timeout(1800)
async def test_connections_that_end_in_the_middle_cost_nothing(storm, postgres, times):
    daemon = await storm.first_round()
    ended = 0
    for _ in range(times):
        await _in_the_middle(storm, daemon)
        ended += await postgres.hang_up()
        await daemon.until(lambda: not storm.lost(), "every item", patience=180)
    assert ended >= times
    await _whole(storm, daemon)


@pytest.mark.timeout(1800)
async def test_a_server_that_falls_and_comes_back_costs_nothing(storm, postgres, times):
    daemon = await storm.first_round()
    for _ in range(times):
        await _in_the_middle(storm, daemon)
        noticed = daemon.said().count(AWAY)
        await asyncio.to_thread(postgres.control, "stop", "-m", "immediate")
        try:
            storm.publish(2)
            await daemon.until(lambda n=noticed: daemon.said().count(AWAY) > n, "that the store is away")
        finally:
            await asyncio.to_thread(postgres.start)
        await daemon.until(lambda: not storm.lost(), "every item", patience=180)
    await _whole(storm, daemon)
