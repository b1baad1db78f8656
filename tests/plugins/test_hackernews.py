from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

import pytest
from smwatch.plugins.hackernews import HackerNewsSource

from smwatch.errors import Broken, UserError
from smwatch.model import Author, Engagement, Item
from smwatch.testing.servers import FeedServer, Seen, Served
from smwatch.testing.source_kit import NOW, conforms, walker

if TYPE_CHECKING:
    import asyncio
    from collections.abc import AsyncIterator

PATH = "/api/v1/search_by_date"

# synthetic twins of what the index answers
STORY = {
    "objectID": "48000001",
    "title": "Show HN: Acme, a drill that listens",
    "url": "https://acme.example/drill",
    "author": "erika",
    "points": 12,
    "num_comments": 3,
    "story_id": 48000001,
    "story_text": 'It&#x27;s <i>open</i>.<p>See <a href="https:&#x2F;&#x2F;acme.example&#x2F;docs" rel="nofollow">docs</a>',
    "created_at": "2026-03-29T07:50:00Z",
    "created_at_i": 1774770600,
    "_tags": ["story", "author_erika", "story_48000001", "show_hn"],
    "_highlightResult": {"title": {"value": "Show HN: <em>Acme</em>", "matchLevel": "full"}},
}
COMMENT = {
    "objectID": "48000002",
    "title": None,
    "url": None,
    "author": "max",
    "points": None,
    "num_comments": None,
    "comment_text": "Acme broke on me",
    "story_id": 48000001,
    "story_title": "Show HN: Acme, a drill that listens",
    "story_url": "https://acme.example/drill",
    "parent_id": 48000001,
    "created_at": "2026-03-29T07:55:00Z",
    "created_at_i": 1774770900,
    "_tags": ["comment", "author_max", "story_48000001"],
}
ITEMS = [
    Item(
        id="48000001",
        source="hn",
        url="https://news.ycombinator.com/item?id=48000001",
        title="Show HN: Acme, a drill that listens",
        text="It's open.\n\nSee docs",
        author=Author(
            name="erika", handle="@erika", native_id="erika", url="https://news.ycombinator.com/user?id=erika"
        ),
        published=datetime(2026, 3, 29, 7, 50, tzinfo=UTC),
        engagement=Engagement(likes=12, replies=3),
        root_id="48000001",
        links=("https://acme.example/drill", "https://acme.example/docs"),
        attributes={"tags": ["show_hn"]},
    ),
    Item(
        id="48000002",
        source="hn",
        url="https://news.ycombinator.com/item?id=48000002",
        text="Acme broke on me",
        kind="comment",
        author=Author(name="max", handle="@max", native_id="max", url="https://news.ycombinator.com/user?id=max"),
        published=datetime(2026, 3, 29, 7, 55, tzinfo=UTC),
        engagement=Engagement(),
        parent_id="48000001",
        root_id="48000001",
        attributes={"is": ["reply"], "thread": "Show HN: Acme, a drill that listens"},
    ),
]


