"""What plugins bring, as the core takes it: in slices, at most so much, and never with an end of the process.

A page is one transaction, so a page of a million items would hold the store and the loop for minutes. It is taken in
slices; deletions go along with every one of them, so that none tells what the same page takes back. Even a slice is
more than the loop should be kept for, so its items are worked on in several turns.
"""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING, TypeVar

from smwatch.errors import Broken, SourceError
from smwatch.i18n import text
from smwatch.model import Page

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator

    from smwatch.model import Item

T = TypeVar("T")

SLICE = 500  # items in one transaction
MOST = 100_000  # items of one poll or one pushed page: twice the longest sitemap that there may be
TURN_ITEMS = 100  # that are worked on in one turn of the loop
TURN_CHARACTERS = 32_768  # of their texts; as much as the engine reads at once, so that it reads no slower


class PluginFault(Exception):
    """A plugin raised what would have ended the process (SystemExit), or what no border expects."""


class Contained:
    """A plugin's code: whatever it raises is an Exception afterwards; cancellation stays what it is."""

    __slots__ = ()

    def __enter__(self) -> None:
        """Nothing to begin: one serves all, as every poll passes several."""

    def __exit__(self, _: object, error: BaseException | None, __: object) -> None:
        if not isinstance(error, Exception | asyncio.CancelledError | GeneratorExit | None):
            raise PluginFault(type(error).__name__) from error


_CONTAINED = Contained()


def contained() -> Contained:
    """The border of a plugin's code."""
    return _CONTAINED


async def called(work: Awaitable[T]) -> T:
    """One call of a plugin, contained."""
    with contained():
        return await work


def slices(page: Page, before: int = 0) -> Iterator[Page]:
    """The page in parts of at most `SLICE` items; cursor and notes on the last one.

    Raises Broken after `MOST` items, `before` of which came earlier: what came until then is kept.
    """
    room = max(MOST - before, 0)
    starts = range(0, min(len(page.items), room), SLICE) or (0,)
    whole = len(page.items) <= room
    for start in starts:
        last = whole and start + SLICE >= len(page.items)
        part = page.items[start : min(start + SLICE, room)]
        yield replace(page, items=part, cursor=page.cursor if last else None, notes=page.notes if last else ())
    if not whole:
        raise Broken(text("it brings more than {n} items at once; those beyond are not read", n=MOST))


async def walked(pages: AsyncIterator[Page]) -> AsyncIterator[tuple[Page, bool]]:
    """Each slice of a walk with whether it is the last one; a walk without pages has one, empty.

    A page with a cursor is the last one at once: what a source raises after it says what else is wrong. What came
    before it raises is kept.
    """
    held: Page | None = None
    ended, count = False, 0
    try:
        with contained():
            async for whole in pages:
                for page in slices(whole, count):
                    if held is not None:
                        yield held, False
                    held, ended = (None, True) if page.cursor is not None else (page, ended)
                    if held is None:
                        yield page, True
                count += len(whole.items)
    except SourceError:
        if held is not None:
            yield held, False
        raise
    if held is not None or not ended:
        yield held or Page(), True


async def in_turns(those: Iterable[T], item: Callable[[T], Item]) -> AsyncIterator[list[T]]:
    """`those` in parts, each for one turn of the loop; between two of them whatever else stands ready has its turn.

    A part has at most `TURN_ITEMS`, with texts of at most `TURN_CHARACTERS` together; one item may be longer.
    """
    part: list[T] = []
    room = TURN_CHARACTERS
    for one in those:
        length = _length(item(one))
        if part and (len(part) == TURN_ITEMS or length > room):
            yield part
            await asyncio.sleep(0)
            part, room = [], TURN_CHARACTERS
        part.append(one)
        room -= length
    if part:
        yield part


def _length(item: Item) -> int:
    return len(item.title) + len(item.lead) + len(item.text)
