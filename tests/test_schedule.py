from __future__ import annotations

import asyncio
import itertools
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import ClassVar

import pytest
import structlog
from sqlalchemy.exc import OperationalError

from smwatch import due, schedule
from smwatch.due import (
    failed,
    first_polls,
    is_told,
    next_after_failure,
    next_after_success,
    rhythm,
    state_of,
    worked,
)
from smwatch.errors import (
    AuthExpired,
    Broken,
    Gone,
    HostRests,
    LeaseLost,
    NotPermitted,
    RateLimited,
    SourceError,
    Transient,
)
from smwatch.habits import AS_CONFIGURED, Rhythm, learned
from smwatch.pipeline import Polled
from smwatch.plugin import Card, Source
from smwatch.schedule import Scheduler
from smwatch.secret import SecretMissing
from smwatch.store import sources as source_store
from smwatch.store.claims import Claims
from smwatch.store.db import Store
from smwatch.store.sources import Named, SourceRow
from smwatch.turns import AT_ONE_HOST

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


@pytest.mark.parametrize(("chance", "part"), [(0.0, 1.0), (0.5, 0.95), (1.0, 0.9)])
def test_an_interval_is_honoured_with_jitter_inside_it(chance, part):
    assert next_after_success(NOW, TEN, chance) == NOW + TEN * part


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


def source(name, **keys):
    return Source(type="feed", name=name, **keys)


def lasting(error, since):
    row = SourceRow(id=1, client="", kind="feed", key="k", name="k", first_poll_at=NOW)
    for n in range(3):
        row = failed(row, error, NOW + since * n / 2)
    return row, next_after_failure(NOW, TEN, row.failures, error, 1.0, lasting=since) - NOW


@pytest.mark.parametrize(
    ("error", "since", "pause", "told"),
    [
        (Broken("x", status=404), timedelta(hours=23), timedelta(minutes=80), False),
        (Broken("x", status=404), timedelta(days=1), timedelta(days=1), False),
        (Broken("x", status=404), timedelta(days=3), timedelta(days=1), True),
        (Broken("x"), timedelta(days=3), timedelta(minutes=80), True),
        (NotPermitted("x", status=403), timedelta(minutes=59), timedelta(hours=1), False),
        (NotPermitted("x", status=403), timedelta(hours=1), timedelta(hours=1), True),
        (AuthExpired("x", status=401), timedelta(hours=6), timedelta(days=1), True),
        (Gone("x", status=410), timedelta(hours=23), timedelta(minutes=320), False),
        (Gone("x", status=410), timedelta(days=1), timedelta(days=7), True),
    ],
)
def test_what_is_not_there_is_asked_ever_more_rarely_and_told_once_it_is_certain(error, since, pause, told):
    row, waits = lasting(error, since)
    assert (waits, is_told(row, NOW + since)) == (pause, told)


@pytest.mark.parametrize(("times", "told"), [(1, False), (2, False), (3, True)])
def test_gone_is_believed_when_it_was_said_three_times_however_long_ago_that_began(times, told):
    row = SourceRow(id=1, client="", kind="feed", key="k", name="k", first_poll_at=NOW)
    for n in range(times):
        row = failed(row, Gone("x", status=410), NOW + timedelta(days=2) * n)
    assert is_told(row, NOW + timedelta(days=2) * times) is told


def test_another_way_of_failing_begins_anew():
    row, _ = lasting(Gone("x", status=410), timedelta(days=2))
    row = failed(row, Transient("x", status=500), NOW + timedelta(days=2))
    assert (row.trouble["kind"], row.trouble["times"], row.state, row.failures) == ("failing", 1, "failing", 4)
    assert not is_told(row, NOW + timedelta(days=2))


def test_a_poll_that_works_ends_the_trouble():
    row, _ = lasting(Gone("x"), timedelta(days=2))
    row = worked(row, NOW + timedelta(days=2), TEN)
    assert (row.state, row.reason, row.failures, row.trouble) == ("ok", None, 0, None)


