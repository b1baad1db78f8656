"""https://docs.joinmastodon.org/entities/Status/: a status as an item."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from smwatch.model import Author, Engagement, Item

if TYPE_CHECKING:
    from collections.abc import Iterator

    from smwatch.payload import Payload

MEDIA = {"image": {"image"}, "video": {"video", "gifv"}}


def mastodon_post(status: Payload, read: Payload, host: str, source: str) -> Item:
    """A status that `host` shows; `read` is its content as text and links. Its id is the same on every server.

    Its number on this server is among the other ids: by it the server says that it was deleted.
    """
    parent = status.text("in_reply_to_id")
    number = f"{host}/{status.text('id')}"
    return Item(
        id=status.text("uri") or status.link("url") or number,
        source=source,
        url=status.link("url") or status.link("uri"),
        lead=status.words("spoiler_text"),
        text="\n\n".join(part for part in (read.text("text"), *_beside(status)) if part),
        kind="comment" if parent else "post",
        author=_author(status.at("account"), host),
        published=status.moment("created_at"),
        updated=status.moment("edited_at"),
        lang=status.text("language") or None,
        engagement=Engagement(
            likes=status.number("favourites_count"),
            replies=status.number("replies_count"),
            shares=status.number("reblogs_count"),
        ),
        parent_id=f"{host}/{parent}" if parent else None,
        links=tuple(dict.fromkeys(filter(None, (*read.texts("links"), status.link("card", "url"))))),
        attributes=_attributes(status),
        other_ids=(number,),
    )


def _author(account: Payload, host: str) -> Author | None:
    name = account.text("acct")
    if not name:
        return None
    return Author(
        name=account.words("display_name") or account.text("username") or None,
        handle=f"@{name}" if "@" in name else f"@{name}@{host}",
        native_id=account.text("uri") or account.link("url") or None,
        url=account.link("url") or None,
        followers=account.number("followers_count"),
    )


def _beside(status: Payload) -> Iterator[str]:
    """What is said beside the text: the choices of a poll, the descriptions of pictures."""
    yield from (one.words("title") for one in status.each("poll", "options"))
    yield from (one.words("description") for one in status.each("media_attachments"))


def _attributes(status: Payload) -> dict[str, Any]:
    media = {one.text("type") for one in status.each("media_attachments")}
    found: dict[str, Any] = {
        "tags": [one.text("name") for one in status.each("tags")],
        "mention": [one.text("acct") for one in status.each("mentions")],
        "is": ["reply"] if status.text("in_reply_to_id") else [],
        "contains": [kind for kind, of in MEDIA.items() if media & of],
        "bot": status.at("account", "bot").value is True,
        "sensitive": status.at("sensitive").value is True,
    }
    return {name: value for name, value in found.items() if value}
