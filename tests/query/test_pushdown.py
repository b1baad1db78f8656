"""Pushdown: what is asked of a platform finds whatever the query matches there, within the platform's limits."""

from __future__ import annotations

import os
import random
import re
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings

from smwatch.model import Item
from smwatch.query import parse
from smwatch.query.pushdown import PLATFORMS, pushdown
from smwatch.query.pushdown.strings import size
from smwatch.testing.oracle import judge, read
from smwatch.text import surface
from tests.query.platform_search import SEARCHES
from tests.query.platform_words import comparable
from tests.query.strategies import Scenario, item, prose, randoms, scenario, spelled, theme

if TYPE_CHECKING:
    from random import Random

    from smwatch.query import Query

LONG = 1000  # scenarios
SHORT = 25
BY_UNICODE = {"bluesky", "mastodon-search"}
POSTS = {"x", "bluesky", "mastodon", "mastodon-search"}  # without title and lead
HOSTS = {"x": "x.com", "youtube": "www.youtube.com", "bluesky": "bsky.app"}


# on X tags and names stand by themselves, and names are ASCII
_ENTITY = re.compile(r"(?<=[@#$!%&*])(?=@)|(?<=&)(?=#)|([#@]\w+)(?=[#@])|@(?=\w*[^\W_a-zA-Z0-9])")


def on_platform(item: Item, query: Query, platform: str) -> Item:
    """`item` as it would come from `platform`, told in words that both read alike."""
    item = comparable(item, query, by_unicode=platform in BY_UNICODE)
    item = replace(item, lead="")
    if platform in POSTS:
        item = replace(item, title="", text=_ENTITY.sub(r"\1 ", item.text))
    if platform in HOSTS:
        item = replace(item, url=f"https://{HOSTS[platform]}/1")
    if platform == "gdelt" and item.lang is None:
        item = replace(item, lang="en")
    if item.author:  # a name is no handle
        name = (item.author.name or "").replace("@", "")
        handle = item.author.handle if re.fullmatch(r"\w{1,15}", item.author.handle or "", re.ASCII) else None
        item = replace(item, author=replace(item.author, name=name, handle=handle))
    return item


# decision 7: ü behind a vowel is asked for as it is written; an accent on ß and a mail address in several spellings too
NOBODY_WRITES = re.compile(r'üü|ueue|sś|ß\u0301|@[^"]*"~(?!\d)', re.IGNORECASE)


def missing(scenario: Scenario, platform: str, seen: list[Item] | None = None) -> str:
    """The first item that a query matches and none of its strings finds, told in full; "" if there is none.

    Items that are matched and found are added to `seen`.
    """
    for query in scenario.queries:
        if NOBODY_WRITES.search(surface(query.source).text):
            continue
        pushed = pushdown(query, platform)
        assert all(0 < size(string) <= PLATFORMS[platform].limit for string in pushed.strings)
        if not pushed.strings and pushed.impossible is not None:
            continue
        for post in map(partial(on_platform, query=query, platform=platform), scenario.items):
            found = [SEARCHES[platform](string, post) for string in pushed.strings]
            if pushed.impossible is not None or judge(query, read(post)) is None:
                continue
            if not any(found):
                return f"{query}\n{post}\n{pushed}"
            if seen is not None:
                seen.append(post)
    return ""


def tagged(r: Random, side: int) -> Scenario:
    """Queries for tags, and posts that carry some."""
    words = theme(r)
    tags = sorted({"#" + word for word in map(partial(spelled, r), [words] * 8) if word.isalnum()} | {"#Zug"})
    queries = [
        f" {r.choice(('AND', 'OR'))} ".join(r.sample(tags, min(len(tags), r.randint(1, 2)))) for _ in range(side)
    ]
    texts = [" ".join(r.choices(tags, k=3)) + f" {prose(r, words, 4)}" for _ in range(side)]
    return Scenario(tuple(map(parse, queries)), tuple(replace(item(r, words), text=text) for text in texts))


@pytest.mark.parametrize("platform", PLATFORMS)
def test_whatever_matches_is_found(platform: str, is_long: bool) -> None:
    """`--long` (or `SMWATCH_LONG=1`) tries forty times as many, from a seed that it tells; `SMWATCH_SEED=N` repeats it."""
    first = int(os.environ.get("SMWATCH_SEED") or (random.randrange(10**9) if is_long else 7))
    seen: list[Item] = []
    draw = tagged if platform == "mastodon" else scenario
    for seed in range(first, first + (LONG if is_long else SHORT)):
        made_up = draw(random.Random(seed), 6)
        assert not missing(made_up, platform, seen), f"SMWATCH_SEED={seed}"
    assert len(seen) >= 100


@pytest.mark.parametrize("platform", PLATFORMS)
@settings(max_examples=20)
@given(r=randoms)
def test_whatever_matches_is_found_however_it_is_chosen(platform: str, r: Random) -> None:
    assert not missing(scenario(r, 2), platform)


# what people would write, to read


def strings(query: str, platform: str, **options: object) -> tuple[str, ...]:
    return pushdown(parse(query, **options), platform).strings  # type: ignore[arg-type]


