"""G6: CPU seconds of a poll, from the request to the next due time, ours beside others over the same feeds.

A poll that brings nothing new (304) and one that brings a changed feed (200): fetched, read, kept, validators stored,
the next poll set. All sides ask the same nginx on loopback, each feed once a round; the server's log says what it
answered, and there is no figure for a side that did another job: every feed asked once, all 304 where nothing changed,
all 200 and as many new entries where everything did. A side's CPU is that of its process, with its children.

    python bench/poll.py                    # 1,000 feeds, all sides
    python bench/poll.py --feeds 10000      # and 10,000

Peers that are not installed are left out with a word (`pip install --group bench`; `r2e` and newsboat are
programs of their own).
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import sqlite3
import statistics
import subprocess
import sys
import tempfile
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from sides import machine, table, versions, write
from web import ITEMS, nginx, serving

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from web import Site

ROUNDS = 5
NEIGHBOURS = 2  # feeds at one host: most have one or two, and ours asks no host more than twice at once
HERE = Path(__file__).parent


@dataclass(frozen=True, slots=True)
class Cost:
    """Of one round: seconds of CPU, and the largest memory of the main process in MiB."""

    seconds: float
    memory: float


@dataclass(slots=True)
class Side:
    """A reader of feeds. `round` asks all of them once; `entries` says how many it knows."""

    name: str
    start: Callable[[Path, list[str]], None]
    round: Callable[[Path], Cost]
    entries: Callable[[Path], int]
    stop: Callable[[], None] = lambda: None
    warm: int = 1  # rounds before the one that must be all 304
    unchanged: list[Cost] = field(default_factory=list)
    changed: Cost | None = None
    fault: str = ""


# ── ours and the Python peers: a process that answers a line with a line ────────────────────────────────────────────


class Talker:
    """A program `poll_sides.py NAME FOLDER` that does a round for each line it reads."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.process: subprocess.Popen[str] | None = None
        self.known = 0

    def start(self, folder: Path, urls: list[str]) -> None:
        """See `Side`."""
        (folder / "urls.json").write_text(json.dumps(urls), encoding="utf-8")
        words = [sys.executable, str(HERE / "sides" / "polling.py"), self.name, str(folder)]
        self.process = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def round(self, _: Path) -> Cost:
        """See `Side`."""
        assert self.process is not None
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write("round\n")
        self.process.stdin.flush()
        said = json.loads(self.process.stdout.readline())
        self.known = said["entries"]
        return Cost(said["cpu"], said["memory"])

    def entries(self, _: Path) -> int:
        """See `Side`."""
        return self.known

    def stop(self) -> None:
        """See `Side`."""
        if self.process is not None and self.process.stdin is not None:
            self.process.stdin.close()
            self.process.wait(60)


def talker(name: str, shown: str) -> Side:
    made = Talker(name)
    return Side(shown, made.start, made.round, made.entries, made.stop)


# ── programs of their own ───────────────────────────────────────────────────────────────────────────────────────────


