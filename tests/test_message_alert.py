from __future__ import annotations

from dataclasses import replace

import pytest
from message_samples import ALERT, COPIES, NOW, QUIET_ALERT, RECALL, item, mention, spans, story

from smwatch.case import Case, Outcome, Status
from smwatch.i18n import text
from smwatch.message.alert import alert_message
from smwatch.message.blockkit import block_kit
from smwatch.message.model import Action, Context, Heading, Paragraph, Run
from smwatch.message.plain import plain_text
from smwatch.message.quote import headline, hit_sentence
from smwatch.message.words import Reader
from smwatch.model import Alert, Author, Engagement, Person, Priority
from smwatch.silence import Scope, Silence

JULE = Person(id="U1JULE", name="jule")


def german(alert: Alert, **options: object):
    return alert_message(alert, language="de", timezone="Europe/Berlin", **options)


def one(on, **changes) -> Alert:
    return Alert(story=story(mention(1, on=on, **changes)), channel="pr", priority=Priority.NORMAL)


def test_an_alert_as_people_read_it():
    assert (
        plain_text(german(ALERT))
        == """\
Sofort · Acme Marke · Acme
==========================

Rückruf bei Acme: 12.000 Akkuschrauber können sich überhitzen <https://www.tagesbote.example/wirtschaft/1>

Tagesbote Wirtschaft (tagesbote.example) · Mo., 24. Nov., 05:59 · Deutsch

> … Nach Angaben der Müller-Lüdenscheidt Werke, die für Acme den Rückruf abwickeln, kann sich der Akku beim Laden überhitzen. Verletzt wurde bislang niemand; Kundinnen und Kunden sollen die Geräte nicht mehr benutzen und sich an den Händler wenden, hieß es am Montag.

von Erika Mustermann (@erika) · 12.400 Follower · 31 Likes · 4 Antworten · – geteilt

in 5 Quellen: tagesbote.example <https://www.tagesbote.example/wirtschaft/1>, rundschau.example <https://rundschau.example/a/0>, morgenpost.example <https://www.morgenpost.example/a/1>, müller-forum.example <https://xn--mller-forum-thb.example/a/2>, news.example <https://news.example/a/3>

‘Rückruf’ 3 words beside ‘Acme’ · MZ9
"""
    )


def test_a_forum_post_without_title_date_language_and_figures():
    assert (
        plain_text(german(QUIET_ALERT))
        == """\
Meldung · Acme Marke · Acme
===========================

Seit gestern lädt mein Acme-Schrauber nicht mehr. Kennt das jemand? <https://forum.example/t/77>

Heimwerker-Forum (forum.example) · ohne Datum

‘Acme’ in the text · MZA
"""
    )


def test_the_subject_says_urgent_first():
    message = german(ALERT)
    assert message.title == "Sofort · Acme Marke: Rückruf bei Acme: 12.000 Akkuschrauber können sich überhitzen"
    assert (message.urgent, message.thread) == (True, "story:Acme:1")
    assert german(QUIET_ALERT).title.startswith("Acme Marke: Seit gestern")


def test_at_most_eight_blocks_with_everything_in_it():
    late = replace(RECALL, late=True)
    full = replace(ALERT, story=story(late, *COPIES), reason=text("always"), possible_duplicate=True)
    quiet = Silence(scope=Scope.SITE, value="x", label="x", until=NOW, by=JULE, reason="bekannt", at=NOW)
    full = replace(full, case=taken(), silences=(quiet,))
    assert len(block_kit(german(full, buttons=True, card="C01"), buttons=True)) <= 8


def test_the_words_that_matched_are_bold():
    [quote] = [block for block in german(ALERT).blocks if isinstance(block, Paragraph) and block.quote]
    assert [run.text for run in quote.runs if run.bold] == ["Acme", "Rückruf"]
    assert len("".join(run.text for run in quote.runs)) <= 280


def test_a_long_text_is_cut_around_the_match():
    body = "Vorwort ohne Belang. " * 80 + "Dann kam der Rückruf bei Acme. " + "Nachwort ohne Belang. " * 80
    runs = hit_sentence(mention(1, on=item(1, text=body), spans=spans(body, "Rückruf", "Acme")))
    assert [run.text for run in runs if run.bold] == ["Rückruf", "Acme"]
    assert len("".join(run.text for run in runs)) <= 280


def test_a_match_in_the_title_shows_how_the_text_begins():
    assert "".join(run.text for run in hit_sentence(mention(1))) == "Die Acme GmbH hat am Montag neue Zahlen vorgelegt."
    assert hit_sentence(mention(1, on=item(1, text=""))) == ()


