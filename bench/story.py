r"""Stories: which items say the same, side by side with others (goal G9).

Quality: of all the joins that were made, how many are right (precision); of all the copies that there are, how many
went to their story (recall); the same by pairs of items, where a lost item weighs as much as its story is large. Sets:
English articles with labelled duplicates, and a German one made by rule (story_sets.py). Rules and figures were fitted
on one half of each (`fit`), the other one (`judge`) was only looked at afterwards.

Speed: one process, one core, `time.process_time`, contenders in turn, median of several rounds, garbage collection
frozen. From text to the answer "is a copy of", each with its own way to cut words: folding, stripping of agency tags,
index, comparison word by word and reasons on our side; lower case, `\w+`, sets of five words, 128 permutations on the
others' (datasketch: MinHash in batches and its LSH at 0.5; rensa: RMinHash and its LSH). A ratio is printed only where
both found the same duplicates (the English sets, whose copies differ by a few words).

    python bench/story.py
    python bench/story.py --seconds 1
"""

from __future__ import annotations

import argparse
import gc
import os
import re
import sys
import time
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

from story_sets import english, german

from smwatch.testing.story_kit import Gatherer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from story_sets import Labelled

RESULTS = Path(__file__).parent / "results"
NOW = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
WORD = re.compile(r"\w+")
SEEDS = 10
PERMUTATIONS = 128
ENGLISH = ("en-neardup-100", "en-neardup-1000", "en-neardup-2500")


@dataclass
class Quality:
    """Counts of one or more runs."""

    joins: int = 0
    right: int = 0
    copies: int = 0
    found: int = 0
    pairs: int = 0
    both: int = 0
    true: int = 0

    def add(self, items: Labelled, made: Gatherer) -> None:
        """One run."""
        news = [told for _, told in items]
        homes = [made.homes[n] for n in range(len(items))]
        together = Counter(zip(news, homes, strict=True))
        self.joins += len(items) - len(set(homes))
        self.right += len(items) - len(together)  # pieces that no join ties together wrongly
        self.copies += len(items) - len(set(news))
        self.found += len(items) - len(together)
        self.pairs += _pairs(Counter(homes))
        self.both += _pairs(together)
        self.true += _pairs(Counter(news))

    def row(self, name: str) -> str:
        """A line of the table."""
        figures = (
            min(1.0, self.right / self.joins) if self.joins else 1.0,
            self.found / self.copies,
            self.both / self.pairs if self.pairs else 1.0,
            self.both / self.true,
        )
        return f"| {name} | {self.copies:,} | " + " | ".join(f"{one:.3f}" for one in figures) + " |"


