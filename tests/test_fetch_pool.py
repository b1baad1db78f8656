"""The killable workers (DATA.md, "The parse worker"), with real child processes."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from smwatch.errors import Broken, Transient
from smwatch.feeds import READ_FEED
from smwatch.fetch.pool import MIB, Bounds, ParsePool
from smwatch.testing.servers import GOOD

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from smwatch.i18n import Text

NOW = datetime(2026, 3, 29, 8, 0, tzinfo=UTC)
QUICK = Bounds(cpu=0.2, wall=0.6)
BODY = GOOD.encode()


@pytest.fixture
async def pool() -> AsyncIterator[ParsePool]:
    found = ParsePool(QUICK, clock=lambda: NOW)
    yield found
    await found.close()


@pytest.fixture
def tricks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A plugin's own module of parse functions, known to the parent only by its file."""
    path = tmp_path / "smwatch_operator_tricks.py"
    path.write_text(TRICKS, encoding="utf-8")
    monkeypatch.syspath_prepend(str(tmp_path))
    __import__(path.stem)
    monkeypatch.setattr(sys, "path", [entry for entry in sys.path if entry != str(tmp_path)])
    return path.stem


TRICKS = """
import os, socket, subprocess, sys, time
def echo(body, options): return [body.decode(), options]
def environment(body, options): return [dict(os.environ), os.getcwd(), sys.flags.isolated]
def loop(body, options):
    while True: pass
def sleep(body, options): time.sleep(60)
def crash(body, options): os._exit(9)
def abort(body, options): os.abort()
def raises(body, options): raise ValueError("no <b>luck</b>")
def leaves(body, options): raise SystemExit(0)
def memory(body, options): return len(bytearray(500 * 1024 * 1024))
def noise(body, options): print("noise", flush=True); os.write(1, b"noise"); return "quiet"
def large(body, options): return "x" * (17 * 1024 * 1024)
def opens(body, options): return open("/etc/passwd").read()
def writes(body, options): return open(options["path"], "w").write("x")
def connects(body, options): socket.create_connection(("127.0.0.1", options["port"]), 1)
def spawns(body, options): subprocess.run(["true"])
def pickled(body, options): return object()
def nan(body, options): return float("nan")
"""


async def test_a_feed_goes_through_it(pool: ParsePool) -> None:
    answer = await pool.run(READ_FEED, BODY, {})
    assert [item["title"] for item in answer["items"]] == ["Acme ruft zurück"]
    assert (pool.metrics.started, pool.metrics.jobs, pool.metrics.waiting) == (1, 1, 0)


