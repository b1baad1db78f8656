"""https://blog.gdeltproject.org/gdelt-doc-2-0-api-debuts/: GDELT: online news of the world, of the last three months.

It reads 65 languages. It names articles by title, address, language and country; it has no authors and no texts. Its
dates say when GDELT saw an article, a quarter of an hour or more after it was published. It searches English
translations: names are found in every language, other German words hardly; `languages = ["de"]` keeps to what was
written in German.

One request every five seconds is allowed for a whole address, so a walk asks eight searches; where there are more, they
take turns. Countries are named as everywhere (`ch` is Switzerland), not by GDELT's own codes, in which CH is China.
"""

from __future__ import annotations

import json
import re
from datetime import datetime, timedelta
from functools import cache
from typing import TYPE_CHECKING, ClassVar

from smwatch.plugin import (
    GDELT_COUNTRIES,
    GDELT_LANGUAGES,
    Broken,
    Card,
    Field,
    Item,
    Page,
    Payload,
    RateLimited,
    Source,
    SourceContext,
    UserError,
    hookimpl,
    read_address,
    read_payload,
    text,
)

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping

    from smwatch.hookspecs import RegisterSource

SEARCH = "/api/v2/doc/doc"  # may stand in `url` already
FROM_WATCHES = "from-watches"
STAMP = "%Y%m%d%H%M%S"
OVERLAP = timedelta(hours=1)  # articles are added with the time of their quarter of an hour
FIRST = timedelta(days=1)
WINDOW = timedelta(days=89)  # older ones are not searched
MOST = 250  # articles in one answer
PAGES = 3
TURNS = 8  # searches of one walk
BARE = re.compile(r"^(\d{8})(\d{6})$")  # some of its dates come without letters
ESCAPE = re.compile(rb'\\(["\\/bfnrtu]?)')
LOOSE = re.compile(r"\s+([,.;:!?)%»“])|([(„«])\s+")
REFUSED = ("your query", "the specified", "one or more of your", "queries", "invalid", "phrase", "keyword")
SHORT = 2  # letters of a code; longer ones are continents and dialects
OTHER_NAMES = {  # of countries, where GDELT's differ from the usual ones
    "bosnia-herzegovina": "BA",
    "czech republic": "CZ",
    "ivory coast": "CI",
    "macedonia": "MK",
    "turkey": "TR",
}


