from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta

import pytest
from message_samples import COPIES, NOW, RECALL, mention, story

from smwatch.i18n import text
from smwatch.message import notes
from smwatch.message.asked import FOUND, found_message
from smwatch.message.plain import plain_text
from smwatch.message.proposal import proposal_message
from smwatch.message.summary import Told, curve, over_message, summary_message
from smwatch.message.words import Reader
from smwatch.model import Where
from smwatch.store.proposals import Proposal

GERMAN = {"language": "de", "timezone": "Europe/Berlin"}


def test_the_look_back_gives_figures_and_no_titles():
    message = notes.start_message(
        **GERMAN,
        now=NOW,
        sources=14,
        items=1512,
        hits=9,
        unreadable=[notes.Unreadable(name="Heimwerker-Forum", reason=text("without a date"))],
        next_digest=NOW + timedelta(days=1),
    )
    assert (
        plain_text(message)
        == """\
smwatch beobachtet
==================

14 Quellen gelesen, 1.512 ältere Beiträge, 9 hätten getroffen. Altes wird nicht gemeldet; `smwatch source test NAME` zeigt es. Nicht lesbar: 1 Quelle. Nächster Überblick: morgen 08:00.

- Heimwerker-Forum (ohne Datum)
"""
    )


def test_a_single_new_source():
    message = notes.start_message(**GERMAN, now=NOW, sources=1, items=1, hits=0, added=["Blog"], next_digest=NOW)
    assert (
        plain_text(message)
        == """\
Neu beobachtet: Blog
====================

1 Quelle gelesen, 1 älterer Beitrag, 0 hätten getroffen. Alle Quellen sind lesbar. Nächster Überblick: heute 08:00.
"""
    )


def test_many_unreadable_sources_are_counted():
    dark = [notes.Unreadable(name=f"Quelle {n}") for n in range(25)]
    told = plain_text(notes.start_message(**GERMAN, now=NOW, sources=0, items=0, hits=0, unreadable=dark))
    assert "Nicht lesbar: 25 Quellen." in told
    assert told.endswith("- Quelle 9\n- und 15 weitere: `smwatch status`\n")


def test_what_is_delivered_late_is_one_message_with_every_match():
    message = notes.late_message(
        [story(RECALL, *COPIES), story(mention(3))],
        **GERMAN,
        items=14,
        since=NOW - timedelta(days=22),
        until=NOW,
        source="Tagesbote",
    )
    told = plain_text(message)
    assert message.title == "Nachgereicht: 14 Beiträge vom So., 2. Nov. bis Mo., 24. Nov., 2 Treffer"
    assert "Tagesbote ist wieder lesbar; diese Beiträge sind älter als die Zeitgrenze für Meldungen." in told
    assert (
        f"- {RECALL.item.title} <{RECALL.item.url}> – Tagesbote Wirtschaft (tagesbote.example) · Mo., 24. Nov., 05:59 · in 5 Quellen\n"
        in told
    )


@pytest.mark.parametrize(
    ("query", "shown"),
    [("karate", "„karate“"), ('"rote karte"', "„rote karte“"), ('"a" OR "b"', '„"a" OR "b"“'), ('"', '„"“')],
)
def test_a_proposal_shows_a_phrase_without_its_quotes_and_the_lines_as_something_to_type(query, shown):
    one = Proposal(
        client=None, watch="Acme", query=query, kind="words", reason=text("Sources"), count=2, examples=(), at=NOW,
        state="open", file="acme.toml", diff=" name\n+exclude = []",
    )  # fmt: skip
    message = proposal_message(one, (), **GERMAN)
    assert message.title == f"{one.short}: {shown} bei Acme ausschließen?"
    assert "- `+exclude = []`\n" in plain_text(message)


def test_a_watch_that_all_stories_share_is_said_once():
    stories = [story(mention(n)) for n in range(3)]
    since = {"since": NOW, "until": NOW}
    told = plain_text(summary_message(Told(stories=stories, **since), **GERMAN, reason=text("Sources")))
    assert told.count("Acme Marke") == told.count("Suchauftrag: Acme Marke") == 1
    stories.append(story(replace(mention(4), watch="Wettbewerb")))
    told = plain_text(summary_message(Told(stories=stories, **since), **GERMAN, reason=text("Sources")))
    assert [told.count(f" · {watch}\n") for watch in ("Acme Marke", "Wettbewerb")] == [3, 1]
    assert "Suchauftrag:" not in told
    stories.append(replace(story(mention(5)), client="Globex"))
    told = plain_text(summary_message(Told(stories=stories, **since), **GERMAN, reason=text("Sources")))
    assert told.count(" · Acme Marke · Globex\n") == 1


def test_a_summary_names_every_story_with_title_and_link():
    stories = [story(mention(n)) for n in range(40)]
    told = Told(stories=stories, since=NOW, until=NOW + timedelta(minutes=3))
    message = summary_message(told, **GERMAN, reason=text("Sources"))
    told = plain_text(message)
    assert message.title == "Lage: 40 Themen"
    assert "seit Mo., 24. Nov., 08:00, Stand 08:03" in told
    assert all(f"{each.mentions[0].item.title} <{each.mentions[0].item.url}>" in told for each in stories)


