"""Streams that fall, come back, and lose nothing: the listeners over the real store and pipeline."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import ClassVar

import pytest
from deliver_world import copy_fresh_store
from test_pipeline import NOW, Press, item, page

from smwatch.errors import AuthExpired, RateLimited, SourceError, Transient
from smwatch.listen import FALLS, LONGEST, Listeners, pause_after
from smwatch.model import Watch
from smwatch.plugin import PushSource, Source
from smwatch.store.db import Store


class Wire(PushSource):
    """Brings what a test wrote, connection by connection; then it stays open."""

    type: str = "wire"
    connections: ClassVar[list] = []
    cursors: ClassVar[list] = []

    async def listen(self, ctx):
        self.cursors.append(ctx.cursor)
        for one in self.connections.pop(0) if self.connections else [asyncio.Event()]:
            if isinstance(one, Exception):
                raise one
            if isinstance(one, asyncio.Event):
                await one.wait()
            else:
                yield one


class Context:
    def __init__(self, row):
        self.cursor = row.stream_cursor


class Room:
    """A press whose one source is a wire."""

    def __init__(self, press):
        self.press, self.heard, self.naps = press, [], []
        self.enough = asyncio.Event()
        Wire.connections, Wire.cursors = [], []
        self.listeners = Listeners(
            press.store,
            lambda _source, row, _now: Context(row),
            press.pipeline.push,
            heard=self.hears,
            clock=lambda: press.now - timedelta(minutes=1),
            nap=self.nap,
            chance=lambda: 1.0,
        )

    def hears(self, _number, error):
        self.heard.append(error and error.sentence.render("en"))

    async def nap(self, seconds):
        self.naps.append(seconds)
        if not Wire.connections:
            self.enough.set()
            await asyncio.Event().wait()

    async def runs(self, *connections, source=None):
        """Run until all connections have fallen."""
        Wire.connections = [list(one) for one in connections]
        row = await self.press.row()
        self.listeners.replace({row.id: source or Wire(name="Draht")})
        running = asyncio.create_task(self.listeners.run())
        async with asyncio.timeout(20):
            await self.enough.wait()
        running.cancel()
        await asyncio.wait({running})


@pytest.fixture
async def room(tmp_path):
    await copy_fresh_store(tmp_path)
    store = await Store.open(f"sqlite:///{tmp_path}/fresh.db")
    press = Press(store)
    await press.watches(Watch(name="Acme", query="acme"))
    yield Room(press)
    await store.close()


async def test_what_is_pushed_is_a_mention_from_the_first_moment(room):
    await room.runs([page(item(1), cursor="7"), Transient("weg")])
    found = await room.press.mentions()
    assert [(one.item.title, one.old) for one in found] == [("Acme ruft zurück", False)]
    assert (await room.press.row()).stream_cursor == "7"


async def test_it_goes_on_from_the_last_page_that_was_stored(room):
    await room.runs([page(item(1), cursor="7"), Transient("weg")], [page(item(2)), page(item(3), cursor="9")], [])
    assert Wire.cursors == [None, "7", "9"]
    assert len(await room.press.mentions()) == 3


async def test_polls_and_the_stream_have_a_cursor_each(room):
    await room.press.brings(page(item(1), cursor="poll"))
    await room.runs([page(item(2), cursor="stream")])
    row = await room.press.row()
    assert (row.cursor, row.stream_cursor) == ("poll", "stream")


async def test_one_fall_is_usual_and_three_are_told(room):
    await room.runs(*[[Transient("weg")] for _ in range(FALLS)])
    assert room.heard == ["weg"]
    assert room.naps == [1.0, 2.0, 4.0]


async def test_a_page_makes_up_for_all_falls(room):
    await room.runs([Transient("weg")], [Transient("weg")], [page(item(1))], [Transient("weg")])
    assert room.heard == [None]
    assert room.naps == [1.0, 2.0, 1.0, 2.0]


async def test_where_a_person_has_to_act_it_is_told_at_once(room):
    await room.runs([AuthExpired("der Schlüssel gilt nicht mehr")])
    assert (room.heard, room.naps) == (["der Schlüssel gilt nicht mehr"], [3600.0])


async def test_what_a_plugin_raises_is_its_fall_only(room):
    await room.runs(*[[ZeroDivisionError()] for _ in range(FALLS)])
    assert room.heard == ["the plugin failed: ZeroDivisionError"]


async def test_a_changed_source_is_opened_anew_and_one_that_stays_is_not(room):
    row = await room.press.row()
    opened = [asyncio.Event(), asyncio.Event()]
    Wire.connections = [[opened[0]], [page(item(5)), opened[1]]]
    wire = Wire(name="Draht")
    room.listeners.replace({row.id: wire})
    running = asyncio.create_task(room.listeners.run())
    async with asyncio.timeout(20):
        while len(Wire.cursors) < 1:
            await asyncio.sleep(0)
        room.listeners.replace({row.id: Wire(name="Draht")})
        room.listeners.replace({row.id: Wire(name="Draht", note="anders")})
        while not await room.press.mentions():
            await asyncio.sleep(0)
    room.listeners.replace({})
    running.cancel()
    await asyncio.wait({running})
    assert len(Wire.cursors) == 2


class Mute(Source):
    type: str = "mute"


async def test_sources_that_only_poll_have_no_stream(room):
    row = await room.press.row()
    room.listeners.replace({row.id: Mute(name="Stumm")})
    running = asyncio.create_task(room.listeners.run())
    await asyncio.sleep(0)
    running.cancel()
    await asyncio.wait({running})
    assert room.heard == []


@pytest.mark.parametrize(
    ("falls", "error", "seconds"),
    [
        (1, Transient("-"), 1),
        (5, Transient("-"), 16),
        (99, Transient("-"), LONGEST.total_seconds()),
        (1, RateLimited("-", retry_at=NOW + timedelta(minutes=9)), 540),
        (1, RateLimited("-", retry_at=NOW + timedelta(days=900)), 86400),
        (1, SourceError("-", retry_at=NOW - timedelta(minutes=9)), 1),
    ],
)
def test_pauses(falls, error, seconds):
    assert pause_after(falls, error, NOW, 1.0).total_seconds() == seconds