def _pairs(counts: Counter[object]) -> int:
    return sum(count * (count - 1) // 2 for count in counts.values())


def gathered(items: Labelled) -> Gatherer:
    made = Gatherer()
    for item, _ in items:
        made.take(item, NOW)
    return made


def quality(folder: Path | None) -> Iterator[str]:
    """The table, line by line."""
    yield "| set | copies | precision | recall | precision of pairs | recall of pairs |"
    yield "|---|---:|---:|---:|---:|---:|"
    for part, name in ((0, "German, fit"), (1, "German, judge"), (None, "German, all")):
        counts = Quality()
        for seed in range(SEEDS):
            items = german(part, seed)
            counts.add(items, gathered(items))
        yield counts.row(f"{name} ({SEEDS} orders)")
    for name in ENGLISH:
        if folder and (folder / f"{name}.jsonl.gz").exists():
            yield from _halves(folder, name)


def _halves(folder: Path, name: str) -> Iterator[str]:
    items = english(folder, name)
    for part, told in ((0, "fit"), (1, "judge")):
        half = [one for one in items if sum(one[1].encode()) % 2 == part]  # a duplicate stays with its original
        counts = Quality()
        counts.add(half, gathered(half))
        if counts.copies:
            yield counts.row(f"{name}, {told}")


# speed


@dataclass
class Contender:
    """Something that is measured: `run` takes texts in order and names the pairs that it finds."""

    name: str
    run: Callable[[Labelled], set[tuple[int, int]]]
    note: str = ""
    rates: list[float] = field(default_factory=list)

    @property
    def rate(self) -> float:
        """Texts a second and core."""
        return median(self.rates)


def ours(items: Labelled) -> set[tuple[int, int]]:
    made = gathered(items)
    return {(other, number) for number, (_, other) in made.ties.items()}


def _shingles(text: str) -> list[bytes]:
    words = WORD.findall(text.casefold())
    return [" ".join(words[at : at + 5]).encode() for at in range(max(len(words) - 4, 1))]


def by_datasketch(items: Labelled) -> set[tuple[int, int]]:
    from datasketch import MinHash, MinHashLSH  # noqa: PLC0415 - a peer that may be missing

    index, found = MinHashLSH(threshold=0.5, num_perm=PERMUTATIONS), set()
    for number, (item, _) in enumerate(items):
        sketch = MinHash(PERMUTATIONS)
        sketch.update_batch(_shingles(item.text))
        found |= {(other, number) for other in index.query(sketch)}
        index.insert(number, sketch)
    return found


def by_rensa(items: Labelled) -> set[tuple[int, int]]:
    from rensa import RMinHash, RMinHashLSH  # noqa: PLC0415 - a peer that may be missing

    index, found = RMinHashLSH(threshold=0.5, num_perm=PERMUTATIONS, num_bands=32), set()
    for number, (item, _) in enumerate(items):
        sketch = RMinHash(num_perm=PERMUTATIONS, seed=7)
        sketch.update([one.decode() for one in _shingles(item.text)])
        found |= {(other, number) for other in index.query(sketch)}
        index.insert(number, sketch)
    return found


CONTENDERS = (
    ("smwatch", ours, "folding, tags, reasons"),
    ("datasketch", by_datasketch, "MinHash LSH, 128 permutations"),
    ("rensa", by_rensa, "RMinHash LSH, 128 permutations"),
)


def speed(name: str, items: Labelled, seconds: float) -> Iterator[str]:
    """The table of one set; no ratio where the others found something else."""
    running = [Contender(*one) for one in CONTENDERS]
    found = {one.name: answer for one in running if (answer := _tried(one, items)) is not None}
    running = [one for one in running if one.name in found]
    gc.collect()
    gc.freeze()
    end = time.process_time() + seconds * len(running)
    while time.process_time() < end or len(running[0].rates) < 3:
        for one in running:
            before = time.process_time()
            one.run(items)
            one.rates.append(len(items) / (time.process_time() - before))
    gc.unfreeze()
    first = running[0]
    yield f"### {name}, {len(items):,} texts\n"
    yield "| | texts a second and core | smwatch is faster by | duplicates found | |"
    yield "|---|---:|---:|---:|---|"
    for one in running:
        same = found[one.name] == found[first.name]
        faster = "" if one is first else f"{first.rate / one.rate:.2f}" if same else "other pairs found"
        yield f"| {one.name} | {one.rate:,.0f} | {faster} | {len(found[one.name])} | {one.note} |"


def _tried(one: Contender, items: Labelled) -> set[tuple[int, int]] | None:
    try:
        return one.run(items)
    except ImportError as error:
        print(f"left out: {one.name} ({error})", file=sys.stderr)
        return None


def main(argv: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=6.0, help="processor seconds for each contender")
    args = parser.parse_args(argv)
    corpus = os.environ.get("SMWATCH_CORPUS")
    folder = Path(corpus) / "news" if corpus else None
    lines = ["# Stories\n", f"Python {sys.version.split()[0]}.\n", "## Quality\n", *quality(folder), "\n## Speed\n"]
    for name in ENGLISH:
        if folder and (folder / f"{name}.jsonl.gz").exists():
            lines += [*speed(name, english(folder, name), args.seconds), ""]
    lines += list(speed("German set", german(None), args.seconds))
    text = "\n".join(lines) + "\n"
    print(text)
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / "story.md").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
