"""Real forum pages and recorded answers of a Discourse: recognised, read without loss, no crash, no hang.

SMWATCH_CORPUS names the folder of real data; see `corpus_expectations`.
"""

from __future__ import annotations

import csv
import io
import json
import os
import re
from datetime import UTC, datetime

import pytest
from corpus_expectations import CORPUS, members

from smwatch.errors import Broken
from smwatch.fetch.pool import ONE_LANE, ParsePool
from smwatch.forums import LOOK_AT_FORUM, READ_DISCOURSE, READ_FLARUM, READ_NODEBB, READ_SELECTED
from smwatch.forums.engines import ENGINES
from smwatch.forums.items import forum_items

pytestmark = pytest.mark.corpus
NOW = datetime(2026, 11, 24, 10, 0, tzinfo=UTC)
BLOGS = 5  # pages of the collection that are called bbPress and are blogs without a forum on them
MISTAKEN = {"invision", "xenforo:www.anglaisfacile.com", "phpbb:www.seocafe.info"}  # no such software on these pages


@pytest.fixture(autouse=True)
def corpus() -> None:
    if not os.environ.get("SMWATCH_CORPUS"):
        pytest.skip("SMWATCH_CORPUS does not name the folder of real data")


async def test_real_forums_are_recognised() -> None:
    pages = dict(members(CORPUS / "html" / "forum-pages.tar.xz"))
    manifest = next(body for name, body in pages.items() if name.endswith("MANIFEST.tsv")).decode()
    pool, wrong, right = ParsePool(ONE_LANE), [], 0
    try:
        for row in csv.DictReader(io.StringIO(manifest), delimiter="\t"):
            body = next(body for name, body in pages.items() if name.endswith(row["file"]))
            found = await pool.run(LOOK_AT_FORUM, body, {"url": row["url"]}, source=row["file"])
            guess, host = row["software_guess"], row["url"].split("/")[2]
            if guess not in ENGINES or guess in MISTAKEN or f"{guess}:{host}" in MISTAKEN:
                continue
            right += found["engine"] == guess
            wrong += [(row["file"], guess, found["engine"])] if found["engine"] != guess else []
    finally:
        await pool.close()
    print(f"\nforum pages: {right} recognised, not: {wrong}")  # noqa: T201 - the figures
    assert (pool.metrics.killed, pool.metrics.died) == (0, 0)
    assert {guess for _, guess, _ in wrong} <= {"bbpress"}
    assert len(wrong) <= BLOGS


async def test_no_page_and_no_document_crashes_a_reader() -> None:
    pool, jobs = ParsePool(ONE_LANE), 0
    selectors = {"item": "li, tr, article, div", "title": "a", "link": "a", "date": "time", "text": "p"}
    readers = {
        LOOK_AT_FORUM: {"url": "https://forum.example/"},
        READ_SELECTED: {"url": "https://forum.example/", "selectors": selectors},
        READ_DISCOURSE: {"base": "https://forum.example/"},
        READ_NODEBB: {"base": "https://forum.example/"},
        READ_FLARUM: {"base": "https://forum.example/"},
    }
    archives = [CORPUS / "html" / "forum-pages.tar.xz", *sorted((CORPUS / "bad").glob("*html*.tar.xz"))]
    archives += sorted((CORPUS / "bad").glob("*json*.tar.xz"))
    try:
        for archive in archives:
            for name, body in members(archive):
                for reader, options in readers.items():
                    jobs += 1
                    try:
                        answer = await pool.run(reader, body, options, source=name)
                    except Broken:
                        continue
                    if "items" in answer:
                        assert all(item.id for item in forum_items(answer, "forum", NOW, UTC)), name
    finally:
        await pool.close()
    print(f"\n{len(archives)} archives, {jobs} readings, {pool.metrics.killed} stopped, {pool.metrics.died} died")  # noqa: T201
    assert pool.metrics.died == 0


async def test_recorded_answers_of_a_discourse_are_read_without_loss() -> None:
    pool, read = ParsePool(ONE_LANE), {}
    try:
        for path in sorted((CORPUS / "platforms" / "recorded" / "discourse").glob("*.json")):
            body = path.read_bytes()
            value = json.loads(body)
            posts = value.get("latest_posts") or (value.get("post_stream") or {}).get("posts")
            if posts is None and "topic_list" not in value:
                continue
            answer = await pool.run(READ_DISCOURSE, body, {"base": "https://forum.example/"}, source=path.name)
            items = forum_items(answer, "forum", NOW, UTC)
            wanted = posts if posts is not None else value["topic_list"]["topics"]
            kept = [one for one in wanted if not one.get("user_deleted") and one.get("post_type", 1) != 3]
            assert [item.id.removeprefix("t") for item in items] == [str(one["id"]) for one in kept], path.name
            assert all(item.published and item.title and item.root_id for item in items), path.name
            said = [one for one in kept if re.sub(r"<[^>]*>", "", one.get("cooked") or "").strip()]
            assert sum(bool(item.text) for item in items) == len(said) or posts is None, path.name
            assert all(item.author for item in items), path.name
            read[path.name] = len(items)
    finally:
        await pool.close()
    print(f"\nDiscourse: {read}")  # noqa: T201
    assert read
