"""Labelled sets for the story benchmark: items with the number of the news that each tells.

`german()` makes wire copies by rule out of wire_de.toml (cuts, new leads, agency tags, updates, umlauts written out,
teasers, posts), and among them what looks alike and is not: police reports, weather, shares and results out of one
pattern, press releases with one closing text, one headline over another day's text. `english()` reads a labelled set.
"""

from __future__ import annotations

import gzip
import json
import random
import re
import tomllib
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from smwatch.model import Item

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    Report = Mapping[str, Any]


def _told(text: str) -> str:
    """Paragraphs of one line each."""
    return "\n\n".join(" ".join(part.split()) for part in text.strip().split("\n\n"))


WIRE = tomllib.loads((Path(__file__).parent / "wire_de.toml").read_text(encoding="utf-8"))
Labelled = list[tuple[Item, str]]  # items, each with the news it tells
PAPERS = tuple(f"{name}.example" for name in ("tagesbote", "abendblatt", "kurier", "rundschau", "anzeiger", "merkur"))
TAGS = ("dpa", "dpa/lby", "AFP", "dpa-AFX", "Reuters", "APA", "epd", "dpa/tmn", "ots")
PLACES = ("Aichach", "Buxtehude", "Calw", "Detmold", "Eutin", "Freising", "Goslar", "Husum", "Itzehoe", "Jena", "Kamen")
PLACES += ("Landau", "Minden", "Neuruppin", "Olpe", "Pirna", "Rastatt", "Soest", "Torgau", "Uelzen", "Verden", "Wismar")
STREETS = ("Hauptstraße", "Bahnhofstraße", "Lindenallee", "Schillerstraße", "Bundesstraße 4", "Ringstraße", "Gartenweg")
DAYS = ("Montag", "Dienstag", "Mittwoch", "Donnerstag", "Freitag", "Samstag", "Sonntag")
HOUSES = (
    "Valdor",
    "Globex",
    "Nordfeld Bank",
    "Tessera",
    "Holzmann",
    "Radwerk",
    "Initech",
    "Hooli",
    "Vandelay",
    "Soylent",
)
TEAMS = ("TV Eutin", "HC Husum", "SG Calw", "TSV Goslar", "SV Olpe", "VfL Soest", "HSG Verden", "TuS Wismar")
PLAYERS = ("Jannis Kolb", "Mirko Stenzel", "Ole Frahm", "Timo Behrends", "Nils Acker", "Sven Lühr", "Arne Pott")


def english(folder: Path, name: str) -> Labelled:
    """A labelled English set: pairs of duplicates among unrelated articles."""
    pairs = (line.split() for line in (folder / f"{name}.truth.tsv").read_text().splitlines())
    news = {one: first for first, *others in pairs for one in (first, *others)}
    with gzip.open(folder / f"{name}.jsonl.gz", "rt", encoding="utf-8") as lines:
        rows = [json.loads(line) for line in lines]
    return [
        (Item(id=row["id"], source=PAPERS[at % 6], text=row["text"], kind="article"), news.get(row["id"], row["id"]))
        for at, row in enumerate(rows)
    ]


def german(part: int | None = None, seed: int = 1) -> Labelled:
    """The German set; `part` 0 or 1 is one half of the reports with its own patterns' filling."""
    r = random.Random(f"{seed} {part}")
    reports = [one for at, one in enumerate(WIRE["report"]) if part in {None, at % 2}]
    made = [(item, report["titles"][0]) for report in reports for item in _copies(report, r)]
    made += [(item, f"pattern {n}") for n, item in enumerate(_patterns(r, 60))]
    made += [(item, item.title) for item in _releases(r)]
    numbered = [(_renamed(item, n), news) for n, (item, news) in enumerate(made)]
    r.shuffle(numbered)
    return numbered


def _renamed(item: Item, number: int) -> Item:
    return replace(item, id=f"{number}", url=f"https://{item.source}/{number}.html")


