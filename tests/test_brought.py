"""What plugins bring: in slices, at most so much, and never with an end of the process."""

from __future__ import annotations

import asyncio

import pytest

from smwatch import brought
from smwatch.brought import MOST, SLICE, PluginFault, called, slices, walked
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
