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
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from smwatch.demo.stage import Stage
from smwatch.demo.world import World, clock
from smwatch.testing.fake_slack import FakeSlack

if TYPE_CHECKING:
    from asyncio.subprocess import Process

TOKEN = "SMWATCH_DEMO_TOKEN"  # noqa: S105 - the name of an environment variable
AFTER = 6.0  # seconds that the last post gets to arrive
LOOK = 0.25  # seconds between two looks at the fake Slack

CONFIG = """\
# What the demo runs with. Yours looks the same; only the addresses differ.
[smwatch]
language = "{language}"
store = "sqlite://{folder}/smwatch.db"
own_accounts = ["https://www.bergmuehle.example"]

[web]
listen = ""

[channels.pr]
type = "slack"
channel = "#pr-alerts"
token = {{ env = "{token}" }}
api_url = "{api_url}"
group_interval = "2s"

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
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    folder = Path(tempfile.mkdtemp(prefix="smwatch-demo-"))
    try:
        async with World(clock) as world, FakeSlack() as slack:
            return await _Demo(folder, world, slack, Stage(language)).play(stopped, keep=keep)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


class _Demo:
    def __init__(self, folder: Path, world: World, slack: FakeSlack, stage: Stage) -> None:
        self._folder = folder
        self._world = world
        self._slack = slack
        self._stage = stage
        self._config = folder / "smwatch.toml"
        self._shown: dict[str, str] = {}

    async def play(self, stopped: asyncio.Event, *, keep: bool) -> int:
        self._write_config()
        self._stage.welcome(self._config.read_text(encoding="utf-8"))
        daemon = await self._start("run")
        try:
            done = await self._watch(daemon, stopped, keep=keep)
            if done and not stopped.is_set():
                await self._show_digest()
        finally:
            await self._end(daemon)
        if not done:
            self._stage.failed((self._folder / "run.log").read_text(encoding="utf-8"))
            return 1
        self._stage.farewell(self._keep_page())
        return 0

    def _write_config(self) -> None:
        words = self._stage.words
        filled = CONFIG.format(
            language=self._stage.language,
            folder=self._folder,
            token=TOKEN,
            api_url=self._slack.api_url,
            url=self._world.url,
            digest=words["digest"],
            competition=words["competition"],
        )
        self._config.write_text(filled, encoding="utf-8")

    async def _start(self, *words: str) -> Process:
        log = (self._folder / f"{words[0]}.log").open("wb")
        with log:
            return await asyncio.create_subprocess_exec(
                sys.executable,
                "-m",
                "smwatch",
                *words,
                "--config",
                str(self._config),
                env={**os.environ, TOKEN: self._slack.token},
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    async def _watch(self, daemon: Process, stopped: asyncio.Event, *, keep: bool) -> bool:
        """Show what arrives until the world is told; False where the daemon ended by itself."""
        loop = asyncio.get_running_loop()
        end = loop.time() + self._world.ends_after.total_seconds() + AFTER
        while not stopped.is_set() and (keep or loop.time() < end):
            if daemon.returncode is not None:
                return False
            self._show_new()
            with suppress(TimeoutError):
                await asyncio.wait_for(stopped.wait(), LOOK)
        self._show_new()
        return True

    def _show_new(self) -> None:
        for post in self._slack.posts():
            if self._shown.get(post.ts) != post.text:
                self._stage.message("#pr-alerts", post.text, edited=post.ts in self._shown)
                self._shown[post.ts] = post.text

    async def _show_digest(self) -> None:
        self._stage.digest_comes()
        await (await self._start("digest", "send", self._stage.words["digest"])).wait()
        page = str(self._folder / "digest.html")
        await (await self._start("digest", "preview", self._stage.words["digest"], "--html", page)).wait()
        for _ in range(20):
            await asyncio.sleep(LOOK)
            if any(post.ts not in self._shown for post in self._slack.posts()):
                break
        self._show_new()

    def _keep_page(self) -> Path | None:
        """The digest's page outlives the demo's folder."""
        page = self._folder / "digest.html"
        if not page.exists():
            return None
        kept = Path(tempfile.gettempdir()) / "smwatch-demo-digest.html"
        shutil.copyfile(page, kept)
        return kept

    async def _end(self, daemon: Process) -> None:
        if daemon.returncode is None:
            daemon.send_signal(signal.SIGTERM)
            with suppress(TimeoutError):
                await asyncio.wait_for(daemon.wait(), 20)
        if daemon.returncode is None:
            daemon.kill()
            await daemon.wait()