def lost(query: str, platform: str) -> list[str]:
    return [str(sentence) for sentence in pushdown(parse(query), platform).lost]


def test_x_takes_brackets_and_both_spellings() -> None:
    assert strings("Müller AND (streik OR {ICE})", "x") == (
        "(Müller OR Mueller OR Müllers OR Muellers OR Mülleres OR Muelleres) (streik OR ICE)",
    )


def test_compounds_are_asked_for_as_a_phrase_and_joined() -> None:
    assert strings("car-sharing", "x") == ('"car-sharing" OR carsharing',)
    assert strings('"Car-Sharing Anbieter"', "reddit") == ('"Car-Sharing Anbieter" OR "CarSharing Anbieter"',)
    assert strings("L’Oréal", "youtube", inflect=False) == ('"L\'Oréal"|"L-Oréal"|LOréal',)
    assert strings('"car sharing"~', "x") == ('"car sharing" OR carsharing',)


def test_a_digraph_behind_a_vowel_is_no_umlaut() -> None:
    assert strings("neue OR quelle OR zuege", "x") == ("neue OR quelle OR zuege OR züge",)


def test_sharp_s_is_asked_for_both_ways_where_nobody_says_that_it_folds() -> None:
    assert strings("straße", "x") == ("straße OR strasse",)
    assert strings("STRASSE", "reddit", inflect=False) == ("STRASSE OR STRAßE",)
    assert strings("straße", "bluesky") == ("straße",)


def test_loose_umlauts_are_asked_for_in_three_spellings() -> None:
    assert strings("schon", "x", umlauts="loose") == ("schon OR schoen OR schön",)


def test_operators_of_place_become_and() -> None:
    assert strings("bahn NEAR/5 streik", "x") == ("bahn streik",)
    assert strings("bahn SENTENCE streik", "reddit") == ("bahn AND streik",)
    assert strings("(bahn AND streik AND zug)~5", "hackernews") == ("bahn streik zug",)
    assert strings("bahn NOT NEAR/5 streik", "bluesky") == ("bahn",)
    assert lost("bahn NEAR/5 streik", "gdelt") == ["bahn NEAR/5 streik: asked for without the distance"]


def test_wildcards_and_fuzzy_words_are_dropped_beside_others() -> None:
    assert strings("bahn* AND streik AND warnung~1", "x") == ("streik",)
    assert strings('"deutsche bahn* streikt heute"', "x") == ('deutsche "streikt heute"',)


@pytest.mark.parametrize("platform", PLATFORMS)
def test_a_wildcard_alone_is_impossible(platform: str) -> None:
    pushed = pushdown(parse("bahn*"), platform)
    assert pushed.strings == ()
    assert str(pushed.impossible) == f"{PLATFORMS[platform].title} cannot be searched for bahn*"


def test_of_an_impossible_query_the_other_parts_can_be_asked() -> None:
    pushed = pushdown(parse("bahn* OR streik"), "x")
    assert pushed.strings == ("streik",)
    assert str(pushed.impossible) == "X cannot be searched for bahn*"
    assert not pushed.exact


def test_metadata_alone_is_impossible() -> None:
    pushed = pushdown(parse("lang:de AND followers:>1000"), "x")
    assert pushed.strings == ()
    assert pushed.impossible is not None


def test_words_are_never_excluded_by_the_platform() -> None:
    for platform in PLATFORMS:
        assert strings("#bahn NOT (gutschein OR {ICE})", platform) in {("#bahn",), ("bahn",)}


def test_conditions_that_a_platform_knows_as_we_do() -> None:
    assert strings("bahn lang:de NOT is:repost NOT lang:en", "x") == (
        "bahn (lang:de OR lang:und) -is:retweet -lang:en",
    )
    assert strings("author:@bahn_info", "x") == ("from:bahn_info",)
    assert strings("author:@bahn.example", "bluesky") == ("from:bahn.example",)
    assert strings("bahn AND subreddit:de NOT subreddit:test", "reddit") == (
        "bahn AND subreddit:de NOT subreddit:test",
    )
    assert strings("title:bahn OR content:zug", "reddit") == ("title:bahn OR selftext:zug",)
    assert strings("bahn lang:de country:ch site:zeitung.example NOT site:blog.example", "gdelt") == (
        "bahn sourcelang:german sourcecountry:SZ domain:zeitung.example -domainis:blog.example",
    )


def test_another_site_never_matches_on_a_platform() -> None:
    assert strings("site:zeitung.example OR streik", "x") == ("streik",)
    pushed = pushdown(parse("site:zeitung.example"), "x")
    assert (pushed.strings, pushed.impossible) == ((), None)


def test_tags_names_and_signs() -> None:
    assert strings("#bahn OR @bahn OR $BAHN OR C++ OR H&M", "x", inflect=False) == (
        '#bahn OR @bahn OR BAHN OR "C++" OR "H&M"',
    )
    assert strings("#müller", "mastodon") == ("müller", "mueller")
    assert strings("#bahn AND streik", "mastodon") == ("bahn",)
    assert strings("#24 AND zug", "x") == ("24 zug",)
    assert strings("👍 AND bahn", "youtube") == ("bahn",)


