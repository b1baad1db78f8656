"""Clicks and a daemon that is killed: what was acknowledged is worked on, once."""

from __future__ import annotations

import asyncio
import signal

import pytest
from daemon_process import Daemon
from sqlalchemy import func, select

from smwatch.store.db import Store
from smwatch.store.schema_cases import case_event

APP_TOKEN = "STORY_SLACK_APP_TOKEN"


@pytest.fixture
async def real(world, monkeypatch):
    """The world at the real time with buttons, and a daemon in a process of its own."""
    world.clock.runs()
    monkeypatch.setenv(APP_TOKEN, world.slack.app_token)
    world.config["channels"]["pr"]["app_token"] = {"env": APP_TOKEN}
    started = []

    async def start():
        world.saves()
        daemon = Daemon(world.path)
        started.append(daemon)
        lines = world.slack.team.opened
        await (await daemon.start()).ready()
        await daemon.until(lambda: world.slack.team.opened > lines, "its line")
        return daemon

    world.daemon = start
    yield world
    for one in started:
        await one.close()


async def test_what_was_acknowledged_survives_a_kill(real):
    """Killed the moment after Slack has its acknowledgement: before the work, in it, or after it."""
    press = real.feed()
    real.watch("Acme", "acme")
    daemon = await real.daemon()
    await real.hears("smwatch beobachtet")
    kills = 4
    for n in range(kills):
        press.publishes(f"Acme Fall {n}.")
        post = await real.hears(f"Acme Fall {n}.")
        sent = await real.slack.team.clicks(post, "Übernehmen")
        await daemon.until(lambda s=sent: s.acked is not None, "an acknowledgement")
        await asyncio.sleep(0.004 * n)
        daemon.sends(signal.SIGKILL)
        await daemon.ends()
        daemon = await real.daemon()
        await real.eventually(lambda p=post: "übernommen von" in p.text, f"who took case {n}")
    daemon.sends(signal.SIGTERM)
    assert await daemon.ends() == 0
    assert [len(real.slack.reads(f"Acme Fall {n}.")) for n in range(kills)] == [1] * kills
    store = await Store.open_to_read(real.config["smwatch"]["store"])
    async with store.read() as connection:
        count = (await connection.execute(select(func.count()).select_from(case_event))).scalar_one()
    await store.close()
    assert count == kills


async def test_a_line_that_is_cut_is_back_within_forty_seconds(real):
    """With the limits as they are; a silent line is the slowest case."""
    real.feed()
    real.watch("Acme", "acme")
    daemon = await real.daemon()
    team = real.slack.team
    opened, begun = team.opened, asyncio.get_running_loop().time()
    team.falls_silent()
    team.hears_again()
    await daemon.until(lambda: team.opened > opened, "another line", patience=40)
    assert asyncio.get_running_loop().time() - begun < 40
