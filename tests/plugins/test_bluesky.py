from __future__ import annotations

import asyncio
import json
from contextlib import aclosing, asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from smwatch.plugins.bluesky import BlueskySource

from smwatch.errors import AuthExpired, Transient, UserError
from smwatch.fetch.client import Limits
from smwatch.model import Author, Engagement, Item
from smwatch.secret import Secret
from smwatch.testing.fake_bluesky import FakeBluesky
from smwatch.testing.servers import FeedServer
from smwatch.testing.source_kit import NOW, conforms, walker

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

DID = "did:plc:aaaabbbbccccddddeeeeffff"

SECOND = "xrpc/network.bsky.jetstream.subscribeEvents"

# synthetic twins of a record with all that records carry
RECORD = {
    "$type": "app.bsky.feed.post",
    "createdAt": "2026-03-29T07:38:06.240Z",
    "langs": ["de"],
    "text": "Müller von @acme.bsky.example sagt: acme.example/sehr/l… #Rückruf",
    "facets": [
        {
            "index": {"byteStart": 0, "byteEnd": 1},
            "features": [{"$type": "app.bsky.richtext.facet#mention", "did": "did:plc:acme"}],
        },
        {
            "index": {"byteStart": 2, "byteEnd": 3},
            "features": [{"$type": "app.bsky.richtext.facet#link", "uri": "https://acme.example/sehr/lang"}],
        },
        {
            "index": {"byteStart": 4, "byteEnd": 5},
            "features": [{"$type": "app.bsky.richtext.facet#tag", "tag": "Rückruf"}],
        },
    ],
    "tags": ["Bohrmaschine"],
    "reply": {
        "root": {"cid": "bafy", "uri": "at://did:plc:root/app.bsky.feed.post/3root"},
        "parent": {"cid": "bafy", "uri": "at://did:plc:parent/app.bsky.feed.post/3parent"},
    },
    "embed": {
        "$type": "app.bsky.embed.recordWithMedia",
        "record": {
            "$type": "app.bsky.embed.record",
            "record": {"cid": "bafy", "uri": "at://did:plc:quoted/app.bsky.feed.post/3quoted"},
        },
        "media": {
            "$type": "app.bsky.embed.images",
            "images": [{"alt": "Eine Bohrmaschine", "image": {"$type": "blob"}}, {"alt": "", "image": {}}],
        },
    },
}
VIEW = {
    "uri": f"at://{DID}/app.bsky.feed.post/3mpt",
    "cid": "bafy",
    "author": {"did": DID, "handle": "erika.bsky.example", "displayName": "Erika"},
    "record": RECORD,
    "indexedAt": "2026-03-29T07:38:08.000Z",
    "likeCount": 3,
    "replyCount": 0,
    "repostCount": 2,
    "quoteCount": 1,
}
ITEM = Item(
    id=f"at://{DID}/app.bsky.feed.post/3mpt",
    source="blau",
    url=f"https://bsky.app/profile/{DID}/post/3mpt",
    text="Müller von @acme.bsky.example sagt: acme.example/sehr/l… #Rückruf\n\nEine Bohrmaschine",
    kind="comment",
    author=Author(
        name="Erika", handle="@erika.bsky.example", native_id=DID, url=f"https://bsky.app/profile/{DID}", followers=None
    ),
    published=datetime(2026, 3, 29, 7, 38, 6, 240000, tzinfo=UTC),
    lang="de",
    engagement=Engagement(likes=3, replies=0, shares=3),
    parent_id="at://did:plc:parent/app.bsky.feed.post/3parent",
    root_id="at://did:plc:root/app.bsky.feed.post/3root",
    links=("https://acme.example/sehr/lang", "https://bsky.app/profile/did:plc:quoted/post/3quoted"),
    attributes={
        "tags": ["Rückruf", "Bohrmaschine"],
        "mention": ["did:plc:acme"],
        "is": ["reply"],
        "contains": ["image"],
    },
    other_ids=(DID,),
)


