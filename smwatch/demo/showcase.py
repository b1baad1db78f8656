"""One morning in the demo's invented world, for the pictures in the docs: an alert, and the digest after a weekend.

The items are invented; what is made of them is not: the watches match them, and the same functions draw the messages
as in the daemon.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from smwatch import digest as digests
from smwatch.case import Case, Status
from smwatch.i18n import text
from smwatch.message.alert import alert_message, lead_mention
from smwatch.message.digest import digest_messages
from smwatch.model import (
    Alert,
    Author,
    Engagement,
    Item,
    Mention,
    Person,
    Priority,
    Raise,
    SourceState,
    Story,
    Watch,
    Where,
)
from smwatch.query.watches import WatchEngine

if TYPE_CHECKING:
    from collections.abc import Iterator

    from smwatch.message.model import Message

NOW = datetime(2026, 11, 23, 7, 0, tzinfo=UTC)  # a Monday, 08:00 in Berlin
ZONE = "Europe/Berlin"
FILE = "suchauftraege.toml"
WATCHES = (
    Watch(
        name="Bergmühle",
        query="Bergmühle",
        alert=("pr",),
        digest=("morgens",),
        raises=(Raise(query="Rückruf OR Steinchen", priority=Priority.URGENT),),
        where=Where(file=FILE, line=4),
    ),
    Watch(name="Wettbewerb", query="Haferglück OR Kornhof", digest=("morgens",), where=Where(file=FILE, line=13)),
)
BODY = (
    "Der Müslihersteller Bergmühle ruft sein Urkorn-Müsli zurück. In Packungen der Charge L2207 können Steinchen sein. "
    "Kundinnen und Kunden erhalten den Kaufpreis auch ohne Kassenbon erstattet."
)
BLIND = text("what the site does not put into its feed, and comments")
RECALL = "Bergmühle ruft Urkorn-Müsli zurück: Steinchen in der Packung möglich"


class Plan:
    """The digest of working days at eight."""

    name, client, at, days, cron, timezone, holidays = "morgens", None, "08:00", "workdays", None, ZONE, "DE-BY"


PRESS = ("Pressespiegel", "pressespiegel.example")
DAILY = ("Tagesbote", "www.tagesbote.example")
REVIEW = ("Rundschau", "rundschau.example")
FORUM = ("Müsliforum", "muesliforum.example")
BLOG = ("Cereal Thoughts", "cerealthoughts.example")


def _item(hours: float, source: tuple[str, str], title: str, words: str, **more: object) -> Item:
    """An item that appeared `hours` before NOW."""
    name, host = source
    values: dict[str, object] = {
        "id": f"{name} {hours}",
        "source": name,
        "url": f"https://{host}/{round(hours * 10)}",
        "title": title,
        "text": words,
        "lang": "de",
        "published": NOW - timedelta(hours=hours),
    }
    return Item(**(values | more))  # type: ignore[arg-type]


STORIES: tuple[tuple[Item, ...], ...] = (
    (
        _item(1.4, PRESS, RECALL, BODY, author=Author(name="Lena Brandt")),
        _item(1.2, DAILY, RECALL, BODY),
        _item(1.1, REVIEW, RECALL, BODY),
    ),
    (
        _item(
            15,
            FORUM,
            "Steinchen in der Packung?",
            "Hat noch jemand Steinchen im Bergmühle Urkorn gefunden? Charge L2207. Ich warte auf einen Rückruf.",
            author=Author(handle="muesli_mira", followers=310),
            engagement=Engagement(likes=48, replies=17),
        ),
    ),
    (
        _item(
            40,
            PRESS,
            "Bergmühle eröffnet Besuchermühle in Oberau",
            "Der Müslihersteller Bergmühle zeigt, wie aus Hafer Flocken werden.",
        ),
    ),
    (
        _item(
            44,
            BLOG,
            "Why I switched to Bergmuehle",
            "Spelled with ue on the English box, but it is the same mill.",
            lang="en",
        ),
    ),
    (_item(20, DAILY, "Haferglück bringt Barista-Drink in den Handel", "Kornhof will im Frühjahr folgen."),),
    (_item(50, FORUM, "Bergmühle oder Kornhof: was schmeckt Kindern?", "Wir probieren gerade alles durch."),),
    (
        _item(
            55,
            BLOG,
            "Five oat drinks, tasted blind",
            "Haferglück came out on top, to nobody's surprise.",
            lang="en",
        ),
    ),
)
SOURCES = (
    *(SourceState(name=name, state="ok") for name in ("Pressespiegel", "Tagesbote", "Müsliforum", "Cereal Thoughts")),
    *(SourceState(name=f"Quelle {n}", state="ok") for n in range(8)),
    SourceState(
        name="Backblog",
        state="failing",
        reason=text("{host} has trouble of its own ({status})", host="backblog.example", status=503),
        since=NOW - timedelta(hours=9),
    ),
)


def mentions() -> Iterator[Mention]:
    """What the watches find, as the daemon would keep it."""
    engine = WatchEngine(WATCHES)
    items = [(story, item) for story, group in enumerate(STORIES, 1) for item in group]
    hits = [(story, item, hit) for story, item in items for hit in engine.match(item)]
    for number, (story, item, hit) in enumerate(hits, 5_000):
        yield Mention(
            id=number,
            watch=hit.watch.name,
            client=None,
            item=item,
            spans=hit.spans,
            priority=hit.priority,
            seen_at=(item.published or NOW) + timedelta(minutes=4),
            story_id=story,
            reason=hit.reason,
        )


def alert(language: str = "de") -> Message:
    """The recall, in three papers."""
    return alert_message(_recall(), language=language, timezone=ZONE)


def _recall() -> Alert:
    found = tuple(one for one in mentions() if one.story_id == 1)
    story = Story(id=1, client=None, mentions=found, first_at=found[0].seen_at, last_at=found[-1].seen_at)
    return Alert(story=story, channel="pr", priority=lead_mention(story).priority)


def taken(language: str = "de") -> Message:
    """The same after somebody has taken it, with what can be done next."""
    mira = Person(id="U0MIRA", name="mira")
    until = NOW + timedelta(hours=2)
    case = Case(status=Status.TAKEN, owner=mira, by=mira, at=NOW, begun=NOW, until=until, can_undo=True)
    return alert_message(replace(_recall(), case=case), language=language, timezone=ZONE, buttons=True, card="C0A")


def digest(language: str = "de") -> Message:
    """Monday's, which holds the weekend."""
    built = digests.build(
        Plan(),
        since=NOW - timedelta(days=3),
        until=NOW,
        watches=WATCHES,
        mentions=mentions(),
        before={"Bergmühle": 5, "Wettbewerb": 4},
        held=((text("one of your own accounts"), 2),),
        sources=SOURCES,
        uncovered=(text("{source}: {what}", source="Feed (RSS, Atom, JSON Feed)", what=BLIND),),
        upcoming=digests.next_due(Plan(), NOW),
    )
    return digest_messages(built, language=language, timezone=ZONE)[0]
