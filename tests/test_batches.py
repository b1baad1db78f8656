"""What a stream brings comes in batches, soon, and nothing of it is lost."""

from __future__ import annotations

import asyncio

import pytest

from smwatch.batches import batches
from smwatch.errors import Transient


async def stream(*things, closed=None):
    try:
        for thing in things:
            if isinstance(thing, Exception):
                raise thing
            if isinstance(thing, asyncio.Event):
                await thing.wait()
            else:
                yield thing
    finally:
        if closed is not None:
            closed.set()


async def test_so_many_at_once():
    assert [one async for one in batches(stream(1, 2, 3, 4, 5), most=2, within=60)] == [[1, 2], [3, 4], [5]]


async def test_soon_though_nothing_more_comes():
    never = asyncio.Event()
    found = batches(stream(1, never), most=100, within=0.01)
    assert await anext(found) == [1]
    await found.aclose()


async def test_what_came_before_the_end_is_handed_on_first():
    found = batches(stream(1, 2, Transient("cut")), within=60)
    assert await anext(found) == [1, 2]
    with pytest.raises(Transient, match="cut"):
        await anext(found)


async def test_the_stream_is_closed_with_it():
    closed, never = asyncio.Event(), asyncio.Event()
    found = batches(stream(1, never, closed=closed), within=0.01)
    await anext(found)
    await found.aclose()
    assert closed.is_set()


async def test_a_cancelled_reader_closes_the_stream_too():
    closed, never = asyncio.Event(), asyncio.Event()

    async def read():
        async for _ in batches(stream(never, closed=closed)):
            raise AssertionError

    task = asyncio.create_task(read())
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    task.cancel()
    await asyncio.wait({task})
    assert closed.is_set() or task.cancelled()
