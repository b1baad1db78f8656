"""`smwatch demo`: the real daemon over a small world on loopback, and what people would get from it.

The daemon is a process of its own, started as anybody would start it; Slack is the fake one of `smwatch.testing`.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import sys
import tempfile
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from smwatch.demo.stage import Stage
from smwatch.demo.world import World, clock
from smwatch.init.place import local_zone
from smwatch.testing.fake_slack import FakeSlack
from smwatch.testing.slack_page import Reader, Shown, page

if TYPE_CHECKING:
    from asyncio.subprocess import Process
    from collections.abc import AsyncIterator

TOKEN = "SMWATCH_DEMO_TOKEN"  # noqa: S105 - the name of an environment variable
AFTER = 2.0  # seconds after the last post; on a slow machine longer, until everything was told
LOOK = 0.2  # seconds between two looks at the fake Slack
PATIENCE = 90.0  # seconds until the first message, on a slow machine
GRACE = 20.0  # seconds that the daemon has to end
CHANNEL = "pr-alerts"

CONFIG = """\
# What the demo runs with. Yours looks the same; only the addresses differ.
[smwatch]
language = "{language}"
timezone = "{timezone}"
store = "sqlite://{folder}/smwatch.db"
own_accounts = ["https://www.bergmuehle.example"]

[web]
listen = ""

[channels.pr]
type = "slack"
channel = "#pr-alerts"
token = {{ env = "{token}" }}
api_url = "{api_url}"
group_interval = "1s"

[[watch]]
name = "Bergmühle"
query = 'Bergmühle'
alert = ["pr"]
digest = ["{digest}"]
[[watch.raise]]
query = 'Rückruf OR Steinchen'
priority = "sofort"

[[watch]]
name = "{competition}"
query = 'Haferglück OR Kornhof'
digest = ["{digest}"]

[[source]]
name = "Pressespiegel"
type = "feed"
url = "{url}/pressespiegel/rss.xml"
interval = "1s"
allow_private = true

[[source]]
name = "Müsliforum"
type = "feed"
url = "{url}/muesliforum/atom.xml"
interval = "1s"
allow_private = true

[[source]]
name = "Cereal Thoughts"
type = "feed"
url = "{url}/cerealthoughts/feed.json"
interval = "1s"
allow_private = true

