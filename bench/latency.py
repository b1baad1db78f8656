"""G8, and the promise of latency: from the response of a source to the disk, and on to Slack's acceptance.

The whole daemon with its SQLite store as it is delivered (log ahead of the file, `synchronous=NORMAL`), its parse
worker, and the fake Slack (one message a second and channel, no more). 40 feeds on loopback, each with a page of news
at every request, are asked one after the other by a schedule of the load's own, so that a daemon that is late is not
asked less. 1,000 watches with one word each; texts of 67 words, all different. Each row is a run of its own.

Arrival is the moment at which the feed's server has handed the last byte of its answer over: what waits in the
kernel or in front of a busy loop counts. An item is *on the disk* when the transaction with its mention, story,
decision and card is committed (the second of the two; the first, with the item and the feed's cursor, is shown beside
it); only items that a watch wants have one. What is measured to Slack's acceptance ends when Slack has taken the
message, at its side, queueing for its one message a second included. `group_wait` is 0, as by default: with another
value a card is not due before that time is over, and the goal counts what is due. `evenly`: one item in so many is
wanted, always the first of them, so that at most one message a second and channel is due; `by chance`: as many or as
few as happen, and a channel may owe several at once.

A row has no figure where not all that was asked for came: fewer items than 95 of 100 of the load, a wanted item that
has no card, or, up to one message a second, one that Slack has not got.

    python bench/latency.py                     # all rows, four minutes
    python bench/latency.py --seconds 10 --only 3

CPU is of the daemon and of its worker. The clock is the machine's: whatever else runs on it shows in the figures, and
the load average beside them says how much that was (the bench alone makes 1 to 2). On a machine with other work,
`--ahead` runs daemon and world ahead of it (round robin among them; as root).
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sides import machine, table, versions, write
from sides.press import WATCHES

CHANNELS = 4
HERE = Path(__file__).parent / "sides"
HEAD = """\
[smwatch]
language = "en"
store = "sqlite://{folder}/store/smwatch.db"

[web]
listen = ""

