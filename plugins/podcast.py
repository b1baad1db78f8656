"""https://podcasting2.org/docs/podcast-namespace: a podcast, with what is said in it where it has transcripts.

Each episode is an item: its notes and, behind them, its transcript (WebVTT, SubRip, JSON, HTML or plain text), so that
a word in the talk is found like one in an article. Who speaks, how long it is and where the recording lies stand beside
it. A podcast without transcripts is read like any feed: only what its notes say.

Transcripts are fetched for episodes that appear or change after the first poll, ten at most a poll, the newest first.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any, ClassVar

from smwatch.plugin import (
    READ_EXTRAS,
    READ_TRANSCRIPT,
    Author,
    Card,
    Field,
    Gone,
    NotPermitted,
    Page,
    Source,
    SourceContext,
    SourceError,
    Transient,
    UserError,
    feed_items,
    feed_refused,
    hookimpl,
    read_address,
    spoken_address,
    text,
)

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping

    from smwatch.hookspecs import RegisterSource
    from smwatch.plugin import Item

FORMATS = "application/rss+xml, application/xml;q=0.9, */*;q=0.8"
AT_ONCE = 10  # transcripts of one poll
KNOWN = 1000  # episodes that are remembered
KINDS = (
    "text/plain",
    "text/vtt",
    "application/x-subrip",
    "application/srt",
    "text/srt",
    "application/json",
    "text/html",
)
SPEAKS = ("host", "co-host", "guest", "moderator", "interviewer", "narrator", "reporter")


@dataclass(frozen=True, slots=True)
class Episode:
    """An item, what stands beside it, and marks of its name and of what it holds."""

    item: Item
    more: Mapping[str, Any]
    name: str
    content: str


class PodcastSource(Source):
    """`[[source]]` with `type = "podcast"`."""

    card: ClassVar[Card] = Card(
        title="Podcast",
        docs="https://podcasting2.org/docs/podcast-namespace",
        author=True,
        gives=("type", "tag"),
        min_interval=timedelta(minutes=15),
        blind=text("what is said in episodes that have no transcript, and what was said before the first poll"),
        example='[[source]]\ntype = "podcast"\nurl = "https://podcast.acme.example/feed.xml"\n',
    )

    url: str = Field(description="The feed's address.")
    transcripts: bool = Field(default=True, description="false: only the notes.")
    language: str | None = Field(default=None, description='Which transcript, where there are several: "de".')

    def model_post_init(self, _context: object) -> None:
        """An address that can be asked."""
        if (why := feed_refused(self.url)) is not None:
            raise UserError(why)
        read_address(self.url)

    def key(self) -> str:
        """The feed's address."""
        return str(read_address(self.url))

    def default_name(self) -> str:
        """Host and path."""
        return spoken_address(self.url)

    async def fetch(self, ctx: SourceContext) -> AsyncIterator[Page]:
        """The episodes that are new or changed, with their transcripts; all of them in the first poll, without."""
        before = _read_cursor(ctx.cursor)
        answer = await ctx.http.get(self.url, headers={"Accept": FORMATS}, conditional=before is not None)
        waiting = bool(before and before.pop(WAITING, None))
        if answer.unchanged and not waiting:
            return
        if answer.unchanged:  # transcripts that did not come the last time
            answer = await ctx.http.get(self.url, headers={"Accept": FORMATS})
        options = {"url": answer.url, "content_type": answer.headers.get("Content-Type", ""), "episodes": True}
        found = await ctx.parse(READ_EXTRAS, answer.body, options)
        episodes = [
            _episode(item, more) for item, more in zip(feed_items(found, self.name), found["items"], strict=True)
        ]
        if before is None:
            yield Page(items=tuple(one.item for one in episodes), cursor=_cursor(episodes, ()))
            return
        fresh = [one for one in episodes if before.get(one.name) != one.content]
        told, left = await self._with_words(ctx, fresh)
        yield Page(items=tuple(told), cursor=_cursor(episodes, left))

    async def _with_words(self, ctx: SourceContext, fresh: list[Episode]) -> tuple[list[Item], list[str]]:
        """The items with their transcripts, and the names of those whose transcript has to be asked for again."""
        items, left = [], []
        asked = 0
        for one in fresh:
            link = self._transcript(one.more)
            if link is None:
                items.append(one.item)
            elif asked >= AT_ONCE:
                left.append(one.name)  # the whole episode waits: it is told once, with its words
            else:
                asked += 1
                said, again = await self._said(ctx, link)
                items.append(_with_text(one.item, said, link["url"]))
                left += [one.name] if again else []
        return items, left

    def _transcript(self, more: Mapping[str, Any]) -> Mapping[str, str] | None:
        """The one that is read: in the wanted language, in the plainest form."""
        found = [one for one in more.get("transcripts") or () if one.get("type") in KINDS or not one.get("type")]
        if not found or not self.transcripts:
            return None
        wanted = (self.language or "").lower()
        best: Mapping[str, str] = min(
            found,
            key=lambda one: (
                bool(wanted) and not one.get("lang", "").startswith(wanted),
                KINDS.index(one["type"]) if one.get("type") in KINDS else len(KINDS),
            ),
        )
        return best

    async def _said(self, ctx: SourceContext, link: Mapping[str, str]) -> tuple[str, bool]:
        """The words, and whether to ask again; an episode without them is an episode all the same."""
        try:
            answer = await ctx.http.get(link["url"])
            options = {"type": link["type"], "content_type": answer.headers.get("Content-Type", "")}
            found = await ctx.parse(READ_TRANSCRIPT, answer.body, options)
            return str(found["text"]), False
        except (Gone, NotPermitted) as error:
            reason, again = error.sentence, False
        except SourceError as error:
            reason, again = error.sentence, isinstance(error, Transient)
        ctx.log.info("transcript_not_read", url=link["url"][:200], reason=str(reason))
        return "", again


