"""The searches of the platforms, simulated from their documents: `SEARCHES[name](string, item)`.

Each refuses a string that its platform would refuse (AssertionError), and finds no more than the platform surely does.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from tests.query.platform_words import Index, by_unicode, divided, latin, strict

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from smwatch.model import Item

# strings with OR, AND, NOT and brackets


@dataclass(slots=True)
class Boolean:
    """Reads `a (b OR -c)`: a space is AND, AND binds first; `holds` answers for one operand.

    `depth` is how deep brackets may stand; `only_or`: they hold nothing but alternatives, which stand nowhere else.
    """

    holds: Callable[[str], bool]
    depth: int = 99
    only_or: bool = False

    def __call__(self, string: str) -> bool:
        rest = re.findall(r'[()]|-?[^\s()"]*"[^"]*"|[^\s()]+', string)
        found = self._either(rest, 0)
        assert not rest, string
        return found

    def _either(self, rest: list[str], depth: int) -> bool:
        found, alternatives, longest = False, 0, 0
        while True:
            one, operands = self._every(rest, depth)
            found, alternatives, longest = found or one, alternatives + 1, max(longest, operands)
            if not rest or rest[0] != "OR":
                break
            rest.pop(0)
        if self.only_or:
            assert alternatives == 1 or (depth == 1 and longest == 1), "Queries containing OR'd terms need ()"
            assert depth == 0 or alternatives > 1, "Parentheses may only be used around OR'd statements"
        return found

    def _every(self, rest: list[str], depth: int) -> tuple[bool, int]:
        found, operands = True, 0
        while rest and rest[0] not in {"OR", ")"}:
            if rest[0] == "AND":
                assert operands, rest
                rest.pop(0)
            found, operands = self._operand(rest, depth) and found, operands + 1
        assert operands, rest
        return found, operands

    def _operand(self, rest: list[str], depth: int) -> bool:
        word = rest.pop(0)
        if word == "NOT":
            return not self._operand(rest, depth)
        if word == "(":
            assert depth < self.depth, "brackets inside brackets"
            found = self._either(rest, depth + 1)
            assert rest.pop(0) == ")"
            return found
        assert word not in {"AND", "OR", ")"}, word
        if word.startswith("-"):
            return not self.holds(word[1:])
        return self.holds(word)


def _unquoted(word: str) -> str:
    """A plain word, or what stands between quotation marks."""
    if word.startswith('"'):
        assert word.endswith('"')
        assert word.count('"') == 2
        return word.strip('"')
    assert re.fullmatch(r"\w+", word), word
    return word


def _lang(item: Item) -> str:
    return re.split("[-_]", item.lang or "und")[0].lower()


def _said(item: Item, name: str) -> set[str]:
    told = item.attributes.get(name, [])
    return {item.kind, *(told if isinstance(told, list) else [told])} if name == "is" else {*told}  # type: ignore[arg-type]


# X: https://docs.x.com/x-api/posts/search/integrate/build-a-query


def on_x(string: str, item: Item) -> bool:
    """Finds with umlauts taken as letters of their own and without their dots alike: nobody says which."""
    assert len(string.encode("utf-16-le")) // 2 <= 512
    operands = [word for word in re.findall(r'-?[^\s()"]*"[^"]*"|[^\s()]+', string) if word != "OR"]
    assert any(not word.startswith(("-", "lang:", "is:", "has:")) for word in operands), "needs a standalone operator"
    return all(Boolean(_XItem(item, folded).holds)(string) for folded in (strict, latin))


@dataclass(slots=True)
class _XItem:
    item: Item
    folded: Callable[[str], str]

    def holds(self, word: str) -> bool:
        name, _, value = word.partition(":")
        if value and name in {"lang", "is", "has", "from"}:
            return self._is(name, value)
        if word[0] in "#@":
            return self.folded(word) in map(self.folded, self._entities(word[0]))
        index = Index.of((self.item.text,), divided, self.folded)
        return index.has(word if word[0] != '"' and not word.isalnum() else _unquoted(word))

    def _is(self, name: str, value: str) -> bool:
        match name:
            case "lang":
                return value == _lang(self.item)
            case "is":
                return {"retweet": "repost"}.get(value, value) in _said(self.item, "is")
            case "has":
                return bool(self.item.links) if value == "links" else value.rstrip("s") in _said(self.item, "contains")
        author = self.item.author
        return bool(author and author.handle and author.handle.lower() == value)

    def _entities(self, sign: str) -> list[str]:
        """Tags, and names of at most 15 letters; what touches another sign is none."""
        pattern = (
            r"(?<![\w&])#\w*[^\W\d]\w*(?![\w#])" if sign == "#" else r"(?<![\w@#$!%&*])@[A-Za-z0-9_]{1,15}(?![\w@])"
        )
        return re.findall(pattern, self.item.text)


# YouTube: https://developers.google.com/youtube/v3/docs/search/list


def on_youtube(string: str, item: Item) -> bool:
    """Whichever of | and space binds tighter."""
    assert len(string) <= 500
    index = Index.of((item.title, item.text), divided, strict)
    clauses = [re.findall(r'"[^"]*"|[^|]+', row) for row in re.findall(r'(?:"[^"]*"|[^\s"])+', string)]
    tight = all(any(index.has(_unquoted(word)) for word in clause) for clause in clauses)
    rows = [re.findall(r'"[^"]*"|\S+', row) for row in re.findall(r'(?:"[^"]*"|[^|"])+', string)]
    loose = any(all(index.has(_unquoted(word)) for word in row) for row in rows)
    return tight and loose


# Bluesky: bluesky-social/indigo, search/parse_query.go


def on_bluesky(string: str, item: Item) -> bool:
    index = Index.of((item.text,), by_unicode, latin)
    return all(_bluesky_holds(word, item, index) for word in re.findall(r'"[^"]*"|\S+', string))


def _bluesky_holds(word: str, item: Item, index: Index) -> bool:
    if word.startswith("from:"):
        author = item.author
        return bool(author and author.handle and author.handle.lower() == word.removeprefix("from:"))
    return index.has(_unquoted(word))


# Mastodon: app/lib/search_query_transformer.rb, app/lib/hashtag_normalizer.rb


def on_mastodon(string: str, item: Item) -> bool:
    assert re.fullmatch(r"\w+", string)
    return latin(string) in map(latin, re.findall(r"(?<!\w)#(\w+)", item.text))


def on_mastodon_search(string: str, item: Item) -> bool:
    """Every term with all its words, anywhere."""
    index = Index.of((item.text,), by_unicode, latin)
    assert not set(string) & set('":()')
    assert not re.search(r"(^|\s)[-+#]", string)
    return all(index.has(word) for term in string.split() for word in by_unicode(term))


# Reddit: https://www.reddit.com/dev/api#GET_search


def on_reddit(string: str, item: Item) -> bool:
    assert len(string) <= 512

    def holds(word: str) -> bool:
        name, _, value = word.partition(":")
        if name == "subreddit":
            return str(item.attributes.get("subreddit", "")).lower() == value.lower()
        texts = {"title": (item.title,), "selftext": (item.text,)}.get(name if value else "", (item.title, item.text))
        return Index.of(texts, divided, strict).has(_unquoted(value or word))

    return Boolean(holds)(string)


# Hacker News: https://hn.algolia.com/api


def on_hacker_news(string: str, item: Item) -> bool:
    assert len(string.encode()) <= 512
    index = Index.of((item.title, item.text), divided, latin)
    return all(index.has(_unquoted(word)) for word in re.findall(r'"[^"]*"|\S+', string))


# GDELT: https://blog.gdeltproject.org/gdelt-doc-2-0-api-debuts/

_GDELT_NAMES = {"de": "german", "en": "english", "GM": "de", "AU": "at"}


def on_gdelt(string: str, item: Item) -> bool:
    """An article in English, so that its translation is itself."""
    assert len(string) <= 500
    index = Index.of((item.title, item.text), divided, strict)

    def holds(word: str) -> bool:
        name, _, value = word.partition(":")
        if value:
            return _gdelt_is(name, value, item)
        asked = _unquoted(word)
        assert len(asked) >= (5 if word.startswith('"') else 3), "too short"
        return index.has(asked)

    return Boolean(holds, depth=1, only_or=True)(string)


def _gdelt_is(name: str, value: str, item: Item) -> bool:
    host = urlsplit(item.url).hostname or ""
    match name:
        case "domain":
            return host.endswith(value)
        case "domainis":
            return host == value
        case "sourcelang":
            return _GDELT_NAMES.get(_lang(item)) == value
    assert name == "sourcecountry"
    return str(item.attributes.get("country", "")).lower() == _GDELT_NAMES[value]


SEARCHES: Mapping[str, Callable[[str, Item], bool]] = {
    "x": on_x,
    "youtube": on_youtube,
    "bluesky": on_bluesky,
    "mastodon": on_mastodon,
    "mastodon-search": on_mastodon_search,
    "reddit": on_reddit,
    "hackernews": on_hacker_news,
    "gdelt": on_gdelt,
}
