"""Queries to measure with, drawn from the texts themselves.

The mix, as PR teams write queries: 55 % single words (capitalised ones count with their genitive), 20 % phrases of two
or three words, 10 % OR lists of 2 to 8 words, 8 % AND and NOT, 4 % NEAR/5, 3 % wildcards (most of them at the end).

A word is drawn from the running text of a random post or article (so by its frequency), but only one that stands in at
most one of 10,000 posts and in no more than one of the articles (RARE): monitored names are rare. In AND, NOT and NEAR
the second word may stand in one text of 20 (COMMON). Phrases and NEAR take words that do stand together somewhere. The
same queries run over both kinds of text; every table says what share of texts match, and how many queries a text.
"""

from __future__ import annotations

import itertools
import random
import re
from collections import Counter
from dataclasses import dataclass, field

RARE, COMMON, FEW = 1e-4, 0.05, 1
NEAREST = 5
SHARES = {"word": 55, "phrase": 20, "any": 10, "all": 8, "near": 4, "wild": 3}
WORD = re.compile(r"(?<![\w@#$&+.'’/:-])[A-Za-zÄÖÜäöüß]{3,39}(?![\w@&+'’/:-])")
OPERATORS = {"and", "or", "not", "und", "oder", "nicht", "near"}


@dataclass(frozen=True, slots=True)
class Asked:
    """One query: `source` in smwatch's language, and its parts for peers that have another one.

    `kind` is word, phrase, any, all, near or wild; `terms` are words or phrases in lower case; `without` are those that
    must not occur.
    """

    kind: str
    source: str
    terms: tuple[str, ...]
    without: tuple[str, ...] = field(default=())


class Mix:
    """Draws queries from texts; equal texts and seeds draw equal queries."""

    def __init__(self, *kinds: list[str], seed: int = 3) -> None:
        self.r = random.Random(seed)
        self.kinds = [[row for row in map(_words, texts) if row] for texts in kinds]
        counts = [Counter(word for row in rows for word in {word for word, _ in row}) for rows in self.kinds]
        self.rare, self.common = (self._seldom(counts, share) for share in (RARE, COMMON))

    def _seldom(self, counts: list[Counter[str]], share: float) -> set[str]:
        """Words that no kind of text has more often."""
        most = [max(FEW, share * len(rows)) for rows in self.kinds]
        words = set().union(*counts)
        return {word for word in words if all(count[word] <= n for count, n in zip(counts, most, strict=True))}

    def draw(self, n: int) -> list[Asked]:
        """`n` queries of the mix."""
        kinds = self.r.choices(list(SHARES), list(SHARES.values()), k=n)
        return [getattr(self, f"_{kind}")() for kind in kinds]

    # kinds

    def _word(self) -> Asked:
        word = self._rare()
        return Asked("word", word, (word.lower(),))

    def _phrase(self) -> Asked:
        words = self._row(self.r.choice((2, 2, 3)))
        return Asked("phrase", f'"{words}"', (words.lower(),))

    def _any(self) -> Asked:
        words = list(dict.fromkeys(self._rare().lower() for _ in range(self.r.randint(2, 8))))
        return Asked("any", " OR ".join(words), tuple(words))

    def _all(self) -> Asked:
        one, other = self._together()
        if self.r.random() < 0.5:
            return Asked("all", f"{one} AND {other}", (one.lower(), other.lower()))
        return Asked("all", f"{one} AND NOT {other}", (one.lower(),), (other.lower(),))

    def _near(self) -> Asked:
        one, other = self._together()
        return Asked("near", f"{one} NEAR/{NEAREST} {other}", (one.lower(), other.lower()))

    def _wild(self) -> Asked:
        word = self._rare(longest=True).lower()
        if self.r.random() < 0.75:
            return Asked("wild", word[: max(5, len(word) - 3)] + "*", (word[: max(5, len(word) - 3)] + "*",))
        return Asked("wild", "*" + word[-max(5, len(word) - 3) :], ("*" + word[-max(5, len(word) - 3) :],))

    # draws

    def _rare(self, *, longest: bool = False) -> str:
        while True:
            row = self.r.choice(self.r.choice(self.kinds))
            words = [word for word, _ in row if word in self.rare]
            if words:
                return max(words, key=len) if longest else self.r.choice(words)

    def _together(self) -> tuple[str, str]:
        """A rare word and another one out of the same text."""
        while True:
            row = self.r.choice(self.r.choice(self.kinds))
            rare = [n for n, (word, _) in enumerate(row) if word in self.rare]
            if rare:
                at = self.r.choice(rare)
                beside = row[max(at - NEAREST, 0) : at] + row[at + 1 : at + NEAREST]
                others = [word for word, _ in beside if word in self.common and word.lower() != row[at][0].lower()]
                if others:
                    return row[at][0], self.r.choice(others)

    def _row(self, count: int) -> str:
        """Words that follow each other with one space between, one of them rare."""
        while True:
            row = self.r.choice(self.r.choice(self.kinds))
            at = self.r.randrange(len(row))
            words = row[at : at + count]
            follow = all(a[1] + len(a[0]) + 1 == b[1] for a, b in itertools.pairwise(words))
            if len(words) == count and follow and any(word in self.rare for word, _ in words):
                return " ".join(word for word, _ in words)


def _words(text: str) -> list[tuple[str, int]]:
    """The plain words of a text and where they stand."""
    return [(m.group(), m.start()) for m in WORD.finditer(text) if m.group().lower() not in OPERATORS]
