"""The example of the pages about queries, judged by people: which of 3,417 items are about Deutsche Bahn.

GermEval 2017; SMWATCH_CORPUS names the folder of real data, see `corpus_expectations`.
"""

from __future__ import annotations

import gzip
import json
import os
from pathlib import Path

import pytest
from corpus_expectations import CORPUS

from smwatch.model import Author, Item
from smwatch.query import parse
from smwatch.query.coverage import covered
from smwatch.query.engine import Engine

EXAMPLE = Path(__file__).parent.parent / "docs" / "examples" / "deutsche-bahn.query"


def test_the_example_has_nothing_needless() -> None:
    query = parse(EXAMPLE.read_text(encoding="utf-8"))
    assert (covered(query), query.notes) == ((), ())


@pytest.mark.corpus
@pytest.mark.skipif(not os.environ.get("SMWATCH_CORPUS"), reason="SMWATCH_CORPUS does not name the folder of real data")
def test_the_example_finds_what_is_about_the_railway() -> None:
    engine = Engine({"": parse(EXAMPLE.read_text(encoding="utf-8"))})
    found = wanted = right = 0
    with gzip.open(CORPUS / "brand" / "de-germeval2017-deutsche-bahn.jsonl.gz", "rt", encoding="utf-8") as lines:
        for line in lines:
            row = json.loads(line)
            author = Author(name=row["author"]) if row.get("author") else None
            item = Item(id=row["id"], source="germeval", url=row["url"], text=row["text"], author=author)
            matched, relevant = bool(engine.match(item)), row["labels"]["relevant"]
            found += matched
            wanted += relevant
            right += matched and relevant
    assert right / wanted >= 0.95  # recall
    assert right / found >= 0.90  # precision