async def test_a_plugins_own_function_and_nothing_of_our_environment(
    pool: ParsePool, tricks: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SMWATCH_SLACK_BOT_TOKEN", "geheim")
    assert await pool.run(f"{tricks}:echo", "ü".encode(), {"a": [1]}) == ["ü", {"a": [1]}]
    environment, folder, isolated = await pool.run(f"{tricks}:environment", b"", {})
    assert (set(environment) <= {"LC_CTYPE"}, folder, isolated) == (True, "/", 1)


@pytest.mark.parametrize(
    ("trick", "sentence"),
    [
        ("loop", "takes too long"),
        ("sleep", "takes too long"),
        ("crash", "breaks the reader"),
        ("abort", "too much memory"),
        ("memory", "too much memory"),
        ("large", "too much to read"),
        ("raises", "no <b>luck</b>"),
        ("leaves", "could not be read"),
        ("opens", "opens no files"),
        ("writes", "opens no files"),
        ("connects", "could not be read"),
        ("spawns", "could not be read"),
        ("pickled", "could not be read"),
        ("nan", "could not be read"),
    ],
)
async def test_tricks_are_refused_and_the_next_feed_is_read(
    pool: ParsePool, tricks: str, trick: str, sentence: str, tmp_path: Path
) -> None:
    async with await asyncio.start_server(lambda *_: None, "127.0.0.1", 0) as server:
        options = {"path": str(tmp_path / "written"), "port": server.sockets[0].getsockname()[1]}
        with pytest.raises(Broken, match=sentence):
            await pool.run(f"{tricks}:{trick}", b"", options, source="evil")
    assert not (tmp_path / "written").exists()
    assert (await pool.run(READ_FEED, BODY, {}, source="good"))["items"]


async def test_a_full_heap_has_no_second_victim(tricks: str) -> None:
    pool = ParsePool(Bounds(lanes=1))
    try:
        for _ in range(3):
            with pytest.raises(Broken, match="too much memory"):
                await pool.run(f"{tricks}:memory", b"", {}, source="evil")
            assert (await pool.run(READ_FEED, BODY, {}, source="good"))["items"]
        assert pool.metrics.died == 0
    finally:
        await pool.close()


async def test_prints_are_no_answers(pool: ParsePool, tricks: str) -> None:
    assert await pool.run(f"{tricks}:noise", b"", {}) == "quiet"


async def test_a_kill_sends_the_source_away_for_longer_each_time(pool: ParsePool, tricks: str) -> None:
    waits = []
    for _ in range(2):
        with pytest.raises(Broken) as caught:
            await pool.run(f"{tricks}:loop", b"", {}, source="evil")
        waits.append(caught.value.retry_at - NOW)  # type: ignore[operator]
    assert waits == [timedelta(hours=1), timedelta(hours=2)]
    assert pool.metrics.killed == 3  # once in each lane, then at once in the suspect one


async def test_good_sources_do_not_wait_for_a_suspect(pool: ParsePool, tricks: str) -> None:
    with pytest.raises(Broken):
        await pool.run(f"{tricks}:crash", b"", {}, source="evil")
    slow = asyncio.ensure_future(pool.run(f"{tricks}:sleep", b"", {}, source="evil"))
    await asyncio.sleep(0)
    assert (await pool.run(READ_FEED, BODY, {}, source="good"))["items"]
    assert not slow.done()
    with pytest.raises(Broken):
        await slow


async def test_three_sources_that_die_are_our_own_fault(tricks: str) -> None:
    told: list[Text] = []
    pool = ParsePool(QUICK, on_trouble=told.append)
    try:
        for source in "ab":
            with pytest.raises(Broken):
                await pool.run(f"{tricks}:crash", b"", {}, source=source)
        with pytest.raises(Transient):
            await pool.run(f"{tricks}:crash", b"", {}, source="c")
    finally:
        await pool.close()
    assert [str(sentence) for sentence in told] == ["the parse workers keep dying; see `smwatch doctor`"]


async def test_workers_are_replaced_and_idle_suspects_go(tricks: str) -> None:
    pool = ParsePool(Bounds(jobs=2, small=10, idle=0.0))
    try:
        for _ in range(4):
            await pool.run(f"{tricks}:echo", b"small", {})
        assert pool.metrics.started == 2
        await pool.run(f"{tricks}:echo", b"larger than small", {})
        assert pool.metrics.started == 3
        while pool.pids():
            await asyncio.sleep(0)
    finally:
        await pool.close()


async def test_one_lane_refuses_at_once(tricks: str) -> None:
    pool = ParsePool(Bounds(cpu=0.2, wall=0.6, lanes=1))
    try:
        with pytest.raises(Broken):
            await pool.run(f"{tricks}:loop", b"", {}, source="evil")
        assert (pool.metrics.killed, pool.metrics.started) == (1, 1)
    finally:
        await pool.close()


async def test_a_cancelled_job_leaves_no_half_read_answer(pool: ParsePool, tricks: str) -> None:
    await pool.run(READ_FEED, BODY, {})
    task = asyncio.ensure_future(pool.run(f"{tricks}:sleep", b"", {}))
    await asyncio.sleep(0.05)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert (await pool.run(READ_FEED, BODY, {}))["items"]


async def test_close_leaves_no_child(pool: ParsePool) -> None:
    await pool.run(READ_FEED, BODY, {})
    await pool.run(READ_FEED, BODY + b" " * MIB, {})
    pids = pool.pids()
    assert len(pids) == 2
    await pool.close()
    assert not any(is_alive(pid) for pid in pids)


PARENT = """
import asyncio, sys
from smwatch.fetch.pool import ParsePool
async def main():
    pool = ParsePool()
    await pool.run("smwatch.feeds.reader:read_feed", sys.argv[1].encode(), {})
    print(*pool.pids(), flush=True)
    await pool.run("time:sleep", b"", {})
    await asyncio.sleep(60)
asyncio.run(main())
"""


def test_a_killed_parent_takes_its_worker_along_from_a_bare_checkout() -> None:
    """The parent finds smwatch on sys.path only, as in a checkout that was never installed."""
    checkout = Path(__file__).resolve().parent.parent
    script = f"import sys; sys.path.insert(0, {str(checkout)!r})\n" + PARENT
    with subprocess.Popen([sys.executable, "-c", script, GOOD], stdout=subprocess.PIPE, cwd="/") as parent:
        assert parent.stdout is not None
        pid = int(parent.stdout.readline())
        assert is_alive(pid)
        parent.send_signal(signal.SIGKILL)
        parent.wait(10)
    for _ in range(1000):
        if not is_alive(pid):
            break
        os.sched_yield()
    assert not is_alive(pid)


def is_alive(pid: int) -> bool:
    """Whether the process runs; one that nobody has waited for yet does not."""
    try:
        state = Path(f"/proc/{pid}/stat").read_bytes().rpartition(b")")[2].split()[0]
    except OSError:
        return False
    return state not in (b"Z", b"X")
