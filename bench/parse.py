"""G5: feeds read per second of CPU, ours beside feedparser and others; at least 50 times feedparser's default.

The same job is checked first: id, link, title and date of every entry against what feedparser's default says; equal on
at least 99.5 % of entries and never fewer entries, else there is no ratio. Ours reads everything that an item has
(text, lead, author, tags, languages, both dates) and normalises identity; the floor, lxml by hand, reads four fields.

Ours has two figures, and neither is quite feedparser's default: it leaves texts as markup, made safe to show and with
absolute links. "Texts left as markup" does less (nothing is sanitised), "all in plain text" more (what items hold: no
markup at all, so that nothing has to be sanitised). G5 asks for four fields and so for the first; the second is what a
user pays. A second column compares with feedparser that sanitises nothing and resolves no links either.

    python bench/parse.py      # SMWATCH_CORPUS names the folder of real feeds; made ones stand in where it does not

Peers that are not installed are left out with a word (`pip install --group bench`).
"""

from __future__ import annotations

import asyncio
import os
import random
import re
import sys
import tarfile
import warnings
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

import feedparser
from fastfeedparser import main as fast_main
from lxml import etree
from sides import cpu_of, machine, medians, table, versions, write

from smwatch.feeds import READ_FEED
from smwatch.feeds.address import web_link
from smwatch.feeds.dates import read_date
from smwatch.feeds.plain import plain_title
from smwatch.feeds.reader import read_entries, read_feed
from smwatch.fetch.pool import ParsePool

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

ROUNDS = 3
ENOUGH = 0.995
BASE = "http://feeds.acme.example/feed"
Entry = tuple[str, str, str, datetime | None]  # id, link, title, date; "" and None where nothing is claimed
HEAD = ("reader", "feeds/s", "against feedparser", "against it bare", "entries equal", "entries missing")
FIELDS = ("id", "link", "title", "date")


@dataclass(slots=True)
class Side:
    """A reader: what it makes of a body, and how its entries are told as `Entry` (not timed)."""

    name: str
    parse: Callable[[bytes], Any]
    entries: Callable[[Any], list[Entry]]
    failed: set[int] = field(default_factory=set)

    def over(self, bodies: list[bytes]) -> None:
        """Parse them all, as it would for somebody who uses it; what it does not read is skipped."""
        for number, body in enumerate(bodies):
            try:
                self.parse(body)
            except Exception:  # noqa: BLE001 - whatever a peer raises is that it does not read this one
                self.failed.add(number)


def bodies() -> tuple[list[bytes], str]:
    """The feeds and what they are."""
    corpus = os.environ.get("SMWATCH_CORPUS")
    if not corpus:
        return [made(number) for number in range(100)], "100 made feeds (SMWATCH_CORPUS names no real ones)"
    archive = Path(corpus) / "feeds" / "fastfeedparser-real.tar.xz"
    with tarfile.open(archive) as tar:
        files = [tar.extractfile(member) for member in tar if member.isfile() and not member.name.endswith(".json")]
        found = [stream.read() for stream in files if stream is not None]
    return found, f"{len(found)} real feeds"


def made(number: int) -> bytes:
    """A feed of the size and shape that real ones have; every second one is Atom."""
    dice = random.Random(number)
    words = [dice.choice(WORDS) for _ in range(400)]
    start = datetime(2026, 3, 1, tzinfo=UTC)
    entries = []
    for place in range(dice.randint(10, 40)):
        text = "".join(f"<p>{' '.join(dice.choices(words, k=60))} <a href='/{n}'>mehr</a></p>" for n in range(8))
        moment, link = start - timedelta(hours=7 * place), f"https://acme{number}.example/{place}"
        title, text = " ".join(dice.choices(words, k=8)), text.replace("<", "&lt;").replace("'", "&quot;")
        entries.append(
            f"<entry><id>{link}</id><title>{title}</title><link href='{link}'/><updated>{moment.isoformat()}</updated>"
            f"<content type='html'>{text}</content></entry>"
            if number % 2
            else f"<item><guid>{link}</guid><title>{title}</title><link>{link}</link>"
            f"<pubDate>{format_datetime(moment)}</pubDate><description>{text}</description></item>"
        )
    inside = f"<title>Acme {number}</title>" + "".join(entries)
    if number % 2:
        return f"<feed xmlns='http://www.w3.org/2005/Atom'>{inside}</feed>".encode()
    return f"<?xml version='1.0'?><rss version='2.0'><channel>{inside}</channel></rss>".encode()