class Index(FeedServer):
    """Answers as the index does: newest first, pages of what was asked for, nothing older than the filter says."""

    def __init__(self) -> None:
        super().__init__()
        self.hits: list[dict[str, Any]] = []

    async def answer(self, seen: Seen, writer: asyncio.StreamWriter) -> bool:
        asked = {name: values[0] for name, values in parse_qs(urlsplit(seen.path).query).items()}
        since, size, page = (
            int(asked["numericFilters"].partition(">")[2]),
            int(asked["hitsPerPage"]),
            int(asked["page"]),
        )
        words = asked["query"].lower().split()
        found = [
            one for one in self.hits if one["created_at_i"] > since and all(w in json.dumps(one).lower() for w in words)
        ]
        found.sort(key=lambda one: -one["created_at_i"])
        body = {"hits": found[page * size : (page + 1) * size], "nbHits": len(found), "nbPages": -(-len(found) // size)}
        self.pages[PATH] = Served(body=json.dumps(body).encode(), content_type="application/json", validators=())
        return await super().answer(seen, writer)

    def says(self, number: int, words: str, at: datetime) -> None:
        self.hits.append(
            {**COMMENT, "objectID": str(number), "comment_text": words, "created_at_i": int(at.timestamp())}
        )


@pytest.fixture
async def index() -> AsyncIterator[Index]:
    async with Index() as found:
        yield found


def hackernews(server: FeedServer, **keys: object) -> HackerNewsSource:
    values = {"type": "hackernews", "name": "hn", "url": server.url(""), "allow_private": True, "search": ("acme",)}
    return HackerNewsSource.model_validate({**values, **keys})


async def walked(core) -> list[str]:
    return [item.id for page in await core.walk() for item in page.items]


@pytest.mark.parametrize("written", ["", "/", "/api/v1", "/api/v1/", PATH])
async def test_the_address_may_be_the_servers_the_apis_or_the_searchs(index: Index, written: str) -> None:
    async with walker(hackernews(index, url=index.url(written))) as core:
        await core.walk()
    assert {urlsplit(seen.path).path for seen in index.requests} == {PATH}


async def test_conforms() -> None:
    async with FeedServer() as server:
        body = json.dumps({"hits": [STORY, COMMENT], "nbPages": 1})
        server.put(PATH, body, content_type="application/json", validators=())
        pages = await conforms(hackernews(server), server)
    assert [item for page in pages for item in page.items] == ITEMS


async def test_a_walk_goes_on_from_its_last_hit_with_ten_minutes_to_spare(index: Index) -> None:
    index.says(1, "acme vorgestern", NOW - timedelta(days=2))
    index.says(2, "acme gestern", NOW - timedelta(hours=20))
    index.says(3, "acme eben", NOW - timedelta(minutes=1))
    async with walker(hackernews(index)) as core:
        assert await walked(core) == ["3", "2"]
        index.says(4, "acme, spät im Index", NOW - timedelta(minutes=5))
        index.says(5, "acme neu", NOW + timedelta(minutes=1))
        assert await walked(core) == ["5", "3", "4"]
        core.now += timedelta(days=3)
        index.says(6, "acme nach der Pause", NOW + timedelta(days=2))
        assert await walked(core) == ["6", "5", "3", "4"]


async def test_a_thousand_hits_are_read(index: Index) -> None:
    for number in range(950):
        index.says(number, "acme", NOW - timedelta(seconds=number))
    async with walker(hackernews(index)) as core:
        assert len(await walked(core)) == 950
    assert len(index.requests) == 10


async def test_every_string_of_the_watches_is_asked(index: Index) -> None:
    index.says(1, "acme und globex", NOW)
    source = hackernews(index, search="from-watches")
    assert source.searched() == ("hackernews",)
    async with walker(source, searches={"hackernews": ("acme", "globex")}.__getitem__) as core:
        assert await walked(core) == ["1", "1"]
    assert [parse_qs(urlsplit(one.path).query)["query"] for one in index.requests] == [["acme"], ["globex"]]


async def test_an_answer_without_hits_is_broken() -> None:
    async with FeedServer() as server:
        server.put(PATH, '{"message": "indexName is not valid", "status": 400}', validators=())
        async with walker(hackernews(server)) as core:
            with pytest.raises(Broken, match="without hits"):
                await core.walk()


@pytest.mark.parametrize("keys", [{"search": ()}, {"url": "nichts"}])
def test_keys_that_make_no_sense(keys: dict[str, object]) -> None:
    with pytest.raises(UserError):
        HackerNewsSource.model_validate({"type": "hackernews", **keys})


async def test_a_date_of_the_future_hides_nothing_that_follows(index: Index) -> None:
    index.says(1, "acme von übermorgen", NOW + timedelta(days=4000))
    async with walker(hackernews(index)) as core:
        await core.walk()
        index.says(2, "acme neu", NOW + timedelta(minutes=5))
        assert await walked(core) == ["1", "2"]