[digest.{digest}]
at = "08:00"
channels = ["pr"]
"""


async def run_demo(language: str, *, keep: bool = False) -> int:
    """Run it until the last post has arrived (`keep`: until Ctrl-C); the exit code."""
    stopped = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    folder = Path(tempfile.mkdtemp(prefix="smwatch-demo-"))
    stage = Stage(language, local_zone() or "Europe/Berlin")
    try:
        async with World(clock) as world, FakeSlack() as slack:
            return await _Demo(folder, world, slack, stage, stopped).play(keep=keep)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


class _Demo:
    def __init__(self, folder: Path, world: World, slack: FakeSlack, stage: Stage, stopped: asyncio.Event) -> None:
        self._folder = folder
        self._world = world
        self._slack = slack
        self._stage = stage
        self._stopped = stopped
        self._config = folder / "smwatch.toml"
        self._shown: dict[str, int] = {}

    async def play(self, *, keep: bool) -> int:
        self._write_config()
        self._stage.welcome(self._config.read_text(encoding="utf-8"))
        async with self._running("run") as daemon:
            told = await self._watch(daemon, keep=keep)
            if told and not self._stopped.is_set():
                await self._show_digest()
        if not told:
            self._stage.failed((self._folder / "run.log").read_text(encoding="utf-8"))
            return 1
        if self._stopped.is_set():
            self._stage.stopped()
        self._stage.farewell(self._keep_pages())
        return 0

    def _write_config(self) -> None:
        words = self._stage.words
        filled = CONFIG.format(
            language=self._stage.language,
            timezone=self._stage.timezone,
            folder=self._folder,
            token=TOKEN,
            api_url=self._slack.api_url,
            url=self._world.url,
            digest=words["digest"],
            competition=words["competition"],
        )
        self._config.write_text(filled, encoding="utf-8")

    @asynccontextmanager
    async def _running(self, *words: str) -> AsyncIterator[Process]:
        """A command of smwatch, in a session of its own so that only we hear Ctrl-C; ended with the block."""
        with (self._folder / f"{words[0]}.log").open("ab") as log:
            process = await asyncio.create_subprocess_exec(
                sys.executable,
                "-m",
                "smwatch",
                *words,
                "--config",
                str(self._config),
                env={**os.environ, TOKEN: self._slack.token},
                stdin=asyncio.subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        try:
            yield process
        finally:
            await _end(process)

    async def _watch(self, daemon: Process, *, keep: bool) -> bool:
        """Show what arrives until the world is told; False where the daemon ended by itself or said nothing."""
        loop = asyncio.get_running_loop()
        earliest = latest = loop.time() + PATIENCE
        while not self._stopped.is_set() and ((keep and self._world.begun) or loop.time() < latest):
            if daemon.returncode is not None:
                return False
            if self._show_new() and not self._world.begun:
                self._stage.reading()
                self._world.begin()
                earliest = loop.time() + self._world.lasts.total_seconds() + AFTER
                latest = earliest + PATIENCE
            if not keep and loop.time() >= earliest and self._everything_told():
                break
            await self._pause()
        self._show_new()
        return self._stopped.is_set() or bool(self._shown)

    def _everything_told(self) -> bool:
        told = self._slack.transcript()
        return all(title in told for title in self._world.alerting())

    async def _pause(self) -> None:
        with suppress(TimeoutError):
            await asyncio.wait_for(self._stopped.wait(), LOOK)

    def _show_new(self) -> bool:
        """Print what is new or was changed; whether there was anything."""
        news = [post for post in self._slack.posts() if self._shown.get(post.ts) != post.edits]
        for post in news:
            self._stage.message(f"#{CHANNEL}", post.body, edited=post.ts in self._shown)
            self._shown[post.ts] = post.edits
        return bool(news)

    async def _show_digest(self) -> None:
        self._stage.digest_comes()
        name = self._stage.words["digest"]
        await self._do("digest", "preview", name, "--html", str(self._folder / "digest.html"))
        await self._do("digest", "send", name)
        for _ in range(50):
            if self._show_new() or self._stopped.is_set():
                break
            await self._pause()

    async def _do(self, *words: str) -> None:
        """Run a command to its end, or until somebody presses Ctrl-C."""
        if self._stopped.is_set():
            return
        async with self._running(*words) as process:
            ends = {asyncio.ensure_future(process.wait()), asyncio.ensure_future(self._stopped.wait())}
            _, open_ends = await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
            for one in open_ends:
                one.cancel()

    def _keep_pages(self) -> dict[str, Path]:
        """The channel and the digest as pages; they outlive the demo's folder."""
        digest = self._folder / "digest.html"
        if not digest.exists():
            return {}
        home = Path(tempfile.mkdtemp(prefix="smwatch-demo-pages-"))
        shown = [Shown(body=one.body, at=_moment(one.ts), edited=bool(one.edits)) for one in self._slack.posts()]
        reader = Reader(language=self._stage.short, timezone=self._stage.timezone, now=clock())
        (home / "slack.html").write_text(page(shown, reader, channel=CHANNEL), encoding="utf-8")
        shutil.copyfile(digest, home / "digest.html")
        return {"slack": home / "slack.html", "digest": home / "digest.html"}


def _moment(ts: str) -> datetime:
    """When a message was posted, from its number."""
    return datetime.fromtimestamp(float(ts), UTC)


async def _end(process: Process) -> None:
    """End it as systemd would, and do not leave before it is gone."""
    if process.returncode is None:
        process.send_signal(signal.SIGTERM)
        with suppress(TimeoutError):
            await asyncio.wait_for(process.wait(), GRACE)
    if process.returncode is None:
        process.kill()
        await process.wait()
