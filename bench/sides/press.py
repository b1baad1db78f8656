"""What `bench/latency.py` puts around the daemon: feeds with news at every request, and a Slack; both note the moment.

`press.py PAGE WHICH CHANNELS` prints a line of JSON with the addresses, and one with all moments when its input ends.
Moments are seconds of the monotonic clock, which all processes of a machine share.
"""

from __future__ import annotations

import asyncio
import json
import random
import re
import sys
import time
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import TYPE_CHECKING, Any

from smwatch.testing.fake_slack import FakeSlack, Posted

if TYPE_CHECKING:
    from collections.abc import Callable

HOSTS = 40  # a feed each
WATCHES = 1000
NUMBER = re.compile(r"\bn(\d+)n\b")
ITEM = (
    "<item><guid isPermaLink='false'>n{n}n</guid><title>{title} n{n}n</title><link>https://press.example/{n}</link>"
    "<pubDate>{when}</pubDate><description>{text}</description></item>"
)
FEED = "<?xml version='1.0'?><rss version='2.0'><channel><title>Press</title><language>de</language>{}</channel></rss>"
ANSWER = "HTTP/1.1 200 OK\r\nContent-Type: application/rss+xml; charset=utf-8\r\nContent-Length: {}\r\n\r\n"


class Press:
    """Answers every request with `page` items that nobody has seen; `chosen(number)`: a watch wants it."""

    def __init__(self, page: int, chosen: Callable[[int], bool]) -> None:
        self.page = page
        self.chosen = chosen
        self.count = 0
        self.wanted: list[int] = []
        self.answers: list[tuple[float, int, int]] = []  # moment, first number, how many
        dice = random.Random(5)
        self.words = ["".join(dice.choices("bdfgklmnprstaeiou", k=8)) for _ in range(5000)]
        self.dice = dice

    def body(self) -> bytes:
        """The next items."""
        when = format_datetime(datetime.now(UTC))
        first, self.count = self.count, self.count + self.page
        rows = [self._item(number, when) for number in range(first, self.count)]
        return FEED.format("".join(rows)).encode()

    def _item(self, number: int, when: str) -> str:
        words = self.dice.choices(self.words, k=67)
        if self.chosen(number):
            words[20] = f"Acme{len(self.wanted) % WATCHES:04d}"
            self.wanted.append(number)
        return ITEM.format(n=number, title=" ".join(words[:7]), text=" ".join(words[7:]), when=when)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection, kept open."""
        try:
            while True:
                await reader.readuntil(b"\r\n\r\n")
                first, body = self.count, self.body()
                writer.write(ANSWER.format(len(body)).encode() + body)
                self.answers.append((time.monotonic(), first, self.page))
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()


class Slack(FakeSlack):
    """Notes when it accepts a message about an item."""

    def __init__(self) -> None:
        super().__init__()
        self.accepted: dict[int, float] = {}

    def _store(self, number: str, body: dict[str, Any], thread: str | None = None) -> Posted:
        posted = super()._store(number, body, thread)
        for found in NUMBER.findall(posted.text):
            self.accepted.setdefault(int(found), time.monotonic())
        return posted


def choose(how: str, seed: int) -> Callable[[int], bool]:
    """`every:250` is each 250th item, `share:0.01` a hundredth by chance."""
    kind, _, value = how.partition(":")
    if kind == "every":
        return lambda number: number % int(value) == 0
    dice, share = random.Random(seed), float(value)
    return lambda _number: dice.random() < share


async def main(page: int, how: str, channels: int) -> None:
    press = Press(page, choose(how, 3))
    server = await asyncio.start_server(press.serve, "0.0.0.0", 0, backlog=512)  # noqa: S104 - all of 127/8
    port = server.sockets[0].getsockname()[1]
    async with Slack() as slack:
        for number in range(channels):
            slack.add_channel(f"c{number}", f"C0FAKE1{number:03d}")
        urls = [f"http://127.0.1.{number + 1}:{port}/feed.xml" for number in range(HOSTS)]
        print(json.dumps({"urls": urls, "api_url": slack.api_url, "token": slack.token}), flush=True)
        await asyncio.to_thread(sys.stdin.read)
        told = {"answers": press.answers, "wanted": press.wanted, "accepted": slack.accepted}
        print(json.dumps(told), flush=True)
    server.close()


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]), sys.argv[2], int(sys.argv[3])))
