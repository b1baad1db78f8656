"""What others say is in a feed: feedparser as judge of any, and what the readers' own suites expect of theirs.

The data is not ours to publish; SMWATCH_CORPUS names its folder (with `feeds/*.tar.xz`, `bad/*.tar.xz` …).
"""

from __future__ import annotations

import ast
import html
import json
import os
import re
import tarfile
import types
import warnings
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

import feedparser

from smwatch.feeds.address import web_link
from smwatch.feeds.dates import read_date
from smwatch.feeds.encoding import SEQUENCE, _once, to_utf8
from smwatch.feeds.plain import plain_title
from smwatch.feeds.reader import read_feed
from smwatch.feeds.refusal import NotAFeed
from smwatch.links import canonical_link

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

CORPUS = Path(os.environ.get("SMWATCH_CORPUS", ""))
SERVED = "http://feeds.acme.example/feed"  # where the document is said to come from, for links without a base
Claim = dict[str, Any]  # any of id, url, title, published: what somebody says about one entry


def archives(*folders: str) -> list[Path]:
    """All archives of the folders; none where there is no corpus."""
    if not os.environ.get("SMWATCH_CORPUS"):
        return []
    return sorted(path for folder in folders for path in (CORPUS / folder).glob("*.tar.xz"))


def members(archive: Path) -> Iterator[tuple[str, bytes]]:
    with tarfile.open(archive) as tar:
        for member in tar:
            if member.isfile() and (stream := tar.extractfile(member)) is not None:
                yield member.name, stream.read()


@dataclass(slots=True)
class Score:
    """How often ours and theirs agree, by field; `differences` are lines for people."""

    entries: int = 0
    equal: Counter[str] = field(default_factory=Counter)
    claims: Counter[str] = field(default_factory=Counter)
    differences: list[str] = field(default_factory=list)
    rules: Counter[str] = field(default_factory=Counter)
    unruled: list[str] = field(default_factory=list)

    def judge(self, name: str, ours: Mapping[str, Any], theirs: Claim, body: bytes) -> None:
        """One entry of `body`; each difference by the rule that we have for it."""
        before = len(self.differences)
        self.compare(name, ours, theirs)
        if len(self.differences) == before:
            return
        document = Document(body)
        kept = [document.rule(key, _comparable(key, ours[key]), theirs[key]) for key in theirs]
        self.rules.update(set(filter(None, kept)) - {SAME})
        self.unruled += self.differences[before:] if "" in kept else []

    def compare(self, name: str, ours: Mapping[str, Any], theirs: Claim) -> None:
        """One entry."""
        self.entries += 1
        same = {key: _comparable(key, ours[key]) == value for key, value in theirs.items()}
        for key, is_same in {**same, "all": all(same.values())}.items():
            self.claims[key] += 1
            self.equal[key] += is_same
        self.differences += [
            f"{name}: {key} is {ours[key]!r}, they say {theirs[key]!r}" for key, is_same in same.items() if not is_same
        ]

    def add(self, other: Score) -> None:
        """The other's entries as well."""
        self.entries += other.entries
        self.equal += other.equal
        self.claims += other.claims
        self.differences += other.differences
        self.rules += other.rules
        self.unruled += other.unruled

    def told(self) -> str:
        shares = (f"{key} {self.equal[key]}/{self.claims[key]}" for key in ("id", "url", "title", "published", "all"))
        return f"{self.entries} entries; equal: {', '.join(shares)}"


def _comparable(key: str, value: Any) -> Any:
    """Dates to the second, as the judges read them."""
    return value and datetime.fromisoformat(value).replace(microsecond=0) if key == "published" else value


def ours(body: bytes, url: str = SERVED) -> list[dict[str, Any]] | None:
    try:
        return list(read_feed(body, {"url": url})["items"])
    except NotAFeed:
        return None


