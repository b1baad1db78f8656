"""Pages, sitemaps and forums' answers made to hurt: refused or read, and the worker lives; evil servers as well."""

from __future__ import annotations

import gzip
import random

import pytest
from smwatch.plugins.forum import ForumSource
from smwatch.plugins.website import WebsiteSource

from smwatch.errors import Broken, SourceError
from smwatch.fetch.pool import ONE_LANE, ParsePool
from smwatch.forums import LOOK_AT_FORUM, READ_DISCOURSE, READ_FLARUM, READ_NODEBB, READ_SELECTED
from smwatch.pages import READ_PAGE, READ_SITEMAP
from smwatch.testing.servers import evil
from smwatch.testing.source_kit import walker

LD = b"<script type='application/ld+json'>"
ENTITIES = b"".join(b'<!ENTITY a%d "%s">' % (n, b"&a%d;" % (n - 1) * 10 if n else b"ha") for n in range(9))
HOSTILE = {
    "nested links": b"<a>" * 100_000,
    "nested teasers": b"<div class='teaser'><p>Dies ist ein langer Satz, der zaehlt und zaehlt und zaehlt.</p>" * 2000,
    "nested json": LD + b"[" * 100_000 + b"</script>",
    "nested graphs": LD + b'{"@graph":[' * 3000 + b"</script>",
    "one word": b"<p>" + b"1,1.1:" * 50_000,
    "abbreviations": b"<p>" + b"z. B. " * 100_000,
    "entities": b"&lt;" * 100_000,
    "noise": random.Random(2026).randbytes(300_000),
    "zeros": bytes(300_000),
    "laughs": b"<!DOCTYPE x [" + ENTITIES + b"]><urlset><url><loc>&a8;</loc></url></urlset>",
    "a file": b'<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]><urlset><url><loc>http://a.example/&e;</loc></url></urlset>',
    "a bomb": gzip.compress(b"<urlset>" + b" " * 50_000_000, 6),
    "wrong kinds": b'{"latest_posts":[{"id":[1],"topic_id":{},"cooked":5,"username":7,"created_at":[]},{"id":"7"}]}',
    "wrong topics": b'{"users":7,"topic_list":{"topics":[{"id":5,"posters":[[]],"tags":7}]}}',
    "wrong data": b'{"data":[{"type":"posts","id":"1","attributes":[],"relationships":[]}],"topics":[{"tid":1,"teaser":[]}]}',
    "huge number": b'{"latest_posts":[{"id":' + b"9" * 5000 + b"}]}",
}
SELECTORS = {"item": "div, p, a", "title": "a", "link": "a", "text": "p", "date": "time"}
READERS = {
    READ_PAGE: {"url": "https://a.example/", "whole": True, "day": "2026-11-24T10:00:00+00:00"},
    READ_SITEMAP: {"url": "https://a.example/"},
    LOOK_AT_FORUM: {"url": "https://a.example/"},
    READ_SELECTED: {"url": "https://a.example/", "selectors": SELECTORS},
    READ_DISCOURSE: {"base": "https://a.example/"},
    READ_NODEBB: {"base": "https://a.example/"},
    READ_FLARUM: {"base": "https://a.example/"},
}


@pytest.mark.parametrize("reader", READERS)
async def test_the_worker_lives(reader: str) -> None:
    pool = ParsePool(ONE_LANE)
    try:
        for name, body in HOSTILE.items():
            try:
                answer = await pool.run(reader, body, READERS[reader], source=name)
            except Broken as error:
                assert "Error" not in error.sentence.render("en"), name  # noqa: PT017 - a refusal, never an accident
            else:
                assert "root:" not in str(answer)
    finally:
        await pool.close()
    assert pool.metrics.died == 0


@pytest.mark.parametrize(
    "kind", ["html", "reset", "redirect-loop", "redirect-private", "status-451", "429", "not-http"]
)
async def test_evil_servers_are_said_to_be(kind: str) -> None:
    async with evil(kind) as url:
        for source in (
            ForumSource.model_validate({"type": "forum", "name": "f", "url": url, "allow_private": True}),
            WebsiteSource.model_validate({"type": "website", "name": "w", "url": url, "allow_private": True}),
        ):
            async with walker(source) as core:
                with pytest.raises(SourceError):
                    await core.walk()