def test_what_a_source_never_counts_is_not_told():
    told = plain_text(german(one(item(1, author=Author(name="Lena Brandt")))))
    assert "\n\nvon Lena Brandt\n\n" in told
    assert "Follower" not in told


def test_reactions_to_an_unnamed_author():
    told = plain_text(german(one(item(1, engagement=Engagement(likes=2)))))
    assert "Verfasst von – · – Follower · 2 Likes · – Antworten · – geteilt" in told


def test_a_source_named_by_its_address_is_named_once():
    told = plain_text(german(one(item(1, source="tagesbote.example/feed.xml"))))
    assert "\n\ntagesbote.example · Mo., 24. Nov., 05:59 · Deutsch\n\n" in told


def test_unknown_is_a_dash_and_zero_is_zero():
    known = item(
        1, author=Author(name="A", followers=0), engagement=Engagement(likes=0, replies=1, shares=None, views=7)
    )
    assert "A · 0 Follower · 0 Likes · 1 Antwort · – geteilt · 7 Aufrufe" in plain_text(german(one(known)))


def test_the_year_stands_where_it_is_another():
    assert "Do., 24. Dez. 2020, 19:00" in plain_text(
        german(one(item(1, published=NOW.replace(year=2020, month=12, hour=18))))
    )


def test_times_are_elements_for_channels_that_have_them():
    [origin] = [
        block for block in german(ALERT).blocks if isinstance(block, Context) and any(run.when for run in block.runs)
    ]
    assert [run.when for run in origin.runs if run.when] == [RECALL.item.published]


def test_several_watches_share_one_message():
    both = story(mention(1), mention(2, watch="Wettbewerb"), mention(3, watch="Krise"))
    message = german(Alert(story=both, channel="pr", priority=Priority.NORMAL))
    assert message.blocks[0] == Heading(text="Meldung · Acme Marke, Wettbewerb und Krise · Acme")


def test_the_most_urgent_mention_speaks_for_its_story():
    calm, loud = mention(1), mention(2, priority=Priority.URGENT)
    assert german(Alert(story=story(calm, loud), channel="pr", priority=Priority.URGENT)).title.endswith(
        "Nummer 2 über Acme"
    )


def test_buttons_only_where_somebody_hears_them():
    assert [action.id for action in german(ALERT).actions] == ["open"]
    live = german(ALERT, buttons=True, card="C-opaque").actions
    assert [one.label for one in live] == ["Übernehmen", "Nicht relevant", "Stummschalten …", "⋯"]
    assert {one.value for one in live if isinstance(one, Action)} == {"C-opaque"}
    silence, more = live[2:]
    assert [label for label, _ in silence.groups] == [
        "dieses Thema",
        "dieser Autor",
        "diese Seite",
        "ganzer Suchauftrag",
    ]
    assert [one.label for one in more.options] == ["Beantwortet", "Schließen", "Notiz …", "Original öffnen"]


def taken(**changes) -> Case:
    return replace(Case(status=Status.TAKEN, owner=JULE, by=JULE, until=NOW, at=NOW, can_undo=True), **changes)


@pytest.mark.parametrize(
    ("case", "line", "buttons"),
    [
        (taken(until=None), "übernommen von @jule", ["Beantwortet", "Abgeben", "Rückgängig"]),
        (taken(), "übernommen von @jule · bis Mo., 24. Nov., 08:00", ["Beantwortet", "Abgeben", "Rückgängig"]),
        (
            taken(told=3),
            "übernommen von @jule · überfällig seit Mo., 24. Nov., 08:00",
            ["Beantwortet", "Abgeben", "Rückgängig"],
        ),
        (taken(status=Status.ANSWERED), "beantwortet von @jule", ["Schließen", "Rückgängig"]),
        (
            taken(status=Status.CLOSED, outcome=Outcome.NO_ANSWER),
            "geschlossen von @jule: keine Antwort nötig",
            ["Wieder öffnen", "Rückgängig"],
        ),
        (
            taken(status=Status.CLOSED, outcome=Outcome.IRRELEVANT),
            "nicht relevant, sagt @jule",
            ["Wieder öffnen", "Rückgängig"],
        ),
        (taken(owner=Person(id="U1"), until=None), "übernommen von @U1", ["Beantwortet", "Abgeben", "Rückgängig"]),
        (taken(owner=None, by=None, until=None), "übernommen", ["Beantwortet", "Abgeben", "Rückgängig"]),
        (taken(status=Status.OPEN), "Antwort bis Mo., 24. Nov., 08:00", ["Übernehmen", "Nicht relevant"]),
    ],
)
def test_a_case_says_who_and_until_when_and_what_can_be_done_next(case, line, buttons):
    message = german(replace(ALERT, case=case), buttons=True, card="C01")
    assert plain_text(message).rstrip().splitlines()[-1] == line
    assert [one.label for one in message.actions if isinstance(one, Action)] == buttons


