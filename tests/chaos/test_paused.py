"""The real daemon stopped in the middle (SIGSTOP), and a Slack that answers "too fast" or not at all for a while.

What counts is what stands in the channel in the end: nothing is lost, nothing comes twice.
"""

from __future__ import annotations

import asyncio
import signal

import pytest
from killing import SlowSlack
from one_feed import OneFeed

from smwatch.testing.fake_slack_faults import lost_reply, rate_limit, server_error
from smwatch.testing.servers import FeedServer

pytestmark = pytest.mark.chaos
POST = "chat.postMessage"
SHORT, LONG = 1, 12
FAULTS = (
    lost_reply,
    lambda: rate_limit("1"),
    lambda: rate_limit(None, page=True),
    lambda: server_error(503, store=True),
)


@pytest.fixture
def times(is_long):
    """How often it happens."""
    return LONG if is_long else SHORT


@pytest.fixture
def asleep(is_long):
    """Seconds for which the daemon is stopped: longer than the slowest call is waited for, in the long suite."""
    return 40 if is_long else 2


@pytest.fixture
async def storm(tmp_path, request):
    async with FeedServer() as server, SlowSlack() as slack:
        made = OneFeed(tmp_path, server, slack, request.config.getoption("--seed"))
        made.configure()
        yield made
        if made.latest is not None:
            await made.latest.close()


async def _whole(storm, daemon):
    await storm.calm(daemon)
    daemon.sends(signal.SIGTERM)
    assert await daemon.ends() == 0
    assert (storm.lost(), storm.twice()) == ([], [])
    assert storm.integrity() == [("ok",)]
    assert "Traceback" not in daemon.said()


@pytest.mark.timeout(1800)
async def test_stopped_and_continued_it_loses_and_repeats_nothing(storm, times, asleep):
    daemon = await storm.first_round()
    for _ in range(times):
        calls = len(storm.slack.calls)
        storm.publish(3)
        await daemon.until(lambda n=calls: len(storm.slack.calls) > n, "its first call of Slack")
        await asyncio.sleep(storm.random.random())
        daemon.sends(signal.SIGSTOP)
        await asyncio.sleep(asleep)
        daemon.sends(signal.SIGCONT)
        await daemon.until(lambda: not storm.lost(), "every item", patience=180)
    await _whole(storm, daemon)


@pytest.mark.timeout(1800)
async def test_a_slack_that_fails_again_and_again_delays_only(storm, times):
    daemon = await storm.first_round()
    for _ in range(times):
        storm.slack.fail(POST, *(fault() for fault in storm.random.sample(FAULTS, len(FAULTS))))
        storm.publish(2)
        await daemon.until(lambda: not storm.lost(), "every item", patience=180)
    await _whole(storm, daemon)
