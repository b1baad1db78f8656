from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from smwatch.plugins.forum import ForumSource

from smwatch.errors import Broken, NotPermitted, UserError
from smwatch.model import Author, Engagement
from smwatch.plugin import Secret
from smwatch.testing.boards import Discourse, PhpBB
from smwatch.testing.servers import FeedServer, Served, entry, rss
from smwatch.testing.source_kit import conforms, walker

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from smwatch.model import Item

HTML = "text/html; charset=utf-8"


def forum(server: FeedServer, path: str = "/", **keys: object) -> ForumSource:
    values = {"type": "forum", "name": "müsli", "url": server.url(path), "allow_private": True, **keys}
    return ForumSource.model_validate(values)


@pytest.fixture
async def server() -> AsyncIterator[FeedServer]:
    async with FeedServer() as found:
        yield found


@pytest.fixture
async def discourse() -> AsyncIterator[Discourse]:
    async with Discourse() as board:
        board.writes("Neue Maschinen", "frau_schmidt", "Die Acme 3000 ist laut.")
        board.writes("Neue Maschinen", "bäcker", "Meine auch nicht leise <b>wirklich</b>", answers=1)
        board.writes("Rezepte", "koch", "Wer hat Rezepte?")
        yield board


@pytest.fixture
async def phpbb() -> AsyncIterator[PhpBB]:
    async with PhpBB() as board:
        board.writes("Bohrer bricht", "heinz", "Der Bohrer von Acme bricht.")
        board.writes("Bohrer bricht", "werner", "Bei mir nicht.")
        yield board


def html(server: FeedServer, body: str, path: str = "/", **how: object) -> None:
    server.put(path, body, content_type=HTML, validators=(), **how)


async def items(source: ForumSource) -> list[Item]:
    async with walker(source) as core:
        return [item for page in await core.walk() for item in page.items]


# Discourse


async def test_a_discourse_post_by_post(discourse: Discourse) -> None:
    recipe, answer, first = await items(forum(discourse))
    assert (first.id, first.title, first.text) == ("1", "Neue Maschinen", "Die Acme 3000 ist laut.")
    assert (first.kind, first.root_id, first.parent_id) == ("post", "t1", None)
    assert (answer.kind, answer.root_id, answer.parent_id) == ("comment", "t1", "1")
    assert (recipe.root_id, recipe.parent_id) == ("t2", None)
    assert answer.text == "Meine auch nicht leise <b>wirklich</b>"
    assert first.url == discourse.url("/t/thema-1/1/1")
    assert first.author == Author(
        name="frau_schmidt", handle="frau_schmidt", native_id="7", url=discourse.url("/u/frau_schmidt")
    )
    assert first.engagement == Engagement(likes=3, replies=0)
    assert str(first.published) == "2026-03-02 08:01:00+00:00"


async def test_a_discourse_conforms(discourse: Discourse) -> None:
    """Its answers stand as pages, so that the kit can put trouble in their place."""
    async with FeedServer() as server:
        html(server, '<meta name="generator" content="Discourse 3.6"><a href="/t/x/1">x</a>')
        server.put("/posts.json", json.dumps(discourse._posts(0)), content_type="application/json", validators=())
        (page,) = await conforms(forum(server), server)
    assert len(page.items) == 3


async def test_a_discourse_is_read_back_to_the_last_known_post(discourse: Discourse) -> None:
    async with walker(forum(discourse)) as core:
        await core.walk()
        for number in range(120):
            discourse.writes("Rezepte", "koch", f"Rezept {number}")
        discourse.requests.clear()
        found = [item.id for page in await core.walk() for item in page.items]
        assert set(found) >= {str(number) for number in range(4, 124)}
        asked = [seen.path for seen in discourse.requests]
        assert asked == ["/posts.json", "/posts.json?before=73", "/posts.json?before=23"]
        assert core.cursor is not None
        assert json.loads(core.cursor)["newest"] == 123


async def test_the_software_is_looked_at_once(discourse: Discourse) -> None:
    async with walker(forum(discourse)) as core:
        await core.walk()
        discourse.requests.clear()
        await core.walk()
    assert [seen.path for seen in discourse.requests] == ["/posts.json"]


