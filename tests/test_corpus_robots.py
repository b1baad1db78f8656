"""Other people's robots.txt files and pages: read in a moment, and as their makers meant it.

SMWATCH_CORPUS names the folder of real data; see `corpus_expectations`.
"""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest
from corpus_expectations import archives, members

from smwatch.feeds.reader import read_feed
from smwatch.feeds.refusal import NotAFeed
from smwatch.fetch.robots import READ, read_rules
from smwatch.links import canonical_link, clean_link
from smwatch.text.lookalike import unmasked

pytestmark = pytest.mark.corpus
NONE = [Path("none")]
SITE = "https://www.example.com"
MEANT = {  # file: (paths that may be read, paths that may not)
    "robots-with-utf8-bom.txt": ((), ("/login.aspx", "/profile")),
    "robots-with-utf16le-bom.txt": ((), ("/login.aspx", "/profile")),
    "robots-with-utf16be-bom.txt": ((), ("/login.aspx", "/profile")),
}


@pytest.fixture(autouse=True)
def corpus() -> None:
    if not os.environ.get("SMWATCH_CORPUS"):
        pytest.skip("SMWATCH_CORPUS does not name the folder of real data")


@pytest.mark.parametrize("archive", archives("html", "bad", "feeds") or NONE, ids=lambda path: path.name)
async def test_anything_may_stand_where_robots_txt_should(archive: Path) -> None:
    """Never an exception, never a second; whatever it is, the root of the site is judged."""
    slowest, count = 0.0, 0
    for name, body in members(archive):
        start = time.process_time()
        rules = await read_rules(body, f"{SITE}/robots.txt")
        assert rules.allow(f"{SITE}/") in (True, False)
        assert rules.size <= READ
        slowest, count = max(slowest, time.process_time() - start), count + 1
        for path, allowed in _meant(name):
            assert rules.allow(SITE + path) is allowed, (name, path)
    print(f"\n{archive.name}: {count} files, the slowest in {slowest:.3f} s")  # noqa: T201 - the figures
    assert slowest < 1.0


def _meant(name: str) -> list[tuple[str, bool]]:
    good, bad = MEANT.get(name.rpartition("/")[2], ((), ()))
    return [*((path, True) for path in good), *((path, False) for path in bad)]


@pytest.mark.parametrize("archive", archives("html") or NONE, ids=lambda path: path.name)
def test_no_page_passes_for_a_feed(archive: Path) -> None:
    feeds, walls = 0, 0
    for name, body in members(archive):
        if not name.endswith((".html", ".htm", ".txt", ".php", ".xhtml")):
            continue
        try:
            found = read_feed(body, {"url": f"{SITE}/{name}"})
        except NotAFeed as error:
            walls += error.code in ("html-check", "html-login", "html-consent")
            continue
        feeds += 1
        assert not found["items"] or body.lstrip()[:5] == b"<?xml" or b"<rss" in body[:2000], name
    print(f"\n{archive.name}: {feeds} feeds among pages, {walls} of them stand before something")  # noqa: T201


@pytest.mark.parametrize("archive", archives("feeds") or NONE, ids=lambda path: path.name)
def test_links_and_letters_of_all_feeds(archive: Path) -> None:
    """Two entries of one feed are one page only where their links say so; letters keep their places."""
    for name, body in members(archive):
        try:
            items = read_feed(body, {"url": SITE})["items"]
        except Exception:  # noqa: BLE001, S112 - what it refuses is the worker's business
            continue
        for item in items:
            key = canonical_link(item["url"])
            assert canonical_link(clean_link(item["url"])) == key, (name, item["url"])
            for said in (item["title"], item["text"]):
                assert len(unmasked(said)[0]) == len(said)