def test_silence_is_a_state_and_told_at_once():
    known = learned(None, [NOW - timedelta(hours=n) for n in range(8)], NOW, news=False)
    row = SourceRow(id=1, client="", kind="feed", key="k", name="k", first_poll_at=NOW, heard=known)
    assert worked(row, NOW + timedelta(hours=4), TEN).state == "ok"
    row = worked(row, NOW + timedelta(hours=5), TEN)
    assert (row.state, is_told(row, NOW + timedelta(hours=5))) == ("silent", True)
    assert worked(row, NOW + timedelta(hours=6), TEN) == replace(row, last_ok_at=NOW + timedelta(hours=6))
    assert worked(replace(row, heard=learned(known, [], NOW + timedelta(hours=6), news=True)), NOW, TEN).state == "ok"


def test_what_is_searched_may_find_nothing_for_long():
    class Search(Source):
        card: ClassVar[Card] = Card(title="s", docs="https://s.example/", keyword_search=True)

    known = learned(None, [NOW - timedelta(hours=n) for n in range(8)], NOW, news=False)
    row = SourceRow(id=1, client="", kind="feed", key="k", name="k", first_poll_at=NOW, heard=known)
    assert worked(row, NOW + timedelta(days=5), TEN, Search(type="s", name="s")).state == "ok"
    assert worked(row, NOW + timedelta(days=5), TEN, source("a")).state == "silent"


def test_an_address_that_moved_for_good_is_its_reason():
    moved = {"https://a.example/": {"moved": {"to": "https://b.example/", "times": 3, "since": NOW.isoformat()}}}
    row = worked(SourceRow(id=1, client="", kind="feed", key="k", name="k", validators=moved), NOW, TEN)
    assert (row.state, str(row.reason)) == ("ok", "it has moved for good: write https://b.example/ as its address")


def test_an_interval_in_the_config_is_the_interval():
    row = SourceRow(id=1, client="", kind="feed", key="k", name="k", heard={"ttl": 300})
    assert rhythm(source("a", interval="2h"), row) == Rhythm(timedelta(hours=2), AS_CONFIGURED)
    assert rhythm(source("a", interval=None), row).every == timedelta(minutes=5)
    kept = replace(row, heard=None, validators={"u": {"fresh_for": 1200}, "v": {"fresh_for": 900}, "w": {}})
    assert rhythm(source("a", interval=None), kept).every == timedelta(minutes=15)
    assert rhythm(source("a", interval=None)).every == timedelta(minutes=10)


@pytest.mark.parametrize(
    ("count", "seconds"), [(0, 1), (1, 1), (100, 12), (166, 20), (1000, 120), (5000, 600), (50000, 600)]
)
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

    def __init__(self, store, clock, claims=None):
        self.store, self.clock, self.polls = store, clock, Polls()
        self.heard = []
        self.scheduler = Scheduler(
            store,
            self.polls,
            clock=clock,
            chance=lambda: 0.5,
            on_poll=lambda *heard: self.heard.append(heard),
            claims=claims,
        )

    async def has(self, *names, interval=TEN, made=None):
        made = made or (lambda name: Source(type="feed", name=name, interval=interval))
        sources = {Named(client="", kind="feed", key=name, name=name): name for name in names}
        async with self.store.write() as connection:
            rows = await source_store.sync_sources(connection, list(sources))
        self.scheduler.replace({rows[one].id: (made(name), rows[one]) for one, name in sources.items()})

    async def turn(self):
        """Everything that is due now, to its end."""
        while True:
            await self.scheduler._start_due()
            tasks = [
                slot.polling for slot in self.scheduler._slots.values() if slot.polling and not slot.polling.done()
            ]
            if not tasks:
                break
            await asyncio.wait(tasks)
            await asyncio.sleep(0)  # what they leave behind is done
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


