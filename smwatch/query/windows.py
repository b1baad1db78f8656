"""`(a AND b AND c)~5`: windows that hold one place of each row with few other words among them.

What counts: the places stand apart (no word serves two rows), and of the words from the first to the last at most so
many belong to none of them.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from itertools import pairwise
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from smwatch.query.places import Place

MOST_TRIES = 200_000  # of one text, where places overlap


def taking_part(rows: Sequence[Sequence[Place]], others: int) -> list[Place]:
    """Every place that stands in such a window with at most `others` other words, row by row."""
    if not all(rows):
        return []
    different, counts = _counted(rows)
    if _regular(different):
        return _swept(different, counts, others)
    return _Search(rows, others).taking_part()


def windows(rows: Sequence[Sequence[Place]], others: int, most: int) -> list[tuple[Place, ...]]:
    """The windows themselves, at most `most`."""
    found: list[tuple[Place, ...]] = []
    if all(rows):
        for window in _Search(rows, others).windows():
            found.append(window)
            if len(found) >= most:
                break
    return found


def _counted(rows: Sequence[Sequence[Place]]) -> tuple[list[Sequence[Place]], list[int]]:
    """Rows that differ, and how often each comes: `"a a b"` needs two places of one."""
    different: list[Sequence[Place]] = []
    counts: list[int] = []
    for row in rows:
        if row in different:
            counts[different.index(row)] += 1
        else:
            different.append(row)
            counts.append(1)
    return different, counts


def _regular(rows: Sequence[Sequence[Place]]) -> bool:
    """Whether all places of a row are equally long and no two places overlap."""
    if any(len({place.last - place.first for place in row}) > 1 for row in rows):
        return False
    places = sorted((place.first, place.last) for row in rows for place in row)
    return all(one[1] < other[0] for one, other in pairwise(places))


def _swept(rows: Sequence[Sequence[Place]], counts: Sequence[int], others: int) -> list[Place]:
    """Windows by their first place, from front to back; what takes part in each row is a stretch that only moves on."""
    ordered = [sorted(row, key=lambda place: place.first) for row in rows]
    firsts = [[place.first for place in row] for row in ordered]
    lengths = [row[0].last - row[0].first + 1 for row in ordered]
    length = others + sum(count * own for count, own in zip(counts, lengths, strict=True))
    marked = [0] * len(rows)
    found: list[list[Place]] = [[] for _ in rows]
    for first, leader in sorted((first, number) for number, row in enumerate(firsts) for first in row):
        reaches = [
            (bisect_left(firsts[number], first), bisect_right(firsts[number], first + length - own))
            for number, own in enumerate(lengths)
        ]
        if any(high - low < count for (low, high), count in zip(reaches, counts, strict=True)):
            continue
        for number, (low, high) in enumerate(reaches):
            if number == leader and counts[leader] == 1:
                high = low + 1  # noqa: PLW2901 - the window begins with it, and one is enough
            begin = max(low, marked[number])
            if begin < high:
                found[number] += ordered[number][begin:high]
                marked[number] = high
    return [place for row in found for place in row]


class _Search:
    """Tries places one by one: for rows that overlap or hold places of different length."""

    def __init__(self, rows: Sequence[Sequence[Place]], others: int) -> None:
        self.rows = [sorted(row, key=lambda place: (place.first, place.last)) for row in rows]
        self.firsts = [[place.first for place in row] for row in self.rows]
        self.others = others
        self.longest = [max(place.last - place.first + 1 for place in row) for row in self.rows]
        self.tries = 0

    def taking_part(self) -> list[Place]:
        """Every place of any window."""
        found: dict[tuple[int, Place], None] = {}
        for window in self.windows():
            found.update(dict.fromkeys(enumerate(window)))
        return [place for _, place in sorted(found, key=lambda it: it[0])]

    def windows(self) -> Iterator[tuple[Place, ...]]:
        """Every choice of one place a row that fits, until the tries are used up."""
        for place in self.rows[0]:
            yield from self._extended((place,))

    def _extended(self, chosen: tuple[Place, ...]) -> Iterator[tuple[Place, ...]]:
        number = len(chosen)
        if number == len(self.rows):
            yield chosen
            return
        first, last = min(it.first for it in chosen), max(it.last for it in chosen)
        spare = self.others + sum(it.last - it.first + 1 for it in chosen) + sum(self.longest[number:])
        row, firsts = self.rows[number], self.firsts[number]
        low = bisect_left(firsts, last - spare + 1)
        high = bisect_right(firsts, first + spare - 1)
        for place in row[low:high]:
            self.tries += 1
            if self.tries > MOST_TRIES:
                return
            window = (*chosen, place)
            if self._fits(window):
                yield from self._extended(window)

    def _fits(self, window: tuple[Place, ...]) -> bool:
        """Whether the newest stands apart from the others, and the rest can still be within reach."""
        newest = window[-1]
        if any(it.first <= newest.last and newest.first <= it.last for it in window[:-1]):
            return False
        length = max(it.last for it in window) - min(it.first for it in window) + 1
        own = sum(it.last - it.first + 1 for it in window)
        return length <= own + self.others + sum(self.longest[len(window) :])
