from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
import structlog
from sqlalchemy.exc import OperationalError

from smwatch import schedule
from smwatch.errors import AuthExpired, Broken, Gone, NotPermitted, RateLimited, SourceError, Transient
from smwatch.pipeline import Polled
from smwatch.plugin import Source
from smwatch.schedule import Scheduler, first_polls, next_after_failure, next_after_success, state_of
from smwatch.secret import SecretMissing
from smwatch.store import sources as source_store
from smwatch.store.db import Store
from smwatch.store.sources import Named

NOW = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
TEN = timedelta(minutes=10)


class Clock:
    """Time that only a test moves."""

    def __init__(self):
        self.now = NOW

    def __call__(self):
        return self.now

    def passes(self, **time):
        self.now += timedelta(**time)


@pytest.fixture
async def store(tmp_path):
    opened = await Store.open(f"sqlite:///{tmp_path}/s.db")
    yield opened
    await opened.close()


@pytest.mark.parametrize("chance", [0.0, 0.5, 0.999])
def test_an_interval_is_honoured_with_jitter_inside_it(chance):
    due = next_after_success(NOW, TEN, chance)
    assert NOW + TEN * 0.9 <= due <= NOW + TEN


def test_back_off_doubles_and_ends_between_a_minute_and_six_hours():
    waits = [next_after_failure(NOW, TEN, n, Transient("x"), 1.0) - NOW for n in range(1, 12)]
    assert waits[:3] == [timedelta(minutes=20), timedelta(minutes=40), timedelta(minutes=80)]
    assert waits[-1] == TEN * 32
    assert next_after_failure(NOW, timedelta(days=1), 9, Transient("x"), 1.0) - NOW == timedelta(hours=6)
    assert next_after_failure(NOW, timedelta(seconds=1), 9, Transient("x"), 1.0) - NOW == timedelta(seconds=60)


@pytest.mark.parametrize("error", [Transient("x"), Broken("x"), Gone("x"), NotPermitted("x"), AuthExpired("x")])
@pytest.mark.parametrize("failures", [1, 2, 3, 4, 5, 20])
@pytest.mark.parametrize("chance", [0.0, 1.0])
def test_with_an_interval_of_two_seconds_it_is_read_again_within_75(error, failures, chance):
    due = next_after_failure(NOW, timedelta(seconds=2), failures, error, chance)
    assert timedelta(seconds=2) <= due - NOW < timedelta(seconds=75)


def test_half_of_the_pause_is_jitter():
    least = next_after_failure(NOW, TEN, 1, Transient("x"), 0.0) - NOW
    assert least == TEN


@pytest.mark.parametrize(
    ("asked", "waits"),
    [
        (timedelta(hours=3), timedelta(hours=3)),
        (timedelta(days=3650), timedelta(hours=24)),
        (timedelta(seconds=1), timedelta(minutes=20)),
    ],
)
def test_a_source_that_asks_for_a_pause_gets_it_for_a_day_at_most(asked, waits):
    error = RateLimited("x", retry_at=NOW + asked)
    assert next_after_failure(NOW, TEN, 1, error, 1.0) - NOW == waits


@pytest.mark.parametrize(
    ("error", "state"),
    [
        (Transient("x"), "failing"),
        (Broken("x"), "failing"),
        (Gone("x"), "gone"),
        (NotPermitted("x"), "refused"),
        (AuthExpired("x"), "refused"),
    ],
)
def test_each_failure_has_a_word(error, state):
    assert state_of(error) == state


@pytest.mark.parametrize(("count", "seconds"), [(0, 1), (1, 1), (100, 12), (166, 20), (1000, 120), (5000, 120)])
def test_first_polls_are_spread_over_20_seconds_and_a_thousand_over_120(count, seconds):
    assert first_polls(count) <= timedelta(seconds=seconds)


class Polls:
    """Counts polls and answers as the test wants."""

    def __init__(self):
        self.asked = []
        self.answers = {}

    async def __call__(self, source, row, now):
        self.asked.append((row.name, now))
        answer = self.answers.get(row.name)
        if isinstance(answer, BaseException):
            raise answer
        if answer is not None:
            return await answer()
        return Polled(listed=1)


