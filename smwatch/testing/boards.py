"""Forums on loopback that answer as the real software does, for tests of sources and of the whole program.

    async with Discourse() as board:
        board.writes("Neue Maschinen", "frau_schmidt", "Die Acme 3000 ist laut.")
        … fetch board.url("/") …

`PhpBB` is a board with an Atom feed of its posts. Both are `FeedServer`s: other pages can be `put` beside.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from html import escape
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import parse_qs, urlsplit

from smwatch.testing.servers import FeedServer, Seen, head

if TYPE_CHECKING:
    import asyncio

BEGIN = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
WINDOW = 50  # numbers that one answer of a Discourse spans


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """One post."""

    number: int
    topic: int
    place: int
    title: str
    author: str
    text: str
    at: datetime
    answers: int | None = None


@dataclass(slots=True)
class Board:
    """What was written, in order."""

    posts: list[Written] = field(default_factory=list)

    def add(self, title: str, author: str, text: str, *, at: datetime | None, answers: int | None) -> Written:
        """A new thread, or the next post of the one with this title."""
        thread = [one for one in self.posts if one.title == title]
        number = self.posts[-1].number + 1 if self.posts else 1
        post = Written(
            number=number,
            topic=thread[0].topic if thread else len({one.topic for one in self.posts}) + 1,
            place=len(thread) + 1,
            title=title,
            author=author,
            text=text,
            at=at or BEGIN + timedelta(minutes=number),
            answers=answers,
        )
        self.posts.append(post)
        return post


class Discourse(FeedServer):
    """A Discourse: `/`, `/posts.json` with `before`, `/latest.json`, `/t/{id}.json`; `closed` hides its posts."""

    def __init__(self) -> None:
        super().__init__()
        self.board = Board()
        self.closed = False

    def writes(
        self, title: str, author: str, text: str, *, at: datetime | None = None, answers: int | None = None
    ) -> Written:
        """Somebody writes a post: the first of a thread, or below it."""
        return self.board.add(title, author, text, at=at, answers=answers)

    async def answer(self, seen: Seen, writer: asyncio.StreamWriter) -> bool:
        """What a Discourse says; other paths as a FeedServer."""
        parts = urlsplit(seen.path)
        found = None if parts.path in self.pages else self._said(parts.path, parse_qs(parts.query))
        if found is None:
            return await super().answer(seen, writer)
        kind, body = found
        writer.write(head(200, {"Content-Type": kind, "Content-Length": str(len(body))}) + body)
        await writer.drain()
        return True

    def _said(self, path: str, query: dict[str, list[str]]) -> tuple[str, bytes] | None:
        if path == "/":
            return "text/html; charset=utf-8", DISCOURSE_PAGE.encode()
        if path == "/posts.json" and not self.closed:
            return _json(self._posts(int(query.get("before", ["0"])[0])))
        if path == "/latest.json":
            return _json(self._topics())
        if path.startswith("/t/") and path.endswith(".json"):
            return self._thread(path[3:-5])
        return None

    def _posts(self, before: int) -> dict[str, Any]:
        last = before or max((one.number for one in self.board.posts), default=0)
        shown = [one for one in self.board.posts if last - WINDOW < one.number <= last]
        return {"latest_posts": [_discourse_post(one) for one in reversed(shown)]}

    def _thread(self, topic: str) -> tuple[str, bytes] | None:
        posts = [one for one in self.board.posts if str(one.topic) == topic]
        if not posts:
            return None
        shown = [{key: it for key, it in _discourse_post(one).items() if "topic_t" not in key} for one in posts]
        about = {"id": posts[0].topic, "title": posts[0].title, "slug": f"thema-{topic}", "views": 12}
        return _json({"post_stream": {"posts": shown, "stream": [one.number for one in posts]}, **about})

    def _topics(self) -> dict[str, Any]:
        threads: dict[int, list[Written]] = {}
        for one in self.board.posts:
            threads.setdefault(one.topic, []).append(one)
        topics = [_discourse_topic(posts) for posts in threads.values()]
        topics.sort(key=lambda one: (not one["pinned"], one["bumped_at"]))
        return {"users": [{"id": 7, "username": "frau_schmidt"}], "topic_list": {"topics": topics}}


def _json(value: object) -> tuple[str, bytes]:
    return "application/json; charset=utf-8", json.dumps(value).encode()


def _discourse_post(one: Written) -> dict[str, Any]:
    return {
        "id": one.number,
        "name": None,
        "username": one.author,
        "created_at": one.at.isoformat().replace("+00:00", "Z"),
        "updated_at": one.at.isoformat().replace("+00:00", "Z"),
        "cooked": f"<p>{escape(one.text)}</p>",
        "post_number": one.place,
        "post_type": 1,
        "reply_count": 0,
        "reply_to_post_number": one.answers,
        "topic_id": one.topic,
        "topic_slug": f"thema-{one.topic}",
        "topic_title": one.title,
        "actions_summary": [{"id": 2, "count": 3}],
        "user_id": 7,
        "deleted_at": None,
        "user_deleted": False,
    }


def _discourse_topic(posts: list[Written]) -> dict[str, Any]:
    first, last = posts[0], posts[-1]
    return {
        "id": first.topic,
        "title": first.title,
        "slug": f"thema-{first.topic}",
        "posts_count": len(posts),
        "created_at": first.at.isoformat(),
        "last_posted_at": last.at.isoformat() if len(posts) > 1 else None,
        "bumped_at": last.at.isoformat(),
        "pinned": first.topic == 1,
        "excerpt": first.text[:80],
        "views": 12,
        "like_count": 2,
        "posters": [{"user_id": 7, "description": "Original Poster"}],
    }


class PhpBB(FeedServer):
    """A phpBB board: a start page without its feed in the head, as many have it, and `/app.php/feed`."""

    def __init__(self) -> None:
        super().__init__()
        self.board = Board()

    async def __aenter__(self) -> Self:
        await super().__aenter__()
        self.put("/", PHPBB_PAGE, content_type="text/html; charset=UTF-8", validators=())
        self.shows()
        return self

    def writes(self, title: str, author: str, text: str, *, at: datetime | None = None) -> Written:
        """Somebody writes a post: the first of a thread, or below it."""
        post = self.board.add(title, author, text, at=at, answers=None)
        self.shows()
        return post

    def shows(self) -> None:
        """The feed as it stands."""
        rows = "".join(self._entry(one) for one in reversed(self.board.posts[-15:]))
        feed = (
            '<?xml version="1.0" encoding="UTF-8"?><feed xmlns="http://www.w3.org/2005/Atom" xml:lang="de">'
            f"<title>Werkzeugforum</title><updated>{BEGIN.isoformat()}</updated>{rows}</feed>"
        )
        self.put("/app.php/feed", feed, content_type="application/atom+xml")

    def _entry(self, one: Written) -> str:
        link = escape(f"https://werkzeugforum.example/viewtopic.php?t={one.topic}&p={one.number}#p{one.number}")
        title = f"Maschinen • {'Re: ' if one.place > 1 else ''}{one.title}"
        return (
            f"<entry><author><name><![CDATA[{one.author}]]></name></author><updated>{one.at.isoformat()}</updated>"
            f'<published>{one.at.isoformat()}</published><id>{link}</id><link href="{link}"/>'
            f'<title type="html"><![CDATA[{title}]]></title>'
            f'<content type="html"><![CDATA[{escape(one.text)}]]></content></entry>'
        )


DISCOURSE_PAGE = """<!DOCTYPE html><html lang="de"><head><meta charset="utf-8"><title>Müsliforum</title>
<meta name="generator" content="Discourse 3.6.0 - https://github.com/discourse/discourse">
</head><body class="crawler"><a href="/t/thema-1/1">Neue Maschinen</a></body></html>"""

PHPBB_PAGE = """<!DOCTYPE html><html dir="ltr" lang="de"><head><meta charset="utf-8"><title>Werkzeugforum</title></head>
<body id="phpbb" class="nojs notouch section-index ltr">
<a href="./viewforum.php?f=2&amp;sid=1">Maschinen</a><a href="./ucp.php?mode=login">Anmelden</a>
<form action="./ucp.php?mode=login" method="post"><input type="password" name="password"></form>
<div class="copyright">Powered by phpBB® Forum Software © phpBB Limited</div></body></html>"""
