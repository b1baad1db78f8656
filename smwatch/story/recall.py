"""What a few recent items say, word by word: the copies of one report come close together (pure, bounded)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from smwatch.story.words import Said

MOST = 128  # items; about 10 MB where all of them are long
LONGEST = 1_000  # words of one that is kept


@dataclass(slots=True)
class Recall:
    """Items that were compared lately, by id."""

    _said: dict[int, Said] = field(default_factory=dict)

    def known(self, numbers: Iterable[int]) -> dict[int, Said]:
        """Those of these items that are still at hand."""
        return {number: self._said[number] for number in numbers if number in self._said}

    def keep(self, number: int, words: Said) -> None:
        """Have it at hand; the oldest one goes."""
        self._said.pop(number, None)
        if len(words.words) <= LONGEST:
            self._said[number] = words
        while len(self._said) > MOST:
            del self._said[next(iter(self._said))]

    def drop(self, number: int) -> None:
        """It says something else now."""
        self._said.pop(number, None)