class Bench:
    """A scheduler over a real store, driven by hand."""

    def __init__(self, store, clock):
        self.store, self.clock, self.polls = store, clock, Polls()
        self.heard = []
        self.scheduler = Scheduler(
            store, self.polls, clock=clock, chance=lambda: 0.5, on_poll=lambda *heard: self.heard.append(heard)
        )

    async def has(self, *names, interval=TEN):
        sources = {Named(client="", kind="feed", key=name, name=name): name for name in names}
        async with self.store.write() as connection:
            rows = await source_store.sync_sources(connection, list(sources))
        self.scheduler.replace(
            {
                rows[one].id: (Source(type="feed", name=name, interval=interval), rows[one])
                for one, name in sources.items()
            }
        )

    async def turn(self):
        """Everything that is due now, to its end."""
        await self.scheduler._start_due()
        tasks = [slot.polling for slot in self.scheduler._slots.values() if slot.polling]
        if tasks:
            await asyncio.wait(tasks)
        await self.scheduler._save()

    def row(self, name):
        return next(row for row in self.scheduler.rows if row.name == name)

    async def stored(self, name):
        async with self.store.read() as connection:
            return next(row for row in await source_store.all_sources(connection) if row.name == name)

    @property
    def names(self):
        return [name for name, _ in self.polls.asked]


@pytest.fixture
def bench(store):
    with structlog.testing.capture_logs() as logs:
        made = Bench(store, Clock())
        made.logs = logs
        yield made


async def test_a_thousand_first_polls_are_spread_evenly(bench):
    names = [f"{n:04}" for n in range(1000)]
    await bench.has(*names)
    counts = []
    for _ in range(12):
        before = len(bench.polls.asked)
        bench.clock.passes(seconds=10)
        await bench.turn()
        counts.append(len(bench.polls.asked) - before)
    assert sum(counts) == 1000
    assert max(counts) - min(counts) <= 2


async def test_a_few_first_polls_come_within_seconds(bench):
    await bench.has(*[f"{n}" for n in range(20)])
    bench.clock.passes(seconds=20)
    await bench.turn()
    assert len(bench.polls.asked) == 20


async def test_a_failure_is_written_down_told_once_and_taken_back(bench):
    await bench.has("heise")
    bench.polls.answers["heise"] = Transient("down")
    bench.clock.passes(seconds=2)
    await bench.turn()
    bench.clock.passes(hours=1)
    await bench.turn()
    stored = await bench.stored("heise")
    assert (stored.state, stored.failures, str(stored.reason)) == ("failing", 2, "down")
    assert stored.state_since == NOW + timedelta(seconds=2)
    bench.polls.answers.clear()
    bench.clock.passes(hours=1)
    await bench.turn()
    stored = await bench.stored("heise")
    assert (stored.state, stored.failures, stored.reason) == ("ok", 0, None)
    assert [one["event"] for one in bench.logs] == ["source_failed", "source_fetched", "source_recovered"]
    assert [outcome for _, outcome, _ in bench.heard] == ["failing", "failing", "read"]


async def test_a_plugin_that_breaks_fails_alone_with_a_traceback(bench):
    await bench.has("bad", "good")
    bench.polls.answers["bad"] = ZeroDivisionError()
    bench.clock.passes(seconds=2)
    await bench.turn()
    assert bench.row("bad").state == "failing"
    assert bench.row("good").state == "ok"
    assert [one["event"] for one in bench.logs if one["log_level"] == "error"] == ["source_broke"]


async def test_a_missing_secret_is_refused_not_broken(bench):
    await bench.has("youtube")
    bench.polls.answers["youtube"] = SecretMissing("the variable X is not set")
    bench.clock.passes(seconds=2)
    await bench.turn()
    assert bench.row("youtube").state == "refused"


async def test_a_store_that_takes_nothing_is_no_source_s_fault(bench):
    await bench.has("heise")
    bench.polls.answers["heise"] = OperationalError("INSERT", {}, OSError("disk full"))
    bench.clock.passes(seconds=2)
    await bench.turn()
    assert bench.row("heise").state == "new"
    bench.polls.answers.clear()
    bench.clock.passes(minutes=11)
    await bench.turn()
    assert bench.names == ["heise", "heise"]
    assert bench.row("heise").state == "ok"


