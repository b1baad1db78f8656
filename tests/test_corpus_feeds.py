"""Real feeds and the suites of other readers: no crash, no hang, and feedparser as judge of the real ones.

The data is not ours to publish; SMWATCH_CORPUS names its folder (with `feeds/*.tar.xz` and `bad/*.tar.xz`).
"""

from __future__ import annotations

import os
import tarfile
import warnings
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

import feedparser
import pytest

from smwatch.errors import Broken
from smwatch.feeds import READ_FEED
from smwatch.feeds.plain import plain_title
from smwatch.feeds.reader import read_feed
from smwatch.feeds.refusal import NotAFeed
from smwatch.fetch.pool import ONE_LANE, ParsePool

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.corpus
CORPUS = Path(os.environ.get("SMWATCH_CORPUS", ""))
JUDGED = ("fastfeedparser-real",)  # of the others much is made to be broken, or was encoded twice by its collector


@pytest.fixture(autouse=True)
def corpus() -> None:
    if not os.environ.get("SMWATCH_CORPUS"):
        pytest.skip("SMWATCH_CORPUS does not name the folder of real data")


def members(archive: Path) -> Iterator[tuple[str, bytes]]:
    with tarfile.open(archive) as tar:
        for member in tar:
            if member.isfile() and (stream := tar.extractfile(member)) is not None:
                yield member.name, stream.read()


def archives(folder: str) -> list[Path]:
    return sorted((CORPUS / folder).glob("*.tar.xz")) if os.environ.get("SMWATCH_CORPUS") else []


@pytest.mark.parametrize(
    "archive", [*archives("feeds"), *archives("bad")] or [Path("none")], ids=lambda path: path.name
)
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


@pytest.mark.parametrize("name", JUDGED)
def test_agrees_with_feedparser(name: str) -> None:
    total = 0
    equal = dict.fromkeys(("id", "url", "title", "published", "all"), 0)
    for _, body in members(CORPUS / "feeds" / f"{name}.tar.xz"):
        for ours, theirs in pairs(body):
            total += 1
            same = {key: ours[key] == value for key, value in theirs.items()}
            for key, is_same in {**same, "all": all(same.values())}.items():
                equal[key] += is_same
    print(f"\n{name}: {total} entries; equal: {equal}")  # noqa: T201 - the figures
    assert total > 2000
    assert min(equal.values()) >= 0.99 * total


def pairs(body: bytes) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        judge = feedparser.parse(BytesIO(body))
        try:
            items = read_feed(body, {})["items"]
        except NotAFeed:
            assert not judge.entries
            return
        if judge.entries:
            assert len(items) == len(judge.entries)
        for item, entry in zip(items, judge.entries, strict=False):
            yield shortened(item), judged(entry)


def shortened(item: dict[str, Any]) -> dict[str, Any]:
    """Dates to the second, as the judge reads them."""
    published = item["published"] and datetime.fromisoformat(item["published"]).replace(microsecond=0)
    return {**item, "published": published}


def judged(entry: Any) -> dict[str, Any]:
    kind = "text" if entry.get("title_detail", {}).get("type") == "text/plain" else "html"
    moment = entry.get("published_parsed") or entry.get("updated_parsed")
    return {
        "id": entry.get("id") or entry.get("link"),
        "url": entry.get("link") or "",
        "title": plain_title(entry.get("title") or "", kind),
        "published": moment and datetime(*moment[:6], tzinfo=UTC),
    }
