"""What the readers hand to the normaliser: an entry and a feed as they were written."""

from __future__ import annotations

from dataclasses import dataclass, field

from smwatch.feeds.channel import Channel


@dataclass(slots=True, kw_only=True)
class Entry:
    """One entry before it is normalised; empty strings where the feed says nothing.

    `published` and `updated` are the feed's own text. `title_kind` is "text" (literal), "html" (markup) or "" (guess).
    `summary` and `content` are markup unless `literal`.
    """

    id: str = ""
    link: str = ""
    title: str = ""
    title_kind: str = ""
    summary: str = ""
    content: str = ""
    literal: bool = False
    author: str = ""
    author_url: str = ""
    published: str = ""
    updated: str = ""
    lang: str = ""
    tags: list[str] = field(default_factory=list)


@dataclass(slots=True, kw_only=True)
class Feed:
    """A feed before it is normalised; `parser` names the reader: "fast", "feedparser", "json".

    `channel` is what it says about itself.
    """

    parser: str
    title: str = ""
    link: str = ""
    lang: str = ""
    entries: list[Entry] = field(default_factory=list)
    channel: Channel = field(default_factory=lambda: Channel(ttl=None, period=None, hubs=[], self="", deleted=[]))
