"""Matching: all queries against each text, side by side with others (goals G1, G2, G3 and G11).

One run, one process, one core: `time.process_time`, contenders in turn, the median of several rounds. Posts and
articles as in corpus.py, queries as in mix.py. The engine works with spans, fields and folding on; the peers do literal
matching of the same terms (peers.py says how, and what each cannot do; what it cannot express is left out for it).

First every peer must give the same matches as the engine, for every query that it can express, on texts without what
only one of them knows (words in small letters, folded, one blank between); else no ratio is printed. flashtext2
loses what overlaps: up to a tenth may be missing. Regular expressions run for at most 1,000 queries; more are
extrapolated.

`raw scan` is ahocorasick_rs over bytes that are already prepared, with the anchors of the same queries: the limit.
`default` is the kind of automaton that the package chooses by itself, the other is the quickest, with many times the
memory. `texts without a match` are those that none of the most queries match: what queries cost that do not match.

    make bench                                   everything; some minutes
    python bench/match.py --sizes 1000 --kinds articles --seconds 2
    python bench/match.py --only smwatch "raw scan"
"""

from __future__ import annotations

import argparse
import gc
import json
import os
import random
import re
import resource
import subprocess
import sys
import time
from dataclasses import dataclass, field, replace
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

from corpus import load
from drawing import draw
from goals import IDLE, KINDS, OURS, RAW, RAW_DEFAULT, goals
from mix import Asked, Mix
from peers import PEERS, expressible, here

from smwatch.errors import QueryError
from smwatch.model import Item
from smwatch.query import parse
from smwatch.query.engine import Engine
from smwatch.query.evaluate import Program
from smwatch.text import fold

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from peers import Peer

    from smwatch.query.syntax import Query

SIZES = (10, 100, 1_000, 10_000, 100_000)
RESULTS = Path(__file__).parent / "results"
CHECKED = 400  # texts on which match sets are compared
DENSE = 20_000  # literals up to which the engine takes the larger automaton
SHEET = 32_768  # characters that are scanned at once


@dataclass
class Contender:
    """Something that is measured: `run` takes texts; `factor` is what a run stands for (extrapolated)."""

    name: str
    run: Callable[[Sequence[str]], int]
    whole: bool = False
    note: str = ""
    factor: float = 1
    rates: list[float] = field(default_factory=list)
    texts: Sequence[str] = ()
    matches: float = 0

    @property
    def rate(self) -> float:
        """Texts a second and core."""
        return median(self.rates)


# what is measured


def ours(queries: dict[str, Query]) -> list[Contender]:
    """The engine, one item after the other as the command line and the daemon hand them over."""
    engine = Engine(queries)

    def run(items: Sequence[Item]) -> int:
        if hasattr(engine, "match_many"):
            return sum(map(len, engine.match_many(items)))
        return sum(len(engine.match(item)) for item in items)

    return [Contender(name, run, note="spans, fields, folding") for name in (OURS, IDLE)]  # type: ignore[arg-type]


def raw(queries: dict[str, Query], *, default: bool) -> Contender:
    """The bare scan for one anchor literal of each query (all branches of an OR)."""
    from ahocorasick_rs import BytesAhoCorasick, Implementation  # noqa: PLC0415 - the package may be missing

    literals = set()
    for query in queries.values():
        for anchor in Program(query).anchors() or ():
            literals |= {(word if anchor.part else f" {word} ").encode() for word in anchor.words}
    kind = None if default else Implementation.DFA if len(literals) <= DENSE else Implementation.ContiguousNFA
    automaton = BytesAhoCorasick(list(literals), implementation=kind)
    find = automaton.find_matches_as_indexes

    def run(sheets: Sequence[bytes]) -> int:
        return sum(len(find(sheet, overlapping=True)) for sheet in sheets)

    name = RAW_DEFAULT if default else RAW
    return Contender(name, run, note=f"{len(literals):,} literals")  # type: ignore[arg-type]


def peer(kind: type[Peer], asked: list[Asked]) -> Contender:
    """One of the others, with the queries that it can express."""
    known = expressible(kind, asked)
    factor, note = 1.0, f"{len(known) / len(asked):.0%} of the queries"
    if kind.most and len(known) > kind.most and kind.name == "one regex a query":
        factor, note = kind.most / len(known), f"extrapolated from {kind.most:,} queries"
        known = dict(random.Random(1).sample(sorted(known.items()), kind.most))
    built = kind(known)
    return Contender(kind.name, lambda texts: sum(map(len, built.match(texts))), kind.whole, note, factor)


# the same job?


def plain(text: str) -> str:
    """Words in small letters, folded, with one blank between: nothing that only one of the contenders knows."""
    return " ".join(map(fold, re.findall(r"[a-zäöüß]+", text.lower())))


def plainly(query: Asked) -> Asked:
    """The query for such texts; small letters have no genitive."""
    source = re.sub(
        r"[A-Za-zÄÖÜäöüß]+", lambda m: m[0] if m[0] in {"AND", "OR", "NOT", "NEAR"} else fold(m[0]), query.source
    )
    return replace(
        query, source=source, terms=tuple(map(fold_term, query.terms)), without=tuple(map(fold_term, query.without))
    )