@pytest.fixture
async def network(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[FakeBluesky]:
    async with FakeBluesky(clock=lambda: NOW) as found:
        monkeypatch.setenv("BLUESKY_PASSWORD", found.password)
        yield found


def bluesky(url: str, **keys: object) -> BlueskySource:
    where = {"jetstream": f"{url}/subscribe", "pds": url, "appview": url}
    return BlueskySource.model_validate({"type": "bluesky", "name": "blau", "allow_private": True, **where, **keys})


def searching(network: FakeBluesky, *words: str, **keys: object) -> BlueskySource:
    account = {"user": network.user, "password": Secret("env", "BLUESKY_PASSWORD")}
    return bluesky(network.url, search=words or "from-watches", listening=False, **account, **keys)


async def walked(core) -> list[str]:
    return [item.text for page in await core.walk() for item in page.items]


@asynccontextmanager
async def listening(network: FakeBluesky, cursor: str | None = None, **keys: object):
    """The pages of a stream that is open."""
    source = bluesky(network.url, **keys)
    async with walker(source) as core, aclosing(source.listen(core.context(cursor))) as pages:
        coming = asyncio.ensure_future(anext(pages))

        async def following():
            nonlocal coming
            page = await coming
            coming = asyncio.ensure_future(anext(pages))
            return page

        while not (network.ears or coming.done()):
            await asyncio.sleep(0.01)
        yield following
        coming.cancel()
        await asyncio.wait({coming})


async def test_conforms(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BLUESKY_PASSWORD", "abcd-efgh-ijkl-mnop")
    async with FeedServer() as server:
        put = {"content_type": "application/json; charset=utf-8", "validators": ()}
        session = {"accessJwt": "access", "refreshJwt": "refresh"}
        server.put("/xrpc/com.atproto.server.createSession", json.dumps(session), **put)
        server.put("/xrpc/app.bsky.feed.searchPosts", json.dumps({"posts": [VIEW]}), **put)
        source = bluesky(
            server.url("").rstrip("/"),
            search=("acme",),
            listening=False,
            user="acme.bsky.example",
            password=Secret("env", "BLUESKY_PASSWORD"),
        )
        pages = await conforms(source, server)
    assert [item for page in pages for item in page.items] == [ITEM]


async def test_the_stream_brings_posts_edits_and_deletions(network: FakeBluesky) -> None:
    erika = network.account("erika.bsky.example", "Erika")
    async with listening(network) as following:
        post = network.posts(erika, "Acme brennt")
        network.likes(erika, post)
        page = await following()
        assert [(item.id, item.text, item.lang, item.author) for item in page.items] == [
            (post.uri, "Acme brennt", "de", Author(native_id=erika, url=f"https://bsky.app/profile/{erika}"))
        ]
        assert (page.passing, page.cursor, page.notes) == (True, str(network.events[0]["time_us"]), ())
        network.edits(post, "Acme brennt nicht")
        assert [item.text for item in (await following()).items] == ["Acme brennt nicht"]
        network.deletes(post)
        assert (await following()).deleted == (post.uri,)


async def test_an_account_that_is_gone_takes_all_its_posts_along(network: FakeBluesky) -> None:
    erika = network.account("erika.bsky.example")
    async with listening(network) as following:
        network.posts(erika, "Acme brennt")
        page = await following()
        network.ends(erika, "deactivated")
        network.ends(erika, "deleted")
        assert (await following()).deleted == page.items[0].other_ids == (erika,)


async def test_a_second_is_one_page_and_a_hundred_are_one_too(network: FakeBluesky) -> None:
    erika = network.account("erika.bsky.example")
    async with listening(network) as following:
        posts = [network.posts(erika, f"Nummer {number}") for number in range(150)]
        network.deletes(posts[0])
        first, second = await following(), await following()
    assert (len(first.items), len(second.items), second.deleted) == (100, 50, (posts[0].uri,))


@pytest.mark.parametrize("wire", ["subscribe", SECOND])
async def test_it_goes_on_from_where_it_was(network: FakeBluesky, wire: str) -> None:
    erika = network.account("erika.bsky.example")
    jetstream = f"{network.url}/{wire}"
    async with listening(network, jetstream=jetstream) as following:
        network.posts(erika, "eins")
        cursor = (await following()).cursor
    network.cuts()
    network.posts(erika, "zwei, während niemand hört")
    async with listening(network, cursor, jetstream=jetstream) as following:
        page = await following()
    assert [item.text for item in page.items] == ["eins", "zwei, während niemand hört"]  # the overlap is known already
    assert page.notes == ()


async def test_a_gap_of_the_first_wire_is_told(network: FakeBluesky) -> None:
    erika = network.account("erika.bsky.example")
    network.posts(erika, "nach der Lücke")
    left = int((NOW - timedelta(hours=30)).timestamp() * 1e6)
    async with listening(network, str(left)) as following:
        page = await following()
    assert [item.text for item in page.items] == ["nach der Lücke"]
    (note,) = page.notes
    assert "28.03. 02:00 und 29.03. 08:00 UTC fehlen" in note.render("de")


async def test_a_cursor_that_is_too_old_is_told_and_the_stream_goes_on_from_now(network: FakeBluesky) -> None:
    erika = network.account("erika.bsky.example")
    network.posts(erika, "verloren")
    network.forgets()
    async with listening(network, "7", jetstream=f"{network.url}/{SECOND}") as on:
        (note,) = (await on()).notes
        assert "Beiträge der Zwischenzeit fehlen" in note.render("de")
        while not network.ears:
            await asyncio.sleep(0.01)
        network.posts(erika, "weiter")
        assert [item.text for item in (await on()).items] == ["weiter"]


async def test_a_gap_of_the_second_wire_is_told(network: FakeBluesky) -> None:
    network.forgets()
    erika = network.account("erika.bsky.example")
    network.posts(erika, "nach der Lücke")
    left = int((NOW - timedelta(hours=30)).timestamp() * 1e6)
    async with listening(network, str(left), jetstream=f"{network.url}/{SECOND}") as following:
        page = await following()
    assert [item.text for item in page.items] == ["nach der Lücke"]
    (note,) = page.notes
    assert "Beiträge der Zwischenzeit fehlen" in note.render("de")


@pytest.mark.parametrize("wire", ["subscribe", SECOND])
async def test_where_a_server_cannot_be_reached_another_goes_on_from_there(network: FakeBluesky, wire: str) -> None:
    erika = network.account("erika.bsky.example")
    async with listening(network) as following:
        network.posts(erika, "eins")
        cursor = (await following()).cursor
    network.posts(erika, "zwei")
    async with FakeBluesky() as other:
        gone = f"{other.url}/subscribe"
    async with listening(network, cursor, jetstream=(gone, f"{network.url}/{wire}")) as following:
        page = await following()
    assert ([item.text for item in page.items], page.notes) == (["eins", "zwei"], ())


async def test_where_no_server_can_be_reached_it_says_so() -> None:
    async with FakeBluesky() as other:
        gone = f"{other.url}/subscribe"
    source = bluesky("http://127.0.0.1", jetstream=(gone, gone))
    async with walker(source) as core, aclosing(source.listen(core.context())) as pages:
        with pytest.raises(Transient):
            await anext(pages)


async def test_a_cut_ends_the_stream_after_what_came_before_it(network: FakeBluesky) -> None:
    erika = network.account("erika.bsky.example")
    async with listening(network) as following:
        network.posts(erika, "noch gehört")
        network.cuts()
        assert len((await following()).items) == 1
        with pytest.raises(Transient):
            await following()


async def test_names_and_followers_are_asked_for_where_something_matched(network: FakeBluesky) -> None:
    source, dids = (
        bluesky(network.url),
        [network.account(f"n{n}.bsky.example", f"N{n}", followers=n) for n in range(30)],
    )
    items = [Item(id=str(n), source="blau", author=Author(native_id=did)) for n, did in enumerate(dids)]
    async with walker(source) as core:
        found = await source.look_up(core.context(), items)
    assert [(item.author.name, item.author.handle, item.author.followers) for item in found] == [
        (f"N{n}", f"@n{n}.bsky.example", n) for n in range(30)
    ]
    assert len(network.asked) == 2


async def test_a_search_pages_and_goes_on_from_its_last_post(network: FakeBluesky) -> None:
    erika = network.account("erika.bsky.example", "Erika")
    network.posts(erika, "acme alt")
    async with walker(searching(network, "acme")) as core:
        assert await walked(core) == ["acme alt"]
        network.clock = lambda: NOW + timedelta(minutes=30)
        for number in range(150):
            network.posts(erika, f"acme neu {number}")
        assert len(set(await walked(core))) == 151  # the index lags behind, so the last ten minutes are asked for again
        assert len(await walked(core)) == 150
    assert network.sessions == 1
    assert {one.query.get("since") for one in network.asked if "search" in one.path} == {
        None,
        "2026-03-29T07:50:00Z",
        "2026-03-29T08:20:00Z",
    }


async def test_searches_of_the_watches(network: FakeBluesky) -> None:
    erika = network.account("erika.bsky.example")
    network.posts(erika, "acme und globex")
    source = searching(network)
    assert source.searched() == ("bluesky",)
    async with walker(source, searches={"bluesky": ("acme", '"globex"')}.__getitem__) as core:
        assert await walked(core) == ["acme und globex"] * 2


async def test_a_session_is_renewed_before_a_new_one_is_begun(network: FakeBluesky) -> None:
    async with walker(searching(network, "acme")) as core:
        await core.walk()
        network.expires()
        await core.walk()
        assert network.sessions == 1
        network.expires(both=True)
        await core.walk()
        assert network.sessions == 2
        assert "abcd" not in (core.cursor or "")


async def test_a_password_that_does_not_work(network: FakeBluesky) -> None:
    network.password = "another"
    async with walker(searching(network, "acme")) as core:
        with pytest.raises(AuthExpired, match=r"does not accept the app password of acme\.bsky\.example"):
            await core.walk()
    assert len(network.asked) == 1


async def test_a_session_is_kept_also_where_the_search_fails(network: FakeBluesky) -> None:
    network.index = False
    source = searching(network, "acme")
    async with walker(source, limits=Limits(pause=0)) as core:
        pages = []
        with pytest.raises(Transient):  # noqa: PT012 - what comes before it counts
            async for page in source.fetch(core.context()):
                pages.append(page)
    assert "refresh-" in (pages[-1].cursor or "")


@pytest.mark.parametrize(
    "keys",
    [
        {"listening": False},
        {"search": "acme"},
        {"search": "acme", "user": "acme"},
        {"jetstream": "nichts"},
        {"pds": "nichts"},
        {"pds": "http://a.example", "search": "acme", "user": "acme", "password": Secret("env", "BLUESKY_PASSWORD")},
    ],
)
def test_keys_that_make_no_sense(keys: dict[str, object]) -> None:
    with pytest.raises(UserError):
        BlueskySource.model_validate({"type": "bluesky", **keys})