WAITING = "…"


def _episode(item: Item, found: Mapping[str, Any]) -> Episode:
    more: Mapping[str, Any] = found.get("episode") or {}
    speakers = [one for one in more.get("persons") or () if one.get("role") in SPEAKS]
    people = [str(one["name"]) for one in speakers]
    about = {
        "audio": more.get("audio"),
        "seconds": more.get("seconds"),
        "persons": [f"{one['name']} ({one['role']})" for one in more.get("persons") or ()],
    }
    first = speakers[0] if speakers else None
    host = Author(name=str(first["name"]), url=first.get("url") or None) if first else None
    said = replace(
        item,
        kind="podcast",
        url=item.url or str(more.get("audio") or ""),
        author=host or item.author or (Author(name=more["host"]) if more.get("host") else None),
        lead=item.lead or ", ".join(people),
        links=tuple(filter(None, (more.get("audio"),))),
        attributes={**item.attributes, **{name: it for name, it in about.items() if it}},
    )
    holds = "\x1f".join((item.title, item.lead, item.text, json.dumps(more, sort_keys=True)))
    return Episode(said, more, _mark(item.id), _mark(holds))


def _with_text(item: Item, said: str, url: str) -> Item:
    if not said:
        return item
    return replace(item, text=f"{item.text}\n\n{said}".strip(), attributes={**item.attributes, "transcript": url})


def _mark(said: str) -> str:
    return hashlib.sha256(said.encode("utf-8", "replace")).hexdigest()[:10]


def _cursor(episodes: list[Episode], left: list[str] | tuple[()]) -> str:
    """What is known of each episode; those that are `left` are not known yet."""
    known = {one.name: one.content for one in episodes[:KNOWN] if one.name not in left}
    return json.dumps(known | ({WAITING: "1"} if left else {}), separators=(",", ":"), ensure_ascii=False)


def _read_cursor(cursor: str | None) -> dict[str, str] | None:
    try:
        found = json.loads(cursor or "")
    except ValueError:
        return None
    return {str(name): str(it) for name, it in found.items()} if isinstance(found, dict) else None


@hookimpl
def register_sources(register: RegisterSource) -> None:
    """`type = "podcast"`."""
    register("podcast", PodcastSource)