async def test_a_discourse_whose_posts_are_closed_is_read_thread_by_thread(discourse: Discourse) -> None:
    discourse.closed = True
    async with walker(forum(discourse)) as core:
        found = [item for page in await core.walk() for item in page.items]
        assert [(item.id, item.title, item.text) for item in found] == [
            ("t1", "Neue Maschinen", "Die Acme 3000 ist laut."),
            ("t2", "Rezepte", "Wer hat Rezepte?"),
        ]
        assert found[0].engagement == Engagement(likes=2, replies=1, views=12)
        assert found[0].author is not None
        assert found[0].author.handle == "frau_schmidt"
        discourse.writes("Rezepte", "bäcker", "Ich nehme Acme-Flocken.")
        discourse.requests.clear()
        again = {item.id: item.text for page in await core.walk() for item in page.items}
    assert again["4"] == "Ich nehme Acme-Flocken."
    assert [seen.path for seen in discourse.requests][-1] == "/t/2.json"


async def test_a_discourse_without_any_post_is_read_and_one_that_lost_them_all_is_broken(discourse: Discourse) -> None:
    async with Discourse() as empty:
        assert await items(forum(empty)) == []
    async with walker(forum(discourse)) as core:
        await core.walk()
        discourse.board.posts.clear()
        with pytest.raises(Broken):
            await core.walk()


async def test_posts_that_were_taken_back_are_said_to_be_gone(server: FeedServer) -> None:
    told = {"id": 9, "username": "x", "cooked": "<p>weg</p>", "topic_id": 1, "post_number": 2, "user_deleted": True}
    action = {"id": 8, "username": "x", "cooked": "", "topic_id": 1, "post_number": 3, "post_type": 3}
    html(server, '<meta name="generator" content="Discourse 3.6">')
    server.put("/posts.json", json.dumps({"latest_posts": [told, action]}), content_type="application/json")
    async with walker(forum(server)) as core:
        (page,) = await core.walk()
    assert (page.items, page.deleted) == ((), ("9",))