WORDS = (
    "Acme",
    "ruft",
    "Müsli",
    "zurück,",
    "weil",
    "darin",
    "Steinchen",
    "sind;",
    "die",
    "Presse",
    "fragt",
    "seit",
    "März.",
)


def sides() -> Iterator[Side]:
    """Ours, the judge, and whoever else is installed."""
    yield Side("smwatch, all in plain text", lambda body: read_feed(body, {"url": BASE}), _ours)
    yield Side("feedparser, default", _feedparser(), _judged)
    yield Side("smwatch, texts left as markup", _fields, lambda found: found)
    yield Side("feedparser, nothing sanitised", _feedparser(sanitize_html=False, resolve_relative_uris=False), _judged)
    yield from _fastfeedparser()
    yield from _atoma()
    yield from _lxml()


def _ours(found: Any) -> list[Entry]:  # noqa: ANN401 - each reader's own shape, here and below
    return [(one["id"], one["url"], one["title"], _moment(one["published"] or "")) for one in found["items"]]


def _fields(body: bytes) -> list[Entry]:
    """What feedparser gives as well: the four fields in their final form, texts as markup."""
    return [
        (one.id, one.link, plain_title(one.title, one.title_kind), read_date(one.published) or read_date(one.updated))
        for one in read_entries(body, {"url": BASE}).entries
    ]


def _feedparser(**options: bool) -> Callable[[bytes], Any]:
    return lambda body: feedparser.parse(BytesIO(body), **options)


def _judged(found: Any) -> list[Entry]:  # noqa: ANN401
    entries = []
    for one in found.entries:
        kind = "text" if dict.get(one.get("title_detail", {}), "type") == "text/plain" else "html"
        moment = dict.get(one, "published_parsed") or dict.get(one, "updated_parsed")
        own, link = one.get("id", ""), one.get("link", "")
        title, when = plain_title(one.get("title", ""), kind), moment and datetime(*moment[:6], tzinfo=UTC)
        entries.append((own, web_link(link, BASE) if link and link != own else "", title, when))
    known = [entry[0] for entry in entries]
    return [(own if known.count(own) == 1 else "", *rest) for own, *rest in entries]  # one id for two is none


def _fastfeedparser() -> Iterator[Side]:
    def entries(found: Any) -> list[Entry]:  # noqa: ANN401
        return [
            (
                one.get("id") or one.get("link") or "",
                web_link(one.get("link") or "", BASE),
                plain_title(one.get("title") or ""),
                _moment(one.get("published") or one.get("updated") or ""),
            )
            for one in found["entries"]
        ]

    own = fast_main._parse_date  # noqa: SLF001 - its own date reader: ours tells the library to leave dates alone

    def run(body: bytes) -> Any:  # noqa: ANN401
        fast_main._parse_date = own  # noqa: SLF001
        return fast_main.parse(body)

    yield Side("fastfeedparser alone", run, entries)


def _atoma() -> Iterator[Side]:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            import atoma  # noqa: PLC0415
    except ImportError:
        print("atoma is not installed and left out", file=sys.stderr)
        return

    def run(body: bytes) -> Any:  # noqa: ANN401
        return atoma.parse_atom_bytes(body) if b"<feed" in body[:2000] else atoma.parse_rss_bytes(body)

    def entries(found: Any) -> list[Entry]:  # noqa: ANN401
        if hasattr(found, "entries"):
            return [
                (one.id_, web_link(one.links[0].href if one.links else "", BASE), plain_title(one.title.value),
                 one.published or one.updated)
                for one in found.entries
            ]  # fmt: skip
        return [
            (one.guid or one.link or "", web_link(one.link or "", BASE), plain_title(one.title or ""), one.pub_date)
            for one in found.items
        ]

    yield Side("atoma", run, entries)


def _lxml() -> Iterator[Side]:
    atom = "{http://www.w3.org/2005/Atom}"

    def run(body: bytes) -> list[Entry]:
        root = etree.fromstring(body, etree.XMLParser(recover=True, resolve_entities=False, no_network=True))
        found = []
        for one in root.iter("item", "{http://purl.org/rss/1.0/}item"):
            link = one.findtext("link") or ""
            found.append((one.findtext("guid") or link, link, one.findtext("title") or "", one.findtext("pubDate")))
        for one in root.iter(atom + "entry"):
            link = next(
                (it.get("href") or "" for it in one.iter(atom + "link") if it.get("rel") in (None, "alternate")), ""
            )
            when = one.findtext(atom + "published") or one.findtext(atom + "updated")
            found.append((one.findtext(atom + "id") or link, link, one.findtext(atom + "title") or "", when))
        return [(own, link, title, _moment(when or "")) for own, link, title, when in found]

    def entries(found: list[Entry]) -> list[Entry]:
        return [(own.strip(), web_link(link, BASE), plain_title(title), when) for own, link, title, when in found]

    yield Side("lxml by hand, four fields", run, entries)


