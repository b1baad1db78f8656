"""Labelled near-duplicates that nobody on the project wrote: which articles are copies of each other."""

from __future__ import annotations

import gzip
import json
import os
from datetime import UTC, datetime
from pathlib import Path

import pytest

from smwatch.model import Item
from smwatch.testing.story_kit import Gatherer

FOLDER = Path(os.environ.get("SMWATCH_CORPUS", ""), "news")
SETS = sorted(FOLDER.glob("en-neardup-*.jsonl.gz")) if os.environ.get("SMWATCH_CORPUS") else []
NOW = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
pytestmark = pytest.mark.corpus


@pytest.mark.skipif(not SETS, reason="SMWATCH_CORPUS names no folder with news/en-neardup-*")
@pytest.mark.parametrize("file", SETS, ids=lambda file: file.name.partition(".")[0])
def test_the_labelled_copies_are_found_and_nothing_else(file):
    with gzip.open(file, "rt", encoding="utf-8") as lines:
        rows = [json.loads(line) for line in lines]
    truth = file.with_name(file.name.replace(".jsonl.gz", ".truth.tsv")).read_text().splitlines()
    gatherer = Gatherer()
    for row in rows:
        gatherer.take(Item(id=row["id"], source="wire", text=row["text"], kind="article"), NOW)
    found = {frozenset((rows[n]["id"], rows[other]["id"])) for n, (_, other) in gatherer.ties.items()}
    assert found == {frozenset(line.split()) for line in truth if line}
