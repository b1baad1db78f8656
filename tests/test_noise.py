from __future__ import annotations

from datetime import UTC, datetime

import pytest

from smwatch.model import Author, Item, Mention, Span, Watch
from smwatch.noise import effect, suggest

NOW = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
ACME = Watch(name="Acme", query="acme")


def said(number, title, *, text="", url=None, author=None) -> Mention:
    item = Item(
        id=str(number),
        source="Blatt",
        title=title,
        text=text,
        url=url or f"https://blatt{number}.example/{number}",
        author=Author(name=author) if author else None,
    )
    spans = (Span("title", 0, 4, "acme"),)
    return Mention(id=number, watch="Acme", client=None, item=item, spans=spans, seen_at=NOW)


OTHERS = [
    said(100 + n, title)
    for n, title in enumerate(
        (
            "Acme baut neues Werk",
            "Acme ruft Geräte zurück",
            "Acme sucht Leute",
            "Acme und Globex streiten",
            "Acme wächst",
        )
    )
]


def test_a_word_that_only_the_marked_ones_say():
    marked = [said(1, "Acme Karate Club siegt"), said(2, "Acme Karate Club verliert gegen Bonn")]
    found = suggest(ACME, marked, [*OTHERS, said(9, "Acme Fanclub wächst, sagt der Club")])
    assert (found.exclusion.kind, found.exclusion.query) == ("words", "karate")
    assert (found.marked, found.others) == ((1, 2), ())
    assert found.reason.render("en") == "2 mentions with “karate” are marked not relevant; 0 of 6 others would go, too"
    assert (
        found.reason.render("de")
        == "2 Erwähnungen mit „karate“ sind als nicht relevant markiert; außerdem entfielen 0 von 6 anderen"
    )


def test_an_author_where_the_words_differ():
    marked = [said(1, "Acme nervt", author="Karl Klage"), said(2, "Wieder dieses Acme", author="Karl Klage")]
    found = suggest(ACME, marked, OTHERS)
    assert (found.exclusion.kind, found.exclusion.query) == ("author", 'author:"Karl Klage"')


def test_a_site_where_nothing_else_fits():
    spam = "https://spam.example/"
    marked = [said(1, "Acme billig", url=f"{spam}1"), said(2, "Acme günstig", url=f"{spam}2")]
    found = suggest(ACME, marked, OTHERS)
    assert (found.exclusion.kind, found.exclusion.query) == ("site", "site:spam.example")


def test_the_one_that_separates_best_and_not_the_first_that_fits():
    paper = "https://blatt.example/"
    marked = [
        said(1, "Acme Karate Club siegt", url=f"{paper}1", author="dpa"),
        said(2, "Acme Karate Club verliert", url=f"{paper}2", author="dpa"),
    ]
    others = [*OTHERS, *(said(200 + n, f"Acme meldet Zahl {n}", url=f"{paper}{n}", author="dpa") for n in range(4))]
    assert suggest(ACME, marked, others).exclusion.kind == "words"


def test_what_somebody_took_or_answered_is_never_taken_out():
    marked = [said(1, "Acme Karate siegt"), said(2, "Acme Karate verliert")]
    others = [*OTHERS, said(7, "Acme verklagt Karate Verband")]
    assert suggest(ACME, marked, others).exclusion.query == "karate"
    assert suggest(ACME, marked, others, kept=frozenset({7})) is None


def test_most_of_a_watch_is_never_taken_out():
    marked = [said(1, "Acme Aktie steigt"), said(2, "Acme Aktie sinkt")]
    others = [said(100 + n, f"Acme Aktie am Tag {n}") for n in range(6)]
    assert suggest(ACME, marked, others) is None


@pytest.mark.parametrize(
    "marked",
    [[], [said(1, "Acme Karate")], [said(1, "Acme tanzt Tango"), said(2, "Acme malt Bilder")]],
    ids=["none", "one", "nothing in common"],
)
def test_nothing_to_propose(marked):
    assert suggest(ACME, marked, OTHERS) is None


def test_what_the_watch_looks_for_is_no_candidate():
    watch = Watch(name="Acme", query='acme AND "karate"')
    marked = [said(1, "Acme Karate siegt"), said(2, "Acme Karate verliert")]
    assert suggest(watch, marked, OTHERS) is None


def test_what_was_refused_or_stands_there_already_is_not_proposed_again():
    marked = [said(1, "Acme Karate siegt"), said(2, "Acme Karate verliert")]
    assert suggest(ACME, marked, OTHERS, refused=["karate"]) is None
    assert suggest(Watch(name="Acme", query="acme", exclude=("karate",)), marked, OTHERS) is None


def test_names_that_no_query_can_hold_are_left_out():
    marked = [said(1, "Acme nervt", author='Karl "K" Klage'), said(2, "Wieder Acme", author='Karl "K" Klage')]
    assert suggest(ACME, marked, OTHERS) is None


def test_the_effect_shows_what_would_be_missed_first():
    marked = [said(1, "Acme Karate Club siegt"), said(2, "Acme Karate Club verliert")]
    others = [*OTHERS, said(7, "Acme spendet für Karate"), said(8, "Acme Karate Gürtel")]
    found = suggest(ACME, marked, others, refused=["club"])
    seen = effect(found, [*marked, *others])
    assert (seen.count, [one.id for one in seen.examples]) == (4, [8, 7, 2])