def _moment(written: str) -> datetime | None:
    return read_date(written)


# ── the same job ──────────────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(slots=True)
class Job:
    """How much of the judge's entries a side has, and how many are equal in all that the judge claims."""

    entries: int = 0
    equal: int = 0
    fewer: int = 0

    @property
    def share(self) -> float:
        """Of the judge's entries."""
        return self.equal / self.entries if self.entries else 0.0

    @property
    def same(self) -> bool:
        """Whether it may be compared."""
        return self.share >= ENOUGH and not self.fewer


def job(side: Side, feeds: list[bytes], judged: list[list[Entry]]) -> Job:
    """`judged` are the entries of the feeds as the judge has them."""
    found = Job()
    for body, theirs in zip(feeds, judged, strict=True):
        try:
            ours = side.entries(side.parse(body))
        except Exception:  # noqa: BLE001 - as above
            ours = []
        found.entries += len(theirs)
        found.fewer += max(len(theirs) - len(ours), 0)
        found.equal += sum(map(_equal, ours, theirs)) if len(ours) == len(theirs) else 0
    return found


def _equal(ours: Entry, theirs: Entry) -> bool:
    return all(not said or _comparable(have) == _comparable(said) for have, said in zip(ours, theirs, strict=True))


def _comparable(value: object) -> object:
    return value.replace(microsecond=0) if isinstance(value, datetime) else value


def through_the_worker(feeds: list[bytes]) -> float:
    """CPU seconds of both processes, with the pipe and the JSON between them."""

    async def run() -> float:
        pool = ParsePool()
        try:
            for body in (min(feeds, key=len), max(feeds, key=len)):  # both lanes: what their start takes is no feed's
                await pool.run(READ_FEED, body, {})
            before = sum(map(_cpu, pool.pids()))
            for body in feeds:
                await pool.run(READ_FEED, body, {"url": BASE})
            return sum(map(_cpu, pool.pids())) - before
        finally:
            await pool.close()

    child = [0.0]

    def work() -> None:
        child[0] = asyncio.run(run())

    return cpu_of(work) + child[0]


def _cpu(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_bytes().rpartition(b")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def main() -> None:
    warnings.simplefilter("ignore")
    feeds, what = bodies()
    feeds = [body for body in feeds if re.search(rb"<(?:rss|feed|rdf:RDF)[\s>]", body)]
    known = list(sides())
    judge = known[1]
    judged = [judge.entries(judge.parse(body)) for body in feeds]
    jobs = {side.name: job(side, feeds, judged) for side in known}
    taken = medians({side.name: lambda side=side: side.over(feeds) for side in known}, ROUNDS)
    default, bare = taken[judge.name], taken[known[3].name]
    rows = [
        [side.name, f"{len(feeds) / taken[side.name]:,.0f}", _ratio(jobs[side.name], default / taken[side.name]),
         _ratio(jobs[side.name], bare / taken[side.name]), f"{jobs[side.name].share:.2%}", str(jobs[side.name].fewer)]
        for side in known
    ]  # fmt: skip
    worker = through_the_worker(feeds)
    ours = known[0].name
    rows.insert(
        1,
        [
            f"{ours}, through the worker",
            f"{len(feeds) / worker:,.0f}",
            _ratio(jobs[ours], default / worker),
            _ratio(jobs[ours], bare / worker),
            "",
            "",
        ],
    )
    size = sum(map(len, feeds)) / 1024**2
    write(
        "parse",
        "Reading feeds (G5)",
        f"{what}, {size:.1f} MiB, {jobs[judge.name].entries:,} entries; medians of {ROUNDS} rounds, per second of CPU.",
        table(HEAD, rows),
        f"“Entries equal”: {', '.join(FIELDS)} are what feedparser's default says, wherever it says something. A side "
        "that does not do the same job has no ratio. feedparser leaves texts as markup, sanitised and with absolute "
        "links; bare, it does neither. smwatch's items hold plain text, which is half of its work.",
        f"{machine()}. {versions(['feedparser', 'fastfeedparser', 'atoma', 'lxml', 'selectolax'])}.",
    )


def _ratio(found: Job, ratio: float) -> str:
    return f"{ratio:.1f} ×" if found.same else "not the same job"


if __name__ == "__main__":
    main()
