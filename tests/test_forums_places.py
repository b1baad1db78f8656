"""Threads and posts by their links; feeds by the software."""

from __future__ import annotations

import pytest

from smwatch.forums.engines import ENGINES, feeds_of, root_of, section_of
from smwatch.forums.places import is_reply, spot_of, thread_title


@pytest.mark.parametrize(
    ("link", "thread", "post"),
    [
        ("https://f.example/viewtopic.php?t=12&p=34#p34", "12", "34"),
        ("https://f.example/viewtopic.php?f=2&t=12", "12", ""),
        ("https://f.example/viewtopic.php?p=34#p34", "", "34"),
        ("https://f.example/threads/acme-ist-laut.815/", "815", ""),
        ("https://f.example/threads/acme.815/post-99", "815", "99"),
        ("https://f.example/index.php?threads/acme.815/#post-99", "815", "99"),
        ("https://f.example/thread/4711-acme/?postID=99#post99", "4711", "99"),
        ("https://f.example/index.php?thread/4711-acme/", "4711", ""),
        ("https://f.example/showthread.php?t=77&goto=newpost", "77", ""),
        ("https://f.example/showthread.php?77-Acme&p=99#post99", "77", "99"),
        ("https://f.example/showthread.php?tid=12&pid=34#pid34", "12", "34"),
        ("https://f.example/index.php?topic=31.msg99#msg99", "31", "99"),
        ("https://f.example/index.php?topic=31.0", "31", ""),
        ("https://f.example/t/acme/57/3", "57", "3"),
        ("https://f.example/t/acme/57", "57", ""),
        ("https://f.example/d/8-hilfe/2", "8", "2"),
        ("https://f.example/topic/5/acme", "5", ""),
        ("https://f.example/topic/5/acme/3", "5", "3"),
        ("https://f.example/topic/88-acme/?do=findComment&comment=9", "88", "9"),
        ("https://f.example/post/22", "", "22"),
        ("https://f.example/discussion/868/acme", "868", ""),
        ("https://f.example/discussion/comment/9#Comment_9", "", "9"),
        ("https://www.acme.example/presse/2026/11/24/rueckruf", "", ""),
        ("", "", ""),
    ],
)
def test_a_place(link: str, thread: str, post: str) -> None:
    assert spot_of(link) == (thread, post)


@pytest.mark.parametrize(
    ("title", "reply", "thread"),
    [
        ("Maschinen • Re: Bohrer bricht", True, "Bohrer bricht"),
        ("Re: Bohrer", True, "Bohrer"),
        ("AW: Bohrer", True, "Bohrer"),
        ("Bohrer bricht", False, "Bohrer bricht"),
        ("Brewery: a test", False, "Brewery: a test"),
    ],
)
def test_a_reply_by_its_title(title: str, reply: bool, thread: str) -> None:
    assert (is_reply(title), thread_title(title)) == (reply, thread)


@pytest.mark.parametrize(
    ("url", "root"),
    [
        ("https://f.example", "https://f.example/"),
        ("https://f.example/forum/index.php?a=1", "https://f.example/forum/"),
        ("https://f.example/forum/viewforum.php?f=12", "https://f.example/forum/"),
        ("https://f.example/forum/c/technik/5", "https://f.example/forum/"),
        ("https://f.example/forums/werkzeug.12/", "https://f.example/"),
        ("https://f.example/community", "https://f.example/community/"),
        ("https://f.example/latest", "https://f.example/"),
        ("https://f.example/community/top/", "https://f.example/community/"),
    ],
)
def test_the_root_of_a_forum(url: str, root: str) -> None:
    assert root_of(url) == root


@pytest.mark.parametrize(
    ("engine", "url", "named", "first"),
    [
        ("phpbb", "https://f.example/", [], "https://f.example/feed"),
        ("phpbb", "https://f.example/viewforum.php?f=12", [], "https://f.example/app.php/feed/forum/12"),
        ("xenforo", "https://f.example/", ["https://f.example/x.rss"], "https://f.example/x.rss"),
        ("xenforo", "https://f.example/forums/w.12/", [], "https://f.example/forums/w.12/index.rss"),
        (
            "vbulletin",
            "https://f.example/forumdisplay.php?f=9",
            [],
            "https://f.example/external.php?type=RSS2&forumids=9",
        ),
        ("mybb", "https://f.example/forumdisplay.php?fid=9", [], "https://f.example/syndication.php?fid=9&limit=50"),
        ("nodebb", "https://f.example/category/4/werkzeug", [], "https://f.example/category/4/recentposts.rss"),
        ("woltlab", "https://f.example/", ["https://f.example/board-feed/"], "https://f.example/board-feed/"),
        (
            "bbpress",
            "https://f.example/",
            ["https://f.example/comments/feed/", "https://f.example/f"],
            "https://f.example/f",
        ),
    ],
)
def test_where_the_newest_posts_are(engine: str, url: str, named: list[str], first: str) -> None:
    assert feeds_of(engine, url, named)[0] == first


def test_every_engine_has_a_mark_of_its_own() -> None:
    marks = [mark for engine in ENGINES.values() for mark in engine.marks]
    assert len(marks) == len(set(marks))


def test_a_whole_forum_has_no_section() -> None:
    assert {section_of(engine, "https://f.example/forum/") for engine in ENGINES} == {""}