"""
CHANNEL = '[channels.c{n}]\ntype = "slack"\nchannel = "#c{n}"\napi_url = "{api_url}"\ntoken = {{ env = "{env}" }}\n'
SOURCE = '[[source]]\nname = "f{n}"\ntype = "feed"\nurl = "{url}"\ninterval = "10h"\nallow_private = true\n'
WATCH = '[[watch]]\nname = "w{n}"\nquery = "Acme{n:04d}"\nalert = ["c{channel}"]\n'
ENV = "BENCH_SLACK"


@dataclass(frozen=True, slots=True)
class Load:
    """`rate` items a second in pages of `page`; `chosen` says which of them a watch wants (see `press.py`)."""

    name: str
    chosen: str
    page: int = 50
    rate: int = 1000
    sent: bool = False  # few enough for one message a second and channel


LOADS = (
    Load("1 in 278 wanted, evenly: 0.9 messages a second and channel", "every:278", sent=True),
    Load("1 in 500 wanted, by chance: 0.5 messages a second and channel", "share:0.002", sent=True),
    Load("1 in 100 wanted", "share:0.01"),
    Load("1 in 10 wanted", "share:0.1"),
    Load("all wanted", "every:1"),
    Load("1 in 100 wanted, pages of 10", "share:0.01", page=10),
)


@dataclass(frozen=True, slots=True)
class Seen:
    """Of one run: what the daemon and what the world around it noted."""

    load: Load
    seconds: float
    inside: dict[str, Any]
    outside: dict[str, Any]

    def arrivals(self) -> dict[str, float]:
        """The moment of each item that came during the load."""
        began = self.inside["began"]
        return {
            f"n{number}n": moment
            for moment, first, count in self.outside["answers"]
            if moment >= began
            for number in range(first, first + count)
        }

    def delays(self, ends: dict[str, float]) -> list[float]:
        """From arrival to these moments, in seconds, sorted."""
        arrived = self.arrivals()
        return sorted(ends[name] - arrived[name] for name in arrived.keys() & ends.keys())

    def accepted(self) -> dict[str, float]:
        """The moments at which Slack took a message about an item."""
        return {f"n{number}n": moment for number, moment in self.outside["accepted"].items()}

    def fault(self) -> str:
        """Why there is no figure; "" where there is one."""
        arrived = self.arrivals()
        if len(arrived) < 0.95 * self.load.rate * self.seconds:
            return f"{len(arrived):,} of {self.load.rate * self.seconds:,.0f} items came"
        if missing := arrived.keys() - self.inside["kept"].keys():
            return f"{len(missing):,} items were not stored"
        wanted = arrived.keys() & {f"n{number}n" for number in self.outside["wanted"]}
        if missing := wanted - self.inside["told"].keys():
            return f"{len(missing):,} of {len(wanted):,} wanted items have no card"
        if self.load.sent and (missing := wanted - self.accepted().keys()):
            return f"{len(missing)} wanted items did not reach Slack"
        return "" if wanted else "no item was wanted"


def run(load: Load, seconds: float) -> Seen:
    """One row."""
    folder = Path(tempfile.mkdtemp(prefix="smwatch-latency-"))
    words = [sys.executable, str(HERE / "press.py"), str(load.page), load.chosen, str(CHANNELS)]
    press = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert press.stdout is not None
    try:
        world = json.loads(press.stdout.readline())
        configure(folder, world)
        numbers = [str(load.rate), str(load.page), str(seconds)]
        daemon = subprocess.run(
            [sys.executable, str(HERE / "timed.py"), str(folder), *numbers],
            env={"PATH": "", ENV: world["token"]},
            stdout=subprocess.PIPE,
            text=True,
            check=True,
            timeout=seconds * 3 + 120,
        )
        outside = json.loads(press.communicate(timeout=30)[0])
    finally:
        press.kill()
        press.wait()
        shutil.rmtree(folder, ignore_errors=True)
    return Seen(load, seconds, json.loads(daemon.stdout), outside)


def configure(folder: Path, world: dict[str, Any]) -> None:
    parts = [HEAD.format(folder=folder)]
    parts += [CHANNEL.format(n=n, api_url=world["api_url"], env=ENV) for n in range(CHANNELS)]
    parts += [SOURCE.format(n=n, url=url) for n, url in enumerate(world["urls"])]
    parts += [WATCH.format(n=n, channel=n % CHANNELS) for n in range(WATCHES)]
    (folder / "smwatch.toml").write_text("\n".join(parts), encoding="utf-8")


def share(sorted_: list[float], part: float) -> float:
    """The value that `part` of all do not exceed."""
    return sorted_[min(int(part * len(sorted_)), len(sorted_) - 1)]


def row(seen: Seen) -> list[str]:
    if fault := seen.fault():
        return [seen.load.name, fault, *[""] * 6]
    kept, told = seen.delays(seen.inside["kept"]), seen.delays(seen.inside["told"])
    accepted, late = seen.delays(seen.accepted()), sorted(seen.inside["late"])
    taken = [f"{share(accepted, part):.2f}" for part in (0.5, 0.95, 0.99)] if seen.load.sent else ["–"]
    cpu = [part / len(kept) * 1000 for part in seen.inside["cpu"]]
    return [
        seen.load.name,
        f"{len(kept) / seen.seconds:,.0f}, {len(told) / seen.seconds:,.1f}",
        " / ".join(_ms(share(kept, part)) for part in (0.5, 0.99)),
        " / ".join(_ms(share(told, part)) for part in (0.5, 0.99)),
        " / ".join(taken),
        " / ".join(_ms(share(late, part)) for part in (0.5, 0.99)) + f" / {_ms(late[-1])}",
        " + ".join(f"{part:.2f}" for part in cpu),
    ]


def _ms(seconds: float) -> str:
    return f"{seconds * 1000:.0f}"


def main() -> None:
    reader = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    reader.add_argument("--seconds", type=float, default=30)
    reader.add_argument("--only", type=int, nargs="+", default=[], help="these rows, counted from 1; nothing is kept")
    reader.add_argument("--ahead", action="store_true", help="ahead of everything else on the machine")
    asked = reader.parse_args()
    if asked.ahead:
        os.sched_setscheduler(0, os.SCHED_RR, os.sched_param(1))
    rows = []
    for number, load in enumerate(LOADS, 1):
        if not asked.only or number in asked.only:
            rows.append(row(run(load, asked.seconds)))
            print(" | ".join(rows[-1]), file=sys.stderr, flush=True)
    head = [
        "load",
        "items a second, of them wanted",
        "to the item on the disk, p50 / p99 (ms)",
        "to item, mention and card on the disk, p50 / p99 (ms)",
        "to Slack's acceptance, p50 / p95 / p99 (s)",
        "loop late, p50 / p99 / most (ms)",
        "ms of CPU an item, daemon + worker",
    ]
    if asked.only:
        return
    write(
        "latency",
        "From the response to the disk and to Slack (G8)",
        f"1,000 items a second for {asked.seconds:.0f} seconds in each row, from 40 feeds in pages of 50 where nothing "
        f"else is said; {WATCHES:,} watches, {CHANNELS} channels. Goals: item, mention and card on the disk p99 < 50 "
        "ms; to Slack's acceptance p95 ≤ 5 s, p99 ≤ 15 s while at most one message a second and channel is due; the "
        "loop p99 < 100 ms late.",
        table(head, rows),
        f"{machine()}{', ahead of other work' if asked.ahead else ''}, "
        f"load average at the end {os.getloadavg()[1]:.0f}. "
        f"{versions(['smwatch', 'aiohttp', 'uvloop', 'sqlalchemy'])}.",
    )


if __name__ == "__main__":
    main()
