"""Real article pages with known texts, real sitemaps, hostile markup: read well, no crash, no hang.

SMWATCH_CORPUS names the folder of real data; see `corpus_expectations`.
"""

from __future__ import annotations

import gzip
import json
import os
import re
from collections import Counter
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
from corpus_expectations import CORPUS, members

from smwatch.errors import Broken
from smwatch.fetch.pool import ONE_LANE, ParsePool
from smwatch.model import utc
from smwatch.pages import READ_PAGE, READ_SITEMAP
from smwatch.pages.moments import read_moment

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.corpus
NOW = datetime(2026, 11, 24, 10, 0, tzinfo=UTC)
SHORTEST = 100  # characters of a text that says something about a reader


@pytest.fixture(autouse=True)
def corpus() -> None:
    if not os.environ.get("SMWATCH_CORPUS"):
        pytest.skip("SMWATCH_CORPUS does not name the folder of real data")


def articles(archive: Path) -> list[tuple[str, bytes, dict]]:
    """Each page with what it says; versions of a publisher's layout stand in the order of their pages' days."""
    files = dict(members(archive))
    found = []
    for name, body in files.items():
        if not name.endswith(".json"):
            continue
        stem = re.compile(re.escape(name[:-5]) + r"_\d[\d_]*\.html\.gz$")
        pages, said = sorted(one for one in files if stem.match(one)), list(json.loads(body).values())
        if len(pages) == len(said):
            found += [
                (page, files[page] if files[page][:2] != b"\x1f\x8b" else gzip.decompress(files[page]), one)
                for page, one in zip(pages, said, strict=True)
            ]
    return found


def body_of(said: dict) -> str:
    body = said.get("body") or {}
    parts = list(body.get("summary") or [])
    for section in body.get("sections") or []:
        parts += [*(section.get("headline") or []), *(section.get("paragraphs") or [])]
    return "\n\n".join(parts)


def agreement(got: str, wanted: str) -> float:
    """F1 in words."""
    mine, theirs = (Counter(re.findall(r"\w+", one.lower())) for one in (got, wanted))
    both = sum((mine & theirs).values())
    return 2 * both / max(sum(mine.values()) + sum(theirs.values()), 1)


@pytest.mark.parametrize(("name", "least"), [("fundus-pages-de", 0.93), ("fundus-pages-intl", 0.91)])
async def test_articles_are_read_as_people_do(name: str, least: float) -> None:
    pool, scores, dates, dated = ParsePool(ONE_LANE), [], 0, 0
    try:
        for page, body, said in articles(CORPUS / "news" / f"{name}.tar.xz"):
            found = await pool.run(READ_PAGE, body, {"url": "https://www.acme.example/a"}, source=page)
            if len(wanted := body_of(said)) >= SHORTEST:
                scores.append(agreement(found["text"], wanted))
            if said.get("publishing_date"):
                dated += 1
                moment = read_moment(found["published"], NOW)
                wanted_at = utc(datetime.fromisoformat(said["publishing_date"]))
                dates += moment is not None and abs((moment - wanted_at).total_seconds()) < 86400
    finally:
        await pool.close()
    mean = sum(scores) / len(scores)
    print(f"\n{name}: {len(scores)} texts, F1 {mean:.3f}; dates {dates} of {dated}")  # noqa: T201 - the figures
    assert (pool.metrics.killed, pool.metrics.died) == (0, 0)
    assert mean >= least
    assert dates >= 0.95 * dated


async def test_nothing_crashes_a_reader() -> None:
    pool, jobs = ParsePool(ONE_LANE), 0
    archives = [*sorted((CORPUS / "html").glob("*.tar.xz")), *sorted((CORPUS / "bad").glob("*html*.tar.xz"))]
    archives += sorted((CORPUS / "bad").glob("*xml*.tar.xz"))
    options = {"url": "https://www.acme.example/"}
    try:
        for archive in archives:
            for name, body in members(archive):
                for reader, more in ((READ_PAGE, {}), (READ_PAGE, {"whole": True}), (READ_SITEMAP, {})):
                    jobs += 1
                    try:
                        await pool.run(reader, body, options | more, source=name)
                    except Broken:
                        continue
    finally:
        await pool.close()
    print(f"\n{len(archives)} archives, {jobs} readings, {pool.metrics.killed} stopped, {pool.metrics.refused} refused")  # noqa: T201
    assert pool.metrics.died == 0


async def test_real_sitemaps_are_read() -> None:
    pool, read = ParsePool(ONE_LANE), {}
    try:
        for name, body in members(CORPUS / "html" / "sitemaps.tar.xz"):
            if "/robots/" not in name:
                found = await pool.run(READ_SITEMAP, body, {"url": "https://www.acme.example/"}, source=name)
                read[name] = (found["kind"], len(found["entries"]))
    finally:
        await pool.close()
    print(f"\n{read}")  # noqa: T201
    assert [name for name, (kind, entries) in read.items() if not kind or not entries] == []
