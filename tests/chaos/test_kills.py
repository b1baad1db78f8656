"""`kill -9` of the real daemon at random moments under load: nothing is lost, nothing comes twice.

The daemon is a process of its own; publishers and the fake Slack are in this one. Every item is one alert of its own;
what counts is what stands in the channel in the end.

    make chaos                                              200 kills and 40 stops
    pytest tests/chaos --long --kills 1000 --seed 7         as many as you like
"""

from __future__ import annotations

import asyncio
import random
import re
import signal
import sqlite3
from collections import Counter
from datetime import UTC, datetime
from email.utils import format_datetime

import pytest
import tomlkit
from daemon_process import Daemon

from smwatch.testing.fake_slack import FakeSlack
from smwatch.testing.servers import FeedServer, entry, rss

pytestmark = pytest.mark.chaos
SHORT, LONG = 5, 200
BEHIND = 8  # items that may wait: from 11 on a summary tells them, and fewer messages could come twice
EAGER = 0.8  # of the ends come after the first call of Slack
WINDOW = 400  # items that a feed lists
NAME = re.compile(r"Acme Fall (\d+)\.")


@pytest.fixture
def kills(request, is_long):
    """How often the daemon is killed."""
    return request.config.getoption("--kills") or (LONG if is_long else SHORT)


class SlowSlack(FakeSlack):
    """Takes its time before a message is kept and before it says so: that is where a daemon dies."""

    async def _serve(self, request):
        await asyncio.sleep(random.random() * 0.4)
        answer = await super()._serve(request)
        await asyncio.sleep(random.random() * 0.4)
        return answer


class Storm:
    """A publisher that never stops, a Slack, and a daemon that dies."""

    def __init__(self, folder, server, slack, seed):
        self.folder, self.server, self.slack = folder, server, slack
        self.random = random.Random(seed)
        self.items = []
        self.latest = None
        self.path = folder / "smwatch.toml"
        self.slack.paced = False
        self.slack.history_lag = 0.5

    def configure(self):
        url = self.server.url("/feed.xml")
        config = {
            "smwatch": {"store": f"sqlite://{self.folder}/smwatch.db", "language": "de"},
            "web": {"listen": ""},
            "channels": {
                "pr": {
                    "type": "slack",
                    "channel": "#pr-alerts",
                    "token": {"env": "CHAOS_TOKEN"},
                    "api_url": self.slack.api_url,
                    "max_per_hour": 0,
                }
            },
            "watch": [{"name": "Acme", "query": "acme", "alert": ["pr"]}],
            "source": [{"name": "Blatt", "type": "feed", "url": url, "interval": "1s", "allow_private": True}],
        }
        self.path.write_text(tomlkit.dumps(config))
        self.publish(0)

    def publish(self, count):
        for _ in range(count):
            number = len(self.items)
            when = format_datetime(datetime.now(UTC))
            link = f"https://blatt.example/{number}"
            self.items.append(entry(f"Acme Fall {number}.", guid=f"g{number}", link=link, published=when))
        self.server.put("/feed.xml", rss(*reversed(self.items[-WINDOW:])))

    def named(self):
        """How often each item is named in the channel: in alerts, and in summaries."""
        return Counter(int(number) for one in self.slack.posts() for number in set(NAME.findall(one.text)))

    def lost(self):
        return sorted(set(range(len(self.items))) - set(self.named()))

    def twice(self):
        return sorted(number for number, times in self.named().items() if times > 1)

    async def daemon(self):
        self.latest = Daemon(self.path, CHAOS_TOKEN=self.slack.token)
        return await self.latest.start()

    async def first_round(self):
        daemon = await (await self.daemon()).ready()
        await daemon.until(self.slack.posts, "the look-back")
        return daemon

    async def ends(self, daemon, number):
        """Let it come to its work, and end it at a random moment of it; now and then before that."""
        calls = len(self.slack.calls)
        if len(self.lost()) < BEHIND:
            self.publish(self.random.randint(1, 3))
        await daemon.ready()
        if self.random.random() < EAGER:
            await daemon.until(lambda: len(self.slack.calls) > calls, "its first call of Slack")
        await asyncio.sleep(self.random.random() * 2.5)
        daemon.sends(number)
        return await daemon.ends()

    async def calm(self, daemon):
        await daemon.ready()
        await daemon.until(lambda: not self.lost(), "every item", patience=180)

    def integrity(self):
        with sqlite3.connect(self.folder / "smwatch.db") as connection:
            return connection.execute("PRAGMA integrity_check").fetchall()


@pytest.fixture
async def storm(tmp_path, request):
    seed = request.config.getoption("--seed")
    async with FeedServer() as server, SlowSlack() as slack:
        made = Storm(tmp_path, server, slack, seed)
        made.configure()
        yield made
        if made.latest is not None:
            await made.latest.close()


async def _after(storm, daemon, ends):
    """Everything published is told once, and the store is whole."""
    await storm.calm(daemon)
    daemon.sends(signal.SIGTERM)
    assert await daemon.ends() == 0
    lookups = storm.slack.count("conversations.history")
    told = f"{ends} ends, {len(storm.items)} items, lost {len(storm.lost())}, twice {len(storm.twice())}"
    print(f"\n{told}, {lookups} lookups, {storm.slack.count('chat.postMessage')} posts")  # noqa: T201 - the figures of `make chaos`
    assert (storm.lost(), storm.twice()) == ([], [])
    assert storm.integrity() == [("ok",)]
    assert "Traceback" not in daemon.said()


@pytest.mark.timeout(7200)
async def test_killed_at_random_moments_it_loses_and_repeats_nothing(storm, kills):
    await storm.ends(await storm.first_round(), signal.SIGKILL)
    for _ in range(kills - 1):
        assert await storm.ends(await storm.daemon(), signal.SIGKILL) == -signal.SIGKILL
    await _after(storm, await storm.daemon(), kills)


@pytest.mark.timeout(7200)
async def test_stopped_at_random_moments_it_loses_and_repeats_nothing(storm, kills):
    stops = max(kills // 5, 2)
    await storm.ends(await storm.first_round(), signal.SIGTERM)
    for _ in range(stops - 1):
        assert await storm.ends(await storm.daemon(), signal.SIGTERM) == 0
    await _after(storm, await storm.daemon(), stops)
