"""Matching through the command line (goal G3a): JSON lines of posts in, JSON lines of matches out, 10,000 queries.

`smwatch query match --queries FILE` gives spans in every field, with folding; the peers (peers.py, each a process of
its own, run in the same way) give the names of the queries that they can express. CPU seconds of the whole process,
user and system, without those that the same process takes for an empty input (start, reading and building the queries,
shown beside it): posts a second and core. Rounds in turn, medians.

    python bench/match_cli.py --queries 1000 --rounds 1
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

from corpus import load
from match import parsed
from mix import Mix
from peers import FlashText, Fts5, PyAhoCorasick, here

if TYPE_CHECKING:
    from collections.abc import Sequence

RESULTS = Path(__file__).parent / "results"
SCRIPTS = Path(sys.executable).parent


def main() -> None:
    args = arguments()
    os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    posts, told = load("posts")
    asked, _ = parsed(Mix(posts, load("articles")[0]).draw(args.queries))
    peers = [peer for peer in (PyAhoCorasick, FlashText, Fts5) if here(peer)]
    with tempfile.TemporaryDirectory() as folder:
        queries, items, nothing = (Path(folder) / name for name in ("queries.jsonl", "items.jsonl", "empty.jsonl"))
        rows = [
            {"name": str(n), "query": it.source, "kind": it.kind, "terms": it.terms, "without": it.without}
            for n, it in enumerate(asked)
        ]
        queries.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
        lines = [json.dumps({"id": str(n), "text": post, "lang": "de"}) + "\n" for n, post in enumerate(posts)]
        items.write_text("".join(lines), encoding="utf-8")
        nothing.touch()
        commands = {"smwatch": [SCRIPTS / "smwatch", "query", "match", "--queries", queries]}
        commands |= {it.name: [sys.executable, Path(__file__).with_name("peers.py"), it.name, queries] for it in peers}
        times: dict[str, list[tuple[float, float]]] = {name: [] for name in commands}
        matches = {}
        for _ in range(args.rounds):
            for name, command in commands.items():
                whole, matches[name] = spent(command, items)
                times[name].append((whole, spent(command, nothing)[0]))
    report = table(f"{told}; {len(asked):,} queries", len(posts), times, matches)
    print(report)
    if args.queries == 10_000:
        (RESULTS / "match-cli.md").write_text(report + "\n", encoding="utf-8")


def spent(command: Sequence[object], stdin: Path) -> tuple[float, int]:
    """CPU seconds of a process, and the lines that it wrote."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    with stdin.open("rb") as stream:
        done = subprocess.run(list(map(str, command)), stdin=stream, capture_output=True, check=False)
    assert not done.returncode, done.stderr.decode()
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, done.stdout.count(b"\n")


def table(told: str, posts: int, times: dict[str, list[tuple[float, float]]], matches: dict[str, int]) -> str:
    """Rates, and the goal."""
    rates = {name: median(posts / max(whole - empty, 1e-6) for whole, empty in rows) for name, rows in times.items()}
    lines = [
        f"# Matching through the command line\n\n{told}.\n",
        "| | posts a second and core | start and building, s | matches |",
        "|---|---:|---:|---:|",
    ]
    for name, rate in rates.items():
        lines.append(f"| {name} | {rate:,.0f} | {median(empty for _, empty in times[name]):.2f} | {matches[name]:,} |")
    best = max((rate, name) for name, rate in rates.items() if name != "smwatch")
    lines.append(f"\nG3a: {rates['smwatch'] / best[0]:.2f} times the best of the others, {best[1]} (goal 2).")
    return "\n".join(lines)


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--queries", type=int, default=10_000)
    parser.add_argument("--rounds", type=int, default=3)
    return parser.parse_args()


if __name__ == "__main__":
    main()
