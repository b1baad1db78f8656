"""The daemon as a process: what systemd, an operator and a monitoring system see of it."""

from __future__ import annotations

import asyncio
import re
import signal
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta

import pytest
from daemon_process import Daemon, alive, free_port, get
from story_world import Clock

from smwatch.daemon import run
from smwatch.errors import UserError
from smwatch.store.db import Store
from smwatch.store.place import state_folder
from smwatch.testing.servers import evil


@pytest.fixture
async def real(world):
    """The world at the real time, and a daemon in a process of its own."""
    world.clock.runs()
    started = []

    async def start(**env):
        world.saves()
        daemon = Daemon(world.path, **env)
        started.append(daemon)
        return await (await daemon.start()).ready()

    world.daemon = start
    yield world
    for one in started:
        await one.close()


async def test_a_whole_life(real):
    """Ready, an alert, a reload that adds a watch, health and metrics, a polite second one, and a clean end."""
    real.config["web"]["listen"] = f"127.0.0.1:{(port := free_port())}"
    press = real.feed()
    real.watch("Acme", "acme")
    daemon = await real.daemon(WATCHDOG_USEC="400000")
    assert daemon.cpu() < 1.5
    await real.hears("smwatch beobachtet")
    await daemon.until(lambda: daemon.notify.count("WATCHDOG=1") >= 2, "signs of life")
    assert await get(port, "/readyz") == (200, "ok\n")
    press.publishes("Acme ruft zurück")
    await real.hears("Acme ruft zurück")

    real.watch("Globex", "globex")
    real.saves()
    daemon.sends(signal.SIGHUP)
    await real.hears("„Globex“")
    await daemon.until(lambda: daemon.notify.count("READY=1") >= 2, "READY=1 after the reload")
    said = [line.partition("=")[0] for line in daemon.notify.said if line != "WATCHDOG=1"]
    assert said[:4] == ["READY", "RELOADING", "MONOTONIC_USEC", "READY"]
    press.publishes("Globex ruft an")
    await real.hears("Globex ruft an")

    press.is_down()
    await daemon.until(lambda: "source_failed" in daemon.said(), "the failure")
    assert await get(port, "/healthz") == (200, "ok\n")
    _, metrics = await get(port, "/metrics")
    assert 'smwatch_sources{state="failing"} 1.0' in metrics
    assert float(re.search(r'smwatch_polls_total\{outcome="read"\} (\S+)', metrics)[1]) >= 2
    assert float(re.search(r"\nsmwatch_mentions_total (\S+)", metrics)[1]) == 2
    assert float(re.search(r'smwatch_deliveries_total\{channel="pr",outcome="sent"\} (\S+)', metrics)[1]) >= 3
    names = {line.split("{")[0].split(" ")[0] for line in metrics.splitlines() if not line.startswith("#")}
    assert {name for name in names if not name.startswith("smwatch_")} == set()

    second = Daemon(real.path)
    await second.start()
    assert await second.ends() == 1
    assert f"pid {daemon.process.pid}" in second.said().splitlines()[-1]
    assert "Traceback" not in second.said()

    children = daemon.children()
    assert children
    began = asyncio.get_running_loop().time()
    daemon.sends(signal.SIGTERM)
    daemon.sends(signal.SIGTERM)
    assert await daemon.ends() == 0
    assert asyncio.get_running_loop().time() - began < 15
    assert daemon.notify.count("STOPPING=1") == 1
    assert [pid for pid in children if alive(pid)] == []
    assert "Traceback" not in daemon.said()
    await (await Store.open(f"sqlite://{real.folder}/fresh.db")).close()  # the lock was given back


async def test_the_message_on_its_way_is_finished_when_it_stops(real):
    press = real.feed()
    real.watch("Acme", "acme")
    daemon = await real.daemon()
    await real.hears("smwatch beobachtet")
    held = real.slack.holds("chat.postMessage", seconds=1.5)
    press.publishes("Acme ruft zurück")
    await held.wait()
    daemon.sends(signal.SIGTERM)
    assert await daemon.ends() == 0
    assert len(real.alerts()) == 1
    before = real.slack.count("chat.postMessage")
    await real.starts()
    press.publishes("Acme eröffnet ein Werk")
    await real.hears("Acme eröffnet ein Werk")
    assert real.slack.count("chat.postMessage") == before + 1