def test_operator_words_are_quoted() -> None:
    assert strings('"or" AND bahn', "x") == ('"or" bahn',)


def test_without_or_each_alternative_is_a_string() -> None:
    assert strings("bahn AND (streik OR ausfall)", "bluesky") == ("bahn streik", "bahn ausfall")
    assert strings("(bahn AND streik) OR bahn", "hackernews") == ("bahn",)
    assert strings('"deutsche bahn" OR zug', "mastodon-search") == ("deutsche bahn", "zug")


def test_what_would_multiply_the_strings_too_much_is_left_to_us() -> None:
    query = "bahn AND (a OR b OR c OR d) AND (e OR f OR g OR h)"
    assert strings(query, "bluesky") == ("bahn a", "bahn b", "bahn c", "bahn d")
    assert lost(query, "bluesky") == ["e | f | g | h: left out, the string would be too long or too many"]


def test_gdelt_has_no_brackets_inside_brackets_and_no_short_words() -> None:
    assert strings("(deutsche AND bahn) OR zug", "gdelt") == ("(deutsche OR zug) (bahn OR zug)",)
    assert strings("zug AND ab AND the", "gdelt") == ("zug",)
    assert pushdown(parse("zug OR ab"), "gdelt").impossible is not None


def test_youtube_is_asked_once() -> None:
    assert strings('("deutsche bahn" OR zug) AND (streik OR ausfall)', "youtube") == (
        '"deutsche bahn"|zug streik|ausfall',
    )


@pytest.mark.parametrize("platform", ["x", "reddit"])
def test_an_or_that_is_too_long_is_divided(platform: str) -> None:
    words = [f"wort{number}" for number in range(100)]
    found = strings(f"bahn AND ({' OR '.join(words)})", platform)
    assert len(found) == 2
    assert all(len(string) <= 512 and string.startswith("bahn") for string in found)
    assert [word for string in found for word in re.findall(r"wort\d+", string)] == words


def test_an_and_that_is_too_long_keeps_what_fits() -> None:
    words = [f"langeswort{number:03}" for number in range(60)]
    (found,) = strings(" AND ".join(words), "x")
    assert len(found) <= 512
    assert len(found.split()) == 36
    assert len(lost(" AND ".join(words), "x")) == 24


def test_a_phrase_that_is_too_long_is_asked_for_in_part() -> None:
    phrase = " ".join(["wort"] * 200)
    (found,) = strings(f'"{phrase}"', "x")
    assert found == f'"{" ".join(["wort"] * 30)}"'


def test_a_word_in_too_many_spellings_is_not_asked_for() -> None:
    assert strings("saessoessuessaess AND bahn", "x") == ("bahn",)


def test_scripts_without_spaces_are_asked_for_as_they_stand() -> None:
    assert strings("トヨタ", "x") == ("トヨタ",)


@pytest.mark.parametrize("query", ["한국", "한국\u0301", '"한국\u0301"~', '"한국 삼성\u0301"'])
@pytest.mark.parametrize("platform", PLATFORMS)
def test_korean_words_begin_words_which_no_platform_can_be_asked_for(query: str, platform: str) -> None:
    """An accent behind them changes nothing: 한국의 is found by us, and by no search for 한국."""
    assert pushdown(parse(query), platform).strings == ()
    assert pushdown(parse(query), platform).impossible is not None


def test_beside_a_korean_word_the_others_are_asked_for() -> None:
    assert strings('(Ελλάς OR москва) NEAR/3 "한국\u0301"~', "reddit", inflect=False) == ("Ελλάς OR москва",)


@pytest.mark.parametrize("query", ["BMW\u3099", "24\u0e31", '"Müller\u0e31 Bahn"', "бан\u0e31~"])
def test_a_mark_of_another_script_on_a_letter_cannot_be_asked_for(query: str) -> None:
    for platform in PLATFORMS:
        assert pushdown(parse(query), platform).strings == ()
        assert pushdown(parse(query), platform).impossible is not None


def test_an_accent_by_itself_is_no_word_of_a_platform() -> None:
    """The simulated searches too have no word for it, so a phrase with one is found by its other words."""
    post = Item(id="1", source="mastodon", text="Die Bahn z.B. hält")
    for query in ('"z.B.\u0301"', '"Bahn \u0301"', "z.B.\u0301"):
        (asked,) = strings(query, "mastodon-search")
        assert SEARCHES["mastodon-search"](asked, post), query


def test_lists_are_asked_for_word_by_word() -> None:
    query = parse("list:haus AND streik", lists={"haus": ("bahn", "zug")})
    assert pushdown(query, "x").strings == ("(bahn OR zug) streik",)


def test_nothing_lost_is_exact() -> None:
    assert pushdown(parse("bahn OR zug"), "x").exact
    assert not pushdown(parse("bahn AND rating:>4"), "x").exact


def test_each_platform_says_what_it_may_miss() -> None:
    for platform in PLATFORMS.values():
        assert pushdown(parse("#bahn"), platform.name).missed == platform.missed != ()