async def test_after_a_restart_the_longest_unread_come_first(bench):
    names = ["b", "new", "a", "d", "c"]
    named = [Named(client="", kind="feed", key=name, name=name) for name in names]
    async with bench.store.write() as connection:
        rows = list((await source_store.sync_sources(connection, named)).values())
        read = [replace(row, last_ok_at=NOW - timedelta(hours=ord(row.name))) for row in rows if row.name != "new"]
        await source_store.save_states(connection, read, NOW)
    await bench.has(*names)
    bench.clock.passes(seconds=0.9)
    order = []
    for _ in range(10):
        await bench.turn()
        order += [name for name in bench.names if name not in order]
        bench.clock.passes(seconds=0.2)
    assert order == ["new", "d", "c", "b", "a"]


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

    async def full(*_, **__):
        raise OperationalError("UPDATE", {}, OSError("disk full"))

    with monkeypatch.context() as patch:
        patch.setattr(source_store, "save_states", full)
        await bench.turn()
    assert (await bench.stored("heise")).state == "new"
    await bench.scheduler._save()
    assert (await bench.stored("heise")).state == "ok"


async def test_a_poll_without_end_is_left_behind(bench, monkeypatch):
    await bench.has("stuck")

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
    with monkeypatch.context() as patch:
        patch.setattr(schedule, "WEDGED", 0.01)
        await bench.turn()
    assert bench.row("stuck").state == "failing"
    await bench.has("stuck", "good")
    bench.clock.passes(seconds=2)
    await bench.turn()
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


async def test_a_host_that_rests_is_no_failure_of_its_other_sources(bench):
    await bench.has("heise", "golem")
    until = NOW + timedelta(hours=3)
    bench.polls.answers["heise"] = RateLimited("later", retry_at=until)
    bench.polls.answers["golem"] = HostRests("blatt.example", until)
    bench.clock.passes(seconds=2)
    await bench.turn()
    heise, golem = await bench.stored("heise"), await bench.stored("golem")
    assert (heise.state, heise.failures) == ("failing", 1)
    assert (golem.state, golem.failures, due.waits_for(golem)) == ("new", 0, "blatt.example")
    assert until <= golem.due_at <= until + timedelta(seconds=20)
    assert (bench.scheduler.first_round_over, bench.scheduler.network_down) == (True, False)
    again = Bench(bench.store, bench.clock)
    await again.has("golem")
    again.clock.passes(hours=2)
    await again.turn()
    assert again.names == []
    again.clock.passes(hours=2)
    await again.turn()
    golem = await bench.stored("golem")
    assert (again.names, golem.state, golem.reason) == (["golem"], "ok", None)


async def test_a_host_that_rests_changes_nothing_about_a_source_that_fails(bench):
    await bench.has("heise")
    bench.polls.answers["heise"] = Gone("away")
    bench.clock.passes(seconds=2)
    await bench.turn()
    bench.polls.answers["heise"] = HostRests("blatt.example", NOW + timedelta(days=3))
    bench.clock.passes(days=2)
    await bench.turn()
    assert (bench.row("heise").state, bench.row("heise").failures, due.waits_for(bench.row("heise"))) == (
        "gone", 1, None,
    )  # fmt: skip


async def test_what_is_gone_rests_for_a_week_also_over_a_restart(bench):
    await bench.has("heise")
    bench.polls.answers["heise"] = Gone("away")
    bench.clock.passes(seconds=2)
    await bench.turn()
    for _ in range(8):
        bench.clock.passes(hours=6)
        await bench.turn()
    planned = (await bench.stored("heise")).due_at
    assert planned - bench.clock() > timedelta(days=2)
    again = Bench(bench.store, bench.clock)
    await again.has("heise")
    assert again.row("heise").due_at == planned


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


# several daemons on one store


async def shared(store, *names):
    """Two schedulers that claim what they poll."""
    clock = Clock()
    pair = [Bench(store, clock, claims=Claims(owner=owner)) for owner in ("one", "other")]
    for bench in pair:
        await bench.has(*names)
    return pair