def fold_term(term: str) -> str:
    """A word, phrase or word with a star, folded."""
    return re.sub(r"[^\s*]+", lambda m: fold(m[0]), term)


def compare(kind: type[Peer], asked: list[Asked], texts: list[str]) -> str:
    """What the peer finds otherwise than the engine; empty where nothing."""
    asked, queries = parsed([plainly(query) for query in asked])
    known = expressible(kind, asked)
    known = dict(list(known.items())[: kind.most or None])
    engine = Engine({name: query for name, query in queries.items() if int(name) in known})
    texts = [plain(text) for text in texts[:CHECKED]]
    missed = more = total = 0
    for text, hits in zip(texts, kind(known).match(texts), strict=True):
        expected = {int(hit.name) for hit in engine.match(Item(id="1", source="", text=text))}
        total += len(expected)
        missed += len(expected - set(hits))
        more += len(set(hits) - expected)
    if kind.name == "flashtext2" and total and missed / total < 0.1:
        missed = 0  # what overlaps
    return "" if not missed and not more else f"{missed} of {total:,} matches missing, {more} too many"


def parsed(asked: list[Asked]) -> tuple[list[Asked], dict[str, Query]]:
    """The queries that parse, with their trees by number."""
    rows, queries = [], {}
    for query in asked:
        try:
            queries[str(len(rows))] = parse(query.source)
        except QueryError:
            continue
        rows.append(query)
    return rows, queries


# measuring


def spent(run: Callable[[Sequence[str]], int], texts: Sequence[str]) -> tuple[float, int]:
    """CPU seconds, and matches."""
    before = time.process_time()
    matches = run(texts)
    return max(time.process_time() - before, 1e-9), matches


def calibrate(one: Contender, texts: Sequence[str], seconds: float) -> None:
    """Choose how many texts make a round."""
    n = len(texts) if one.whole else 4
    if not one.whole:
        one.run(texts[:n])  # what is made at first use
    while True:
        took, _ = spent(one.run, texts[:n])
        if took >= seconds / 4 or n >= len(texts):
            break
        n = min(n * 4, len(texts))
    one.texts = texts[: max(1, min(len(texts), int(n * seconds / took)))] if not one.whole else texts


def measure(contenders: list[Contender], forms: dict[str, Sequence[object]], seconds: float, rounds: int) -> None:
    """Fill in the rates, contenders in turn; the collector does not count what the benchmark itself holds."""
    gc.collect()
    gc.freeze()
    for one in contenders:
        calibrate(one, forms[one.name if one.name in forms else ""], seconds / rounds)  # type: ignore[arg-type]
    for _ in range(rounds):
        for one in contenders:
            took, matches = spent(one.run, one.texts)
            one.rates.append(one.factor * len(one.texts) / took)
            one.matches = matches / len(one.texts)


def sheets(texts: Sequence[str]) -> list[bytes]:
    """Texts as the raw scan takes them: small letters, blanks for signs, many short ones together."""
    rows, size = [[""]], 0
    for text in texts:
        form = " ".join(re.findall(r"\w+", text.lower()))
        rows[-1].append(form)
        size += len(form)
        if size > SHEET:
            rows.append([""])
            size = 0
    return [(" ".join(row) + " ").encode() for row in rows]


def table(kind: str, n: int, contenders: list[Contender], characters: float, found: tuple[float, float]) -> str:
    """One table of results."""
    base = next((one.rate for one in contenders if one.name == OURS), None)
    lines = [
        f"\n### {kind}, {n:,} queries",
        f"\n{found[0]:.0%} of the texts match a query; {found[1]:.2f} queries match a text.\n",
        f"| | {kind} a second and core | MB/s | smwatch is faster by | |",
        "|---|---:|---:|---:|---|",
    ]
    for one in contenders:
        ratio = f"{base / one.rate:,.2f}" if base and one.name not in {OURS, IDLE} else ""
        lines.append(f"| {one.name} | {one.rate:,.0f} | {one.rate * characters / 1e6:,.2f} | {ratio} | {one.note} |")
    return "\n".join(lines)


def share(queries: dict[str, Query], texts: Sequence[str]) -> tuple[float, float]:
    """How many texts match any query, and how many queries match a text."""
    engine = Engine(queries)
    hits = [len(engine.match(Item(id="1", source="", text=text))) for text in texts[:1000]]
    return sum(map(bool, hits)) / len(hits), sum(hits) / len(hits)


# building


def build(n: int) -> dict[str, float]:
    """What `n` queries cost before the first text; run in a process of its own."""
    asked = Mix(*(load(kind)[0] for kind in KINDS)).draw(n)
    before = time.process_time()
    _, queries = parsed(asked)
    between, memory = time.process_time(), _resident()
    engine = Engine(queries)
    after = time.process_time()
    engine.match(Item(id="1", source="", text="ein Text"))
    return {"n": n, "parse": between - before, "build": after - between, "megabytes": (_resident() - memory) / 1e6}


def _resident() -> int:
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * resource.getpagesize()


