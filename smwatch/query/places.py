"""Which places of a text are near each other: words between, order, sentences, smallest windows.

Pure counting over lists of places. Everything here is linear in the number of places (times their logarithm), except
the matches of *nested* operators, which are pairs: there are at most `MOST_PAIRS` of them a text before only neighbours
are paired.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from itertools import chain
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

MOST_PAIRS = 20_000
_ANYWHERE = 1 << 40  # words

Mark = tuple[int, int, str]  # start and end in characters, and the term


class Place(NamedTuple):
    """Where something stands: its first and last word (numbers of whole words) and its characters."""

    first: int
    last: int
    start: int
    end: int
    marks: tuple[Mark, ...]


Pair = tuple[Place, Place]


def joined(places: Iterable[Place]) -> Place:
    """One place that reaches over all of `places`."""
    row = list(places)
    return Place(
        min(it.first for it in row),
        max(it.last for it in row),
        min(it.start for it in row),
        max(it.end for it in row),
        tuple(chain.from_iterable(it.marks for it in row)),
    )


class Row:
    """Places in order, to ask which stand before or behind another."""

    def __init__(self, places: Iterable[Place]) -> None:
        self.by_first = sorted(places, key=lambda place: (place.first, place.last))
        self.by_last = sorted(self.by_first, key=lambda place: place.last)
        self.firsts = [place.first for place in self.by_first]
        self.lasts = [place.last for place in self.by_last]

    def behind(self, place: Place, words: int) -> tuple[int, int]:
        """Which of `by_first` stand behind `place` with at most `words` between."""
        return bisect_right(self.firsts, place.last), bisect_right(self.firsts, place.last + words + 1)

    def before(self, place: Place, words: int) -> tuple[int, int]:
        """Which of `by_last` stand before `place` with at most `words` between."""
        return bisect_left(self.lasts, place.first - words - 1), bisect_left(self.lasts, place.first)

    def has(self, place: Place, words: int, *, behind: bool, before: bool) -> bool:
        """Whether any stands there."""
        if behind:
            low, high = self.behind(place, words)
            if low < high:
                return True
        if before:
            low, high = self.before(place, words)
            return low < high
        return False


def near(
    left: Sequence[Place], right: Sequence[Place], words: int, *, ordered: bool
) -> tuple[list[Place], list[Place]]:
    """The places of either side that have one of the other within `words` words (`ordered`: the left one first)."""
    one, other = Row(left), Row(right)
    return (
        [place for place in left if other.has(place, words, behind=True, before=not ordered)],
        [place for place in right if one.has(place, words, behind=not ordered, before=True)],
    )


def near_pairs(left: Sequence[Place], right: Sequence[Place], words: int, *, ordered: bool) -> list[Pair]:
    """All pairs within `words` words; past `MOST_PAIRS` only those of neighbours."""
    row = Row(right)
    found: list[Pair] = []
    for place in left:
        low, high = row.behind(place, words)
        found += [(place, other) for other in row.by_first[low:high]]
        if not ordered:
            low, high = row.before(place, words)
            found += [(place, other) for other in row.by_last[low:high]]
        if len(found) > MOST_PAIRS:
            return _neighbours(_shortest(left), Row(_shortest(right)), words, ordered=ordered)
    return found


def _shortest(places: Iterable[Place]) -> list[Place]:
    """Of those that begin with the same word, the shortest: no more than words, however deep they are nested."""
    found: dict[int, Place] = {}
    for place in places:
        known = found.get(place.first)
        if known is None or place.last < known.last:
            found[place.first] = place
    return list(found.values())


def _neighbours(left: Sequence[Place], row: Row, words: int, *, ordered: bool) -> list[Pair]:
    found: list[Pair] = []
    for place in left:
        low, high = row.behind(place, words)
        found += [(place, other) for other in row.by_first[low : min(low + 1, high)]]
        if not ordered:
            low, high = row.before(place, words)
            found += [(place, other) for other in row.by_last[max(low, high - 1) : high]]
    return found


# sentences


def together(left: Sequence[Place], right: Sequence[Place], sentences: Sentences, *, ordered: bool) -> list[Pair]:
    """Pairs in one sentence; past `MOST_PAIRS` only those of neighbours."""
    found: list[Pair] = []
    for ours, theirs in sentences.groups(left, right):
        found += near_pairs(ours, theirs, _ANYWHERE, ordered=ordered)
        if len(found) > MOST_PAIRS:
            break
    return found


def sharing(
    left: Sequence[Place], right: Sequence[Place], sentences: Sentences, *, ordered: bool
) -> tuple[list[Place], list[Place]]:
    """The places of either side that have one of the other in their sentence."""
    ones: list[Place] = []
    others: list[Place] = []
    for ours, theirs in sentences.groups(left, right):
        mine, their = near(ours, theirs, _ANYWHERE, ordered=ordered)
        ones += mine
        others += their
    return ones, others


class Sentences:
    """The sentences of a text by their characters."""

    def __init__(self, spans: Sequence[tuple[int, int]]) -> None:
        self._starts = [start for start, _ in spans]

    def of(self, place: Place) -> int | None:
        """The number of the sentence that holds the whole of `place`."""
        first = bisect_right(self._starts, place.start)
        return first if bisect_left(self._starts, place.end) == first else None

    def groups(self, left: Sequence[Place], right: Sequence[Place]) -> Iterable[tuple[list[Place], list[Place]]]:
        """What both sides have in each sentence in which both stand."""
        ours, theirs = self._by_number(left), self._by_number(right)
        return [(places, theirs[number]) for number, places in ours.items() if number in theirs]

    def _by_number(self, places: Sequence[Place]) -> dict[int, list[Place]]:
        found: dict[int, list[Place]] = {}
        for place in places:
            number = self.of(place)
            if number is not None:
                found.setdefault(number, []).append(place)
        return found
