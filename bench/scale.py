"""G7: memory of the whole daemon with ten thousand feeds and queries, and how late its loop comes while it reads them.

The real daemon over nginx on loopback; some of the feeds are hostile (an answer that never comes, a body without end).
Memory is what the kernel says of the daemon and of its worker, apart: RSS, and PSS (what is shared with others
counts by its share); its slope is that of the second half, when all have been read. The delays are the daemon's own
figures. Whether a feed is starved say those that were asked, not the daemon: nginx by its log, the hostile by the
connections that they took. A good feed is starved where it is asked later than its interval and a tenth after it was
asked last; the hostile are backed off from. The program ends with 1 where a goal is missed.

    python bench/scale.py                                  # 10,000 feeds, 10,000 queries, 5 minutes
    python bench/scale.py --feeds 10000 --queries 10000 --minutes 30 --hostile 0.05 --interval 10m
    python bench/scale.py --feeds 100000 --minutes 10 --interval 60m
"""

from __future__ import annotations

import argparse
import os
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from corpus import load
from mix import Mix
from prometheus_client.parser import text_string_to_metric_families as families
from sides import machine, table, versions, write
from web import nginx, serving

if TYPE_CHECKING:
    from collections.abc import Mapping

Figures: TypeAlias = dict[tuple[str, str], float]
Goal: TypeAlias = tuple[str, str, bool]  # what is wanted, what was measured, whether it was held
MANY = 10_000
GOAL, GOAL_MOST = 150, 400  # MiB
LOOKS = 30
PROMPT = 0.1  # seconds
FLAT = 10  # MiB an hour
PATIENCE = 300.0  # seconds until it is ready
HEAD = """\
[smwatch]
language = "en"
store = "sqlite://{folder}/state/smwatch.db"

[web]
listen = "127.0.0.1:{port}"

[channels.t]
type = "console"

[digest.morning]
at = "08:00"
channels = ["t"]
"""
SOURCE = '[[source]]\nname = "q{n}"\ntype = "feed"\nurl = "{url}"\ninterval = "{every}"\nallow_private = true\n'
WATCH = "[[watch]]\nname = \"w{n}\"\nquery = '''{query}'''\ndigest = [\"morning\"]\n"


def memory(pid: int) -> tuple[float, float]:
    """RSS and PSS of a process in MiB."""
    rows = dict(row.split(":", 1) for row in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()[1:])
    return tuple(int(rows[name].split()[0]) / 1024 for name in ("Rss", "Pss"))  # type: ignore[return-value]


def children(pid: int) -> list[int]:
    return [int(one) for one in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Hostile:
    """Takes connections and never says a word, or never stops talking."""

    def __init__(self) -> None:
        self.asked: dict[str, list[float]] = {}
        self._listening = socket.create_server(("0.0.0.0", 0), backlog=512)  # noqa: S104 - all of 127/8
        self.port = self._listening.getsockname()[1]
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        held: list[socket.socket] = []
        while True:
            talk, _ = self._listening.accept()
            self.asked.setdefault(talk.getsockname()[0], []).append(time.time())
            if len(held) % 2:
                threading.Thread(target=self._talk, args=(talk,), daemon=True).start()
            held.append(talk)
            del held[:-200]

    @staticmethod
    def _talk(talk: socket.socket) -> None:
        try:
            talk.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: text/xml\r\n\r\n<rss><channel>")
            while True:
                talk.sendall(b"<item><title>x</title></item>" * 64)
                time.sleep(0.2)
        except OSError:
            talk.close()

    def url(self, number: int) -> str:
        """An address of its own for each."""
        return f"http://127.{9 + number // 62_500}.{number // 250 % 250}.{number % 250 + 1}:{self.port}/{number}.xml"


class Daemon:
    """`smwatch run` over a config."""

    def __init__(self, folder: Path, port: int) -> None:
        self.port = port
        words = [sys.executable, "-m", "smwatch", "run", "-c", str(folder / "smwatch.toml")]
        self.process = subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=(folder / "log").open("w"))

    def until_ready(self) -> None:
        """Wait for it."""
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            try:
                if self._get("/readyz"):
                    return
            except OSError:
                time.sleep(0.5)
        message = "the daemon does not become ready"
        raise RuntimeError(message)

    def metrics(self) -> Figures:
        """By name and first label."""
        found = {}
        for family in families(self._get("/metrics").decode()):
            for sample in family.samples:
                found[sample.name, next(iter(sample.labels.values()), "")] = sample.value
        return found

    def _get(self, path: str) -> bytes:
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=30) as answer:
            return bytes(answer.read())

    def stop(self) -> None:
        """As systemd would."""
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(60)