async def test_two_daemons_share_the_sources_without_double_polls(store):
    names = [f"{n:02}" for n in range(30)]
    one, other = await shared(store, *names)
    for _ in range(40):
        one.clock.passes(seconds=30)
        await asyncio.gather(one.turn(), other.turn())
    polls = sorted(one.polls.asked + other.polls.asked)
    assert {name for name, _ in polls} == set(names)
    for name in names:
        moments = [moment for polled, moment in polls if polled == name]
        assert all(later - earlier >= timedelta(minutes=9) for earlier, later in itertools.pairwise(moments))
        assert len(moments) >= 2


async def test_what_one_daemon_learns_the_other_knows(store):
    one, other = await shared(store, "heise")
    one.polls.answers["heise"] = Transient("down")
    one.clock.passes(seconds=5)
    await one.turn()
    await other.turn()
    assert (other.row("heise").state, other.row("heise").failures) == ("failing", 1)
    assert other.scheduler.first_round_over


async def test_what_is_due_before_its_state_is_stored_is_not_put_off_by_its_own_lease(store):
    one, _ = await shared(store, "heise")
    one.clock.passes(seconds=5)
    with structlog.testing.capture_logs():
        [slot] = await one.scheduler._claimed(one.scheduler._take_due(one.clock()))
        await one.scheduler._guarded(slot)
    one.scheduler._ended(slot)
    one.clock.passes(minutes=11)
    [again] = await one.scheduler._claimed(one.scheduler._take_due(one.clock()))
    assert (again.row.fence, again.row.state) == (2, "ok")


async def test_who_dies_with_a_lease_is_followed_by_the_other(store):
    one, other = await shared(store, "heise")
    one.clock.passes(seconds=5)
    assert [slot.row.name for slot in await one.scheduler._claimed(one.scheduler._take_due(one.clock()))] == ["heise"]
    await other.turn()
    assert other.names == []
    one.clock.passes(minutes=4)
    await other.turn()
    assert other.names == ["heise"]


async def test_who_comes_back_after_its_lease_writes_nothing(store):
    one, other = await shared(store, "heise")

    async def stopped():
        one.clock.passes(minutes=4)  # as after SIGSTOP
        await other.turn()
        raise LeaseLost("taken over")

    one.polls.answers["heise"] = stopped
    one.clock.passes(seconds=5)
    with structlog.testing.capture_logs() as logs:
        await one.turn()
    stored = await one.stored("heise")
    assert (stored.state, stored.fence) == ("ok", 2)
    assert [entry["event"] for entry in logs] == ["source_fetched", "source_taken_over"]


# places at one host


class AtHost(Source):
    url: str = ""


async def test_many_sources_at_a_slow_host_take_nobody_else_s_place(bench):
    slow, release = asyncio.Event(), asyncio.Event()
    at_once = []

    async def hangs():
        at_once.append(1)
        slow.set()
        await release.wait()
        return Polled(listed=1)

    sources = {f"slow {n}": "https://slow.example/" for n in range(100)} | {"quick": "https://quick.example/feed"}
    bench.polls.answers |= {name: hangs for name in sources if name != "quick"}
    await bench.has(*sources, made=lambda name: AtHost(type="feed", name=name, url=sources[name], interval=TEN))
    bench.clock.passes(seconds=20)
    await bench.scheduler._start_due()
    quick = bench.scheduler._slots[bench.row("quick").id].polling
    await slow.wait()
    await quick
    assert (bench.row("quick").state, len(at_once)) == ("ok", AT_ONE_HOST)
    release.set()
    await bench.turn()
    assert {row.state for row in bench.scheduler.rows} == {"ok"}


def at_slow_host(bench, count, release):
    """So many sources at one host, whose polls wait for `release`; how many of them run."""
    running = Counter()

    def asked(name):
        async def hangs():
            running[name] += 1
            bench.most = max(bench.most, running[name])
            await release.wait()
            running[name] -= 1
            return Polled(listed=1)

        return hangs

    names = [f"slow {n}" for n in range(count)]
    bench.most = 0
    bench.polls.answers |= {name: asked(name) for name in names}
    return bench.has(
        *names, made=lambda name: AtHost(type="feed", name=name, url="https://slow.example/", interval=TEN)
    )


