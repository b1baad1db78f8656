"""Texts to measure with: real posts and articles where SMWATCH_CORPUS names their folder, generated ones elsewhere.

`posts` are 100 to 400 characters (about 200 on average), `articles` 2,000 to 10,000 (about 4,000), German and English,
in a fixed order. The generated ones have words of made-up syllables, umlauts included, by Zipf's law.
"""

from __future__ import annotations

import gzip
import itertools
import json
import os
import random
from pathlib import Path
from statistics import mean
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

FOLDERS = {"posts": "posts", "articles": "news"}
LENGTHS = {"posts": (100, 400), "articles": (2_000, 10_000)}
LANGUAGES = {"de", "en"}
MADE = {"posts": 20_000, "articles": 1_000}
ONSETS = (
    "b",
    "d",
    "f",
    "g",
    "h",
    "k",
    "l",
    "m",
    "n",
    "p",
    "r",
    "s",
    "t",
    "w",
    "z",
    "sch",
    "st",
    "br",
    "kr",
    "tr",
    "pf",
    "gl",
)
VOWELS = ("a", "e", "i", "o", "u", "ä", "ö", "ü", "ei", "au", "ie")
CODAS = ("", "", "n", "r", "s", "t", "ch", "ng", "l", "ß")


def load(kind: str) -> tuple[list[str], str]:
    """The texts of a kind, and a sentence that says what they are."""
    folder = os.environ.get("SMWATCH_CORPUS")
    texts = list(_real(Path(folder) / FOLDERS[kind], kind)) if folder else []
    told = "real, German and English" if texts else "generated: SMWATCH_CORPUS names no folder with them"
    texts = texts or list(itertools.islice(_made(kind), MADE[kind]))
    random.Random(7).shuffle(texts)
    return texts, f"{len(texts):,} {kind}, {mean(map(len, texts)):.0f} characters on average ({told})"


def _real(folder: Path, kind: str) -> Iterator[str]:
    low, high = LENGTHS[kind]
    for file in sorted(folder.glob("*.jsonl.gz")):
        with gzip.open(file, "rt", encoding="utf-8") as lines:
            for line in lines:
                row = json.loads(line)
                if row.get("lang") in LANGUAGES and low <= len(row["text"]) <= high:
                    yield row["text"]


def _made(kind: str) -> Iterator[str]:
    r = random.Random(11)
    words = list(dict.fromkeys(_word(r) for _ in range(80_000)))
    weights = list(itertools.accumulate(1 / (rank + 2.7) for rank in range(len(words))))
    low, high = LENGTHS[kind]
    while True:
        target = r.triangular(low, high, low * 1.2)
        drawn = r.choices(words, cum_weights=weights, k=int(target / 10))
        ends = r.choices((" ", ", ", ". ", " – ", "! ", "\n"), (80, 8, 8, 1, 1, 2), k=len(drawn))
        yield "".join(itertools.chain(*zip(drawn, ends, strict=True))).strip()


def _word(r: random.Random) -> str:
    syllables = (r.choice(ONSETS) + r.choice(VOWELS) + r.choice(CODAS) for _ in range(r.choice((1, 2, 2, 3, 3, 4))))
    word = "".join(syllables)
    return word.capitalize() if r.random() < 0.35 else word