@pytest.mark.parametrize(
    ("why", "title"), [("quiet", "Aus der Ruhezeit: 1 Thema"), ("muted", "Nach einer Stummschaltung: 1 Thema")]
)
def test_what_only_waited_is_not_called_a_situation(why, title):
    told = Told(stories=[story(mention(1))], since=NOW, until=NOW)
    assert summary_message(told, **GERMAN, reason=text("Sources"), why=why).title == title


def test_news_of_sources_come_bundled():
    message = notes.source_message(
        [notes.Unreadable(name="A", reason=text("silent")), notes.Unreadable(name="B")], ["C", "D"], **GERMAN
    )
    assert (
        plain_text(message)
        == """\
2 Quellen sind nicht lesbar
===========================

- A (ohne neuen Beitrag)
- B

Wieder lesbar: C und D.
"""
    )
    assert notes.source_message([], ["C"], **GERMAN).title == "Quellen wieder lesbar"


def test_news_of_sources_name_what_is_silent_and_what_has_moved():
    moved = {"C": "https://neu.example/feed.xml"}
    message = notes.source_message([notes.Unreadable(name="A")], [], ["A"], moved, **GERMAN)
    assert (
        plain_text(message)
        == """\
1 Quelle ist verdächtig still
=============================

- A

Dauerhaft umgezogen; bitte die neue Adresse eintragen:

- C: https://neu.example/feed.xml
"""
    )
    both = [notes.Unreadable(name="A"), notes.Unreadable(name="B")]
    assert notes.source_message(both, [], ["A"], **GERMAN).title == "2 Quellen brauchen Aufmerksamkeit"
    assert notes.source_message([], [], [], moved, **GERMAN).title == "1 Quelle hat eine neue Adresse"


def test_a_broken_file_is_told_with_file_and_line():
    where = Where(file="suchauftraege.toml", line=12, column=9)
    message = notes.broken_config_message([(where, text("silent"))] * 12, **GERMAN)
    told = plain_text(message)
    assert (message.title, message.urgent) == ("Fehler in suchauftraege.toml, Zeile 12", True)
    assert "- suchauftraege.toml:12:9 ohne neuen Beitrag" in told
    assert "und 2 weitere: `smwatch check`" in told
    assert "Bis das berichtigt ist, gilt die vorige Fassung weiter." in told
    stopped = plain_text(notes.broken_config_message([(where, text("silent"))], **GERMAN, stopped=["Acme Marke"]))
    assert "Mit der letzten gültigen Suche laufen weiter: Acme Marke." in stopped


def test_a_save_is_confirmed_with_what_changed():
    assert notes.saved_config_message([text("Sources")], **GERMAN).title == "Einstellungen übernommen: Quellen"
    many = notes.saved_config_message([text("Sources")] * 5, **GERMAN)
    assert many.title == "Einstellungen übernommen: Quellen; Quellen; Quellen; …"
    assert plain_text(many).count("- Quellen") == 5
    assert notes.saved_config_message([], **GERMAN).title == "Einstellungen übernommen: nichts von Belang"


def test_one_sentence_of_news_and_the_test_message():
    assert plain_text(notes.news_message(text("silent"), **GERMAN)).startswith("ohne neuen Beitrag\n")
    told = plain_text(notes.test_message(**GERMAN, channel="pr", now=NOW, lacks=()))
    assert "Wenn Sie das lesen, kommen Meldungen hier an: Kanal pr, Mo., 24. Nov., 08:00." in told


@dataclass(frozen=True)
class Figures:
    stories: int = 9680
    curve: tuple = (1, 40, 400, 800, 200)
    sources: tuple = (("Tagesbote", 120), ("Abendblatt", 80))


def test_a_rolling_summary_says_how_much_since_when_from_where_and_when_it_changes_next():
    told = Told(
        stories=[story(mention(1))],
        more=9679,
        since=NOW,
        until=NOW + timedelta(minutes=4),
        figures=Figures(),
        next_in=timedelta(seconds=30),
        name="N1A",
    )
    words = plain_text(summary_message(told, **GERMAN, reason=text("More stories than can be told one by one:")))
    assert "Lage: 9.680 Themen" in words
    assert "nächster Stand in 30 s" in words
    assert (
        "insgesamt 9.680 Themen · ▁▁▅█▃ (ein Balken ist 1 min) · am meisten von Tagesbote (120), Abendblatt (80)"
        in words
    )
    assert "und 9.679 weitere, hier nur gezählt: `/smwatch stories N1A`" in words


def test_the_report_when_a_storm_is_over():
    told = Told(stories=[], since=NOW, until=NOW + timedelta(minutes=10), figures=Figures(), folded=9675)
    words = plain_text(over_message(told, **GERMAN))
    assert "Lage vorüber: 9.680 Themen von 08:00 bis 08:10" in words
    assert "9.675 davon wurden in Zusammenfassungen gemeldet; ab jetzt wird wieder einzeln gemeldet." in words


def test_a_curve_of_nothing_is_flat():
    assert (curve(()), curve((0, 0)), curve((0, 1, 2))) == ("", "▁▁", "▁▅█")


def test_a_search_says_that_there_is_more_than_it_lists():
    reader = Reader(**GERMAN)
    found = [RECALL] * (FOUND + 1)
    assert found_message(found[:FOUND], "Acme", reader).title == "10 Erwähnungen mit „Acme“"
    message = found_message(found, "Acme", reader)
    assert message.title == "Die neuesten 10 Erwähnungen mit „Acme“"
    assert plain_text(message).count(f"\n- {RECALL.item.title}") == FOUND
