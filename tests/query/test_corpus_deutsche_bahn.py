"""The example of the docs against people's judgement: GermEval 2017, which posts concern Deutsche Bahn.

The data is not ours to publish; SMWATCH_CORPUS names its folder (`brand/de-germeval2017-deutsche-bahn.jsonl.gz`). The
query was worked out on one half (`dev`), by the checksums of the texts; the figures of docs/de/beispiel-deutsche-bahn.md
are lower bounds here.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import tomli

from smwatch.model import Item
from smwatch.query import parse
from smwatch.query.engine import Engine

if TYPE_CHECKING:
    from collections.abc import Iterable

CORPUS = os.environ.get("SMWATCH_CORPUS", "")
POSTS = Path(CORPUS) / "brand" / "de-germeval2017-deutsche-bahn.jsonl.gz"
EXAMPLE = Path(__file__).parents[2] / "docs" / "examples" / "deutsche-bahn.toml"


@pytest.mark.corpus
@pytest.mark.parametrize(("half", "recall", "precision"), [("dev", 0.88, 0.945), ("other", 0.89, 0.93)])
def test_the_example_finds_what_people_call_relevant(half: str, recall: float, precision: float) -> None:
    if not CORPUS:
        pytest.skip("SMWATCH_CORPUS does not name the folder of real data")
    source = tomli.loads(EXAMPLE.read_text(encoding="utf-8"))["query"][0]["query"]
    found, right = judged(source, [post for post in posts() if half_of(post) == half])
    print(f"\n{half}: recall {found:.3f}, precision {right:.3f}")  # noqa: T201 - the figures
    assert found >= recall
    assert right >= precision


def posts() -> list[dict[str, Any]]:
    with gzip.open(POSTS, "rt", encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def half_of(post: dict[str, Any]) -> str:
    return "other" if hashlib.sha256(post["text"].encode()).digest()[0] % 2 else "dev"


def judged(source: str, rows: Iterable[dict[str, Any]]) -> tuple[float, float]:
    """Recall and precision."""
    engine = Engine({"it": parse(source)})
    counts = {(hit, relevant): 0 for hit in (True, False) for relevant in (True, False)}
    for number, post in enumerate(rows):
        hit = bool(engine.match(Item(id=str(number), source="germeval", text=post["text"], lang="de")))
        counts[hit, post["labels"]["relevant"]] += 1
    both = counts[True, True]
    return both / (both + counts[False, True]), both / (both + counts[True, False])


def test_the_example_can_be_read() -> None:
    rows = tomli.loads(EXAMPLE.read_text(encoding="utf-8"))["query"]
    queries = [parse(row["query"]) for row in rows]
    assert [parse(str(query)).root for query in queries] == [query.root for query in queries]