async def test_who_stands_in_line_and_is_to_be_read_at_once_is_read_once_and_frees_its_place(bench):
    release = asyncio.Event()
    await at_slow_host(bench, AT_ONE_HOST + 2, release)
    bench.clock.passes(seconds=20)
    await bench.scheduler._start_due()
    bench.scheduler.poll_now()
    await bench.scheduler._start_due()
    bench.scheduler.poll_now()
    release.set()
    await bench.turn()
    assert bench.most == 1
    assert {row.state for row in bench.scheduler.rows} == {"ok"}
    assert (bench.scheduler._running, bench.scheduler._turns._busy, bench.scheduler._turns._lines) == (0, {}, {})


async def test_who_rests_or_is_gone_keeps_nobody_behind_it_in_line(bench):
    release = asyncio.Event()
    await at_slow_host(bench, AT_ONE_HOST + 3, release)
    bench.clock.passes(seconds=20)
    await bench.scheduler._start_due()
    line = list(bench.scheduler._turns._lines["slow.example"].values())
    rests, gone, last = line
    bench.scheduler.rest(rests.row.id, NOW, None)
    kept = {slot.row.id: (slot.source, slot.row) for slot in bench.scheduler._slots.values() if slot is not gone}
    bench.scheduler.replace(kept)
    release.set()
    await bench.turn()
    assert (rests.row.state, gone.row.state, last.row.state) == ("new", "new", "ok")


async def test_a_poll_whose_end_is_not_yet_counted_is_not_begun_again(bench, monkeypatch):
    begun = []

    async def at_once(slot):
        begun.append(slot)

    monkeypatch.setattr(bench.scheduler, "_guarded", at_once)
    await bench.has("heise")
    bench.clock.passes(seconds=20)
    await bench.scheduler._start_due()
    await asyncio.sleep(0)  # it has ended, and what is to follow that stands ready
    (slot,) = bench.scheduler._slots.values()
    first = slot.polling
    assert first.done()
    bench.scheduler.poll_now()
    await bench.scheduler._start_due()
    assert slot.polling is first
    await asyncio.sleep(0)
    await bench.turn()
    await asyncio.sleep(0)
    assert (len(begun), bench.scheduler._running, bench.scheduler._turns._busy) == (2, 0, {})


async def test_nothing_is_left_of_a_poll(bench):
    await bench.has("heise")
    bench.clock.passes(seconds=20)
    key = next(iter(bench.scheduler._slots.values())).row.key
    await bench.turn()
    (slot,) = bench.scheduler._slots.values()
    assert (slot.row.state, slot.polling, slot.host) == ("ok", None, "")
    assert slot.row.key is key  # the text that it had, not an equal one out of the store


# sources that a person lets rest


async def test_a_source_that_rests_is_not_read_until_it_goes_on(bench):
    await bench.has("heise")
    bench.scheduler.rest(bench.row("heise").id, NOW, None)
    bench.clock.passes(days=2)
    await bench.turn()
    assert bench.names == []
    assert bench.scheduler.first_round_over
    bench.scheduler.rest(bench.row("heise").id, None, None)
    await bench.turn()
    assert bench.names == ["heise"]


async def test_a_source_that_rests_for_a_time_goes_on_by_itself(bench):
    await bench.has("heise")
    bench.scheduler.rest(bench.row("heise").id, NOW, NOW + timedelta(hours=2))
    bench.clock.passes(hours=1)
    await bench.turn()
    assert bench.names == []
    bench.clock.passes(hours=1)
    await bench.turn()
    assert bench.names == ["heise"]


def test_a_poll_that_worked_may_say_when_the_next_one_is():
    row = SourceRow(id=1, client="", kind="feed", key="k", name="k", due_at=NOW)
    assert worked(row, NOW, TEN).due_at == NOW
    assert worked(row, NOW, TEN, again=NOW + TEN) == replace(worked(row, NOW, TEN), due_at=NOW + TEN)
