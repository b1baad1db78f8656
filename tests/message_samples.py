"""Invented items, stories and a digest that look like real ones."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from smwatch import digest as digests
from smwatch.config.model import DigestPlan
from smwatch.i18n import text
from smwatch.model import (
    Alert,
    Author,
    Digest,
    Engagement,
    Item,
    Mention,
    Priority,
    SourceState,
    Span,
    Story,
    Watch,
    Where,
)

NOW = datetime(2025, 11, 24, 7, 0, tzinfo=UTC)  # a Monday, 08:00 in Berlin
WATCHES = (
    Watch(
        name="Acme Marke",
        client="Acme",
        query="acme",
        alert=("pr",),
        digest=("morgens",),
        where=Where(file="suchauftraege.toml", line=12),
    ),
    Watch(
        name="Wettbewerb",
        client="Acme",
        query="globex OR initech",
        digest=("morgens",),
        where=Where(file="suchauftraege.toml", line=31),
    ),
)
PLAN = DigestPlan(
    name="morgens", at="08:00", days="workdays", channels=("pr", "presse"), client="Acme", holidays="DE-BY"
)


def item(number: int = 1, **changes: object) -> Item:
    values: dict[str, object] = {
        "id": f"id-{number}",
        "source": "Tagesbote Wirtschaft",
        "url": f"https://www.tagesbote.example/wirtschaft/{number}",
        "title": f"Meldung Nummer {number} über Acme",
        "text": "Die Acme GmbH hat am Montag neue Zahlen vorgelegt.",
        "lang": "de",
        "published": NOW - timedelta(hours=2, minutes=number),
    }
    return Item(**(values | changes))


def mention(number: int = 1, *, on: Item | None = None, **changes: object) -> Mention:
    values: dict[str, object] = {
        "id": 1000 + number,
        "watch": "Acme Marke",
        "client": "Acme",
        "item": on or item(number),
        "seen_at": NOW - timedelta(hours=1, minutes=number),
        "story_id": number,
        "reason": text("‘{word}’ in the title", word="Acme"),
    }
    return Mention(**(values | changes))


def story(*mentions: Mention, number: int = 1) -> Story:
    first = mentions[0]
    return Story(
        id=number, client=first.client, mentions=mentions, first_at=first.seen_at, last_at=mentions[-1].seen_at
    )


BODY = (
    "Der Werkzeughersteller ruft 12.000 Akkuschrauber zurück. Nach Angaben der Müller-Lüdenscheidt Werke, die für Acme "
    "den Rückruf abwickeln, kann sich der Akku beim Laden überhitzen. Verletzt wurde bislang niemand; Kundinnen und "
    "Kunden sollen die Geräte nicht mehr benutzen und sich an den Händler wenden, hieß es am Montag."
)


def spans(body: str, *terms: str) -> tuple[Span, ...]:
    return tuple(
        Span(field="text", start=body.index(term), end=body.index(term) + len(term), term=term) for term in terms
    )


RECALL = mention(
    1,
    on=item(
        1,
        title="Rückruf bei Acme: 12.000 Akkuschrauber können sich überhitzen",
        text=BODY,
        author=Author(name="Erika Mustermann", handle="@erika", followers=12400),
        engagement=Engagement(likes=31, replies=4),
    ),
    priority=Priority.URGENT,
    spans=spans(BODY, "Acme", "Rückruf"),
    reason=text("‘{a}’ {n} words beside ‘{b}’", a="Rückruf", n=3, b="Acme"),
)
COPIES = tuple(
    mention(
        10 + at,
        on=item(10 + at, url=f"https://{host}/a/{at}", source=host, title=RECALL.item.title),
        story_id=1,
        priority=Priority.URGENT,
    )
    for at, host in enumerate(("rundschau.example", "www.morgenpost.example", "müller-forum.example", "news.example"))
)
ALERT = Alert(story=story(RECALL, *COPIES), channel="pr", priority=Priority.URGENT)

QUIET_ALERT = Alert(
    story=story(
        mention(
            2,
            on=item(
                2,
                title="",
                text="Seit gestern lädt mein Acme-Schrauber nicht mehr. Kennt das jemand?",
                lang=None,
                published=None,
                source="Heimwerker-Forum",
                url="https://forum.example/t/77",
            ),
            reason=text("‘{word}’ in the text", word="Acme"),
        )
    ),
    channel="pr",
    priority=Priority.NORMAL,
)

SOURCES = (
    SourceState(name="Tagesbote Wirtschaft", state="ok"),
    SourceState(
        name="Heimwerker-Forum", state="failing", reason=text("the server answers 500"), since=NOW - timedelta(hours=9)
    ),
    SourceState(name="Pressemappe", state="silent", last_item=NOW - timedelta(days=21)),
    *(SourceState(name=f"Quelle {n}", state="ok") for n in range(11)),
)


def full_digest(count: int = 12) -> Digest:
    found = [RECALL, *COPIES]
    for number in range(20, 20 + count):
        watch = "Wettbewerb" if number % 3 == 0 else "Acme Marke"
        title = TITLES[number % len(TITLES)]
        found.append(mention(number, on=item(number, title=f"{title} ({number})"), watch=watch))
    return digests.build(
        PLAN,
        since=NOW - timedelta(days=3),
        until=NOW,
        watches=WATCHES,
        mentions=found,
        before={"Acme Marke": 9, "Wettbewerb": 6},
        held=((text("silenced"), 3), (text("quiet hours"), 2)),
        sources=SOURCES,
        uncovered=(text("Pinterest offers no search for what others say"),),
        upcoming=digests.next_due(PLAN, NOW),
    )


TITLES = (
    "Acme und Globex streiten vor Gericht über ein Patent für bürstenlose Motoren",
    "Test: Fünf Akkuschrauber unter 100 Euro im Vergleich",
    "Initech meldet Rekordumsatz im dritten Quartal",
    "Wie gut ist der Kundendienst von Acme wirklich? Ein Erfahrungsbericht",
    "Globex holt neue Vorständin für das Europageschäft",
    "Baumärkte senken Preise: Diese Werkzeuge werden vor Weihnachten billiger",
    "Acme eröffnet Ausbildungszentrum in Lüdenscheid",
)


def quiet_digest() -> Digest:
    return digests.build(
        PLAN,
        since=NOW - timedelta(days=1),
        until=NOW,
        watches=WATCHES,
        mentions=(),
        sources=SOURCES[:1] + SOURCES[3:],
        upcoming=digests.next_due(PLAN, NOW),
    )
