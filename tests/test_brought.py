"""What plugins bring: in slices, at most so much, and never with an end of the process."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from smwatch import brought
from smwatch.brought import (
    MOST,
    SLICE,
    TURN_CHARACTERS,
    TURN_ITEMS,
    PluginFault,
    called,
    in_turns,
    slices,
    walked,
)
from smwatch.errors import Broken, Transient
from smwatch.i18n import text
from smwatch.model import Item, Page

ONE = Item(id="1", source="s", url="https://blatt.example/1", title="Acme")


def page(count, **more):
    return Page(items=(ONE,) * count, **more)


async def walk(*pages, error=None):
    for one in pages:
        yield one
    if error is not None:
        raise error


async def shape(pages, found=None):
    found = [] if found is None else found
    async for one, last in walked(pages):
        found.append((len(one.items), one.cursor, last))
    return found


async def test_a_page_is_taken_in_slices_and_its_cursor_moves_with_the_last():
    assert await shape(walk(page(SLICE * 2 + 1, cursor="9"))) == [
        (SLICE, None, False), (SLICE, None, False), (1, "9", True)
    ]  # fmt: skip
    assert await shape(walk(page(3), page(2))) == [(3, None, False), (2, None, True)]
    assert await shape(walk()) == [(0, None, True)]


async def test_what_a_source_raises_after_its_cursor_does_not_keep_it_back():
    found = []
    with pytest.raises(Transient):
        await shape(walk(page(1, cursor="9"), error=Transient(text("later"))), found)
    assert found == [(1, "9", True)]


async def test_what_came_before_a_source_fails_is_kept():
    found = []
    with pytest.raises(Transient):
        await shape(walk(page(1), page(2), error=Transient(text("later"))), found)
    assert found == [(1, None, False), (2, None, False)]


def test_deletions_go_with_every_slice_and_notes_with_the_last():
    told = text("a gap")
    parts = list(slices(page(SLICE + 1, deleted=("7",), notes=(told,))))
    assert [(one.deleted, one.notes) for one in parts] == [(("7",), ()), (("7",), (told,))]


async def test_a_flood_is_read_up_to_a_limit_and_said(monkeypatch):
    monkeypatch.setattr(brought, "MOST", SLICE * 3)
    found = []
    with pytest.raises(Broken, match="more than") as caught:
        await shape(walk(page(SLICE * 2), page(1_000_000, cursor="9")), found)
    assert found == [(SLICE, None, False)] * 3
    assert caught.value.sentence.render("de").startswith("Sie bringt mehr als")
    assert MOST == 100_000


@pytest.mark.parametrize(
    "error", [SystemExit, KeyboardInterrupt, BaseException, BaseExceptionGroup("x", [SystemExit()])]
)
async def test_no_plugin_ends_the_process(error):
    async def work():
        raise error

    with pytest.raises(PluginFault):
        await called(work())


async def test_a_cancellation_stays_one():
    task = asyncio.ensure_future(called(asyncio.sleep(60)))
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def turns(*items):
    """How many items each part has."""
    return [len(part) async for part in in_turns(items, lambda one: one)]


async def test_so_many_items_and_characters_are_worked_on_in_one_turn():
    long, longest = (replace(ONE, text="x" * count) for count in (TURN_CHARACTERS // 2 - 10, TURN_CHARACTERS * 2))
    assert await turns() == []
    assert await turns(*(ONE,) * TURN_ITEMS) == [TURN_ITEMS]
    assert await turns(*(ONE,) * (TURN_ITEMS + 1)) == [TURN_ITEMS, 1]
    assert await turns(long, long, long, ONE) == [2, 2]
    assert await turns(ONE, longest, ONE, long) == [1, 1, 2]


async def test_others_have_their_turn_between_two_parts():
    order = []
    async for part in in_turns((ONE,) * (TURN_ITEMS * 2 + 1), lambda one: one):
        order.append(len(part))
        asyncio.get_running_loop().call_soon(order.append, "other")
    assert order == [TURN_ITEMS, "other", TURN_ITEMS, "other", 1]
