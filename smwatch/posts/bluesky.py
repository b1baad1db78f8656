"""https://docs.bsky.app/docs/advanced-guides/posts: a post's record, and a post as the network shows it, as items."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from smwatch.model import Author, Engagement, Item
from smwatch.payload import Payload

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime

POSTS = "app.bsky.feed.post"


def bluesky_view(view: Payload, source: str) -> Item:
    """A post as searches show it: the record, and what is known about it by now."""
    _, _, did, _, rkey = (view.text("uri").split("/") + [""] * 5)[:5]
    shares = [count for name in ("repostCount", "quoteCount") if (count := view.number(name)) is not None]
    known = Engagement(
        likes=view.number("likeCount"), replies=view.number("replyCount"), shares=sum(shares) if shares else None
    )
    item = bluesky_post(did, rkey, view.at("record"), source, view.moment("indexedAt"))
    return replace(item, author=bluesky_author(did, view.at("author")), engagement=known)


def bluesky_post(did: str, rkey: str, record: Payload, source: str, seen: datetime | None) -> Item:
    """A post's record as an item; `seen` stands in for a date that it does not have."""
    reply = record.at("reply")
    embeds = list(_embeds(record.at("embed")))
    features = [one for facet in record.each("facets") for one in facet.each("features")]
    links = [one.link("uri") for one in features] + [one.link("external", "uri") for one in embeds]
    links += [
        link for one in embeds if (link := _page_of(one.text("record", "uri") or one.text("record", "record", "uri")))
    ]
    beside = (words for one in embeds for words in _words(one))
    return Item(
        id=bluesky_address(did, rkey),
        source=source,
        url=f"https://bsky.app/profile/{did}/post/{rkey}",
        text="\n\n".join(part for part in (record.words("text"), *beside) if part),
        kind="comment" if reply else "post",
        author=bluesky_author(did, Payload(None)),
        published=record.moment("createdAt") or seen,
        lang=next(iter(record.texts("langs")), None),
        parent_id=reply.text("parent", "uri") or None,
        root_id=reply.text("root", "uri") or None,
        links=tuple(dict.fromkeys(filter(None, links))),
        attributes=_attributes(record, features, embeds, reply=bool(reply)),
        other_ids=(did,),
    )


def _embeds(embed: Payload) -> Iterator[Payload]:
    """What a post carries: a card, pictures, a film, another post, or a post and one of the others."""
    yield from filter(None, (embed, embed.at("media")))


def _words(embed: Payload) -> Iterator[str]:
    """What a card says, and what pictures and films show."""
    yield from (embed.words("external", "title"), embed.words("external", "description"))
    yield from (one.words("alt") for one in embed.each("images"))
    yield embed.words("alt")


def _attributes(
    record: Payload, features: Sequence[Payload], embeds: Sequence[Payload], *, reply: bool
) -> dict[str, Any]:
    tags = [tag for one in features if (tag := one.text("tag"))]
    found = {
        "tags": list(dict.fromkeys((*tags, *record.texts("tags")))),
        "mention": [did for one in features if (did := one.text("did"))],
        "is": ["reply"] if reply else [],
        "contains": [
            *(["image"] if any(one.at("images") for one in embeds) else []),
            *(["video"] if any(one.at("video") for one in embeds) else []),
        ],
    }
    return {name: values for name, values in found.items() if values}


def bluesky_author(did: str, profile: Payload) -> Author:
    """An account by its number, with what a profile says about it."""
    handle = profile.text("handle")
    return Author(
        name=profile.words("displayName") or None,
        handle=f"@{handle}" if handle and handle != "handle.invalid" else None,
        native_id=did,
        url=f"https://bsky.app/profile/{did}",
        followers=profile.number("followersCount"),
    )


def bluesky_address(did: str, rkey: str) -> str:
    """The address of a post inside the network: its id."""
    return f"at://{did}/{POSTS}/{rkey}"


def _page_of(address: str) -> str:
    """The web page of a post by its address; "" for what is no post."""
    parts = address.split("/")
    if len(parts) != 5 or parts[3] != POSTS:  # noqa: PLR2004 - at: // did / collection / rkey
        return ""
    return f"https://bsky.app/profile/{parts[2]}/post/{parts[4]}"
