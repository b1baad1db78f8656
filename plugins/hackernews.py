"""https://hn.algolia.com/api: Hacker News: stories, comments and polls, minutes after they are written.

The search strings are built from the queries of your watches, or listed in `search`; what comes back is matched again
here. Nothing needs a key. Ten minutes are asked for again each time, because the index lags behind.
"""

from __future__ import annotations

import json
from datetime import timedelta
from typing import TYPE_CHECKING, ClassVar

from smwatch.plugin import (
    READ_FRAGMENTS,
    Author,
    Broken,
    Card,
    Engagement,
    Field,
    Item,
    Page,
    Payload,
    Source,
    SourceContext,
    UserError,
    hookimpl,
    read_address,
    read_payload,
    text,
)

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    from smwatch.hookspecs import RegisterSource

FROM_WATCHES = "from-watches"
SITE = "https://news.ycombinator.com"
OVERLAP = timedelta(minutes=10)
FIRST = timedelta(days=1)  # so far back goes the first walk, and one after a long pause goes as far as it has to
MOST = 100  # hits in one answer
PAGES = 10  # the index gives no more than 1,000 hits
OWN_TAGS = ("author_", "story_")  # what the index calls people and threads by


class HackerNewsSource(Source):
    """Hacker News, as far as the search strings find it."""

    card: ClassVar[Card] = Card(
        title="Hacker News",
        docs="https://hn.algolia.com/api",
        keyword_search=True,
        comments=True,
        author=True,
        engagement=True,
        gives=("tag", "type", "is", "contains", "links"),
        min_interval=timedelta(minutes=1),
        blind=text("what only the linked page says, and points that come later"),
        example='[[source]]\ntype = "hackernews"\n',
    )

    search: str | tuple[str, ...] = Field(
        default=FROM_WATCHES, description='Words to search for, or "from-watches": the queries.'
    )
    url: str = Field(default="https://hn.algolia.com", description="The address of the search.")

    def model_post_init(self, _context: object) -> None:
        """Something to search for, at an address that can be asked."""
        if not self.search:
            raise UserError(text('search needs words, or "from-watches"'))
        read_address(self.url)

    def _address(self) -> str:
        """The search, newest first; `url` may be the server's, the API's or the search's own."""
        return self.url.rstrip("/").removesuffix("/search_by_date").removesuffix("/api/v1") + "/api/v1/search_by_date"

    def key(self) -> str:
        """What is searched for, and where."""
        return json.dumps([self.url, self.search], ensure_ascii=False)

    def default_name(self) -> str:
        """The site's name."""
        return "Hacker News"

    def searched(self) -> tuple[str, ...]:
        """The search, where its words come from the watches."""
        return ("hackernews",) if self.search == FROM_WATCHES else ()

    async def fetch(self, ctx: SourceContext) -> AsyncIterator[Page]:
        """What every search has found since its last hit."""
        marks: dict[str, int] = json.loads(ctx.cursor or "{}")
        given = (self.search,) if isinstance(self.search, str) else self.search
        kept: dict[str, int] = {}
        for words in ctx.searches("hackernews") if self.search == FROM_WATCHES else given:
            kept[words] = marks.get(words, int((ctx.now - FIRST + OVERLAP).timestamp()))
            async for hits in self._found(ctx, words, kept[words] - int(OVERLAP.total_seconds())):
                newest = max(hit.number("created_at_i") or 0 for hit in hits)
                kept[words] = max(kept[words], min(newest, int(ctx.now.timestamp())))
                yield Page(items=await self._items(ctx, hits))
        yield Page(cursor=json.dumps(kept, ensure_ascii=False))

    async def _found(self, ctx: SourceContext, words: str, since: int) -> AsyncIterator[list[Payload]]:
        params = {
            "query": words,
            "tags": "(story,comment,poll)",
            "numericFilters": f"created_at_i>{since}",
            "advancedSyntax": "true",
            "hitsPerPage": str(MOST),
        }
        for page in range(PAGES):
            asked = {**params, "page": str(page)}
            answer = await ctx.http.get(self._address(), params=asked)
            found = read_payload(answer.body, "Hacker News")
            if not isinstance(found.at("hits").value, list):
                raise Broken(text("{host} answers without hits", host="Hacker News"))
            hits = [hit for hit in found.each("hits") if hit.text("objectID")]
            if hits:
                yield hits
            if page + 1 >= (found.number("nbPages") or 0):
                break

    async def _items(self, ctx: SourceContext, hits: Sequence[Payload]) -> tuple[Item, ...]:
        markup = [hit.text("comment_text") or hit.text("story_text") for hit in hits]
        read = await ctx.parse(READ_FRAGMENTS, json.dumps(markup).encode(), {})
        items = [self._item(hit, Payload(one)) for hit, one in zip(hits, read, strict=True)]
        return tuple({item.id: item for item in items}.values())

    def _item(self, hit: Payload, read: Payload) -> Item:
        tags, article = hit.texts("_tags"), hit.link("url")
        comment = "comment" in tags
        return Item(
            id=hit.text("objectID"),
            source=self.name,
            url=f"{SITE}/item?id={hit.text('objectID')}",
            title="" if comment else hit.words("title"),
            text=read.text("text"),
            kind="comment" if comment else "post",
            author=_author(hit.text("author")),
            published=hit.moment("created_at_i") or hit.moment("created_at"),
            engagement=Engagement(likes=hit.number("points"), replies=hit.number("num_comments")),
            parent_id=hit.text("parent_id") or None if comment else None,
            root_id=hit.text("story_id") or None,
            links=tuple(dict.fromkeys(filter(None, (article if not comment else "", *read.texts("links"))))),
            attributes=_attributes(hit, tags, comment=comment),
        )


def _author(name: str) -> Author | None:
    return Author(name=name, handle=f"@{name}", native_id=name, url=f"{SITE}/user?id={name}") if name else None


def _attributes(hit: Payload, tags: Sequence[str], *, comment: bool) -> dict[str, object]:
    """The site's own tags (ask_hn, show_hn), and the thread that a comment stands in."""
    kinds = [tag for tag in tags if not tag.startswith(OWN_TAGS) and tag not in {"story", "comment", "poll"}]
    found = {"tags": kinds, "is": ["reply"] if comment else [], "thread": hit.words("story_title") if comment else ""}
    return {name: value for name, value in found.items() if value}


@hookimpl
def register_sources(register: RegisterSource) -> None:
    """`type = "hackernews"`."""
    register("hackernews", HackerNewsSource)
