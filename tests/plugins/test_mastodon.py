from __future__ import annotations

import asyncio
import json
from contextlib import aclosing
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from smwatch.plugins.mastodon import MastodonSource

from smwatch.errors import AuthExpired, Gone, NotPermitted, RateLimited, SourceError, Transient, UserError
from smwatch.model import Author, Engagement, Item
from smwatch.secret import Secret
from smwatch.testing.fake_mastodon import FakeMastodon
from smwatch.testing.servers import FeedServer
from smwatch.testing.source_kit import NOW, conforms, walker

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

TOKEN = "secret-token"

# a synthetic twin of what servers of versions 4.2 to 4.6 answer
STATUS = {
    "id": "117020581915050941",
    "created_at": "2026-03-29T07:52:55.413Z",
    "in_reply_to_id": "117020581915050000",
    "in_reply_to_account_id": "43",
    "sensitive": True,
    "spoiler_text": "Bohrmaschinen, lang",
    "visibility": "public",
    "language": "de",
    "uri": "https://werkstatt.example/users/erika/statuses/117020581915050941",
    "url": "https://werkstatt.example/@erika/117020581915050941",
    "replies_count": 4,
    "reblogs_count": 0,
    "favourites_count": 12,
    "quotes_count": 0,
    "edited_at": "2026-03-29T07:59:09.000Z",
    "content": (
        '<p><span class="h-card"><a href="https://laden.example/@acme" class="u-url mention">@<span>acme</span></a></span>'
        " Eure Bohrmaschine hält &amp; hält, siehe "
        '<a href="https://blog.example/acme/test" rel="nofollow noopener"><span class="invisible">https://</span>'
        '<span class="ellipsis">blog.example/acme</span><span class="invisible">/test</span></a></p>'
        '<p>Danke! <a href="https://werkstatt.example/tags/AcmeWerkzeug" class="mention hashtag">#'
        "<span>AcmeWerkzeug</span></a></p>"
    ),
    "reblog": None,
    "account": {
        "id": "23972",
        "username": "erika",
        "acct": "erika@werkstatt.example",
        "display_name": "Erika Mustermann",
        "bot": False,
        "url": "https://werkstatt.example/@erika",
        "uri": "https://werkstatt.example/users/erika",
        "followers_count": 3553,
    },
    "media_attachments": [{"id": "1", "type": "gifv", "description": "Eine Bohrmaschine bohrt"}],
    "mentions": [{"id": "7", "username": "acme", "acct": "acme@laden.example", "url": "https://laden.example/@acme"}],
    "tags": [{"name": "acmewerkzeug", "url": "https://werkstatt.example/tags/acmewerkzeug"}],
    "card": {"url": "https://blog.example/acme/test", "title": "Dauertest"},
    "poll": {"id": "9", "options": [{"title": "kaufen", "votes_count": 3}, {"title": "leihen", "votes_count": 1}]},
    "quote": None,
}


def item_of(server: str, name: str) -> Item:
    return Item(
        id="https://werkstatt.example/users/erika/statuses/117020581915050941",
        source=name,
        url="https://werkstatt.example/@erika/117020581915050941",
        lead="Bohrmaschinen, lang",
        text=(
            "@acme Eure Bohrmaschine hält & hält, siehe https://blog.example/acme/test\n\nDanke! #AcmeWerkzeug\n\n"
            "kaufen\n\nleihen\n\nEine Bohrmaschine bohrt"
        ),
        kind="comment",
        author=Author(
            name="Erika Mustermann",
            handle="@erika@werkstatt.example",
            native_id="https://werkstatt.example/users/erika",
            url="https://werkstatt.example/@erika",
            followers=3553,
        ),
        published=datetime(2026, 3, 29, 7, 52, 55, 413000, tzinfo=UTC),
        updated=datetime(2026, 3, 29, 7, 59, 9, tzinfo=UTC),
        lang="de",
        engagement=Engagement(likes=12, replies=4, shares=0),
        parent_id=f"{server}/117020581915050000",
        links=("https://blog.example/acme/test",),
        attributes={
            "tags": ["acmewerkzeug"],
            "mention": ["acme@laden.example"],
            "is": ["reply"],
            "contains": ["video"],
            "sensitive": True,
        },
        other_ids=(f"{server}/117020581915050941",),
    )