async def test_a_dozen_broken_feeds_stay_within_256_mebibytes_and_leave_no_child(real):
    kinds = ("bomb-gzip", "bomb-nested", "bomb-members", "endless", "slow-loris", "silent", "header-flood", "html")
    async with AsyncExitStack() as stack:
        for kind in kinds:
            real.source(kind, await stack.enter_async_context(evil(kind)))
        heavy = "<rss><channel><item><title>x</title><author>" + "a." * 25_000 + "</author></item></channel></rss>"
        for n in range(4):
            real.feed(f"Bombe {n}").answers(heavy)
        press = real.feed("Tagesbote")
        real.watch("Acme", "acme")
        daemon = await real.daemon()
        most, latest = 0.0, 0.0
        await daemon.until(lambda: "Tagesbote" in daemon.said(), "the good feed's first poll")
        for n in range(3):
            began = asyncio.get_running_loop().time()
            press.publishes(f"Acme Fall {n}.")
            while not real.alerts(f"Acme Fall {n}."):
                most = max(most, daemon.memory())
                await asyncio.sleep(0.05)
            latest = max(latest, asyncio.get_running_loop().time() - began)
        assert most < 256
        assert latest < 15
        children = daemon.children()
        daemon.sends(signal.SIGTERM)
        assert await daemon.ends() == 0
        assert [pid for pid in children if alive(pid)] == []
        assert "Traceback" not in daemon.said()


async def test_one_round_and_the_end(world):
    press = world.feed()
    press.publishes("Acme war schon da", ago=timedelta(hours=1))
    world.watch("Acme", "acme")
    world.saves()
    assert await run(world.path, once=True) == 0
    assert "smwatch beobachtet" in world.slack.transcript()


@pytest.mark.parametrize("stuck", ["scheduler", "sender"])
async def test_the_watchdog_is_withheld_when_a_loop_hangs(world, monkeypatch, stuck):
    world.feed()
    world.watch("Acme", "acme")
    await world.watches()
    assert world.app.alive()
    monkeypatch.setattr("smwatch.app.STALE", 0.5)
    forever = asyncio.Event()

    async def hang(*_):
        await forever.wait()

    if stuck == "scheduler":
        monkeypatch.setattr(world.app.scheduler, "_save", hang)
    else:
        monkeypatch.setattr(world.app.sender, "_step", hang)
    await world.eventually(lambda: not world.app.alive(), "the watchdog to be withheld")
    forever.set()


def test_the_world_may_be_put_to_the_real_time():
    clock = Clock()
    clock.runs()
    assert abs(clock() - datetime.now(UTC)) < timedelta(seconds=5)


async def test_a_full_disk_loses_nothing_and_is_no_traceback(world):
    press = world.feed()
    world.watch("Acme", "acme")
    await world.watches()
    await world.fills_the_disk()
    for n in range(30):
        press.publishes(f"Acme Fall {n}.", "Lang. " * 400)
    await world.eventually(lambda: _said(world, "source_not_stored"), "the disk to be full")
    world.passes(minutes=1)
    assert world.app.alive()
    assert {row.state for row in world.app.scheduler.rows} == {"ok"}
    await world.frees_the_disk()
    await world.until_true(lambda: len(_named(world)) == 30, "every item")
    await world.settles()
    assert sorted(_named(world)) == list(range(30))


def _said(world, event):
    return any(one["event"] == event for one in world.logs.entries)


def _named(world):
    return [int(n) for one in world.slack.posts() for n in set(re.findall(r"Acme Fall (\d+)\.", one.text))]


async def test_a_disk_that_is_nearly_full_is_said_once(world, monkeypatch):
    world.feed()
    world.watch("Acme", "acme")
    await world.watches()
    left = [10_000_000]
    monkeypatch.setattr("smwatch.app.free_space", lambda _: left[0])
    await world.hears("fast voll")
    left[0] = 100_000_000  # more, but not enough to call it over
    await world.calm()
    left[0] = 10_000_000
    await world.calm()
    assert len(world.slack.reads("fast voll")) == 1


async def test_a_port_that_is_taken_is_a_sentence_and_gives_the_store_back(world):
    world.config["web"]["listen"] = f"127.0.0.1:{world.server.port}"
    world.feed()
    world.watch("Acme", "acme")
    world.saves()
    with pytest.raises(UserError, match=str(world.server.port)):
        await run(world.path)
    world.config["web"]["listen"] = ""
    await world.watches()


async def test_one_round_can_be_ended(world, monkeypatch):
    world.feed()
    world.watch("Acme", "acme")
    world.saves()
    begun = asyncio.Event()

    async def forever(*_):
        begun.set()
        await asyncio.Event().wait()

    monkeypatch.setattr("smwatch.schedule.Scheduler.round", forever)
    running = asyncio.create_task(run(world.path, once=True))
    await begun.wait()
    signal.raise_signal(signal.SIGTERM)
    assert await running == 1


async def test_a_disk_without_room_pauses_reading_and_what_is_stored_goes_out(world, monkeypatch):
    press = world.feed()
    world.watch("Acme", "acme")
    left = [10**9]
    monkeypatch.setattr("smwatch.app.free_space", lambda _: left[0])
    await world.watches()
    ballast = state_folder(world.app.store.url) / "ballast"
    await world.until_true(ballast.exists, "the ballast")
    left[0] = 1_000_000
    await world.hears("Platte ist voll")
    press.publishes("Acme ruft zurück")
    world.passes(minutes=30)
    await world.moment()
    assert (ballast.exists(), world.slack.reads("Acme ruft zurück")) == (False, [])
    left[0] = 10**9
    await world.hears("wieder Platz")
    await world.hears("Acme ruft zurück")
    assert ballast.exists()
