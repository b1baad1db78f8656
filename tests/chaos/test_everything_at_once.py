"""Every evil server and every evil plugin at once, among good sources: the good ones are told, and the loop turns.

pytest tests/chaos/test_everything_at_once.py            20 good sources
make chaos                                               100 good sources, for longer
"""

from __future__ import annotations

import asyncio
import gc
import re
import sys
import time
from collections import Counter
from pathlib import Path

import pytest

from smwatch import thrift
from smwatch.deliver.storm import LONGEST
from smwatch.testing.apart import evils_apart
from smwatch.testing.servers import EVILS, ODD
from smwatch.web import metrics

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
LONG = 5  # rounds


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
    """How late the loop is by the daemon's own metric, looked at every 20 ms, as lists of seconds.

    `late` by the clock; `ready` without what the thread stood ready for want of a processor, which is the affair of
    the machine and whoever else works there; `worked` as far as the thread itself was working.
    """

    def __init__(self):
        self.late, self.ready, self.worked = [], [], []
        self._stood, self._cpu = _stood_ready(), time.thread_time()

    def __call__(self, seconds):
        stood, cpu = _stood_ready(), time.thread_time()
        self.late.append(seconds)
        self.ready.append(max(seconds - (stood - self._stood), 0.0))
        self.worked.append(min(seconds, cpu - self._cpu))
        self._stood, self._cpu = stood, cpu

    def __str__(self):
        lists = {"by the clock": self.late, "with a processor": self.ready, "by its own work": self.worked}
        parts = [
            f"{name} p50 {part(seen, 50):.0f}, p99 {part(seen, 99):.0f}, at most {part(seen, 100):.0f} ms"
            for name, seen in lists.items()
        ]
        return f"the loop was late {'; '.join(parts)} ({len(self.late)} looks)"


def part(seen, percent):
    """This many percent of the delays are at most so many milliseconds."""
    return sorted(seen)[(len(seen) - 1) * percent // 100] * 1000


def _stood_ready():
    """Seconds for which this thread could have run and had no processor, since its beginning."""
    return int(Path("/proc/thread-self/schedstat").read_text().split()[1]) / 1e9


@pytest.fixture
def lag(monkeypatch):
    monkeypatch.setattr(metrics, "LAG_EVERY", 0.02)
    return Lag()


@pytest.fixture
def settled():
    """What the daemon does once it runs: the objects that stay are not looked through again and again."""
    yield thrift.settle
    gc.unfreeze()


@pytest.mark.timeout(900)
async def test_the_good_ones_are_told_whatever_the_others_do(world, good, rounds, settled, lag):
    world.may_fail = True
    world.config["smwatch"]["plugins_dir"] = str(plugins(world.folder))
    for deed in DEEDS:
        world.config["source"].append({"name": deed, "type": "evil", "deed": deed, "interval": "1s"})
    world.config["source"] += [{"name": name, "type": name, "interval": "1s"} for name in ("flood", "wrong")]
    papers = [world.feed(f"Blatt {n}", interval="3s") for n in range(good)]
    names = {f"Blatt {n}" for n in range(good)}
    world.watch("Acme", "acme")
    world.config["channels"]["pr"]["max_per_hour"] = 0
    try:
        async with evils_apart(EVILS) as urls:
            for kind, url in urls.items():
                world.source(kind, url)
            world.clock.runs()
            world.hurries = False
            await world.starts()
            settled()
            await _until(world, lambda: names - {row.name for row in _rows(world) if row.first_poll_at}, "first polls")
            await _until(world, lambda: not _rows(world, "blocks")[0].paused_at, "the one that blocks to rest")
            world.app.metrics.lagged = lag
            for turn in range(rounds):
                world.nudge()  # the evil ones would be left alone longer each time
                for n, paper in enumerate(papers):
                    paper.publishes(f"Acme Fall {turn}-{n}.")
                    await asyncio.sleep(0)  # a publisher's work is not ours
                await _until(world, lambda t=turn: _untold(world, t, good), f"round {turn}")
                world.clock.jump(LONGEST)
                world.app.sender.wake()
                await _until(
                    world, lambda: [one for one in world.app.sender._lanes.values() if one.storm.began], "calm"
                )
            assert _rows(world, "blocks")[0].paused_at
            states = {row.name: row.state for row in _rows(world)}
    finally:
        _lets_go()
    print(f"\n{good} good, {len(states) - good} others: {lag}")  # noqa: T201 - the figures of `make chaos`
    assert {states[name] for name in names} == {"ok"}
    assert {states[deed] for deed in RAISE} == {"failing"}
    readable = {"reset-once", *ODD}
    assert [kind for kind in EVILS if states[kind] == "ok" and kind not in readable] == []
    assert [kind for kind in readable if states[kind] != "ok"] == []
    off = {one.name for one in world.app.keeper.registry.plugins if one.problem is not None}
    assert off == {f"load_{name}" for name in LOADED}
    assert _twice(world) == []
    if rounds == LONG:
        assert part(lag.ready, 99) < 100


def _lets_go():
    """The one that swallows its cancellation would keep the loop from being closed."""
    if (evil_plugin := sys.modules.get("smwatch_operator_evil")) is not None:
        evil_plugin.over.append(True)


async def _until(world, missing, what):
    """Wait until nothing is `missing()`."""
    end = time.monotonic() + PATIENCE
    while left := missing():
        assert time.monotonic() < end, f"waited in vain for {what}: {left}"
        world.logs.entries.clear()  # whole stacks of 1000 frames hang on them
        await asyncio.sleep(0.1)


def _rows(world, name=None):
    return [row for row in world.app.scheduler.rows if name in (None, row.name)]


def _cases(world):
    """The cases of the good ones, as often as the channel has them."""
    told = "\n".join(one.text for one in world.slack.posts())
    return Counter(re.findall(r"Acme Fall (\d+-\d+)\.", told))


def _untold(world, turn, good):
    cases = _cases(world)
    return [n for n in range(good) if f"{turn}-{n}" not in cases]


def _twice(world):
    return [case for case, times in _cases(world).items() if times > 1]