@pytest.fixture
async def server(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[FakeMastodon]:
    monkeypatch.setenv("MASTODON_TOKEN", TOKEN)
    async with FakeMastodon(clock=lambda: NOW) as found:
        yield found


def mastodon(*servers: FakeMastodon | str, **keys: object) -> MastodonSource:
    urls = [one if isinstance(one, str) else one.url for one in servers]
    where = {"server": urls[0]} if len(urls) == 1 else {"servers": tuple(urls)}
    asked = {"hashtags": ("acme",)} if not {"hashtags", "search", "accounts", "public"} & set(keys) else {}
    return MastodonSource.model_validate(
        {"type": "mastodon", "name": "fedi", "allow_private": True, **where, **asked, **keys}
    )


SECRET = Secret("env", "MASTODON_TOKEN")


async def walked(core) -> list[str]:
    return [item.text for page in await core.walk() for item in page.items]


async def test_conforms() -> None:
    async with FeedServer() as server:
        put = {"content_type": "application/json; charset=utf-8", "validators": ()}
        server.put("/api/v1/timelines/tag/acme", json.dumps([STATUS]), **put)
        server.put("/api/v2/instance", json.dumps({"version": "4.3"}), **put)
        pages = await conforms(mastodon(server.url("").rstrip("/")), server)
        assert [item for page in pages for item in page.items] == [item_of(f"127.0.0.1:{server.port}", "fedi")]


async def test_walks_forward_and_loses_nothing(server: FakeMastodon) -> None:
    for number in range(3):
        server.posts(f"alt {number}", tags=["acme"])
    async with walker(mastodon(server)) as core:
        assert len(await walked(core)) == 3
        for number in range(95):
            server.posts(f"neu {number}", tags=["Acme"])
        server.posts("anderes", tags=["globex"])
        found = await walked(core)
        assert sorted(found) == sorted(f"neu {number} #Acme" for number in range(95))
        assert await walked(core) == []


async def test_a_first_walk_takes_the_newest_page_only(server: FakeMastodon) -> None:
    for number in range(60):
        server.posts(f"alt {number}", tags=["acme"])
    async with walker(mastodon(server)) as core:
        assert await walked(core) == [f"alt {number} #acme" for number in range(59, 19, -1)]


async def test_a_long_silence_is_caught_up_with_over_several_walks(server: FakeMastodon) -> None:
    server.posts("alt", tags=["acme"])
    async with walker(mastodon(server)) as core:
        await core.walk()
        for number in range(1000):
            server.posts(f"neu {number}", tags=["acme"])
        first, second, third = [await walked(core) for _ in range(3)]
        assert (len(first), len(second), third) == (800, 200, [])
        assert len(set(first + second)) == 1000


async def test_a_post_that_two_servers_show_is_read_once(server: FakeMastodon) -> None:
    async with FakeMastodon(clock=lambda: NOW) as other:
        post = server.posts("Acme überall", tags=["acme"])
        other.hears_of(post)
        async with walker(mastodon(server, other)) as core:
            items = [item for page in await core.walk() for item in page.items]
    assert [item.id for item in items] == [post["uri"]] * 2  # one to the core
    assert {item.other_ids[0].split("/")[0] for item in items} == {server.host, other.host}


async def test_one_server_down_is_no_reason_to_stop(server: FakeMastodon) -> None:
    async with FakeMastodon() as other:
        gone = other.url
    server.posts("Acme", tags=["acme"])
    async with walker(mastodon(gone, server)) as core:
        assert await walked(core) == ["Acme #acme"]
        assert await walked(core) == []
    async with walker(mastodon(gone)) as core:
        with pytest.raises(Transient):
            await core.walk()


async def test_umlauts_are_asked_for_in_both_forms(server: FakeMastodon) -> None:
    server.posts("eins", tags=["Müller"])
    server.posts("zwei", tags=["mueller"])
    async with walker(mastodon(server, hashtags=("#Mu\u0308ller",))) as core:
        assert sorted(await walked(core)) == ["eins #Müller", "zwei #mueller"]
    assert [one.path for one in server.asked if "timelines" in one.path] == [
        "/api/v1/timelines/tag/müller",
        "/api/v1/timelines/tag/mueller",
    ]


async def test_hashtags_and_searches_of_the_watches(server: FakeMastodon) -> None:
    server.posts("ein Tag", tags=["acme"])
    server.posts("acme und globex")
    source = mastodon(server, hashtags="from-watches", search="from-watches", token=SECRET)
    assert source.searched() == ("mastodon", "mastodon-search")
    asked = {"mastodon": ("acme",), "mastodon-search": ("acme globex",)}
    async with walker(source, searches=asked.__getitem__) as core:
        assert sorted(await walked(core)) == ["acme und globex", "ein Tag #acme"]


async def test_a_search_goes_on_from_its_last_post(server: FakeMastodon) -> None:
    server.posts("acme alt")
    async with walker(mastodon(server, search=("acme",), token=SECRET)) as core:
        assert await walked(core) == ["acme alt"]
        for number in range(90):
            server.posts(f"acme neu {number}")
        assert len(set(await walked(core))) == 90
        assert await walked(core) == []


async def test_an_account_is_followed_and_one_that_is_not_there_is_told(server: FakeMastodon) -> None:
    server.posts("von mir", who="acme")
    server.posts("von anderen", who="globex")
    async with walker(mastodon(server, accounts=(f"@acme@{server.host}",))) as core:
        assert await walked(core) == ["von mir"]
        server.posts("noch eins", who="acme")
        assert await walked(core) == ["noch eins"]
    assert sum(one.path.endswith("/lookup") for one in server.asked) == 1
    source = mastodon(server, hashtags=("acme",), accounts=("@niemand",))
    async with walker(source) as core:
        server.posts("mit Tag", tags=["acme"])
        pages, told = await to_the_end(source.fetch(core.context()))
        assert isinstance(told, Gone)
        assert told.sentence.render("de") == f"{server.host} kennt kein Konto @niemand"
        assert [item.text for page in pages for item in page.items] == ["mit Tag #acme"]
        assert pages[-1].cursor


async def test_a_boost_is_the_post_that_it_shows_and_what_is_not_public_is_left_out(server: FakeMastodon) -> None:
    post = server.posts("das Original", who="erika")
    server.posts("", tags=["acme"], reblog=post)
    server.posts("nur für Freunde", tags=["acme"], visibility="private")
    async with walker(mastodon(server)) as core:
        (page, *_) = await core.walk()
    assert [(item.id, item.text) for item in page.items] == [(post["uri"], "das Original")]


async def test_the_limit_ends_when_the_server_says(server: FakeMastodon) -> None:
    server.limit = 0
    async with walker(mastodon(server)) as core:
        with pytest.raises(RateLimited) as told:
            await core.walk()
    assert told.value.retry_at == NOW + timedelta(minutes=5)


@pytest.mark.parametrize("says_so", [True, False])
async def test_a_server_that_shows_hashtags_to_members_only_says_so(server: FakeMastodon, says_so: bool) -> None:
    server.access, server.says_so = "authenticated", says_so
    async with walker(mastodon(server)) as core:
        with pytest.raises(NotPermitted, match="members only"):
            await core.walk()
    async with walker(mastodon(server, token=SECRET)) as core:
        assert await walked(core) == []


async def test_a_token_that_does_not_work_any_more(server: FakeMastodon) -> None:
    server.token = "another"
    async with walker(mastodon(server, token=SECRET)) as core:
        with pytest.raises(AuthExpired, match="does not work any more"):
            await core.walk()


async def test_the_token_goes_to_the_first_server_alone(server: FakeMastodon) -> None:
    async with FakeMastodon(clock=lambda: NOW) as other:
        async with walker(mastodon(server, other, token=SECRET)) as core:
            await core.walk()
        assert all("Authorization" in one.headers for one in server.asked)
        assert not any("Authorization" in one.headers for one in other.asked)


async def test_streams_bring_new_edited_and_deleted_posts(server: FakeMastodon) -> None:
    source = mastodon(server, token=SECRET)
    assert source.listens()
    async with walker(source) as core, aclosing(source.listen(core.context())) as pages:
        coming = asyncio.ensure_future(anext(pages))
        await until(lambda: server.streams)
        post = server.posts("Acme brennt", tags=["acme"])
        server.posts("anderes", tags=["globex"])
        assert [item.text for item in (await coming).items] == ["Acme brennt #acme"]
        server.edits(post, "Acme brennt nicht")
        page = await anext(pages)
        assert [(item.text, item.updated) for item in page.items] == [("Acme brennt nicht", NOW)]
        server.deletes(post)
        assert (await anext(pages)).deleted == page.items[0].other_ids
        server.cuts()
        with pytest.raises(Transient):
            await anext(pages)


async def test_all_that_a_server_hears_of(server: FakeMastodon) -> None:
    source = mastodon(server, public=True, token=SECRET)
    async with walker(source) as core, aclosing(source.listen(core.context())) as pages:
        coming = asyncio.ensure_future(anext(pages))
        await until(lambda: server.streams)
        server.posts("irgendwas")
        assert [item.text for item in (await coming).items] == ["irgendwas"]


async def test_without_a_token_nothing_is_listened_to(server: FakeMastodon) -> None:
    assert not mastodon(server).listens()


@pytest.mark.parametrize(
    "keys",
    [
        {},
        {"server": "https://a.example"},
        {"hashtags": ("acme",)},
        {"server": "https://a.example", "servers": ("https://b.example",), "hashtags": ("acme",)},
        {"servers": tuple(f"https://{n}.example" for n in range(5)), "hashtags": ("acme",)},
        {"server": "https://a.example", "hashtags": ("zwei worte",)},
        {"server": "https://a.example", "search": ("acme",)},
        {"server": "https://a.example", "public": True},
        {"server": "ftp://a.example", "hashtags": ("acme",)},
        {"server": "http://a.example", "hashtags": ("acme",), "token": SECRET},
    ],
)
def test_keys_that_make_no_sense(keys: dict[str, object]) -> None:
    with pytest.raises(UserError):
        MastodonSource.model_validate({"type": "mastodon", **keys})


def test_names_and_keys() -> None:
    source = MastodonSource.model_validate({"type": "mastodon", "server": "mastodon.social/", "hashtags": "acme"})
    assert source.homes() == ("https://mastodon.social",)
    assert source.default_name() == "mastodon.social #acme"


async def to_the_end(pages) -> tuple[list, SourceError | None]:
    """What comes, and what is raised after it."""
    found = []
    try:
        async for page in pages:
            found.append(page)
    except SourceError as error:
        return found, error
    return found, None


async def until(true) -> None:
    while not true():
        await asyncio.sleep(0.01)


async def test_a_server_that_knows_no_min_id_is_not_asked_for_ever() -> None:
    async with FeedServer() as server:
        put = {"content_type": "application/json; charset=utf-8", "validators": ()}
        server.put("/api/v1/timelines/tag/acme", json.dumps([STATUS]), **put)
        server.put("/api/v2/instance", "{}", **put)
        async with walker(mastodon(server.url("").rstrip("/"))) as core:
            assert [len(await walked(core)) for _ in range(3)] == [1, 0, 0]
        assert sum("timelines" in one.path for one in server.requests) == 3


async def test_a_search_that_never_finds_anything_is_told_once(server: FakeMastodon) -> None:
    server.indexed = False
    server.posts("acme alt")
    async with walker(mastodon(server, search=("acme",), token=SECRET)) as core:
        notes = [str(note) for _ in range(3) for page in await core.walk() for note in page.notes]
    assert notes == [f"{server.host} has found nothing yet: not every server can search posts"]


async def test_a_server_that_shows_a_part_of_its_hashtags_is_told_once(server: FakeMastodon) -> None:
    server.remote = "authenticated"
    server.posts("Acme", tags=["acme"])
    async with walker(mastodon(server)) as core:
        pages = await core.walk()
        core.now += timedelta(days=2)
        pages += await core.walk()
    assert [str(note) for page in pages for note in page.notes] == [
        f"{server.host} shows only a part of its hashtags to strangers: it needs a token"
    ]
