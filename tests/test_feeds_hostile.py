"""Group B, contents that are made to hurt, through a real worker: read or refused in words, and the next feed is read."""

from __future__ import annotations

import contextlib
import os
import random
from typing import TYPE_CHECKING

import pytest
from test_feeds_reader import ATOM, FORMATS

from smwatch.errors import Broken
from smwatch.feeds import READ_FEED
from smwatch.fetch.pool import ONE_LANE, ParsePool
from smwatch.testing.servers import GOOD, entry, rss

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

LAUGHS = "<!DOCTYPE rss [<!ENTITY a0 'ha'>{}]>".format(
    "".join(f"<!ENTITY a{n + 1} '{f'&a{n};' * 10}'>" for n in range(9))
)
ATTRIBUTES = " ".join(f"a{n}='b'" for n in range(20_000))
ITEM = "<rss><channel><item><title>{}</title></item></channel></rss>"
BOMBS = {
    "billion laughs": LAUGHS + ITEM.format("&a9;"),
    "quadratic blowup": f"<!DOCTYPE rss [<!ENTITY a '{'x' * 50_000}'>]>" + ITEM.format("&a;" * 50_000),
    "recursive entity": "<!DOCTYPE rss [<!ENTITY a '&b;'><!ENTITY b '&a;'>]>" + ITEM.format("&a;"),
    "parameter entity": "<!DOCTYPE rss [<!ENTITY % a '<!ENTITY b \"x\">'>%a;]>" + ITEM.format("&b;"),
    "external document type": '<!DOCTYPE rss SYSTEM "file:///etc/passwd">' + ITEM.format("x"),
    "nested tags": ITEM.format("<a>" * 100_000),
    "nested feeds": "<rss><channel><item>" * 30_000,
    "many attributes": f"<feed {ATOM}><entry {ATTRIBUTES}><id>1</id></entry></feed>",
    "author of dots": f"<feed {ATOM}><entry><id>1</id><author>{'a.' * 25_000}</author></entry><bad></feed>",
    "comments": f"<feed {ATOM}><entry><id>1</id><summary type='html'>{'&lt;!--' * 50_000}</summary></entry><bad></feed>",
    "many ids": rss(*[entry("x", guid="1")] * 5000),
    "long address": rss(entry("x", guid="1", link="https://acme.example/" + "a" * 1_000_000)),
}


@pytest.fixture
async def pool() -> AsyncIterator[ParsePool]:
    found = ParsePool(ONE_LANE)
    yield found
    await found.close()


@pytest.mark.parametrize("parser", ["", "feedparser"])
@pytest.mark.parametrize("name", BOMBS)
async def test_bombs(pool: ParsePool, name: str, parser: str) -> None:
    options = {"parser": parser} if parser else {}
    try:
        answer = await pool.run(READ_FEED, BOMBS[name].encode(), options, source="evil")
    except Broken as error:
        assert error.sentence.render("de") != error.sentence.render("en")  # noqa: PT017 - either end is right
    else:
        assert all(len(item["title"]) <= 500 and len(item["url"]) <= 4096 for item in answer["items"])
    assert (await pool.run(READ_FEED, GOOD.encode(), {}, source="good"))["items"]


async def test_nothing_that_a_feed_names_is_opened(pool: ParsePool, tmp_path: Path) -> None:
    secret = tmp_path / "secret.xml"
    secret.write_text("geheim", encoding="utf-8")
    for kind in (f'SYSTEM "{secret.as_uri()}"', f'PUBLIC "x" "{secret}"', f'SYSTEM "{secret.name}"'):
        body = f"<!DOCTYPE rss [<!ENTITY leak {kind}>]>" + ITEM.format("&leak;")
        for parser in ("fast", "feedparser"):
            answer = await pool.run(READ_FEED, body.encode(), {"parser": parser}, source="evil")
            assert "geheim" not in str(answer)


DISGUISES = {
    "plain": lambda url: f'<?xml version="1.0"?><!DOCTYPE rss SYSTEM "{url}">{FEED}'.encode(),
    "public": lambda url: f"<!DOCTYPE rss PUBLIC '-//x' '{url}' [<!ENTITY a 'b'>]>{FEED}".encode(),
    "behind half a CDATA": lambda url: f'<!-- <![CDATA[ --><!DOCTYPE rss SYSTEM "{url}">{FEED}<!-- ]]> -->'.encode(),
    "behind rubbish": lambda url: f'rubbish\n<!DOCTYPE rss SYSTEM "{url}">{FEED}'.encode(),
    "in UTF-16": lambda url: f'<?xml version="1.0"?><!DOCTYPE rss SYSTEM "{url}">{FEED}'.encode("utf-16"),
    "in UTF-7": lambda url: f'<?xml version="1.0" encoding="UTF-7"?>+ADwAIQ-DOCTYPE rss SYSTEM "{url}">{FEED}'.encode(),
    "in EBCDIC": lambda url: f'<?xml version="1.0" encoding="cp037"?><!DOCTYPE rss SYSTEM "{url}">{FEED}'.encode(
        "cp037"
    ),
    "with relative links": lambda url: f'<!DOCTYPE rss SYSTEM "{url}">{FEED}'.replace("https://a.example", "").encode(),
}
FEED = "<rss><channel><item><guid>1</guid><title>a &x; b</title><link>https://a.example/1</link></item></channel></rss>"


@pytest.mark.parametrize("disguise", DISGUISES)
@pytest.mark.parametrize("parser", ["", "feedparser"])
async def test_no_document_type_is_opened(pool: ParsePool, tmp_path: Path, disguise: str, parser: str) -> None:
    """Whoever opens a pipe that nobody writes to waits until it is killed."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    with contextlib.suppress(Broken):  # some are no feeds; none of them may wait
        await pool.run(READ_FEED, DISGUISES[disguise](pipe.as_uri()), {"parser": parser}, source="evil")
    assert pool.metrics.killed == 0


async def test_600_mutated_feeds(pool: ParsePool) -> None:
    dice = random.Random(2026)
    for number in range(600):
        body = mutated(dice, dice.choice(list(FORMATS.values())).encode())
        try:
            answer = await pool.run(READ_FEED, body, {}, source=str(number))
        except Broken:
            continue
        found = [item["id"] for item in answer["items"]]
        assert (all(found), len(set(found))) == (True, len(found)), body
    assert (pool.metrics.died, pool.metrics.killed) == (0, 0)


PIECES = (
    b"<",
    b">",
    b"&",
    b"\x00",
    b"\xff",
    b"]]>",
    b"<![CDATA[",
    b"<item>",
    b"</entry>",
    b'"',
    b"&#0;",
    b"\xed\xa0\x80",
)


def mutated(dice: random.Random, body: bytes) -> bytes:
    """Cut, doubled, shuffled or spoilt in one to four places."""
    for _ in range(dice.randint(1, 4)):
        at, to = sorted((dice.randrange(len(body) + 1), dice.randrange(len(body) + 1)))
        piece = dice.choice(PIECES)
        body = dice.choice(
            (
                body[:at],
                body[:at] + body[to:],
                body[:to] + body[at:],
                body[:at] + piece + body[at:],
                body[at:] + body[:at],
            )
        )
    return body
