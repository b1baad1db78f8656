"""What each platform's search understands. Each fact carries its source; what nobody has published says so.

A platform is a table of facts: how things are joined, how long a string may be, and how a word, a tag, a name and a
condition are asked. An answer of None means: cannot be asked here.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Literal
from unicodedata import normalize

from smwatch.i18n import Text, text
from smwatch.query.pushdown.wish import NEVER, Ask, Wish, either
from smwatch.query.syntax import OPERATORS, Lang, Site, Value
from smwatch.text import is_emoji, is_spaceless

if TYPE_CHECKING:
    from smwatch.query.pushdown.spellings import Row
    from smwatch.query.syntax import Condition

Asked = Callable[[str], Ask | None]
Conditions = Callable[["Condition", bool], Wish | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Platform:
    """The search of one platform.

    `shape`: "nested" takes AND, OR and brackets at any depth, "flat" an AND of ORs, "separate" only ANDs, so that each
    alternative is a string of its own, "tags" one tag a string. `limit` counts characters (UTF-16, as the strictest
    count them). `same` is the form in which it compares words. `missed` says what it may not find at all.
    """

    name: str
    title: str
    shape: Literal["nested", "flat", "separate", "tags"]
    limit: int
    both: str = " "
    one: str = " OR "
    brackets: Literal["inside", "always", "never"] = "inside"
    same: Callable[[str], str] = str.lower
    phrases: bool = True
    fields: Mapping[str, str] = field(default_factory=dict)
    row: Callable[[Platform, Row], Ask | None]
    author: Asked = lambda _: None
    condition: Conditions = lambda _, __: None
    missed: tuple[Text, ...] = ()


def _words(words: str) -> frozenset[str]:
    return frozenset(words.split())


def _table(pairs: str) -> dict[str, str]:
    """What stands before each =, and what stands behind it."""
    return {before: behind for before, _, behind in (pair.partition("=") for pair in pairs.split())}


def latin(word: str) -> str:
    """Words without accents, umlaut dots and ß, as Lucene's and Algolia's folding leaves them."""
    return "".join(char for char in normalize("NFKD", word.casefold()) if not "\u0300" <= char <= "\u036f")


# how words are asked


def quoted(_: Platform, row: Row) -> Ask | None:
    """The words as they stand, in quotation marks unless it is one plain word."""
    words = [word.lstrip("#@$") for word in row]
    if any(is_emoji(word[0]) for word in words):  # no search of these documents that it finds every emoji
        return None
    return _ask(words)


def _ask(words: list[str]) -> Ask | None:
    if not all(any(map(str.isalnum, word)) for word in words):
        return None
    return Ask(_quoted(words))


def _quoted(words: list[str]) -> str:
    joined = " ".join(words)
    return joined if joined.isalnum() and not _is_operator(joined) else f'"{joined}"'


def _is_operator(word: str) -> bool:
    return word.upper() in OPERATORS or word.upper() == "NEAR"


def _on_x(_: Platform, row: Row) -> Ask | None:
    if len(row) == 1:
        word = row[0]
        if _X_TAG.fullmatch(word) or _X_NAME.fullmatch(word):
            return Ask(word)
        if is_emoji(word[0]):
            return Ask(word)
    elif any(is_emoji(word[0]) for word in row):  # a joined emoji is several to us, one to X
        return None
    return _ask([word.lstrip("#@$") for word in row])


def _on_bluesky(platform: Platform, row: Row) -> Ask | None:
    if row[0].startswith("@") and "." not in row[0]:  # a handle is a whole host name there: one word to its search
        return None
    return quoted(platform, row)


def _on_mastodon(platform: Platform, row: Row) -> Ask | None:
    found = quoted(platform, row)
    return found and Ask(found.text.strip('"'))


def _as_tag(_: Platform, row: Row) -> Ask | None:
    word = row[0]
    if len(row) > 1 or not re.fullmatch(r"#\w*[^\W\d]\w*", word) or is_spaceless(word):
        return None
    return Ask(word[1:])


_GDELT_WORD = 3  # letters of the shortest word, and of the shortest phrase; "too short" below [not published]
_GDELT_PHRASE = 5
# "too common" [not published]: the words that English search engines commonly leave out
_GDELT_COMMON = _words(
    "a an and are as at be but by for from has have if in into is it its no not of on or such that the their then "
    "there these they this to was were will with"
)


def _on_gdelt(platform: Platform, row: Row) -> Ask | None:
    found = quoted(platform, row)
    if found is None:
        return None
    asked = found.text.strip('"')
    if len(asked) < (_GDELT_WORD if asked == found.text else _GDELT_PHRASE) or asked.lower() in _GDELT_COMMON:
        return None
    return found if re.fullmatch(r'[\w "\'.&-]+', found.text) else None


# who wrote it


def _handle(pattern: re.Pattern[str], sign: str, word: str) -> Ask | None:
    return Ask(f"{sign}{word.lstrip('@').lower()}") if pattern.fullmatch(word) else None


_X_TAG = re.compile(r"#(?=\w*[^\W\d])\w+")
_X_NAME = re.compile(r"@[A-Za-z0-9_]{1,15}")
_BLUESKY_NAME = re.compile(r"@[A-Za-z0-9]+(?:\.[A-Za-z0-9]+)+")


# conditions


def _on_hosts(hosts: tuple[str, ...], node: Site) -> Wish | None:
    """All items of a platform have addresses of its own: another site never matches there."""
    own = any(host == node.text or host.endswith("." + node.text) for host in hosts)
    return None if own else NEVER


_X_LANGUAGES = _words(
    "ar bg ca cs cy da de el en es et eu fa fi fr hi hr ht hu is it ja ko lt lv nl no pl pt ro ru sk sl sr sv ta th tr "
    "uk ur vi"
)
_X_IS = {"repost": "is:retweet", "reply": "is:reply"}
_X_HAS = {"image": "has:images", "video": "has:videos", "link": "has:links"}


def _x_condition(node: Condition, positive: bool) -> Wish | None:  # noqa: FBT001 - as the table calls it
    match node:
        case Site():
            return _on_hosts(("x.com", "twitter.com"), node) if positive else None
        case Lang():
            return _x_lang(node.text, positive=positive)
        case Value(name="is", text=value) if value.lower() in _X_IS:
            return Ask("-" * (not positive) + _X_IS[value.lower()], alone=False, excludes=not positive)
        case Value(name="contains", text=value) if positive and value.lower() in _X_HAS:
            return Ask(_X_HAS[value.lower()], alone=False)
    return None


def _x_lang(tag: str, *, positive: bool) -> Wish | None:
    """X tells the language, or "und": then it is guessed here, so both are asked; a region only here."""
    code, _, region = tag.partition("-")
    if code not in _X_LANGUAGES:
        return None
    if positive:
        return either((Ask(f"lang:{code}", alone=False), Ask("lang:und", alone=False)))
    return None if region else Ask(f"-lang:{code}", alone=False, excludes=True)


def _only_own_hosts(*hosts: str) -> Conditions:
    def condition(node: Condition, positive: bool) -> Wish | None:  # noqa: FBT001 - as the table calls it
        return _on_hosts(hosts, node) if isinstance(node, Site) and positive else None

    return condition


_SUBREDDIT = re.compile(r"[A-Za-z0-9_]{2,21}")


def _reddit_condition(node: Condition, positive: bool) -> Wish | None:  # noqa: FBT001 - as the table calls it
    if isinstance(node, Value) and node.name == "subreddit" and _SUBREDDIT.fullmatch(node.text):
        return Ask("NOT " * (not positive) + f"subreddit:{node.text}", excludes=not positive)
    return None


GDELT_LANGUAGES = _table(
    "de=german en=english fr=french it=italian es=spanish nl=dutch pl=polish pt=portuguese cs=czech da=danish "
    "sv=swedish tr=turkish"
)
GDELT_COUNTRIES = _table(  # FIPS 10-4, not ISO: CH is China
    "de=GM at=AU ch=SZ li=LS lu=LU fr=FR it=IT es=SP nl=NL be=BE dk=DA se=SW no=NO pl=PL cz=EZ gb=UK us=US cn=CH"
)


def _gdelt_condition(node: Condition, positive: bool) -> Wish | None:  # noqa: FBT001 - as the table calls it
    sign = "" if positive else "-"
    match node:
        case Site(text=host) if host.isascii():  # domain: also finds names that end so, domainis: that host alone
            return Ask(f"domain:{host}") if positive else Ask(f"-domainis:{host}", excludes=True)
        case Lang(text=tag) if tag.partition("-")[0] in GDELT_LANGUAGES and (positive or "-" not in tag):
            name = GDELT_LANGUAGES[tag.partition("-")[0]]
            return Ask(f"{sign}sourcelang:{name}", alone=False, excludes=not positive)
        case Value(name="country", text=code) if code.lower() in GDELT_COUNTRIES:
            name = GDELT_COUNTRIES[code.lower()]
            return Ask(f"{sign}sourcecountry:{name}", alone=False, excludes=not positive)
    return None


# the platforms

_DIVIDED = text(
    "compounds that a text divides with a hyphen (Bahn-Chef) are found only where the query writes the hyphen too"
)
_RANKED = text("the platform ranks what it finds and may leave out the rest")

X = Platform(
    # https://docs.x.com/x-api/posts/search/integrate/build-a-query: 512 characters on self-serve plans; a space is AND,
    # OR, brackets; AND binds first; words are compared without case, divided at punctuation, so that what holds a sign
    # stands in quotation marks; #tag and @name match whole; no wildcards; groups are not negated; lang:, is:, has:
    # need something beside them. $cash needs a higher plan: the word is asked. Accents do not count for words that
    # carry them; for the others nothing is said [believed: neither].
    name="x",
    title="X",
    shape="nested",
    limit=512,
    row=_on_x,
    author=partial(_handle, _X_NAME, "from:"),
    condition=_x_condition,
    missed=(_DIVIDED, text("X does not find every emoji in other skin tones or joined to others")),
)
YOUTUBE = Platform(
    # https://developers.google.com/youtube/v3/docs/search/list, q: | is OR, - is NOT; the example "boating|sailing
    # -fishing" lets | bind tighter, and a string "a|b c|d" is a superset in the other reading too: whichever words
    # are there, either one of them stands between two | alone or all of a row are there. Quotation marks and a longest
    # q are not published [believed: as in Google's search; our own limit]. A call is one of 100 a day: | saves them.
    name="youtube",
    title="YouTube",
    shape="flat",
    limit=500,
    one="|",
    brackets="never",
    row=quoted,
    condition=_only_own_hosts("youtube.com", "youtu.be"),
    missed=(_DIVIDED, _RANKED),
)
BLUESKY = Platform(
    # app.bsky.feed.searchPosts, q: "unspecified"; read in bluesky-social/indigo search/parse_query.go: words, "phrases"
    # and from:, mentions:, lang:, domain: joined by AND; a #tag asks for a marked tag, so the word is asked instead.
    # lang: asks what the author declared and domain: asks for links: neither is ours, both are looked at here. Words by
    # Unicode's rules (ICU): a dot or an apostrophe inside divides none, accents fold. A longest q is not published.
    name="bluesky",
    title="Bluesky",
    shape="separate",
    limit=300,
    same=latin,
    row=_on_bluesky,
    author=partial(_handle, _BLUESKY_NAME, "from:"),
    condition=_only_own_hosts("bsky.app"),
    missed=(_DIVIDED, text("parts of addresses and words with a dot or apostrophe inside are found only whole")),
)
MASTODON = Platform(
    # GET /api/v1/timelines/tag/:hashtag: one tag; umlauts and accents fold to ASCII (mastodon/mastodon
    # app/lib/hashtag_normalizer.rb). Servers without full-text search list nothing else.
    name="mastodon",
    title="Mastodon",
    shape="tags",
    limit=300,
    same=latin,
    row=_as_tag,
    missed=(text("a server lists the posts that it has heard of"),),
)
MASTODON_SEARCH = Platform(
    # GET /api/v2/search?type=statuses where the server has it: mastodon/mastodon app/lib/search_query_transformer.rb
    # joins terms by AND, no OR; a phrase is compared with its accents, so its words are asked one by one;
    # app/chewy/public_statuses_index.rb: words by Unicode's rules, folded to ASCII, English stems; only authors who
    # let themselves be found. -word goes by stems and would take away more than NOT here. No longest q is published.
    name="mastodon-search",
    title="Mastodon",
    shape="separate",
    limit=300,
    same=latin,
    phrases=False,
    row=_on_mastodon,
    missed=(
        _DIVIDED,
        text("parts of addresses and words with a dot or apostrophe inside are found only whole"),
        text("Mastodon searches only posts of people who let themselves be found"),
    ),
)
REDDIT = Platform(
    # https://www.reddit.com/dev/api#GET_search, q: "no longer than 512 characters"; Reddit's help on search: AND, OR,
    # NOT in capitals, brackets, quotation marks, title:, selftext:, subreddit:. Folding is not published: both
    # spellings are asked. Words are stemmed: NOT word would take away more than ours.
    name="reddit",
    title="Reddit",
    shape="nested",
    limit=512,
    both=" AND ",
    fields={"title": "title:", "content": "selftext:"},
    row=quoted,
    condition=_reddit_condition,
    missed=(_DIVIDED, _RANKED),
)
HACKER_NEWS = Platform(
    # https://hn.algolia.com/api with advancedSyntax=true: words are joined by AND, "phrases"; no OR. Algolia: at most
    # 512 bytes of query; accents and ß fold; the last word is a prefix and typing mistakes are forgiven: more is
    # found. -word also looks at addresses and names, which NOT does not (app/models/item.rb of algolia/hn-search).
    name="hackernews",
    title="Hacker News",
    shape="separate",
    limit=170,  # characters of at most three bytes
    same=latin,
    row=quoted,
    missed=(_DIVIDED,),
)
GDELT = Platform(
    # https://blog.gdeltproject.org/gdelt-doc-2-0-api-debuts/: "phrase", (a OR b) in brackets that stand only around OR
    # and in no other; -; domain:, domainis:, sourcelang:, sourcecountry:; near20: takes words, no groups, and counts in
    # another way, so NEAR is asked as AND. Words that are too short or too common are refused: they are not asked.
    # A longest query is not published [our own limit]. It searches the whole article, so -word takes away too much.
    name="gdelt",
    title="GDELT",
    shape="flat",
    limit=500,
    brackets="always",
    row=_on_gdelt,
    condition=_gdelt_condition,
    missed=(
        _DIVIDED,
        # https://blog.gdeltproject.org/updates-doc-2-0-api/
        text("GDELT searches English translations: names are found in every language, other German words hardly"),
    ),
)
PLATFORMS: Mapping[str, Platform] = {
    it.name: it for it in (X, YOUTUBE, BLUESKY, MASTODON, MASTODON_SEARCH, REDDIT, HACKER_NEWS, GDELT)
}