async def test_states_that_could_not_be_written_are_written_later(bench, monkeypatch):
    await bench.has("heise")
    bench.clock.passes(seconds=2)

    async def full(*_):
        raise OperationalError("UPDATE", {}, OSError("disk full"))

    with monkeypatch.context() as patch:
        patch.setattr(source_store, "save_states", full)
        await bench.turn()
    assert (await bench.stored("heise")).state == "new"
    await bench.scheduler._save()
    assert (await bench.stored("heise")).state == "ok"


async def test_a_poll_without_end_is_left_behind(bench, monkeypatch):
    monkeypatch.setattr(schedule, "WEDGED", 0.01)
    await bench.has("stuck", "good")

    async def forever():
        while True:
            try:
                await asyncio.Event().wait()
            except asyncio.CancelledError:
                if stubborn.is_set():
                    raise

    stubborn = asyncio.Event()
    bench.polls.answers["stuck"] = forever
    bench.clock.passes(seconds=2)
    await bench.turn()
    assert bench.row("stuck").state == "failing"
    assert bench.row("good").state == "ok"
    stubborn.set()
    for task in asyncio.all_tasks() - {asyncio.current_task()}:
        task.cancel()


async def test_a_changed_source_is_read_anew_and_one_that_left_is_not(bench):
    await bench.has("heise", "golem")
    bench.clock.passes(seconds=2)
    await bench.turn()
    await bench.has("heise", interval=timedelta(minutes=1))
    bench.clock.passes(seconds=2)
    await bench.turn()
    assert sorted(bench.names) == ["golem", "heise", "heise"]
    bench.clock.passes(minutes=11)
    await bench.turn()
    assert bench.names.count("golem") == 1


async def test_who_asked_for_a_pause_keeps_it_over_a_restart(bench):
    await bench.has("heise")
    bench.polls.answers["heise"] = RateLimited("later", retry_at=NOW + timedelta(hours=3))
    bench.clock.passes(seconds=2)
    await bench.turn()
    again = Bench(bench.store, bench.clock)
    await again.has("heise")
    again.clock.passes(hours=2)
    await again.turn()
    assert again.names == []
    again.clock.passes(hours=2)
    await again.turn()
    assert again.names == ["heise"]


async def test_a_clock_that_is_put_back_makes_nobody_wait(bench):
    await bench.has("heise")
    bench.clock.passes(seconds=2)
    await bench.turn()
    bench.clock.passes(hours=-1)
    await bench.turn()
    bench.clock.passes(minutes=10)
    await bench.turn()
    assert bench.names == ["heise", "heise"]


async def test_a_clock_that_is_put_forward_reads_everything_once(bench):
    await bench.has("heise", "golem")
    bench.clock.passes(seconds=2)
    await bench.turn()
    bench.clock.passes(days=365)
    await bench.turn()
    await bench.turn()
    assert sorted(bench.names) == ["golem", "golem", "heise", "heise"]


async def test_three_failing_at_once_are_the_network(bench):
    await bench.has("a", "b", "c")
    bench.polls.answers |= dict.fromkeys("abc", Transient("no route"))
    bench.clock.passes(seconds=2)
    await bench.turn()
    assert bench.scheduler.network_down
    assert bench.scheduler.first_round_over
    bench.scheduler._slots[bench.row("a").id].row = replace(bench.row("a"), state="ok")
    assert not bench.scheduler.network_down


async def test_stopping_ends_the_polls_that_are_on_their_way(bench):
    await bench.has("slow")
    begun, ended = asyncio.Event(), []

    async def slow():
        begun.set()
        try:
            await asyncio.Event().wait()
        finally:
            await asyncio.sleep(0)
            ended.append("slow")

    bench.polls.answers["slow"] = slow
    bench.clock.passes(seconds=2)
    running = asyncio.create_task(bench.scheduler.run())
    await begun.wait()
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert ended == ["slow"]


async def test_a_cancellation_that_meets_a_knock_is_not_lost(bench):
    await bench.has("heise")
    running = asyncio.create_task(bench.scheduler.run())
    for _ in range(5):
        await asyncio.sleep(0)
    bench.scheduler.poll_now()
    running.cancel()
    done, _ = await asyncio.wait({running}, timeout=3)
    assert done


async def test_one_round_reads_everything_once(bench):
    await bench.has("a", "b")
    bench.polls.answers["b"] = SourceError("no")
    await bench.scheduler.round()
    assert sorted(bench.names) == ["a", "b"]
    assert (await bench.stored("b")).failures == 1
