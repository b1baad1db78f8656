"""The same as people read, as plain JSON values for other programs: items, stories, digests."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from smwatch.message.escape import one_line
from smwatch.message.quote import EXCERPT
from smwatch.model import short_id

if TYPE_CHECKING:
    from datetime import datetime

    from smwatch.model import Alert, Author, Digest, Item, Mention, Story


def item_data(item: Item, *, whole: bool = False) -> dict[str, Any]:
    """An item; its text in full only with `whole` (never in what leaves the house: German press law)."""
    return {
        "id": item.id,
        "source": item.source,
        "url": item.url,
        "title": item.title,
        "text": item.text if whole else one_line(item.text, EXCERPT),
        "author": _author(item.author),
        "published": _moment(item.published),
        "updated": _moment(item.updated),
        "lang": item.lang,
        "engagement": asdict(item.engagement) if item.engagement else None,
        "deleted": _moment(item.deleted),
    }


def mention_data(mention: Mention, language: str) -> dict[str, Any]:
    """A mention with its item, its watch and the reason in words."""
    return {
        "id": mention.short,
        "watch": mention.watch,
        "client": mention.client,
        "priority": str(mention.priority),
        "reason": mention.reason.render(language) if mention.reason else None,
        "item": item_data(mention.item),
    }


def story_data(story: Story, language: str) -> dict[str, Any]:
    """A story with its mentions, in order of first sight."""
    return {
        "id": story.short,
        "client": story.client,
        "first_at": story.first_at.isoformat(),
        "last_at": story.last_at.isoformat(),
        "mentions": [mention_data(mention, language) for mention in story.mentions],
    }


def alert_data(alert: Alert, card_id: int, language: str) -> dict[str, Any]:
    """What a webhook gets as `data` of a card."""
    return {
        "card": short_id("C", card_id),
        "priority": str(alert.priority),
        "reason": alert.reason.render(language) if alert.reason else None,
        "story": story_data(alert.story, language),
    }


def digest_data(digest: Digest, language: str) -> dict[str, Any]:
    """What a webhook gets as `data` of a digest."""
    return {
        "name": digest.name,
        "client": digest.client,
        "since": digest.since.isoformat(),
        "until": digest.until.isoformat(),
        "late": digest.late,
        "watches": [{"watch": one.watch, "mentions": one.mentions, "before": one.before} for one in digest.counts],
        "stories": {
            watch: [story_data(story, language) for story in stories] for watch, stories in digest.stories.items()
        },
        "held": [{"reason": reason.render(language), "mentions": count} for reason, count in digest.held],
    }


def _author(author: Author | None) -> dict[str, Any] | None:
    return asdict(author) if author else None


def _moment(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None