def judged(body: bytes, url: str = SERVED) -> list[Claim]:
    """What feedparser says; where it says nothing (no id, an id for a link, one id for many) it claims nothing."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = feedparser.parse(BytesIO(body))  # without an address: it would change ids, too
    known = Counter(entry.get("id") for entry in found.entries)
    claims = [_claim(entry, url) for entry in found.entries]
    return [{key: one for key, one in claim.items() if key != "id" or known[one] == 1} for claim in claims]


def _claim(entry: Any, url: str) -> Claim:
    kind = "text" if entry.get("title_detail", {}).get("type") == "text/plain" else "html"
    moment = dict.get(entry, "published_parsed") or dict.get(entry, "updated_parsed")
    claim: Claim = {
        "title": plain_title(entry.get("title") or "", kind),
        "published": moment and datetime(*moment[:6], tzinfo=UTC),
    }
    if own := entry.get("id"):
        claim["id"] = own
    if (link := entry.get("link")) and link != own:
        claim["url"] = web_link(link, url)
    return claim


SAME = "same"
_DOUBLED = re.compile("Ã|Â|â€")
_STAMPS = re.compile(
    r"<[\w:.-]*(?:date|published|issued|created|updated|modified)[^>]*>\s*(?:<!\[CDATA\[)?([^<\]]+)", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class Document:
    """What stands in a feed, to tell why we read it in another way than feedparser does."""

    body: bytes

    def rule(self, key: str, mine: Any, theirs: Any) -> str:
        """The name of the rule (docs/decisions/0018), `SAME` where there is no difference, "" where there is no rule."""
        if mine == theirs:
            return SAME
        if mine and not theirs:
            return "read by us alone"
        return {"id": self._address, "url": self._address, "title": self._title, "published": self._moment}[key](
            mine, theirs
        )

    def _text(self) -> str:
        return html.unescape(to_utf8(self.body).decode("utf-8", "replace"))

    def _address(self, mine: str, theirs: str) -> str:
        text = self._text()
        at, other = text.find(mine), text.find(theirs)
        if canonical_link(mine) and canonical_link(mine) == canonical_link(theirs):
            return "one page"
        if not mine and theirs.startswith(SERVED.rpartition("/")[0]):
            return "an id is no link"
        if at >= 0 and (other < 0 or (f">{mine}<" in text and f">{theirs}<" not in text)):
            return "to the letter"
        return "the first of several" if 0 <= at < other else ""

    def _title(self, mine: str, theirs: str) -> str:
        letters = [re.sub("[^A-Za-z]", "", one) for one in (mine, theirs)]
        if _DOUBLED.search(theirs) and not _DOUBLED.search(mine) and letters[0] == letters[1]:
            return "encoded twice"
        if _undoubled(mine) == theirs:
            return "one pair is no proof"
        return "markup in a title" if plain_title(theirs, "html") == mine else ""

    def _moment(self, mine: datetime | None, theirs: datetime) -> str:
        said = [found and found.replace(microsecond=0) for found in map(read_date, _STAMPS.findall(self._text()))]
        if theirs not in said:
            return "no such moment"
        return "the first of several" if mine in said and said.index(mine) < said.index(theirs) else ""


def _undoubled(written: str) -> str:
    return SEQUENCE.sub(_once, written)


# ── the suites' own expectations ──────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class Case:
    """A document of a suite and what the suite expects of its entries, by place."""

    name: str
    body: bytes
    claims: dict[int, Claim]


def expectations(archive: Path) -> Iterator[Case]:
    """The cases of a suite that states id, link, title or date of entries; none for other archives."""
    reader = SUITES.get(archive.name.partition(".")[0])
    if reader is not None:
        files = dict(members(archive))
        yield from (case for case in reader(files) if case.claims)


def _gofeed(files: Mapping[str, bytes]) -> Iterator[Case]:
    for name, body in files.items():
        said = files.get(re.sub(r"\.xml$", ".json", name))
        if name.endswith(".xml") and said is not None and isinstance(found := _json(said), dict):
            items = found.get("items") or found.get("entries") or []
            yield Case(name, body, {place: _gofeed_item(item) for place, item in enumerate(items)})


def _gofeed_item(item: Mapping[str, Any]) -> Claim:
    guid = item.get("guid")
    own = guid.get("value") if isinstance(guid, dict) else guid or item.get("id")
    link = item.get("link")
    return _stated(own, link if isinstance(link, str) else None, item.get("title"), item.get("publishedParsed"))


def _feed_rs(files: Mapping[str, bytes]) -> Iterator[Case]:
    for name, said in files.items():
        if not name.endswith(".serde.json"):
            continue
        base = name.removesuffix(".serde.json")
        body = files.get(base + ".xml") or files.get(base + ".json")
        if body is not None:
            yield Case(base, body, {place: _feed_rs_entry(one) for place, one in enumerate(_json(said)["entries"])})


def _feed_rs_entry(entry: Mapping[str, Any]) -> Claim:
    own = entry["id"]
    links = [link["href"] for link in entry["links"] if link["rel"] in (None, "alternate")]
    title = (entry["title"] or {}).get("content")
    made_up = re.fullmatch(r"[0-9a-f]{32}", own) or re.fullmatch(r"[0-9a-f-]{36}", own)
    return _stated(None if made_up else own, links[0] if links else None, title, entry["published"])


def _rss_parser(files: Mapping[str, bytes]) -> Iterator[Case]:
    for name, said in files.items():
        if "/output/" not in name or not name.endswith(".json"):
            continue
        base = name.replace("/output/", "/input/").removesuffix(".json")
        body = files.get(base + ".rss") or files.get(base + ".atom")
        if body is not None:
            items = (_json(said) or {"feed": {"items": []}})["feed"]["items"]
            claims = {
                place: _stated(one.get("guid") or one.get("id"), one.get("link"), one.get("title"), one.get("isoDate"))
                for place, one in enumerate(items)
            }
            yield Case(base, body, claims)


def _reader(files: Mapping[str, bytes]) -> Iterator[Case]:
    for name, said in files.items():
        body = files.get(name.removesuffix(".py"))
        if name.endswith(".py") and body is not None:
            yield Case(name.removesuffix(".py"), body, dict(enumerate(_python(said.decode()))))


def _python(said: str) -> list[Claim]:
    """Reader keeps its expectations as Python that builds its own records: let it build plain ones."""
    names = "Content Enclosure EntrySource EntryData FeedData Author".split()  # noqa: SIM905
    code = re.sub(r"^from reader.*$", "", said, flags=re.MULTILINE)
    given: dict[str, Any] = {"url_base": "http://feeds.acme.example/", "rel_base": "http://feeds.acme.example/"}
    given |= dict.fromkeys(names, types.SimpleNamespace)
    exec(compile(ast.parse(code), "expected", "exec"), given)  # noqa: S102 - a test's own data
    return [
        _stated(
            one.id, getattr(one, "link", None), getattr(one, "title", None), str(getattr(one, "published", "") or "")
        )
        for one in given["entries"]
    ]


_EXPECT = re.compile(r"entries\[(\d+)\](?:\['|\.)(title|link|id|published_parsed)(?:'\])? == (.+)$")
_PARSED = "published_parsed"


def _feedparser(files: Mapping[str, bytes]) -> Iterator[Case]:
    for name, body in files.items():
        head = body[:2000].decode("utf-8", "replace")
        line = next((line for line in head.splitlines() if line.strip().startswith("Expect:")), "")
        if found := _EXPECT.search(line.strip()):
            try:
                value = ast.literal_eval(found[3])
            except (ValueError, SyntaxError):
                continue
            yield Case(name, body, {int(found[1]): _feedparser_claim(found[2], value)})


def _feedparser_claim(key: str, value: Any) -> Claim:
    if key == _PARSED:
        return {"published": datetime(*value[:6], tzinfo=UTC)}
    return {"title": plain_title(value)} if key == "title" else {{"link": "url", "id": "id"}[key]: value}


def _fastfeedparser(files: Mapping[str, bytes]) -> Iterator[Case]:
    for name, said in files.items():
        body = files.get(name.removesuffix(".json") + ".xml")
        if "/integration/" in name and name.endswith(".json") and body is not None:
            entries = _json(said)["entries"]
            claims = {
                place: _stated(one.get("id"), one.get("link"), one.get("title"), one.get("published"))
                for place, one in enumerate(entries)
            }
            yield Case(name, body, claims)


SUITES = {
    "fastfeedparser-real": _fastfeedparser,
    "gofeed-testdata": _gofeed,
    "feed-rs": _feed_rs,
    "rss-parser": _rss_parser,
    "lemon24-reader": _reader,
    "feedparser-tests": _feedparser,
}


def _stated(own: str | None, link: str | None, title: str | None, published: str | None) -> Claim:
    claim: Claim = {}
    if own:
        claim["id"] = own
    if link and (found := web_link(link, SERVED)):
        claim["url"] = found
    if title:
        claim["title"] = plain_title(title)
    if published and (moment := read_date(published)):
        claim["published"] = moment.replace(microsecond=0)
    return claim


def _json(said: bytes) -> Any:
    try:
        return json.loads(said.decode("utf-8-sig"))
    except ValueError:
        return None