def run(words: list[str], **env: str) -> Cost:
    """One run of a program, with its children."""
    process = subprocess.Popen(words, env={**os.environ, **env}, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    return Cost(used.ru_utime + used.ru_stime, used.ru_maxrss / 1024)


def newsboat() -> Side:
    def start(folder: Path, urls: list[str]) -> None:
        (folder / "urls").write_text("\n".join(urls) + "\n", encoding="utf-8")
        (folder / "config").write_text("reload-threads 1\nmax-items 0\n", encoding="utf-8")

    def once(folder: Path) -> Cost:
        where = ["-u", str(folder / "urls"), "-c", str(folder / "cache.db"), "-C", str(folder / "config")]
        return run(["newsboat", *where, "-x", "reload"], HOME=str(folder))

    def entries(folder: Path) -> int:
        return _count(folder / "cache.db", "SELECT count(*) FROM rss_item")

    # validators are written to rows that only the end of the first round makes: the second one stores them
    return Side("newsboat (a process a round)", start, once, entries, warm=2)


def rss2email() -> Side:
    def start(folder: Path, urls: list[str]) -> None:
        sections = "".join(f"[feed.f{n}]\nurl = {url}\nto = x@acme.example\n" for n, url in enumerate(urls))
        (folder / "r2e.cfg").write_text(f"[DEFAULT]\nto = x@acme.example\n{sections}", encoding="utf-8")

    def once(folder: Path) -> Cost:
        words = ["-c", str(folder / "r2e.cfg"), "-d", str(folder / "r2e.json"), "run", "--no-send"]
        return run(["r2e", *words])

    def entries(folder: Path) -> int:
        known = json.loads((folder / "r2e.json").read_text(encoding="utf-8"))
        return sum(len(one["seen"]) for one in known["feeds"])

    return Side("rss2email (a process a round)", start, once, entries)


def _count(path: Path, query: str) -> int:
    with sqlite3.connect(path) as known:
        return int(known.execute(query).fetchone()[0])


def sides() -> Iterator[Side]:
    """Ours first, then the judges of the goal, then whoever else is there."""
    yield talker("smwatch", "smwatch")
    yield talker("loop", "feedparser in a loop")
    others: tuple[tuple[str, bool, Callable[[], Side]], ...] = (
        ("reader", find_spec("reader") is not None, lambda: talker("reader", "reader")),
        ("rss2email", shutil.which("r2e") is not None, rss2email),
        ("newsboat", shutil.which("newsboat") is not None, newsboat),
    )
    for name, installed, made in others:
        if installed:
            yield made()
        else:
            print(f"{name} is not installed and left out", file=sys.stderr)


# ── the same job ────────────────────────────────────────────────────────────────────────────────────────────────────


def measure(found: list[tuple[Side, Path]], site: Site) -> None:
    """Fill the sides' figures, or say why one has none; they take turns, so that a noisy moment hits them all."""
    urls = [site.url(number) for number in range(site.count)]
    for side, folder in found:
        side.start(folder, urls)
        site.answered()
        side.round(folder)
        side.fault = _wrong(site, 200) or _missing(side, folder, site.count * ITEMS)
        for _ in range(side.warm - 1):
            side.round(folder)
    site.answered()
    known = [side.entries(folder) for side, folder in found]
    for _ in range(ROUNDS):
        for side, folder in found:
            side.unchanged.append(side.round(folder))
            side.fault = side.fault or _wrong(site, 304)
    site.change()
    for (side, folder), before in zip(found, known, strict=True):
        side.changed = side.round(folder)
        side.fault = side.fault or _wrong(site, 200) or _missing(side, folder, before + site.count * ITEMS)


def _wrong(site: Site, status: int) -> str:
    """What the server's log says against a round; "" where every feed was asked once and answered with `status`."""
    answers = site.answered()
    return (
        "" if answers == {status: site.count} else f"the server answered {dict(answers)}, not {site.count} × {status}"
    )


def _missing(side: Side, folder: Path, wanted: int) -> str:
    known = side.entries(folder)
    return "" if known == wanted else f"{known} entries known, not {wanted}"


def page(count: int, only: list[str]) -> list[str]:
    """The table for so many feeds."""
    found = [side for side in sides() if not only or side.name.split()[0] in ("smwatch", *only)]
    work = Path(tempfile.mkdtemp(prefix="smwatch-poll-"))
    folders = [work / str(number) for number in range(len(found))]
    try:
        for folder in folders:
            folder.mkdir()
        with serving(count, neighbours=NEIGHBOURS) as site:
            measure(list(zip(found, folders, strict=True)), site)
    finally:
        for side in found:
            side.stop()
        shutil.rmtree(work, ignore_errors=True)
    ours = found[0]
    rows = [_row(side, ours, count) for side in found]
    head = ["side", "ms of CPU a poll with 304", "× ours", "ms of CPU a poll with 200", "× ours", "memory (MiB)"]
    faults = "; ".join(f"{side.name}: {side.fault}" for side in found if side.fault)
    return [f"## {count:,} feeds", table(head, rows), *([f"Not the same job: {faults}."] if faults else [])]


def _row(side: Side, ours: Side, count: int) -> list[str]:
    if side.fault or side.changed is None or ours.changed is None:
        return [side.name, "–", "", "–", "", ""]
    same, own = (statistics.median(cost.seconds for cost in one.unchanged) for one in (side, ours))
    memory = max(cost.memory for cost in (*side.unchanged, side.changed))
    return [
        side.name,
        f"{same / count * 1000:.2f}",
        f"{same / own:.1f}",
        f"{side.changed.seconds / count * 1000:.2f}",
        f"{side.changed.seconds / ours.changed.seconds:.1f}",
        f"{memory:.0f}",
    ]


def _said_version(program: str) -> str:
    """What an installed program says first of its version."""
    if shutil.which(program) is None:
        return ""
    said = subprocess.run([program, "--version"], capture_output=True, text=True, check=True).stdout
    return ", " + said.partition("\n")[0].partition(" - ")[0]


def main() -> None:
    if nginx() is None:
        print("nginx is not installed: nothing is measured")
        return
    reader = argparse.ArgumentParser(description=__doc__)
    reader.add_argument("--feeds", type=int, nargs="+", default=[1000])
    reader.add_argument("--only", nargs="+", default=[], help="these peers, by the first word of their names")
    asked = reader.parse_args()
    parts: list[str] = []
    for count in asked.feeds:
        parts += page(count, asked.only)
        report(parts)


def report(parts: list[str]) -> None:
    """Write what is known by now: ten thousand feeds take the slowest a quarter of an hour."""
    write(
        "poll",
        "Polling feeds (G6)",
        f"Feeds of {ITEMS} entries from nginx on loopback, {NEIGHBOURS} at a host, a connection each; median of "
        f"{ROUNDS} rounds without news, the sides in turn, and one round in which every feed has changed. CPU of the "
        "side's processes, the parse worker included.",
        *parts,
        "smwatch keeps validators, states and due times in SQLite and matches what is new against its watches; reader "
        "keeps everything in SQLite; the loop keeps validators and ids in a JSON file; rss2email and newsboat start "
        "anew for every round. Goal: a poll with 304 at most a quarter of reader's CPU and two thirds of the loop's.",
        f"{machine()}. {versions(['smwatch', 'aiohttp', 'uvloop', 'feedparser', 'reader'])}"
        f"{''.join(map(_said_version, ('r2e', 'newsboat')))}.",
    )


if __name__ == "__main__":
    main()