def _copies(report: Report, r: random.Random) -> Iterator[Item]:
    """What desks and platforms make of one agency report."""
    first, second = report["titles"]
    text = _told(report["text"]).split("\n\n")
    half = max(2, len(text) // 2)

    def made(title: str, *parts: str, kind: str = "article") -> Item:
        return Item(id="", source=r.choice(PAPERS), title=title, text="\n\n".join(parts), kind=kind)

    def tagged() -> str:
        return f"{report['place']} ({r.choice(TAGS)}) {r.choice('–-')} {text[0]}"

    yield made(first, tagged(), *text[1:])
    yield made(second, tagged(), *text[1:])
    yield made(first, *text[:half])
    yield made(second, tagged(), *text[1:half])
    yield made(second, _told(report["lead"]), *text[1:])
    yield made(first, _told(report["lead"]), *text[1:-1])
    yield made(
        second,
        tagged(),
        *text[1:],
        r.choice(WIRE["added"]),
        f"© dpa-infocom, dpa:{r.randrange(10**6)}-99-{r.randrange(9**5)}/2",
    )
    yield made(
        f"Update: {first}",
        *_updated(text, r),
        "Inzwischen haben sich weitere Beteiligte geäußert, Einzelheiten folgen.",
    )
    yield made(first, *(_written_out(part) for part in text))
    yield made(second, *(part for n, part in enumerate(text) if n != 2))
    yield made(first, *text[:2], *reversed(text[2:]))
    yield made(first, *(_subbed(part) for part in text))
    yield made(second, text[0])
    yield made(first, text[0].split(". ")[0] + ".")
    yield made("", f"{text[0]} https://{r.choice(PAPERS)}/x?utm_source=post", kind="post")
    yield made("", f"RT @tagesbote: {text[0]}", kind="post")
    if "Bergmühle" in first:
        yield made(first, *text, _told(WIRE["closing"]))


def _updated(text: Sequence[str], r: random.Random) -> list[str]:
    """A later version: one figure is another one."""
    figure = next((n for n, part in enumerate(text) if re.search(r"\d", part)), 0)
    newer = re.sub(r"\d+", lambda found: str(int(found[0]) + r.randrange(1, 9)), text[figure], count=1)
    return [newer if n == figure else part for n, part in enumerate(text)]


def _written_out(part: str) -> str:
    for umlaut, letters in (("ä", "ae"), ("ö", "oe"), ("ü", "ue"), ("Ä", "Ae"), ("Ö", "Oe"), ("Ü", "Ue"), ("ß", "ss")):
        part = part.replace(umlaut, letters)
    return part


def _subbed(part: str) -> str:
    """What a sub-editor changes."""
    for said, other in (("sagte", "erklärte"), ("teilte", "gab"), ("rund", "etwa"), ("hieß es", "so heißt es")):
        part = part.replace(said, other)
    return part


def _releases(r: random.Random) -> Iterator[Item]:
    """Different news with one closing text, marked as such and not."""
    closing, unmarked = _told(WIRE["closing"]), _told(WIRE["unmarked"])
    for one in WIRE["release"]:
        title, words = one["title"], _told(one["text"])
        yield Item(id="", source="presseportal.example", title=title, text=f"{words}\n\n{closing}", kind="article")
        told = f"{words} Das teilte die Geschäftsführung am {r.choice(DAYS)} mit.\n\n{unmarked}"
        yield Item(id="", source="bergmuehle.example", title=title, text=told, kind="article")


def _patterns(r: random.Random, count: int) -> Iterator[Item]:
    """`count` texts of each pattern."""
    for _ in range(count):
        for pattern in WIRE["pattern"]:
            yield _filled(r, pattern["title"], _told(pattern["text"]))


def _filled(r: random.Random, title: str, pattern: str) -> Item:
    home, guest, third = r.sample(TEAMS, 3)
    up = r.random() < 0.5
    given = {
        "house": r.choice(HOUSES), "day": r.choice(DAYS), "place": r.choice(PLACES), "town": r.choice(PLACES),
        "street": r.choice(STREETS), "home": home, "guest": guest, "third": third, "player": r.choice(PLAYERS),
        "sign": "um" if up else "zeitweise um", "moved": "zugelegt" if up else "nachgegeben",
        "how": r.choice(("knapp", "deutlich", "verdient")), "hurt": r.choice(("leichten", "schweren", "mittleren")),
        "sky": r.choice(("sonnig", "bewölkt", "regnerisch", "neblig", "wechselhaft")),
        "wind": r.choice(("schwach", "mäßig", "frisch")), "way": r.choice(("Westen", "Norden", "Süden", "Osten")),
        "date": f"{r.randrange(1, 29)}. {r.choice(('März', 'Mai', 'Juli'))}",
    }  # fmt: skip
    figures = (
        "percent",
        "price",
        "before",
        "pieces",
        "year",
        "goal",
        "hour",
        "minute",
        "age",
        "other",
        "loss",
        "phone",
    )
    figures += ("warm", "cold", "rain", "next", "goals", "lost", "crowd", "half", "best", "rank")
    given |= {name: r.randrange(10, 90) for name in figures}
    source = r.choice(("polizei.example", "ticker.example", "wetter.example")) if r.random() < 0.5 else r.choice(PAPERS)
    return Item(id="", source=source, title=title.format(**given), text=pattern.format(**given), kind="article")