def delay(now: Figures, before: Figures, share: float) -> float:
    """The bound in seconds below which `share` of the delays since `before` lie."""
    name = "smwatch_loop_delay_seconds"
    count = now[f"{name}_count", ""] - before[f"{name}_count", ""]
    rows = {float(le): value - before[key, le] for (key, le), value in now.items() if key == f"{name}_bucket"}
    return min(bound for bound, value in rows.items() if value >= share * count)


def configure(folder: Path, urls: list[str], queries: int, every: str, port: int) -> None:
    """Sources lie in files of their own: a file of a config is at most 4 MiB."""
    asked = Mix(*(load(kind)[0] for kind in ("posts", "articles"))).draw(queries)
    parts = [HEAD.format(folder=folder, port=port)]
    (folder / "conf.d").mkdir()
    for start in range(0, len(urls), MANY):
        some = [SOURCE.format(n=n, url=urls[n], every=every) for n in range(start, min(start + MANY, len(urls)))]
        (folder / "conf.d" / f"{start}.toml").write_text("\n".join(some), encoding="utf-8")
    parts += [WATCH.format(n=n, query=one.source) for n, one in enumerate(asked)]
    (folder / "smwatch.toml").write_text("\n".join(parts), encoding="utf-8")


def main() -> None:
    if nginx() is None:
        print("nginx is not installed: nothing is measured")
        return
    reader = argparse.ArgumentParser(description=__doc__)
    reader.add_argument("--feeds", type=int, default=MANY)
    reader.add_argument("--queries", type=int, default=10_000)
    reader.add_argument("--minutes", type=float, default=5)
    reader.add_argument("--hostile", type=float, default=0.05, help="share of the feeds")
    reader.add_argument("--interval", default="10m")
    asked = reader.parse_args()
    folder, port, bad = Path(tempfile.mkdtemp(prefix="smwatch-scale-")), free_port(), Hostile()
    try:
        with serving(asked.feeds) as site:
            step = round(1 / asked.hostile) if asked.hostile else 0
            urls = [bad.url(n) if step and n % step == 0 else site.url(n) for n in range(asked.feeds)]
            configure(folder, urls, asked.queries, asked.interval, port)
            daemon = Daemon(folder, port)
            try:
                seen = watched(daemon, asked.minutes * 60)
                wanted = set(urls)
                good = {url: times for url, times in site.asked().items() if url in wanted}
                turns = Turns(every=_seconds(asked.interval), ended=time.time(), good=good, bad=bad.asked)
            finally:
                daemon.stop()
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    goals = [*seen.goals(), *turns.goals()]
    write(
        "scale" if asked.feeds == MANY else f"scale_{asked.feeds}",
        "Many feeds and queries in one daemon (G7)",
        f"{asked.feeds:,} feeds of ten entries read every {asked.interval}, {asked.hostile:.0%} of them hostile, "
        f"{asked.queries:,} queries. Goal: at most {GOAL} MiB for the whole daemon with 10,000 of both, "
        f"{GOAL_MOST} MiB with 100,000 feeds.",
        table(
            ["after", "daemon RSS / PSS (MiB)", "worker RSS / PSS (MiB)", "CPU (s)", "polls", "feeds read"], seen.rows
        ),
        table(["goal", "measured", "held"], [[goal, said, "yes" if held else "no"] for goal, said, held in goals]),
        f"{machine()}. {versions(['smwatch', 'aiohttp', 'uvloop', 'sqlalchemy'])}.",
    )
    sys.exit(not all(held for _, _, held in goals))


