"""One feed, one channel, a slow Slack: every item is one alert; what counts is what stands in the channel."""

from __future__ import annotations

import random
import re
import sqlite3
from collections import Counter
from contextlib import closing
from datetime import UTC, datetime
from email.utils import format_datetime

import tomlkit
from daemon_process import Daemon

from smwatch.testing.servers import entry, rss

WINDOW = 400  # items that the feed lists
NAME = re.compile(r"Acme Fall (\d+)\.")


class OneFeed:
    """A feed that grows when it is told to, and the daemon that reads it."""

    def __init__(self, folder, server, slack, seed):
        self.folder, self.server, self.slack = folder, server, slack
        self.random = random.Random(seed)
        self.items = []
        self.latest = None
        self.path = folder / "smwatch.toml"

    def configure(self, store=None):
        channel = {"type": "slack", "channel": "#pr-alerts", "token": {"env": "CHAOS_TOKEN"}}
        url = self.server.url("/feed.xml")
        config = {
            "smwatch": {"store": store or f"sqlite://{self.folder}/smwatch.db", "language": "de"},
            "web": {"listen": ""},
            "channels": {"pr": {**channel, "api_url": self.slack.api_url, "max_per_hour": 0}},
            "watch": [{"name": "Acme", "query": "acme", "alert": ["pr"]}],
            "source": [{"name": "Blatt", "type": "feed", "url": url, "interval": "1s", "allow_private": True}],
        }
        self.path.write_text(tomlkit.dumps(config))
        self.publish(0)

    def publish(self, count):
        for _ in range(count):
            number, when = len(self.items), format_datetime(datetime.now(UTC))
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

    async def calm(self, daemon):
        await daemon.ready()
        await daemon.until(lambda: not self.lost(), "every item", patience=180)

    def integrity(self):
        with closing(sqlite3.connect(self.folder / "smwatch.db")) as connection:
            return connection.execute("PRAGMA integrity_check").fetchall()
