"""Evil servers among good ones: the good ones lose nothing and are not delayed."""

from __future__ import annotations

import time
from contextlib import AsyncExitStack
from dataclasses import replace
from pathlib import Path

from smwatch.testing.servers import evil

EVILS = (
    "bomb-gzip",
    "bomb-nested",
    "endless",
    "slow-loris",
    "silent",
    "header-flood",
    "redirect-loop",
    "redirect-private",
    "redirect-file",
    "html",
    "reset",
    "status-503",
)
HEAVY = "<rss><channel><item><title>x</title><author>" + "a." * 25_000 + "</author></item></channel></rss>"


async def test_a_dozen_evil_servers_cost_the_good_ones_nothing(world):
    async with AsyncExitStack() as stack:
        for kind in EVILS:
            world.source(kind, await stack.enter_async_context(evil(kind)))
        world.source("nobody", "http://127.0.0.1:9/feed.xml")
        world.source("private", "http://127.0.0.1:9/private.xml", allow_private=False)
        press, bomb = world.feed("Tagesbote"), world.feed("Bombe")
        bomb.answers(HEAVY)
        world.watch("Acme", "acme")
        await world.starts()
        at_start = _memory()
        await world.eventually(lambda: _first_poll(world, "Tagesbote"), "the good source's first poll")
        for n in range(3):
            before = time.monotonic()
            press.publishes(f"Acme Fall {n}.")
            await world.hears(f"Acme Fall {n}.")
            assert time.monotonic() - before < 10
        rows = {row.name: row for row in world.app.scheduler.rows}
        await world.eventually(lambda: _states(world)["redirect-private"] == "refused", "the guard")
        assert _states(world)["private"] == "refused"
        assert "169.254" in rows["redirect-private"].reason.render("de") or rows["redirect-private"].reason
        assert _memory() - at_start < 64
    assert len(world.alerts()) == 3


class Breakable:
    """The engine, with a bug that one word shows."""

    def __init__(self, engine):
        self._engine = engine

    def match_many(self, items):
        if any("Gift" in one.title for one in items):
            raise ZeroDivisionError
        return self._engine.match_many(items)


async def test_an_item_that_breaks_the_matcher_costs_itself_alone(world):
    world.may_fail = True
    press = world.feed()
    world.watch("Acme", "acme")
    await world.watches()
    world.app.pipeline.plan = replace(world.app.pipeline.plan, engine=Breakable(world.app.pipeline.plan.engine))
    press.publishes("Acme wächst")
    press.publishes("Acme Gift")
    press.publishes("Acme ruft zurück")
    await world.hears("Acme wächst")
    await world.hears("Acme ruft zurück")
    told = await world.hears("nach drei Versuchen ausgelassen")
    assert "Tagesbote" in told.text
    assert len(world.alerts()) == 2


def _first_poll(world, name):
    return any(row.name == name and row.first_poll_at for row in world.app.scheduler.rows)


def _states(world):
    return {row.name: row.state for row in world.app.scheduler.rows}


def _memory():
    """MiB in use by this process."""
    fields = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines())
    return int(fields["VmRSS"].split()[0]) // 1024


async def test_a_page_instead_of_a_feed_is_said_and_the_feed_is_read_again(world):
    press = world.feed()
    world.watch("Acme", "acme")
    await world.watches()
    press.answers("<!DOCTYPE html><title>Bitte anmelden</title>", content_type="text/html")
    await world.eventually(lambda: _states(world)["Tagesbote"] == "failing", "the page to be refused")
    press.publishes("Acme ruft zurück")
    await world.until_true(lambda: world.alerts("Acme ruft zurück"), "the alert")
    assert _states(world)["Tagesbote"] == "ok"


async def test_a_source_that_failed_for_a_while_is_read_again_within_75_seconds(world):
    press = world.feed(interval="2s")
    world.watch("Acme", "acme")
    await world.watches()
    press.is_down()
    for _ in range(10):
        world.clock_only(seconds=1)
        await world.moment()
    press.publishes("Acme ruft zurück")
    before = world.clock()
    while not world.alerts("Acme ruft zurück"):
        world.clock_only(seconds=1)
        await world.moment()
    assert (world.clock() - before).total_seconds() < 75


async def test_when_nothing_can_be_reached_ops_hears_it_once(world):
    feeds = [world.feed(f"Blatt {n}") for n in range(4)]
    world.watch("Acme", "acme")
    await world.watches()
    for feed in feeds:
        feed.is_down()
    await world.hears("Netz")
    for feed in feeds:
        feed.publishes(f"Acme in {feed.name}")
    await world.until_true(lambda: len(world.alerts()) == 4, "all four")
    assert len(world.slack.reads("Netz")) == 1


async def test_a_source_that_fails_for_long_is_told_once_a_day(world):
    press, blog = world.feed("Tagesbote"), world.feed("Blog")
    world.watch("Acme", "acme")
    await world.watches()
    press.is_down()
    await world.eventually(lambda: _states(world)["Tagesbote"] == "failing", "the failure")
    world.passes(hours=2)
    told = await world.hears("nicht lesbar")
    assert "Tagesbote" in told.text
    blog.is_down()
    await world.eventually(lambda: _states(world)["Blog"] == "failing", "the failure")
    world.passes(hours=2)
    await world.calm(queue=None)
    assert len(world.slack.reads("nicht lesbar")) == 1
    world.passes(hours=24)
    await world.eventually(lambda: len(world.slack.reads("nicht lesbar")) == 2, "the next day's news")


async def test_etags_are_used_and_unchanged_feeds_are_not_read_again(world):
    press = world.feed()
    press.publishes("Acme war schon da")
    world.watch("Acme", "acme")
    await world.watches()
    await world.calm()
    last = world.server.requests[-1].headers
    assert last["If-None-Match"].startswith('"')
    assert "smwatch" in last["User-Agent"]
    assert world.app.pool.metrics.jobs == 1
