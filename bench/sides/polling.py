"""What `bench/poll.py` runs beside itself: `polling.py NAME FOLDER` does a round of polls for each line it reads.

It answers with a line of JSON: seconds of CPU that the round took (workers included), memory in MiB, entries known.
"""

from __future__ import annotations

import asyncio
import json
import os
import resource
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

TICKS = os.sysconf("SC_CLK_TCK")
CONFIG = """\
[smwatch]
language = "en"
store = "sqlite://{folder}/store/smwatch.db"

[web]
listen = ""

[channels.t]
type = "console"

[[watch]]
name = "Acme"
query = 'Globex AND "Tyrell Corporation"'
alert = ["t"]

"""
SOURCE = '[[source]]\nname = "f{n}"\ntype = "feed"\nurl = "{url}"\ninterval = "10h"\nallow_private = true\n'


def answer(seconds: float, entries: int) -> None:
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"cpu": seconds, "memory": memory, "entries": entries}), flush=True)


def in_turn(work: Callable[[], int]) -> None:
    """A round for each line."""
    for _ in sys.stdin:
        before = time.process_time()
        entries = work()
        answer(time.process_time() - before, entries)


def loop(folder: Path, urls: list[str]) -> None:
    """feedparser, one feed after the other; validators and ids in a file that is written once a round."""
    import feedparser  # noqa: PLC0415

    path = folder / "known.json"
    path.write_text("{}", encoding="utf-8")

    def work() -> int:
        known: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        for url in urls:
            one = known.setdefault(url, {"etag": None, "modified": None, "ids": []})
            found = feedparser.parse(url, etag=one["etag"], modified=one["modified"])
            if found.get("status") == 304:
                continue
            one["etag"], one["modified"] = found.get("etag"), found.get("modified")
            ids = set(one["ids"])
            one["ids"] += [entry.id for entry in found.entries if entry.id not in ids]
        path.write_text(json.dumps(known), encoding="utf-8")
        return sum(len(one["ids"]) for one in known.values())

    in_turn(work)


def reader(folder: Path, urls: list[str]) -> None:
    """The package reader, as its documentation shows it."""
    from reader import make_reader  # noqa: PLC0415

    made = make_reader(str(folder / "reader.sqlite"))
    for url in urls:
        made.add_feed(url)

    def work() -> int:
        made.update_feeds(scheduled=False)  # all of them, not those whose hour is over
        return int(made.get_entry_counts().total or 0)

    in_turn(work)


def smwatch(folder: Path, urls: list[str]) -> None:
    """The daemon's own parts: scheduler, client, pipeline, worker, store."""
    try:
        import uvloop  # noqa: PLC0415
    except ImportError:
        asyncio.run(_smwatch(folder, urls))
    else:
        uvloop.run(_smwatch(folder, urls))


async def _smwatch(folder: Path, urls: list[str]) -> None:
    from sqlalchemy import func, select  # noqa: PLC0415

    from smwatch import log, thrift  # noqa: PLC0415
    from smwatch.app import App  # noqa: PLC0415
    from smwatch.config.keeper import Keeper  # noqa: PLC0415
    from smwatch.store.db import Store  # noqa: PLC0415
    from smwatch.store.schema import seen  # noqa: PLC0415

    thrift.begin()
    sys.stderr = Path("/dev/null").open("w", encoding="utf-8")  # noqa: ASYNC230, SIM115 - as long as the process
    log.configure()
    path = folder / "smwatch.toml"
    path.write_text(
        CONFIG.format(folder=folder) + "\n".join(SOURCE.format(n=n, url=url) for n, url in enumerate(urls)),
        encoding="utf-8",
    )
    keeper = Keeper(path)
    keeper.start(datetime.now(UTC))
    app = App(keeper, await Store.open(keeper.config.store))
    polled, left = app.scheduler._on_poll, asyncio.Event()  # noqa: SLF001 - what the daemon hears of a poll
    count = 0

    def heard(*told: Any) -> None:  # noqa: ANN401
        nonlocal count
        polled(*told)
        count += 1
        if count == len(urls):
            left.set()

    app.scheduler._on_poll = heard  # noqa: SLF001
    await app.start()
    running = asyncio.create_task(app.scheduler.run())
    thrift.settle()  # as the daemon does once it runs
    try:
        while await asyncio.to_thread(sys.stdin.readline):
            count = 0
            left.clear()
            app.scheduler.poll_now()  # not counted: each poll sets the next one itself
            before = time.process_time() + sum(map(_cpu, app.pool.pids()))
            await left.wait()
            await app.scheduler._save()  # noqa: SLF001 - what the next second would do
            spent = time.process_time() + sum(map(_cpu, app.pool.pids())) - before
            async with app.store.read() as connection:
                rows = select(func.count()).where(~seen.c.id_hmac.startswith("~"))
                entries = (await connection.execute(rows)).scalar_one()
            answer(spent, entries)
    finally:
        running.cancel()
        await asyncio.wait({running})
        await app.stop()


def _cpu(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_bytes().rpartition(b")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


if __name__ == "__main__":
    where = Path(sys.argv[2])
    {"loop": loop, "reader": reader, "smwatch": smwatch}[sys.argv[1]](
        where, json.loads((where / "urls.json").read_text(encoding="utf-8"))
    )
