"""Real feeds and the suites of other readers: no crash, no hang; feedparser and the suites themselves as judges.

SMWATCH_CORPUS names the folder of real data; see `corpus_expectations`.
"""

from __future__ import annotations

import os
import random
from pathlib import Path

import pytest
from corpus_expectations import CORPUS, Score, archives, expectations, judged, members, ours
from test_feeds_hostile import mutated

from smwatch.errors import Broken
from smwatch.feeds import READ_FEED
from smwatch.fetch.pool import ONE_LANE, ParsePool

pytestmark = pytest.mark.corpus
NONE = [Path("none")]
UNRULED = 1  # entry that we read in another way than feedparser for no reason that docs/decisions/0018 names
FEWER = {  # entries that the judge counts and we do not: an <entry/> inside of an entry's <source>
    "w3c-feedvalidator/testcases/atom/4.2.11/missing-self.xml",
    "w3c-feedvalidator/testcases/atom/4.2.11/source-entry.xml",
}


@pytest.fixture(autouse=True)
def corpus() -> None:
    if not os.environ.get("SMWATCH_CORPUS"):
        pytest.skip("SMWATCH_CORPUS does not name the folder of real data")


@pytest.mark.parametrize("archive", archives("feeds", "bad") or NONE, ids=lambda path: path.name)
async def test_no_crash_and_no_hang(archive: Path) -> None:
    """Through the worker; only its limits may end a file, and never by a crash."""
    pool = ParsePool(ONE_LANE)
    read = 0
    try:
        for name, body in members(archive):
            try:
                answer = await pool.run(READ_FEED, body, {}, source=name)
            except Broken:
                continue
            read += 1
            found = [item["id"] for item in answer["items"]]
            assert all(found), name
            assert len(set(found)) == len(found), name
    finally:
        await pool.close()
    assert pool.metrics.died == 0
    print(f"\n{archive.name}: {pool.metrics.jobs} files, {read} feeds, {pool.metrics.killed} stopped")  # noqa: T201 - the figures


@pytest.mark.timeout(600)
async def test_5000_mutated_real_feeds() -> None:
    """Cut, doubled, shuffled and spoilt: read or refused, never a crash, never two items of one id."""
    dice = random.Random(2026)
    real = [body for _, body in members(CORPUS / "feeds" / "fastfeedparser-real.tar.xz") if len(body) < 20_000]
    pool = ParsePool(ONE_LANE)
    try:
        for number in range(5000):
            body = mutated(dice, dice.choice(real))
            try:
                answer = await pool.run(READ_FEED, body, {}, source=str(number))
            except Broken:
                continue
            found = [item["id"] for item in answer["items"]]
            assert (all(found), len(set(found))) == (True, len(found))
    finally:
        await pool.close()
    assert (pool.metrics.died, pool.metrics.killed) == (0, 0)


def test_agrees_with_feedparser_on_real_feeds() -> None:
    score, fewer = _by_feedparser(CORPUS / "feeds" / "fastfeedparser-real.tar.xz")
    assert (score.entries > 2000, fewer) == (True, [])
    assert _worst(score) >= 0.995


@pytest.mark.timeout(600)
def test_agrees_with_feedparser_on_all_feeds() -> None:
    """Much of it is made to be broken, or was encoded twice by its collector, which we mend and the judge does not."""
    total, fewer = Score(), []
    for archive in archives("feeds"):
        score, missing = _by_feedparser(archive)
        total.add(score)
        fewer += missing
    print(f"\nall feeds: {total.told()}; by rule: {dict(total.rules)}", *total.unruled, sep="\n    ")  # noqa: T201
    assert set(fewer) <= FEWER
    assert total.entries > 6000
    assert _worst(total) >= 0.99
    assert total.equal["all"] / total.entries >= 0.985
    assert len({one.partition(": ")[0] for one in total.unruled}) <= UNRULED


def _by_feedparser(archive: Path) -> tuple[Score, list[str]]:
    """The score and the names of files of which the judge has more entries."""
    score, fewer = Score(), []
    for name, body in members(archive):
        found, claims = ours(body) or [], judged(body)
        if len(found) < len(claims):
            fewer.append(name)
        if len(found) == len(claims):
            for place, (item, claim) in enumerate(zip(found, claims, strict=True)):
                score.judge(f"{name}[{place}]", item, claim, body)
    print(f"\n{archive.name}: {score.told()}", *score.differences, sep="\n    ")  # noqa: T201
    return score, fewer


@pytest.mark.parametrize(
    ("suite", "most"),
    [
        ("fastfeedparser-real", 0),
        ("gofeed-testdata", 2),
        ("feed-rs", 2),
        ("rss-parser", 11),
        ("lemon24-reader", 0),
        ("feedparser-tests", 4),
    ],
)
def test_meets_the_expectations_of_other_suites(suite: str, most: int) -> None:
    """`most` differ, and each was looked at: invalid feeds that can be read in two ways, and mistakes of the suite."""
    score = Score()
    for case in expectations(CORPUS / "feeds" / f"{suite}.tar.xz"):
        found = ours(case.body) or []
        assert len(found) > max(case.claims), case.name
        for place, claim in case.claims.items():
            score.compare(f"{case.name}[{place}]", found[place], claim)
    print(f"\n{suite}: {score.told()}", *score.differences, sep="\n    ")  # noqa: T201
    assert score.entries
    assert len(score.differences) <= most


def _worst(score: Score) -> float:
    return min(score.equal[key] / claims for key, claims in score.claims.items() if key != "all")
