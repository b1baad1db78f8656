"""Every evil server and every evil plugin at once, among good sources: the good ones are told, and the loop turns.

pytest tests/chaos/test_everything_at_once.py            20 good sources
make chaos                                               100 good sources, for longer
"""

from __future__ import annotations

import asyncio
import sys
import time
from contextlib import AsyncExitStack

import pytest

from smwatch.testing.servers import BOMBS, EVILS, ODD, evil

PLUGIN = '''
"""Sources that do what no source should."""

import asyncio
import sys
import time

from smwatch.plugin import Field, Item, Page, Source, hookimpl

leaked = []
over = []  # told when the test is


def one(number):
    return Item(id=str(number), source="evil", url=f"https://evil.example/{number}", title=f"Unfug {number}")


class Odd(BaseException):
    """Nothing that a border expects."""


class EvilSource(Source):
    """Its `deed` says what it does."""

    deed: str = Field("", description="What it does.")

    def key(self):
        return self.deed

    async def fetch(self, ctx):
        yield Page(items=(one(0),))
        await getattr(self, self.deed)()
        yield Page(items=(one(1),))

    async def blocks(self):
        time.sleep(1.2)

    async def hangs(self):
        await asyncio.Event().wait()

    async def swallows(self):
        while not over:
            try:
                await asyncio.sleep(0.2)
            except asyncio.CancelledError:
                pass

    async def raises(self):
        raise ValueError("bug")

    async def exits(self):
        sys.exit(1)

    async def interrupts(self):
        raise KeyboardInterrupt

    async def odd(self):
        raise Odd

    async def remembers(self):
        raise MemoryError

    async def recurses(self):
        await self.recurses()

    async def cancels(self):
        raise asyncio.CancelledError

    async def stops(self):
        raise StopAsyncIteration

    async def leaks(self):
        leaked.extend(asyncio.ensure_future(asyncio.sleep(3600)) for _ in range(100))


class FloodSource(Source):
    """A million items in one page."""

    def key(self):
        return "flood"

    async def fetch(self, ctx):
        same = tuple(one(number) for number in range(1000))
        yield Page(items=same * 1000)


class WrongSource(Source):
    """Pages that are none."""

    def key(self):
        return "wrong"

    async def fetch(self, ctx):
        yield {"items": 17}


@hookimpl
def register_sources(register):
    register("evil", EvilSource)
    register("flood", FloodSource)
    register("wrong", WrongSource)
'''
LOADED = {  # what a plugin may do while it is loaded
    "exits": "import sys\nsys.exit(3)\n",
    "memory": "raise MemoryError\n",
    "syntax": "def (:\n",
    "registers": "from smwatch.plugin import hookimpl\n\n\n@hookimpl\ndef register_sources(register):\n    raise SystemExit\n",
    "interrupts": "raise KeyboardInterrupt\n",
}
DEEDS = (
    "blocks", "hangs", "swallows", "raises", "exits", "interrupts", "odd", "remembers", "recurses", "cancels", "stops", "leaks",
)  # fmt: skip
RAISE = ("raises", "exits", "interrupts", "odd", "remembers", "recurses", "stops", "wrong")
PATIENCE = 240  # real seconds
LONG = 5  # rounds; bombs take seconds to be made, and short runs do without


@pytest.fixture
def good(is_long):
    """So many good sources."""
    return 100 if is_long else 20


@pytest.fixture
def rounds(is_long):
    """So often every good source has news."""
    return LONG if is_long else 2


def plugins(folder):
    home = folder / "plugins"
    home.mkdir(mode=0o755)
    for name, code in {"evil": PLUGIN, **{f"load_{name}": code for name, code in LOADED.items()}}.items():
        path = home / f"{name}.py"
        path.write_text(code, encoding="utf-8")
        path.chmod(0o644)
    return home


class Lag:
    """How late the loop is, every 20 ms."""

    def __init__(self):
        self.seen = []

    async def run(self):
        while True:
            due = time.monotonic() + 0.02
            await asyncio.sleep(0.02)
            self.seen.append(max(time.monotonic() - due, 0.0))

    def __str__(self):
        seen = sorted(self.seen)
        parts = ", ".join(f"p{part} {seen[len(seen) * part // 100] * 1000:.0f} ms" for part in (50, 99))
        return f"the loop was late by {parts}, at most {seen[-1] * 1000:.0f} ms"


@pytest.mark.timeout(900)
async def test_the_good_ones_are_told_whatever_the_others_do(world, good, rounds):
    world.may_fail = True
    world.config["smwatch"]["plugins_dir"] = str(plugins(world.folder))
    for deed in DEEDS:
        world.config["source"].append({"name": deed, "type": "evil", "deed": deed, "interval": "1s"})
    world.config["source"] += [{"name": name, "type": name, "interval": "1s"} for name in ("flood", "wrong")]
    papers = [world.feed(f"Blatt {n}") for n in range(good)]
    world.watch("Acme", "acme")
    world.config["channels"]["pr"]["max_per_hour"] = 0
    async with AsyncExitStack() as stack:
        stack.callback(_lets_go)
        for kind in EVILS:
            if kind not in BOMBS or rounds == LONG:
                world.source(kind, await stack.enter_async_context(evil(kind)))
        await world.starts()
        names = {f"Blatt {n}" for n in range(good)}
        await world.eventually(
            lambda: names <= {row.name for row in world.app.scheduler.rows if row.first_poll_at},
            "first polls",
            PATIENCE,
        )
        await world.eventually(lambda: _state(world, "blocks").paused_at, "the one that blocks to rest", PATIENCE)
        lag = Lag()
        watching = asyncio.ensure_future(lag.run())
        for turn in range(rounds):
            for n, paper in enumerate(papers):
                paper.publishes(f"Acme Fall {turn}-{n}.")
            await world.eventually(lambda t=turn: _told(world, t, good), f"round {turn}", PATIENCE)
            world.passes(minutes=3)
        watching.cancel()
        assert _state(world, "blocks").paused_at
        states = {row.name: row.state for row in world.app.scheduler.rows}
    print(f"\n{good} good, {len(states) - good} others: {lag}")  # noqa: T201 - the figures of `make chaos`
    assert {states[name] for name in names} == {"ok"}
    assert {states[deed] for deed in RAISE} == {"failing"}
    readable = {"reset-once", *ODD}
    assert [kind for kind in EVILS if states.get(kind) == "ok" and kind not in readable] == []
    off = {one.name for one in world.app.keeper.registry.plugins if one.problem is not None}
    assert off == {f"load_{name}" for name in LOADED}


def _lets_go():
    """The one that swallows its cancellation would keep the loop from being closed."""
    if (evil_plugin := sys.modules.get("smwatch_operator_evil")) is not None:
        evil_plugin.over.append(True)


def _state(world, name):
    return next(row for row in world.app.scheduler.rows if row.name == name)


def _told(world, turn, good):
    text = "\n".join(one.text for one in world.slack.posts())
    return all(f"Acme Fall {turn}-{n}." in text for n in range(good))
