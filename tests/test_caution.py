"""Items that break the work on them: three attempts, then they are left out and told; everything else flows."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from deliver_world import copy_fresh_store
from test_pipeline import Press, item, page

from smwatch.caution import Caution
from smwatch.errors import Transient
from smwatch.model import Watch
from smwatch.store.db import Store


class Poison:
    """An enricher that dies of an item, as native code does."""

    def __init__(self, deed):
        self.deed, self.met = deed, []

    async def enrich(self, one):
        self.met.append(one.id)
        if "Gift" in one.title:
            self.deed()
        return one


class Death(BaseException):
    """No `except Exception` stops it, as nothing stops a crash."""


class Broken:
    """An engine that raises at one item."""

    def __init__(self, engine, error=ZeroDivisionError):
        self.engine, self.error = engine, error

    def match_many(self, items):
        if any("Gift" in one.title for one in items):
            raise self.error
        return self.engine.match_many(items)


class Room:
    def __init__(self, press, folder):
        self.press, self.folder, self.told = press, folder, []

    async def starts(self):
        """As a new process does."""
        self.caution = Caution(self.press.store, self.folder / "at-work", self.tells, lambda: self.press.now)
        await self.caution.load()
        self.press.pipeline.caution = self.caution

    async def tells(self, number, sentence):
        self.told.append(sentence.render("de"))

    async def titles(self):
        return sorted(one.item.title for one in await self.press.mentions())


@pytest.fixture
async def room(tmp_path):
    await copy_fresh_store(tmp_path)
    store = await Store.open(f"sqlite:///{tmp_path}/fresh.db")
    press = Press(store)
    await press.watches(Watch(name="Acme", query="acme"))
    await press.brings(page())
    made = Room(press, tmp_path)
    await made.starts()
    yield made
    await made.press.store.close()


BAD = page(item(1), item(2, "Acme Gift"), item(3, "Acme wächst"))
LEFT_OUT = "https://blatt.example/2 wird nach drei Versuchen ausgelassen: {}"


async def test_one_bad_item_costs_itself_and_is_told_once(room):
    room.press.pipeline.plan = replace(room.press.pipeline.plan, engine=Broken(room.press.pipeline.plan.engine))
    for _ in range(4):
        await room.press.brings(BAD)
    assert await room.titles() == ["Acme ruft zurück", "Acme wächst"]
    assert room.told == [LEFT_OUT.format("die Verarbeitung scheiterte mit ZeroDivisionError")]
    assert [one.url for one in room.caution.left_out()] == ["https://blatt.example/2"]


async def test_the_page_counts_as_unread_until_all_of_it_is_through(room):
    good = room.press.pipeline.plan
    room.press.walk.validators = {"etag": "1"}
    room.press.pipeline.plan = replace(good, engine=Broken(good.engine))
    await room.press.brings(BAD)
    before = (await room.press.row()).validators
    room.press.pipeline.plan = good  # somebody has mended it
    await room.press.brings(BAD)
    assert (before, (await room.press.row()).validators) == ({}, {"etag": "1"})
    assert await room.titles() == ["Acme Gift", "Acme ruft zurück", "Acme wächst"]
    assert room.told == room.caution.left_out() == []


async def test_a_page_of_a_stream_comes_again_until_the_bad_item_is_known(room):
    room.press.pipeline.plan = replace(room.press.pipeline.plan, engine=Broken(room.press.pipeline.plan.engine))
    row = await room.press.row()
    falls = 0
    for _ in range(4):
        try:
            await room.press.pipeline.push(room.press.source, row, replace(BAD, cursor="9"))
        except Transient:
            falls += 1
    assert (falls, await room.titles()) == (2, ["Acme ruft zurück", "Acme wächst"])
    assert (await room.press.row()).stream_cursor == "9"


async def test_an_item_that_takes_the_process_down_three_times_is_left_out(room):
    plan = room.press.pipeline.plan
    room.press.pipeline.plan = replace(plan, engine=Broken(plan.engine, Death))
    deaths = 0
    for _ in range(6):
        try:
            await room.press.brings(BAD)
        except Death:
            deaths += 1
            (room.folder / "at-work").write_bytes(b"%d " % (await room.press.row()).id)  # a crash cleans nothing up
        room.caution.close()
        await room.starts()
    assert deaths == 4  # once over the whole page, then alone
    assert await room.titles() == ["Acme ruft zurück", "Acme wächst"]
    assert room.told == [LEFT_OUT.format("smwatch endete, während es daran arbeitete")]


async def test_what_is_being_worked_on_is_written_down_before_and_taken_back_after(room):
    marker = room.folder / "at-work"
    row = await room.press.row()
    seen = []
    await room.press.watches(
        Watch(name="Acme", query="acme"), enrichers=[Poison(lambda: seen.append(marker.read_bytes()))]
    )
    await room.press.brings(page(item(1, "Acme Gift")))
    assert (seen[0].split(), marker.read_bytes().split()) == ([b"%d" % row.id], [])


DIES = """
import asyncio, ctypes, sys
sys.path[:0] = {paths!r}
from pathlib import Path
import test_caution as t, test_pipeline as p
from smwatch.model import Watch
from smwatch.store.db import Store

async def main():
    press = p.Press(await Store.open("sqlite:///{folder}/fresh.db"))
    room = t.Room(press, Path({folder!r}))
    await room.starts()
    poison = t.Poison(lambda: ctypes.string_at(0))
    await press.watches(Watch(name="Acme", query="acme"), enrichers=[poison])
    await press.brings(t.BAD)
    print(await room.titles(), room.told, flush=True)
    await press.store.close()

asyncio.run(main())
"""


async def test_a_real_crash_is_survived_by_the_fifth_process(room):
    await room.press.store.close()
    room.caution.close()
    paths = [str(Path(__file__).parent)]
    program = DIES.format(paths=paths, folder=str(room.folder))
    codes, said = [], ""
    for _ in range(5):
        done = await asyncio.to_thread(
            subprocess.run, [sys.executable, "-c", program], capture_output=True, text=True, check=False, timeout=60
        )
        codes.append(done.returncode)
        said = done.stdout
    assert codes == [-11, -11, -11, -11, 0], done.stderr
    assert said.splitlines()[-1].startswith("['Acme ruft zurück', 'Acme wächst']")
    room.press.store = await Store.open(f"sqlite:///{room.folder}/fresh.db")  # the fixture closes it
