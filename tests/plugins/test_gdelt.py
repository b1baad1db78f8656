from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, ClassVar
from urllib.parse import parse_qs, urlsplit

import pytest
from smwatch.plugins.gdelt import GdeltSource

from smwatch.errors import Broken, RateLimited, UserError
from smwatch.model import Item
from smwatch.testing.servers import FeedServer, Seen, Served
from smwatch.testing.source_kit import NOW, conforms, walker

if TYPE_CHECKING:
    import asyncio
    from collections.abc import AsyncIterator

    from smwatch.plugin import Card

PATH = "/api/v2/doc/doc"

# synthetic twins of what the search answers
ARTICLE = {
    "url": "https://www.tagesbote.example/acme-ruft-zurueck.html",
    "url_mobile": "",
    "title": "Acme ruft zurück : Bohrmaschine ( Sieben ) , die vierte",
    "seendate": "20260329T074500Z",
    "socialimage": "https://www.tagesbote.example/bild.jpg",
    "domain": "tagesbote.example",
    "language": "German",
    "sourcecountry": "Switzerland",
}
ITEM = Item(
    id=ARTICLE["url"],
    source="welt",
    url=ARTICLE["url"],
    title="Acme ruft zurück: Bohrmaschine (Sieben), die vierte",
    kind="article",
    published=datetime(2026, 3, 29, 7, 45, tzinfo=UTC),
    lang="de",
    attributes={"country": "CH"},
)


class Hasty(GdeltSource):
    """Without the pause: the server here is our own."""

    card: ClassVar[Card] = replace(GdeltSource.card, pause=timedelta(0))


class World(FeedServer):
    """Answers as the search does: newest first, at most so many, between two moments; its errors are words with 200."""

    def __init__(self) -> None:
        super().__init__()
        self.articles: list[dict[str, Any]] = []
        self.words = ""

    async def answer(self, seen: Seen, writer: asyncio.StreamWriter) -> bool:
        asked = {name: values[0] for name, values in parse_qs(urlsplit(seen.path).query).items()}
        body = self.words or self._found(asked)
        if len(asked["query"]) < 3:
            body = "Your query was too short or too long."
        self.pages[PATH] = Served(body=body.encode(), content_type="text/html; charset=utf-8", validators=())
        return await super().answer(seen, writer)

    def _found(self, asked: dict[str, str]) -> str:
        def stamp(one: dict[str, Any]) -> str:
            return str(one["seendate"]).replace("T", "").replace("Z", "")

        within = [one for one in self.articles if asked["startdatetime"] <= stamp(one) <= asked["enddatetime"]]
        found = sorted(within, key=stamp, reverse=True)[: int(asked["maxrecords"])]
        return json.dumps({"articles": found} if found else {})

    def sees(self, number: int, at: datetime) -> None:
        self.articles.append({**ARTICLE, "url": f"https://a.example/{number}", "seendate": f"{at:%Y%m%dT%H%M%SZ}"})

    @property
    def queries(self) -> list[str]:
        return [parse_qs(urlsplit(one.path).query)["query"][0] for one in self.requests]


@pytest.fixture
async def world() -> AsyncIterator[World]:
    async with World() as found:
        yield found


def gdelt(server: FeedServer, **keys: object) -> Hasty:
    values = {"type": "gdelt", "name": "welt", "url": server.url(""), "allow_private": True, "search": ("acme",)}
    return Hasty.model_validate({**values, **keys})


async def walked(core) -> list[str]:
    return [item.id.rpartition("/")[2] for page in await core.walk() for item in page.items]


async def test_conforms() -> None:
    async with FeedServer() as server:
        server.put(PATH, json.dumps({"articles": [ARTICLE]}), content_type="application/json", validators=())
        pages = await conforms(gdelt(server), server)
    assert [item for page in pages for item in page.items] == [ITEM]


async def test_the_address_may_name_the_path_already(world: World) -> None:
    async with walker(gdelt(world, url=world.url(PATH))) as core:
        await core.walk()
    assert {urlsplit(one.path).path for one in world.requests} == {PATH}


async def test_nothing_found_is_no_error(world: World) -> None:
    async with walker(gdelt(world)) as core:
        assert await walked(core) == []


async def test_a_walk_goes_on_from_the_last_article_with_an_hour_to_spare(world: World) -> None:
    world.sees(1, NOW - timedelta(days=2))
    world.sees(2, NOW - timedelta(hours=5))
    world.sees(3, NOW)
    async with walker(gdelt(world)) as core:
        assert await walked(core) == ["3", "2"]
        world.sees(4, NOW - timedelta(minutes=45))
        world.sees(5, NOW + timedelta(minutes=9))
        assert await walked(core) == ["5", "3", "4"]