def test_a_case_that_is_done_is_folded_to_its_headline():
    closed = taken(status=Status.CLOSED, outcome=Outcome.ANSWERED)
    assert len(german(replace(ALERT, case=closed)).blocks) == 4


def test_who_has_taken_it_stands_in_the_notification_without_a_ping():
    message = german(replace(ALERT, case=taken()))
    assert message.title.endswith("· übernommen von jule")


def test_a_silence_says_what_until_when_who_and_why():
    quiet = Silence(scope=Scope.SITE, value="x", label="blog.example", until=NOW, by=JULE, reason="bekannt", at=NOW)
    told = plain_text(german(replace(ALERT, silences=(quiet,))))
    assert told.rstrip().splitlines()[-1] == (
        "stummgeschaltet bis Mo., 24. Nov., 08:00: diese Seite (blog.example) · @jule: bekannt"
    )


def test_status_lines():
    told = plain_text(german(replace(ALERT, possible_duplicate=True, case=taken(until=None))))
    assert told.rstrip().splitlines()[-3:] == [
        "übernommen von @jule",
        "",
        "möglicherweise doppelt: Der Kanal hat den ersten Versuch nicht bestätigt",
    ]


def test_many_publishers_are_counted():
    many = [mention(n, on=item(n, url=f"https://paper{n}.example/"), story_id=1) for n in range(1, 13)]
    told = plain_text(german(Alert(story=story(*many), channel="pr", priority=Priority.NORMAL)))
    assert "in 12 Quellen: paper1.example" in told
    assert "paper8.example <https://paper8.example/> und 4 weitere" in told


@pytest.mark.parametrize(
    ("language", "expected"),
    [
        ("en", "Urgent · Acme Marke · Acme"),
        ("de-CH", "Sofort · Acme Marke · Acme"),
        ("xx", "Urgent · Acme Marke · Acme"),
    ],
)
def test_languages(language, expected):
    message = alert_message(ALERT, language=language, timezone="Europe/Zurich")
    assert message.blocks[0] == Heading(text=expected)


def test_english_dates_and_figures():
    told = plain_text(alert_message(ALERT, language="en", timezone="Europe/London"))
    assert "Mon 24 Nov, 04:59 · German" in told
    assert "12,400 followers" in told


def test_hostile_text_stays_in_runs_and_is_tame():
    bad = item(
        1,
        title="<!channel>\u202e =?utf-8?b?x?=\nBcc: x",
        url="javascript:alert(1)",
        source="<@U1>",
        text="*fett* <https://evil.example|bank>\x00",
        author=Author(name="<!here>\n\n"),
    )
    message = german(one(bad))
    assert message.actions == ()
    runs = [run for block in message.blocks if not isinstance(block, Heading) for run in block.runs]
    assert Run(text="<!channel> =?utf-8?b?x?= Bcc: x", bold=True) in runs
    assert not any(character in run.text for run in runs for character in "\n\x00\u202e")
    assert not any(run.link for run in runs)


def test_an_item_without_anything_is_still_named():
    nameless = item(1, title=" ", text="", url="https://www.a.example/x")
    assert headline(nameless, Reader()) == "a.example"
    assert headline(item(1, title="", text="", url=""), Reader()) == "Tagesbote Wirtschaft"


@pytest.mark.parametrize(
    ("attributes", "line"),
    [
        (
            {"from": "Blatt <redaktion@blatt.example>", "list": "Acme-Brief", "dkim": "pass"},
            "Mail von Blatt <redaktion@blatt.example> · Liste Acme-Brief · von der Domain des Absenders signiert",
        ),
        ({"from": "x@y.example", "dkim": "fail"}, "Mail von x@y.example · die Signatur ist ungültig"),
        ({"dkim": "none"}, "nicht signiert"),
        ({"rating": 2}, "★★☆☆☆"),
    ],
)
def test_what_vouches_for_an_item(attributes, line):
    alert = one(item(attributes=attributes))
    assert line in plain_text(german(alert)).splitlines()


@pytest.mark.parametrize("attributes", [{}, {"rating": 9}, {"rating": "<b>"}, {"dkim": "<!channel>"}])
def test_what_says_nothing_is_not_shown(attributes):
    assert plain_text(german(one(item(attributes=attributes)))) == plain_text(german(one(item())))