async def test_a_discourse_key_goes_into_the_header_and_a_section_is_read_alone(
    discourse: Discourse, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FORUM_KEY", "geheim-123")
    listed = json.dumps(discourse._topics())
    discourse.put("/c/technik/5.json", listed, content_type="application/json")
    html(discourse, '<meta name="generator" content="Discourse 3.6">', "/c/technik/5")
    source = forum(discourse, "/c/technik/5", api_key=Secret("env", "FORUM_KEY"))
    found = await items(source)
    assert [item.id for item in found] == ["t1", "t2"]
    asked = discourse.requests[-1]
    assert (asked.path, asked.headers["Api-Key"], asked.headers["Api-Username"]) == (
        "/c/technik/5.json",
        "geheim-123",
        "system",
    )


# boards with feeds


async def test_a_phpbb_board_by_its_feed(phpbb: PhpBB) -> None:
    (page,) = await conforms(forum(phpbb), phpbb)
    answer, first = page.items
    assert (first.title, first.text) == ("Maschinen • Bohrer bricht", "Der Bohrer von Acme bricht.")
    assert (first.kind, first.root_id, first.parent_id) == ("post", "t1", None)
    assert (answer.kind, answer.root_id, answer.parent_id) == ("comment", "t1", "t1")
    assert answer.author == Author(name="werner")
    assert page.cursor is not None
    assert json.loads(page.cursor)["feed"] == phpbb.url("/app.php/feed")


async def test_a_board_asks_politely_and_an_unchanged_feed_is_no_page(phpbb: PhpBB) -> None:
    async with walker(forum(phpbb)) as core:
        await core.walk()
        phpbb.requests.clear()
        assert await core.walk() == []
    assert [seen.path for seen in phpbb.requests] == ["/app.php/feed"]
    assert "If-None-Match" in phpbb.requests[0].headers


BOARDS = {  # engine: its start page, the feed that it is read from, an item's link there, its thread
    "xenforo": (
        '<html id="XF" data-app="public"><link rel="alternate" type="application/rss+xml" href="/forums/-/index.rss">',
        "/forums/-/index.rss",
        "https://x.example/threads/acme-ist-laut.815/",
        "t815",
    ),
    "vbulletin": (
        '<html id="vbulletin_html"><meta name="generator" content="vBulletin 4.2.2">',
        "/external.php",
        "https://x.example/showthread.php?t=77&goto=newpost",
        "t77",
    ),
    "woltlab": (
        '<link rel="alternate" type="application/rss+xml" href="/index.php?board-list-feed/">Software: WoltLab Suite™',
        "/index.php",
        "https://x.example/thread/4711-acme/?postID=99#post99",
        "t4711",
    ),
    "mybb": (
        "<script>var my_post_key = '1';</script>Powered By MyBB",
        "/syndication.php",
        "https://x.example/showthread.php?tid=12",
        "t12",
    ),
    "smf": (
        "<script>var smf_theme_url = '/t';</script>Simple Machines",
        "/index.php",
        "https://x.example/index.php?topic=31.msg99#msg99",
        "t31",
    ),
    "nodebb": (
        '<script src="/assets/nodebb.min.js"></script>',
        "/recentposts.rss",
        "https://x.example/topic/5/acme",
        "t5",
    ),
    "invision": (
        '<body class="ipsApp"><link rel="alternate" type="application/rss+xml" href="/forum.xml/">',
        "/forum.xml/",
        "https://x.example/topic/88-acme/?do=findComment&comment=9",
        "t88",
    ),
    "vanilla": (
        '<body id="vanilla_discussions_index">',
        "/discussions/feed.rss",
        "https://x.example/discussion/868/acme",
        "t868",
    ),
    "phpbb": (
        '<body id="phpbb">',
        "/feed",
        "https://x.example/viewtopic.php?t=1&p=2#p2",
        "t1",
    ),
}


@pytest.mark.parametrize("engine", BOARDS)
async def test_every_board_is_recognised_and_read(server: FeedServer, engine: str) -> None:
    page, feed, link, thread = BOARDS[engine]
    html(server, f"<!DOCTYPE html>{page}", "/forum/")
    html(server, f"<!DOCTYPE html>{page}")
    server.put(feed, rss(entry("Acme ist laut", link=link, guid=link, text="Die Acme 3000 ist laut.")))
    (found,) = await conforms(forum(server), server)
    assert [(item.title, item.root_id) for item in found.items] == [("Acme ist laut", thread)]
    assert found.cursor is not None
    assert json.loads(found.cursor)["engine"] == engine


async def test_vbulletin_says_one_encoding_and_sends_another(server: FeedServer) -> None:
    html(server, '<meta name="generator" content="vBulletin 3.8.7">')
    feed = (
        '<?xml version="1.0" encoding="ISO-8859-1"?>'
        + rss(entry("Müller sagt „Nein“ – 5 €", guid="1")).partition("?>")[2]
    )
    server.put("/external.php", feed.encode("cp1252"), content_type="text/xml; charset=ISO-8859-1")
    assert [item.title for item in await items(forum(server))] == ["Müller sagt „Nein“ – 5 €"]


async def test_another_software_at_the_same_address_is_found_again(phpbb: PhpBB) -> None:
    async with walker(forum(phpbb)) as core:
        await core.walk()
        phpbb.pages.clear()
        html(phpbb, BOARDS["xenforo"][0])
        phpbb.put("/forums/-/index.rss", rss(entry("Umgezogen", guid="9", link="https://x.example/threads/u.9/")))
        (page,) = await core.walk()
    assert [item.title for item in page.items] == ["Umgezogen"]
    assert page.cursor is not None
    assert json.loads(page.cursor)["engine"] == "xenforo"


async def test_a_section_is_read_alone(server: FeedServer) -> None:
    html(
        server,
        '<body id="phpbb"><link rel="alternate" type="application/atom+xml" href="/app.php/feed">',
        "/viewforum.php",
    )
    server.put("/app.php/feed/forum/12", rss(entry("Nur hier", guid="1")))
    server.put("/app.php/feed", rss(entry("Überall", guid="2")))
    assert [item.title for item in await items(forum(server, "/viewforum.php?f=12"))] == ["Nur hier"]


async def test_nodebb_without_feeds_is_asked_for_its_newest(server: FeedServer) -> None:
    html(server, '<script src="/assets/nodebb.min.js"></script>')
    topic = {
        "tid": 5,
        "slug": "5/acme",
        "title": "Acme &amp; Co",
        "mainPid": 20,
        "postcount": 3,
        "viewcount": 70,
        "upvotes": 1,
        "teaser": {
            "pid": 22,
            "content": "<p>Auch kaputt</p>",
            "timestampISO": "2026-11-20T10:00:00.000Z",
            "user": {"uid": 4, "username": "heinz", "userslug": "heinz"},
        },
    }
    server.put("/api/recent", json.dumps({"topics": [topic]}), content_type="application/json", validators=())
    (page,) = await conforms(forum(server), server)
    (item,) = page.items
    assert (item.id, item.title, item.text, item.kind) == ("22", "Acme & Co", "Auch kaputt", "comment")
    assert (item.root_id, item.url) == ("t5", server.url("/post/22"))
    assert item.author == Author(name="heinz", handle="heinz", native_id="4", url=server.url("/user/heinz"))


async def test_a_flarum_is_asked_for_its_newest(server: FeedServer) -> None:
    html(server, '<div id="flarum-content"></div><script id="flarum-json-payload">{}</script>')
    answer = {
        "data": [
            {
                "type": "posts",
                "id": "31",
                "attributes": {
                    "number": 2,
                    "createdAt": "2026-11-20T10:00:00+00:00",
                    "contentType": "comment",
                    "contentHtml": "<p>Acme hilft</p>",
                },
                "relationships": {
                    "discussion": {"data": {"type": "discussions", "id": "8"}},
                    "user": {"data": {"type": "users", "id": "3"}},
                },
            },
            {"type": "posts", "id": "32", "attributes": {"contentType": "discussionRenamed"}},
        ],
        "included": [
            {"type": "discussions", "id": "8", "attributes": {"title": "Hilfe", "slug": "8-hilfe"}},
            {"type": "users", "id": "3", "attributes": {"username": "anna", "displayName": "Anna", "slug": "anna"}},
        ],
    }
    server.put("/api/posts", json.dumps(answer), content_type="application/vnd.api+json", validators=())
    (page,) = await conforms(forum(server), server)
    (item,) = page.items
    assert (item.id, item.title, item.text, item.url) == ("31", "Hilfe", "Acme hilft", server.url("/d/8-hilfe/2"))
    assert item.author == Author(name="Anna", handle="anna", native_id="3", url=server.url("/u/anna"))


# what is not a forum, or shows nothing

LOGIN = '<title>Anmelden</title><form><input type="password" name="p"></form>'


async def test_a_login_page_is_never_nothing_new(server: FeedServer) -> None:
    html(server, LOGIN)
    with pytest.raises(Broken) as caught:
        await items(forum(server))
    assert "eine Anmeldeseite" in caught.value.sentence.render("de")


async def test_a_login_page_in_place_of_the_feed_is_said(phpbb: PhpBB) -> None:
    async with walker(forum(phpbb)) as core:
        await core.walk()
        for path in list(phpbb.pages):
            html(phpbb, LOGIN, path)
        with pytest.raises(Broken, match="login page"):
            await core.walk()


@pytest.mark.parametrize("body", [None, "<title>Forum</title><p>Ein eigenes Aussehen.</p>"])
async def test_a_forum_that_gives_nothing_away_is_found_by_trying(discourse: Discourse, body: str | None) -> None:
    discourse.pages["/"] = Served(
        body=(body or "").encode(), status=200 if body else 404, content_type=HTML, validators=()
    )
    assert [item.id for item in await items(forum(discourse))] == ["3", "2", "1"]


async def test_a_page_that_is_no_forum_says_what_was_seen(server: FeedServer) -> None:
    html(server, "<title>Bäckerei Sommer</title><p>Brot</p>")
    with pytest.raises(Broken) as caught:
        await items(forum(server))
    assert "Bäckerei Sommer" in caught.value.sentence.render("de")


async def test_a_feed_that_lists_nothing_is_said(phpbb: PhpBB) -> None:
    phpbb.board.posts.clear()
    phpbb.shows()
    with pytest.raises(Broken):
        await items(forum(phpbb))


async def test_a_closed_forum_is_refused_and_not_broken(server: FeedServer) -> None:
    html(server, '<meta name="generator" content="Discourse 3.6">')
    server.pages["/posts.json"] = server.pages["/latest.json"] = Served(body=b"", status=403, validators=())
    with pytest.raises(NotPermitted):
        await items(forum(server))


async def test_robots_are_respected(discourse: Discourse) -> None:
    discourse.put(
        "/robots.txt", "User-agent: *\nDisallow: /posts.json\nDisallow: /latest.json", content_type="text/plain"
    )
    with pytest.raises(NotPermitted, match=r"robots\.txt"):
        await items(forum(discourse))
    assert {seen.path for seen in discourse.requests} == {"/robots.txt", "/"}


# selectors

LIST = """<!DOCTYPE html><title>Fachportal</title><ul>
<li class="thema"><a class="titel" href="thema/12-acme">Acme 3000 im Test</a> von <b class="von">Heinz</b>
  <time datetime="2026-03-29T09:15:00+0200">heute</time><p class="text">Sie ist <em>laut</em>.</p></li>
<li class="thema"><a class="titel" href="/thema/13">Zweites Thema</a> <b class="von">Anna</b>
  <span class="datum">Gestern, 14:03</span></li></ul>"""
SELECTORS = {
    "item": "li.thema",
    "title": "a.titel",
    "link": "a.titel",
    "author": ".von",
    "date": "time, .datum",
    "text": ".text",
}


async def test_a_page_is_read_by_selectors(server: FeedServer) -> None:
    html(server, LIST, "/forum/neu")
    first, second = await items(forum(server, "/forum/neu", selectors=SELECTORS))
    assert (first.title, first.text, first.url) == (
        "Acme 3000 im Test",
        "Sie ist laut.",
        server.url("/forum/thema/12-acme"),
    )
    assert (first.author, str(first.published)) == (Author(name="Heinz"), "2026-03-29 07:15:00+00:00")
    assert (second.url, str(second.published)) == (server.url("/thema/13"), "2026-03-28 13:03:00+00:00")


TOPICS = """<ul class="topiclist topics"><li class="row bg1"><dl class="row-item topic_read"><dt><div class="list-inner">
<a href="./viewtopic.php?f=2&amp;t=41&amp;sid=0a1b2c3d4e5f60718293a4b5c6d7e8f9" class="topictitle">Bohrer bricht</a><br>
<div class="topic-poster"> von <a href="./memberlist.php?mode=viewprofile&amp;u=7" class="username">heinz</a> »
<time datetime="2026-03-28T09:15:00+00:00">Sa 28. Mär 2026, 10:15</time></div></div></dt>
<dd class="posts">3</dd><dd class="lastpost"><span>von <a class="username">werner</a>
<time datetime="2026-03-29T07:00:00+00:00">heute</time></span></dd></dl></li></ul>"""


async def test_a_phpbb_board_without_feeds_by_the_selectors_of_its_page(server: FeedServer) -> None:
    html(server, TOPICS, "/search.php")
    selectors = {"item": "li.row", "title": "a.topictitle", "author": ".topic-poster a", "date": ".topic-poster time"}
    (item,) = await items(forum(server, "/search.php?search_id=active_topics", selectors=selectors))
    assert (item.title, item.author, item.root_id) == ("Bohrer bricht", Author(name="heinz"), "t41")
    assert item.id == server.url("/viewtopic.php?f=2&t=41")  # without the session, which is another one every time
    assert str(item.published) == "2026-03-28 09:15:00+00:00"


async def test_selectors_conform(server: FeedServer) -> None:
    html(server, LIST)
    (page,) = await conforms(forum(server, selectors=SELECTORS), server)
    assert len(page.items) == 2


async def test_selectors_that_find_nothing_fail_loudly(server: FeedServer) -> None:
    html(server, "<title>Neues Design</title><p>Alles anders hier</p>")
    with pytest.raises(Broken) as caught:
        await items(forum(server, selectors=SELECTORS))
    said = caught.value.sentence.render("de")
    assert "findet nichts" in said
    assert "Neues Design" in said
    assert "Alles anders hier" in said


async def test_selectors_on_a_login_page_say_so(server: FeedServer) -> None:
    html(server, LOGIN)
    with pytest.raises(Broken) as caught:
        await items(forum(server, selectors=SELECTORS))
    assert "Anmeldeseite" in caught.value.sentence.render("de")


@pytest.mark.parametrize("selector", ["li[", "div >", "{}", "li::before"])
def test_what_is_no_selector_is_refused_by_check(selector: str) -> None:
    with pytest.raises(UserError, match="no CSS selector"):
        ForumSource.model_validate(
            {"type": "forum", "url": "https://f.example/", "selectors": {"item": "li", "title": selector}}
        )


@pytest.mark.parametrize("cursor", ["", "null", "17", "{}", '{"engine": "phpbb"}', "rubbish"])
async def test_a_cursor_that_cannot_be_read_is_none(phpbb: PhpBB, cursor: str) -> None:
    async with walker(forum(phpbb)) as core:
        core.cursor = cursor
        assert len([item for page in await core.walk() for item in page.items]) == 2