@dataclass(slots=True)
class Seen:
    """What was seen of the daemon: the rows of the table, its figures then, and minutes and MiB (PSS) at each look."""

    first: Figures
    last: Figures
    rows: list[list[str]] = field(default_factory=list)
    memory: list[tuple[float, float]] = field(default_factory=list)
    longest: float = 0.0

    def goals(self) -> list[Goal]:
        """The loop's delays, and whether the memory is flat."""
        late = f"99 % below {delay(self.last, self.first, 0.99) * 1000:.0f} ms"
        late += f", 50 % below {delay(self.last, self.first, 0.5) * 1000:.0f} ms, the longest {self.longest:.2f} s"
        half = self.memory[len(self.memory) // 2 :]
        slope = statistics.linear_regression(*zip(*half, strict=True)).slope * 60
        return [
            ("the loop comes late by less than 100 ms, 99 % of the times", late, self.prompt()),
            (f"memory grows by less than {FLAT} MiB an hour", f"{slope:+.1f} MiB an hour", slope < FLAT),
        ]

    def prompt(self) -> bool:
        """Whether 99 % of the delays are below 100 ms."""
        return delay(self.last, self.first, 0.99) <= PROMPT


@dataclass(frozen=True, slots=True)
class Turns:
    """When each feed was asked for (Unix time), as those that were asked say."""

    every: float
    ended: float
    good: Mapping[str, list[float]]
    bad: Mapping[str, list[float]]

    def goals(self) -> list[Goal]:
        """Whether a good feed was starved; the hostile are told of beside it, and cannot be."""
        starved = sum(gap > self.every * 1.1 for gap in self._gaps(self.good))
        said = f"{starved:,} waited longer; {self._told(self.good)}. Hostile: {self._told(self.bad)}"
        read = sum(map(bool, self.good.values()))
        return [
            ("every good feed is read", f"{read:,} of {len(self.good):,}", read == len(self.good)),
            (f"no good feed waits longer than {self.every * 1.1:.0f} s", said, not starved),
        ]

    def _gaps(self, those: Mapping[str, list[float]]) -> list[float]:
        """The longest time between two polls of each feed, the one that has not ended yet included."""
        return [max(b - a for a, b in pairwise([*sorted(times), self.ended])) for times in those.values() if times]

    def _told(self, those: Mapping[str, list[float]]) -> str:
        if not (gaps := sorted(self._gaps(those))):
            return "none was asked"
        usual, rare = gaps[len(gaps) // 2], gaps[int(len(gaps) * 0.99)]
        asked = sum(map(len, those.values()))
        return f"longest pause {gaps[-1]:.0f} s, 99 % up to {rare:.0f} s, 50 % up to {usual:.0f} s, {asked:,} polls"


def watched(daemon: Daemon, seconds: float) -> Seen:
    """Look at it thirty times; every third time is a row of the table."""
    daemon.until_ready()
    began = time.monotonic()
    seen = Seen(first := daemon.metrics(), first)
    for look in range(1, LOOKS + 1):
        time.sleep(max(0.0, began + seconds * look / LOOKS - time.monotonic()))
        before, seen.last = seen.last, daemon.metrics()
        after = time.monotonic() - began
        seen.memory.append((after / 60, memory(daemon.process.pid)[1]))
        seen.longest = max(seen.longest, seen.last["smwatch_loop_lag_seconds", ""])
        row = _row(daemon, after, seen.last)
        print(" | ".join(row), f"| p99 {delay(seen.last, before, 0.99)} s", file=sys.stderr, flush=True)
        if look % 3 == 0:
            seen.rows.append(row)
    return seen


def _seconds(span: str) -> float:
    return float(span[:-1]) * {"s": 1, "m": 60, "h": 3600}[span[-1]]


def _row(daemon: Daemon, after: float, now: Figures) -> list[str]:
    pid = daemon.process.pid
    workers = [memory(child) for child in children(pid)]
    own = memory(pid)
    polls = sum(value for (name, _), value in now.items() if name == "smwatch_polls_total")
    return [
        f"{after / 60:.1f} min",
        f"{own[0]:.0f} / {own[1]:.0f}",
        ", ".join(f"{rss:.0f} / {pss:.0f}" for rss, pss in workers),
        f"{now['smwatch_process_cpu_seconds_total', '']:.0f}",
        f"{polls:,.0f}",
        f"{now.get(('smwatch_sources', 'ok'), 0):,.0f}",
    ]


if __name__ == "__main__":
    os.environ.setdefault("PYTHONUNBUFFERED", "1")
    main()
