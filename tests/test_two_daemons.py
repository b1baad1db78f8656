"""Two real daemons on one real PostgreSQL: nothing is read twice, nothing is told twice, and one takes over."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections import Counter

import pytest
from postgres_server import running_or_skipped

from smwatch.testing.servers import FeedServer, entry, rss

CONFIG = """\
[smwatch]
language = "en"
store = "{store}"

[web]
listen = ""

[channels.terminal]
type = "console"

[[watch]]
name = "Acme"
query = 'Acme'
alert = ["terminal"]

"""
SOURCE = '[[source]]\nname = "q{n}"\ntype = "feed"\nurl = "{url}"\ninterval = "3s"\nallow_private = true\n\n'
PATIENCE = 90
LEASE = """
import datetime, smwatch.store.claims
smwatch.store.claims.LEASE = datetime.timedelta(seconds=8)  # not three minutes
from smwatch.cli import main
main()
"""


@pytest.fixture(scope="module")
def postgres():
    """One of its own: nobody else slows down what is killed and taken over here."""
    with running_or_skipped() as server:
        yield server


class Daemon:
    """`smwatch run` with a state folder of its own."""

    def __init__(self, folder, config, key=None):
        self.folder, self.config = folder, config
        folder.mkdir()
        if key is not None:
            (folder / "store.key").write_bytes(key)

    async def starts(self, *more):
        env = {**os.environ, "STATE_DIRECTORY": str(self.folder), "LANG": "C.UTF-8"}
        with (self.folder / "out").open("wb") as out, (self.folder / "err").open("wb") as err:
            words = (sys.executable, "-c", LEASE, "run", "-c", str(self.config), *more)
            self.process = await asyncio.create_subprocess_exec(*words, env=env, stdout=out, stderr=err)

    async def says(self, words):
        await eventually(lambda: words in self.log, f"{words} in the log:\n{self.log}")

    @property
    def log(self):
        return (self.folder / "err").read_text(encoding="utf-8")

    @property
    def told(self):
        return (self.folder / "out").read_text(encoding="utf-8")

    async def ends(self, how=signal.SIGTERM):
        if self.process.returncode is None:
            self.process.send_signal(how)
            await self.process.wait()


async def eventually(true, what):
    loop = asyncio.get_running_loop()
    end = loop.time() + PATIENCE
    while not true():
        assert loop.time() < end, f"waited in vain for {what}"
        await asyncio.sleep(0.05)


@pytest.mark.timeout(300)
async def test_two_daemons_share_one_postgresql(postgres, tmp_path):
    async with FeedServer() as server:
        urls = [server.put(f"/{n}.xml", rss(entry("Wetter", guid=f"old {n}"))) for n in range(6)]
        config = tmp_path / "smwatch.toml"
        store = await postgres.database()
        sources = "".join(SOURCE.format(n=n, url=url) for n, url in enumerate(urls))
        config.write_text(CONFIG.format(store=store) + sources, encoding="utf-8")
        one = Daemon(tmp_path / "one", config)
        await one.starts()
        await one.says("ready")
        other = Daemon(tmp_path / "two", config, (one.folder / "store.key").read_bytes())
        await other.starts()
        try:
            await other.says("ready")
            await eventually(lambda: len(polls(server)) == 6 and min(polls(server).values()) >= 2, "two rounds")
            server.put("/0.xml", rss(entry("Acme ruft zurück", guid="new"), entry("Wetter", guid="old 0")))
            await eventually(lambda: "Acme ruft zurück" in one.told + other.told, "the alert")
            before = sum(polls(server).values())
            await eventually(lambda: sum(polls(server).values()) > before + 12, "two more rounds")
            assert (one.told + other.told).count("Acme ruft zurück") == 1
            await one.ends(signal.SIGKILL)
            for n in range(1, 6):
                server.put(f"/{n}.xml", rss(entry(f"Acme {n}", guid=f"newer {n}"), entry("Wetter", guid=f"old {n}")))
            await eventually(lambda: all(f"Acme {n}" in other.told for n in range(1, 6)), "what the dead one read")
        finally:
            await one.ends()
            await other.ends()
        assert (one.told + other.told).count("Acme ruft zurück") == 1


def polls(server):
    return Counter(seen.path for seen in server.requests)


async def _all_let_go(store):
    """No source is in the hands of a daemon: what was read is written down."""
    import asyncpg  # there, where a PostgreSQL is

    connection = await asyncpg.connect(store)
    try:
        async with asyncio.timeout(PATIENCE):
            while await connection.fetchval("SELECT count(*) FROM source WHERE lease_until IS NOT NULL"):
                await asyncio.sleep(0.05)
    finally:
        await connection.close()


async def test_one_round_beside_a_daemon_reads_and_leaves_the_telling_to_it(postgres, tmp_path):
    async with FeedServer() as server:
        url = server.put("/a.xml", rss(entry("Wetter", guid="old")))
        config = tmp_path / "smwatch.toml"
        source = SOURCE.format(n=0, url=url).replace('"3s"', '"1h"')
        store = await postgres.database()
        config.write_text(CONFIG.format(store=store) + source, encoding="utf-8")
        one = Daemon(tmp_path / "one", config)
        await one.starts()
        try:
            await one.says("source_fetched")
            await _all_let_go(store)
            server.put("/a.xml", rss(entry("Acme ruft zurück", guid="new"), entry("Wetter", guid="old")))
            other = Daemon(tmp_path / "two", config, (one.folder / "store.key").read_bytes())
            await other.starts("--once")
            assert await other.process.wait() == 0
            assert "another_daemon_is_on_shift" in other.log
            await eventually(lambda: "Acme ruft zurück" in one.told, f"the alert:\n{one.log}\n{other.log}")
        finally:
            await one.ends()
        assert (one.told + other.told).count("Acme ruft zurück") == 1