def build_table(sizes: Sequence[int]) -> tuple[str, list[dict[str, float]]]:
    rows = [
        json.loads(
            subprocess.run([sys.executable, __file__, "--build", str(n)], check=True, capture_output=True).stdout
        )
        for n in sizes
    ]
    lines = ["\n### Building\n", "| queries | parse s | build s | engine MB |", "|---:|---:|---:|---:|"]
    lines += [f"| {r['n']:,} | {r['parse']:.2f} | {r['build']:.2f} | {r['megabytes']:.0f} |" for r in rows]
    return "\n".join(lines), rows


# the run


def main() -> None:
    args = arguments()
    if args.build:
        print(json.dumps(build(args.build)))
        return
    os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    corpora = {kind: load(kind) for kind in KINDS}
    mix = Mix(*(texts for texts, _ in corpora.values()))
    asked = {n: mix.draw(n) for n in args.sizes}
    idle = {kind: unmatched(corpora[kind][0], asked[max(args.sizes)]) for kind in args.kinds}
    parts = [f"# Matching\n\n{'; '.join(told for _, told in corpora.values())}. Python {sys.version.split()[0]}."]
    print(parts[0])
    rows = []
    for kind in args.kinds:
        for n in args.sizes:
            told, contenders = one_table(kind, corpora[kind][0], asked[n], idle[kind], args)
            print(told, flush=True)
            parts.append(told)
            rows += [{"kind": kind, "n": n, "name": it.name, "rate": it.rate, "note": it.note} for it in contenders]
    if not args.only:
        told, built = build_table(args.sizes)
        print(told)
        if args.save or (tuple(args.sizes), tuple(args.kinds)) == (SIZES, KINDS):
            save([*parts, told, goals(rows)], rows, built)
    print(goals(rows))


def unmatched(texts: list[str], asked: list[Asked]) -> list[str]:
    """Texts that no query matches; all, where each text matches one."""
    hits = Engine(parsed(asked)[1]).match_many(Item(id="1", source="", text=text) for text in texts)
    return [text for text, found in zip(texts, hits, strict=True) if not found] or texts


def one_table(
    kind: str, texts: list[str], asked: list[Asked], idle: list[str], args: argparse.Namespace
) -> tuple[str, list[Contender]]:
    """All contenders on one kind of text with one number of queries."""
    wanted = [it for it in PEERS if not args.only or it.name in args.only]
    notes = [f"{it.name} is not installed: left out" for it in wanted if not here(it)]
    asked, queries = parsed(asked)
    contenders = ours(queries) if not args.only or OURS in args.only else []
    contenders += [
        raw(queries, default=default)
        for default in (False, True)
        if not args.only or (RAW_DEFAULT if default else RAW) in args.only
    ]
    for it in filter(here, wanted):
        if it.most and len(asked) > it.most and it.name != "one regex a query":
            notes.append(f"{it.name} left out: {it.cannot}")
        elif other := compare(it, asked, texts):
            notes.append(f"{it.name} does not do the same, no ratio: {other}")
        else:
            contenders.append(peer(it, asked))
    forms: dict[str, Sequence[object]] = {"": texts}
    forms |= {name: [Item(id="1", source="", text=it) for it in its] for name, its in ((OURS, texts), (IDLE, idle))}
    forms[RAW] = forms[RAW_DEFAULT] = sheets(texts)
    measure(contenders, forms, args.seconds, args.rounds)
    for one in contenders:
        if one.name in {RAW, RAW_DEFAULT}:
            one.rates = [rate * len(texts) / len(forms[RAW]) for rate in one.rates]
    characters = sum(map(len, texts)) / len(texts)
    told = table(kind, len(asked), contenders, characters, share(queries, texts))
    return told + "".join(f"\n\n{note}." for note in notes), contenders


def save(parts: list[str], rows: list[dict[str, object]], built: list[dict[str, float]]) -> None:
    """Tables, figures and a plot beside the scripts."""
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / "match.md").write_text("\n".join(parts) + "\n", encoding="utf-8")
    (RESULTS / "match.json").write_text(json.dumps({"rates": rows, "built": built}, indent=1) + "\n", encoding="utf-8")
    for kind in KINDS:
        lines: dict[str, list[tuple[float, float]]] = {}
        for row in rows:
            if row["kind"] == kind:
                lines.setdefault(str(row["name"]), []).append((float(str(row["n"])), float(str(row["rate"]))))
        if lines:
            svg = draw(lines, title=f"{kind} a second and core, by number of queries")
            (RESULTS / f"match-{kind}.svg").write_text(svg, encoding="utf-8")


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", type=int, nargs="*", default=SIZES)
    parser.add_argument("--kinds", nargs="*", default=KINDS, choices=KINDS)
    parser.add_argument("--seconds", type=float, default=3, help="of measuring, for each contender and table")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--only", nargs="*", help="some contenders; only a full run is saved")
    parser.add_argument("--save", action="store_true", help="also where it is not a full run")
    parser.add_argument("--build", type=int, help=argparse.SUPPRESS)
    return parser.parse_args()


if __name__ == "__main__":
    main()
