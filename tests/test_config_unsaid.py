"""Conditions on what a source never says are warned of, at their place, for the sources that a watch sees."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import ClassVar

from config_world import GOOD, KINDS, Feed, said

from smwatch.config.build import build
from smwatch.config.document import Raw
from smwatch.plugin import Card


class Silent(Feed):
    card: ClassVar[Card] = Card(title="Silent", docs="https://docs.example")


class Reviews(Feed):
    card: ClassVar[Card] = Card(title="Reviews", docs="https://docs.example", author=True, gives=("rating", "country"))


SOURCES = SimpleNamespace(sources={"feed": Silent, "reviews": Reviews}, channels=KINDS.channels)
REVIEWS = '\n[[source]]\nname = "Sterne"\ntype = "reviews"\nurl = "https://reviews.example"\n'
SECOND = '\n[[source]]\nname = "Zweitblog"\ntype = "feed"\nurl = "https://zwei.example/feed.xml"\n'


def warnings(query: str, more: str = "", *edits: tuple[str, str]) -> list[tuple[int, int, str]]:
    content = GOOD.replace("query = 'acme'", f"query = '{query}'") + more
    for old, new in edits:
        content = content.replace(old, new)
    raw = Raw(path=Path("smwatch.toml"), data=content.encode())
    return said([it.problem for it in build([raw], SOURCES).findings])


def test_a_condition_that_no_source_says_never_holds() -> None:
    told = "“country” is unknown at Werkblog: this condition never holds there"
    assert warnings("Öl AND country:de") == [(11, 25, told)]


def test_its_not_always_holds() -> None:
    told = "“rating” is unknown at Werkblog: this NOT always holds there"
    assert warnings("acme NOT (x OR rating:<3)") == [(11, 32, told)]


def test_authors_and_groups_count_too() -> None:
    told = "“author” is unknown at Werkblog: this condition never holds there"
    assert warnings("acme AND author:(a OR b)") == [(11, 19, told)]


def test_only_the_sources_that_do_not_say_it_are_named() -> None:
    told = "“country” is unknown at Werkblog: this condition never holds there"
    assert warnings("acme country:de", REVIEWS) == [(11, 23, told)]
    told = "“is” is unknown at Werkblog and 2 more: this condition never holds there"
    assert warnings("acme is:reply", REVIEWS + SECOND) == [(11, 18, told)]


def test_what_every_source_says_is_no_matter() -> None:
    assert warnings("acme site:a.example lang:de url:presse title:x source:werkblog lead:z #tag @name") == []


def test_sources_of_another_client_do_not_count() -> None:
    clients = "\n[client.Eins]\n[client.Zwei]\n"
    reviews = REVIEWS + 'client = "Eins"\n'
    mine = ('name = "Acme Marke"', 'name = "Acme Marke"\nclient = "Zwei"')
    blog = ('name = "Werkblog"', 'name = "Werkblog"\nclient = "Eins"')
    digest = ('at = "08:00"', 'client = "Zwei"\nat = "08:00"')
    told = warnings("acme country:de", reviews + clients, mine, blog, digest)
    assert [it for it in told if "unknown at" in it[2]] == []


def test_a_source_that_nobody_has_is_told_with_the_nearest_name() -> None:
    told = "there is no source “Werkblok”; did you mean “Werkblog”?"
    assert warnings("Öl AND source:Werkblok") == [(11, 24, told)]
    assert warnings('Öl AND source:"Werk blog"')[0][2] == told.replace("Werkblok", "Werk blog")
    assert warnings("acme AND source:xyz") == [(11, 26, "there is no source “xyz”: this condition never holds")]


def test_a_source_is_known_as_the_matching_compares_names() -> None:
    for name in ("werkblog", "WERKBLOG", "werk*", "*blog"):
        assert warnings(f"acme AND source:{name}") == []
    assert warnings('acme AND source:"Zwei Bäcker"', SECOND.replace("Zweitblog", "Zwei Baecker")) == []
    assert len(warnings("acme AND source:zweit*")) == 1


def test_the_repaired_query_parses() -> None:
    content = GOOD.replace("query = 'acme'", "query = 'acme AND (source:Werkblgo OR x)'")
    raw = Raw(path=Path("smwatch.toml"), data=content.replace('"Werkblog"', '"Werk Blog"').encode())
    (found,) = [it.problem for it in build([raw], SOURCES).findings]
    assert found.suggestion == 'acme AND (source:"Werk Blog" OR x)'


def test_while_a_list_of_sources_is_missing_no_name_is_unknown() -> None:
    missing = '\n[[source]]\ntype = "feed"\nopml = "missing.opml"\n'
    assert [it for it in warnings("acme AND source:xyz", missing) if "no source" in it[2]] == []