async def test_a_full_answer_is_followed_by_what_is_older(world: World) -> None:
    for number in range(600):
        world.sees(number, NOW - timedelta(minutes=number))
    async with walker(gdelt(world)) as core:
        assert set(await walked(core)) == {str(number) for number in range(600)}


async def test_after_a_long_pause_it_goes_back_three_months_at_most(world: World) -> None:
    world.sees(1, NOW)
    async with walker(gdelt(world)) as core:
        await core.walk()
        core.now += timedelta(days=200)
        await core.walk()
    start = parse_qs(urlsplit(world.requests[-1].path).query)["startdatetime"][0]
    assert start == f"{NOW + timedelta(days=200, minutes=10) - timedelta(days=89):%Y%m%d%H%M%S}"


async def test_languages_and_countries_go_by_their_usual_codes(world: World) -> None:
    async with walker(gdelt(world, languages=("de",), countries=("DE", "ch"))) as core:
        await core.walk()
    assert world.queries == ["acme sourcelang:german (sourcecountry:GM OR sourcecountry:SZ)"]


async def test_many_searches_take_turns(world: World) -> None:
    words = tuple(f"wort{number}" for number in range(10))
    async with walker(gdelt(world, search="from-watches"), searches={"gdelt": words}.__getitem__) as core:
        await core.walk()
        assert world.queries == list(words[:8])
        await core.walk()
        assert world.queries[8:] == [*words[8:], *words[:6]]


async def test_a_search_that_is_refused_does_not_stop_the_others(world: World) -> None:
    world.sees(1, NOW)
    async with walker(gdelt(world, search=("ab", "acme"))) as core:
        assert await walked(core) == ["1"]
    async with walker(gdelt(world, search=("ab",))) as core:
        with pytest.raises(Broken, match="refuses a search: Your query was too short"):
            await core.walk()


@pytest.mark.parametrize(
    ("words", "kind"),
    [
        ("Please limit requests to one every 5 seconds or contact us", RateLimited),
        ("<!DOCTYPE html><html><title>Fehler</title><body>Der Dienst ist gestört</body></html>", Broken),
        ("Timespan is too short.", Broken),
        ("", Broken),
    ],
)
async def test_words_in_place_of_data(world: World, words: str, kind: type[Exception]) -> None:
    world.words = words or " "
    async with walker(gdelt(world)) as core:
        with pytest.raises(kind):
            await core.walk()


async def test_titles_with_escapes_that_json_does_not_know(world: World) -> None:
    world.words = r'{"articles": [{"url": "https://a.example/1", "title": "Acme \'ruft\' zur\u00fcck \\ja\\", "seendate": "20260329T074500Z"}]}'
    async with walker(gdelt(world)) as core:
        (page, _) = await core.walk()
    assert page.items[0].title == r"Acme \'ruft\' zurück \ja\ "[:-1]


async def test_the_pause_is_for_all_sources_together() -> None:
    asked: list[float] = []

    class Watched(World):
        async def answer(self, seen: Seen, writer: asyncio.StreamWriter) -> bool:
            asked.append(core.client.hosts._hosts[f"127.0.0.1:{self.port}"].pause)
            return await super().answer(seen, writer)

    class Brisk(GdeltSource):
        card: ClassVar[Card] = replace(GdeltSource.card, pause=timedelta(milliseconds=20))

    async with Watched() as world, walker(Brisk.model_validate(gdelt(world).model_dump())) as core:
        await core.walk()
    assert asked == [0.02]
    assert GdeltSource.card.pause == timedelta(seconds=5)


@pytest.mark.parametrize(
    "keys",
    [{"search": ()}, {"url": "nichts"}, {"languages": ("deutsch",)}, {"countries": ("sz",)}, {"countries": ("",)}],
)
def test_keys_that_make_no_sense(keys: dict[str, object]) -> None:
    with pytest.raises(UserError):
        GdeltSource.model_validate({"type": "gdelt", **keys})


async def test_a_date_that_is_none_costs_only_itself(world: World) -> None:
    dates = ("20260329T074500Z", "20260329074500", "bad-date", "")
    articles = [{**ARTICLE, "url": f"https://a.example/{n}", "seendate": one} for n, one in enumerate(dates)]
    world.words = json.dumps({"articles": articles})
    async with walker(gdelt(world)) as core:
        found = [item for page in await core.walk() for item in page.items]
    assert [item.published for item in found] == [ITEM.published, ITEM.published, None, None]


async def test_a_date_of_the_future_hides_nothing_that_follows(world: World) -> None:
    world.words = json.dumps({"articles": [{**ARTICLE, "seendate": "20380101T000000Z"}]})
    async with walker(gdelt(world)) as core:
        await core.walk()
        world.words = ""
        world.sees(2, NOW + timedelta(minutes=5))
        assert await walked(core) == ["2"]