class GdeltSource(Source):
    """Articles of the world's online news."""

    card: ClassVar[Card] = Card(
        title="GDELT",
        docs="https://blog.gdeltproject.org/gdelt-doc-2-0-api-debuts/",
        keyword_search=True,
        gives=("country", "type"),
        min_interval=timedelta(minutes=15),
        pause=timedelta(seconds=5),
        blind=text("texts and authors, what is older than three months, and most German words that are no names"),
        example='[[source]]\ntype = "gdelt"\nlanguages = ["de"]\n',
    )

    search: str | tuple[str, ...] = Field(
        default=FROM_WATCHES, description='What to search for, or "from-watches": the queries.'
    )
    languages: tuple[str, ...] = Field(default=(), description='Only articles in these languages: ["de"].')
    countries: tuple[str, ...] = Field(
        default=(), description='Only articles from these countries: ["de", "at", "ch"].'
    )
    url: str = Field(default="https://api.gdeltproject.org", description="The address of the search.")

    def model_post_init(self, _context: object) -> None:
        """Something to search for, in languages and countries that GDELT knows by name."""
        if not self.search:
            raise UserError(text('search needs words, or "from-watches"'))
        for given, known in ((self.languages, GDELT_LANGUAGES), (self.countries, GDELT_COUNTRIES)):
            for one in given:
                if one.lower() not in known:
                    raise UserError(text("“{code}” is not known; there are: {known}", code=one, known=", ".join(known)))
        read_address(self.url)

    def key(self) -> str:
        """What is searched for, and where."""
        return json.dumps([self.url, self.search, self.languages, self.countries], ensure_ascii=False)

    def default_name(self) -> str:
        """Its name, and what it keeps to."""
        return " ".join(("GDELT", *self.languages, *self.countries))

    def searched(self) -> tuple[str, ...]:
        """The search, where its words come from the watches."""
        return ("gdelt",) if self.search == FROM_WATCHES else ()

    async def fetch(self, ctx: SourceContext) -> AsyncIterator[Page]:
        """What up to eight searches have found since they were last asked, those first that waited longest.

        A search that GDELT refuses (too short, too common) is told, and the others go on.
        """
        marks: dict[str, str] = json.loads(ctx.cursor or "{}")
        refused: list[Broken] = []
        turns = self._turns(ctx, list(marks))
        for words in turns:
            mark = marks.pop(words, "")
            try:
                async for articles in self._found(ctx, words, mark):
                    mark = max(mark, min(f"{ctx.now:%Y%m%dT%H%M%SZ}", max(map(_stamp, articles))))
                    yield Page(items=tuple({item.id: item for item in map(self._item, articles)}.values()))
            except Refused as error:
                ctx.log.warning("gdelt_search_refused", search=words, reason=str(error.sentence))
                refused.append(error)
            marks[words] = mark or f"{ctx.now - OVERLAP:%Y%m%dT%H%M%SZ}"
        if refused and len(refused) == len(turns):
            raise refused[0]
        yield Page(cursor=json.dumps(marks, ensure_ascii=False))

    def _turns(self, ctx: SourceContext, order: list[str]) -> list[str]:
        given = (self.search,) if isinstance(self.search, str) else self.search
        wanted = ctx.searches("gdelt") if self.search == FROM_WATCHES else given
        return sorted(wanted, key=lambda words: order.index(words) if words in order else -1)[:TURNS]

    async def _found(self, ctx: SourceContext, words: str, mark: str) -> AsyncIterator[list[Payload]]:
        """The newest first; an answer that is full is followed by what is older."""
        since = max(_moment(mark) - OVERLAP, ctx.now - WINDOW) if mark else ctx.now - FIRST
        until = ""
        for _ in range(PAGES):
            articles = await self._ask(ctx, words, since, until)
            if articles:
                yield articles
            oldest = min(filter(None, map(_stamp, articles)), default="")
            if len(articles) < MOST or not oldest or oldest == until:
                break
            until = oldest

    async def _ask(self, ctx: SourceContext, words: str, since: datetime, until: str) -> list[Payload]:
        params = {
            "query": " ".join((words, *self._only(self.languages, GDELT_LANGUAGES, "sourcelang"), *self._countries())),
            "mode": "artlist",
            "format": "json",
            "sort": "datedesc",
            "maxrecords": str(MOST),
            "startdatetime": since.strftime(STAMP),
            "enddatetime": (_moment(until) if until else ctx.now + timedelta(minutes=15)).strftime(STAMP),
        }
        answer = await ctx.http.get(self.url.rstrip("/").removesuffix(SEARCH) + SEARCH, params=params)
        found = _read(answer.body, ctx.now)
        return [one for one in found.each("articles") if one.link("url")]

    def _countries(self) -> list[str]:
        return self._only(self.countries, GDELT_COUNTRIES, "sourcecountry")

    @staticmethod
    def _only(given: tuple[str, ...], known: Mapping[str, str], field: str) -> list[str]:
        asked = [f"{field}:{known[one.lower()]}" for one in given]  # by its own codes of countries
        return [f"({' OR '.join(asked)})"] if len(asked) > 1 else asked

    def _item(self, article: Payload) -> Item:
        url = article.link("url")
        country = _codes("territories").get(article.text("sourcecountry").lower())
        return Item(
            id=url,
            source=self.name,
            url=url,
            title=LOOSE.sub(r"\1\2", " ".join(article.words("title").split())),
            kind="article",
            published=Payload(_stamp(article)).moment(),
            lang=_codes("languages").get(article.text("language").lower()),
            attributes={"country": country} if country else {},
        )


class Refused(Broken):
    """GDELT does not take this search: it is too short, too long, or too common."""


def _read(body: bytes, now: datetime) -> Payload:
    """An answer; what GDELT says in words, with 200, is an error. Titles come with escapes that JSON does not know."""
    if body.lstrip()[:1] != b"{":
        said = " ".join(body[:300].decode("utf-8", "replace").split())
        if said.lower().startswith("please limit"):
            raise RateLimited(text("GDELT asks us to come back later"), retry_at=now + timedelta(minutes=1))
        if said.lower().startswith(REFUSED):
            raise Refused(text("GDELT refuses a search: {said}", said=said[:120]))
        raise Broken(text("{host} does not answer with data, but with “{start}”", host="GDELT", start=said[:80]))
    return read_payload(ESCAPE.sub(lambda it: it[0] if it[1] else rb"\\", body), "GDELT")


def _stamp(article: Payload) -> str:
    """When GDELT saw it, as `20260329T081500Z`; "" where it does not say so."""
    said = BARE.sub(r"\1T\2Z", article.text("seendate"))
    return said if Payload(said).moment() else ""


def _moment(stamp: str) -> datetime:
    """`20260329T081500Z`; raises Broken for anything else."""
    found = Payload(stamp).moment()
    if found is None:
        raise Broken(text("GDELT gives a date that is none: {date}", date=stamp[:40]))
    return found


@cache
def _codes(kind: str) -> dict[str, str]:
    """The codes of countries or languages by their English names."""
    from babel import Locale

    names = {str(name).lower(): code for code, name in getattr(Locale("en"), kind).items() if len(code) == SHORT}
    return names | OTHER_NAMES if kind == "territories" else names


@hookimpl
def register_sources(register: RegisterSource) -> None:
    """`type = "gdelt"`."""
    register("gdelt", GdeltSource)
