from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import ClassVar
from zoneinfo import ZoneInfo

import pytest
import structlog
from sqlalchemy import func, insert, select

from smwatch.config.model import Config, DigestPlan
from smwatch.i18n import text, to_json
from smwatch.model import Watch
from smwatch.plugin import Card, Channel, Source
from smwatch.store import digests as stored
from smwatch.store import schema
from smwatch.store.db import Store
from smwatch.timetable import Timetable, sources_of, uncovered, watches_of

BERLIN = ZoneInfo("Europe/Berlin")


def berlin(day: int, hour: int, minute: int = 0) -> datetime:
    """A moment in November 2025; the 24th is a Monday."""
    return datetime(2025, 11, day, hour, minute, tzinfo=BERLIN).astimezone(UTC)


@pytest.fixture
async def store(tmp_path):
    opened = await Store.open(f"sqlite:///{tmp_path}/smwatch.db")
    yield opened
    await opened.close()


PLAN = DigestPlan(name="morgens", at="08:00", days="workdays", channels=("pr", "presse"), client="Acme")
ACME = Watch(name="Acme Marke", client="Acme", query="acme", digest=("morgens",))
RIVALS = Watch(name="Wettbewerb", client="Acme", query="globex", digest=("morgens", "abends"))
ELSEWHERE = Watch(name="Anderes", client="Globex", query="x", digest=("abends",))
CHANNELS = {name: Channel(type="console", name=name) for name in ("pr", "presse")}
CONFIG = Config(watches=(ACME, RIVALS, ELSEWHERE), digests={"morgens": PLAN}, channels=CHANNELS)


def timetable(store, config=CONFIG) -> Timetable:
    return Timetable(store, lambda: config)


async def count(store, table) -> int:
    async with store.read() as connection:
        return (await connection.execute(select(func.count()).select_from(table))).scalar_one()


class Press:
    """Writes mentions into the store, as the pipeline would."""

    def __init__(self, store):
        self.store = store
        self.number = 0

    async def mention(
        self, seen: datetime, title: str = "", *, watch: Watch = ACME, old: bool = False, story: bool = True
    ) -> int:
        self.number += 1
        number, client = self.number, watch.client or ""
        async with self.store.write() as connection:
            source = await self._row(
                connection, schema.source, client="", kind="feed", key="f", name="Tagesbote", state="ok"
            )
            place = await self._row(
                connection, schema.watch, client=client, name=watch.name, query_hash="h", changed_at=seen, version=1
            )
            item = (
                await connection.execute(
                    insert(schema.item).values(
                        client=client,
                        source_id=source,
                        id_hmac=str(number),
                        native_id=str(number),
                        lead="",
                        text="",
                        url=f"https://tagesbote.example/{number}",
                        title=title or f"Titel {number}",
                        kind="article",
                        seen_at=seen,
                    )
                )
            ).inserted_primary_key[0]
            group = (
                await connection.execute(
                    insert(schema.story).values(client=client, first_item=str(number), first_at=seen, last_at=seen)
                )
            ).inserted_primary_key[0]
            values = {"client": client, "watch_id": place, "item_id": item, "query_version": 1, "spans": [], "old": old}
            values |= {"priority": "normal", "seen_at": seen, "story_id": group if story else None}
            return (await connection.execute(insert(schema.mention).values(values))).inserted_primary_key[0]

    async def _row(self, connection, table, **values) -> int:
        keys = [table.c[name] == values[name] for name in ("client", "name")]
        found = (await connection.execute(select(table.c.id).where(*keys))).scalar()
        return found or (await connection.execute(insert(table).values(values))).inserted_primary_key[0]

    async def decided(self, mention: int, verdict: str, code: str, at: datetime) -> None:
        async with self.store.write() as connection:
            reason = to_json(text(code.replace("_", " ")))
            await connection.execute(
                insert(schema.decision).values(
                    mention_id=mention, channel="pr", verdict=verdict, code=code, reason=reason, at=at
                )
            )


@pytest.fixture
def press(store) -> Press:
    return Press(store)


async def load(store, run, plan=PLAN, config=CONFIG):
    async with store.read() as connection:
        return await stored.load_digest(connection, run, plan, watches=watches_of(config, plan))


def titles(digest) -> list[str]:
    return [m.item.title for group in digest.stories.values() for story in group for m in story.mentions]


async def test_a_digest_is_planned_once_with_one_post_a_channel(store, press):
    table = timetable(store)
    await table.step(berlin(21, 7))
    await press.mention(berlin(21, 7, 30), "Acme baut um")
    [run] = await table.step(berlin(21, 8))
    assert (run.since, run.due_at, run.late) == (berlin(20, 8), berlin(21, 8), False)
    for again in (berlin(21, 8), berlin(21, 8, 1), berlin(21, 12)):
        assert await table.step(again) == ()
        assert await timetable(store).step(again) == ()
    async with store.read() as connection:
        posts = (await connection.execute(select(schema.post).order_by(schema.post.c.id))).all()
    assert [(post.channel, post.kind, post.client, post.digest_run_id, post.plan) for post in posts] == [
        ("pr", "digest", "Acme", run.id, {"digest_run_id": run.id, "part": 1, "parts": 1}),
        ("presse", "digest", "Acme", run.id, {"digest_run_id": run.id, "part": 1, "parts": 1}),
    ]
    assert len({post.key for post in posts}) == 2
    assert titles(await load(store, run)) == ["Acme baut um"]


async def test_monday_holds_the_weekend(store, press):
    table = timetable(store)
    await table.step(berlin(21, 7))
    await table.step(berlin(21, 8))
    await press.mention(berlin(21, 8, 1), "Freitag")
    await press.mention(berlin(22, 15), "Samstag")
    await press.mention(berlin(24, 8), "Montag um acht")
    await press.mention(berlin(24, 8, 1), "Montag danach")
    assert await table.step(berlin(22, 9)) == ()
    [monday] = await table.step(berlin(24, 8, 2))
    assert monday.since == berlin(21, 8)
    assert titles(await load(store, monday)) == ["Freitag", "Samstag", "Montag um acht"]
    [tuesday] = await table.step(berlin(25, 8))
    digest = await load(store, tuesday)
    assert titles(digest) == ["Montag danach"]
    assert [(c.watch, c.mentions, c.before) for c in digest.counts] == [("Acme Marke", 1, 3), ("Wettbewerb", 0, 0)]


async def test_what_was_committed_after_the_plan_is_in_the_next_one(store, press):
    table = timetable(store)
    await table.step(berlin(24, 7))
    [monday] = await table.step(berlin(24, 8))
    await press.mention(berlin(24, 7, 59), "um Haaresbreite")
    assert titles(await load(store, monday)) == []
    [tuesday] = await table.step(berlin(25, 8))
    assert titles(await load(store, tuesday)) == ["um Haaresbreite"]
    [wednesday] = await table.step(berlin(26, 8))
    assert titles(await load(store, wednesday)) == []


async def test_down_at_eight_and_up_at_ten_it_comes_late(store):
    await timetable(store).step(berlin(21, 9))
    [run] = await timetable(store).step(berlin(24, 10))
    assert (run.due_at, run.late) == (berlin(24, 8), True)
    assert (await load(store, run)).late
    assert await timetable(store).step(berlin(24, 10)) == ()


async def test_more_than_six_hours_late_it_waits_for_the_next_one(store, press):
    await timetable(store).step(berlin(20, 9))
    await press.mention(berlin(20, 10), "Donnerstag")
    assert await timetable(store).step(berlin(21, 15)) == ()
    [run] = await timetable(store).step(berlin(24, 8))
    assert titles(await load(store, run)) == ["Donnerstag"]
    assert not run.late


async def test_a_fresh_store_sends_nothing_that_was_due_before_it(store):
    assert await timetable(store).step(berlin(24, 9)) == ()
    assert await timetable(store).step(berlin(24, 9, 1)) == ()
    [run] = await timetable(store).step(berlin(25, 8))
    assert run.since == berlin(24, 8)
    assert await count(store, schema.digest_run) == 1


async def test_a_digest_with_a_new_time_is_not_sent_for_this_morning(store):
    await timetable(store).step(berlin(24, 9))
    earlier = replace(CONFIG, digests={"morgens": replace(PLAN, at="08:30")})
    assert await timetable(store, earlier).step(berlin(24, 9, 30)) == ()
    [run] = await timetable(store, earlier).step(berlin(25, 8, 30))
    assert run.due_at == berlin(25, 8, 30)


async def test_a_digest_sent_by_hand_starts_the_next_period(store, press):
    table = timetable(store)
    await table.step(berlin(24, 7))
    await table.step(berlin(24, 8))
    await press.mention(berlin(24, 9), "vor dem Senden")
    run = await table.send_now("morgens", berlin(24, 10))
    await press.mention(berlin(24, 11), "nach dem Senden")
    assert titles(await load(store, run)) == ["vor dem Senden"]
    assert await table.send_now("morgens", berlin(24, 10)) is None
    [tuesday] = await table.step(berlin(25, 8))
    assert titles(await load(store, tuesday)) == ["nach dem Senden"]


async def test_only_its_own_watches_and_nothing_old(store, press):
    table = timetable(store)
    await table.step(berlin(24, 7))
    await press.mention(berlin(24, 7, 10), "fremd", watch=ELSEWHERE)
    await press.mention(berlin(24, 7, 11), "alt", old=True)
    await press.mention(berlin(24, 7, 12), "Globex baut um", watch=RIVALS)
    await press.mention(berlin(24, 7, 13), "noch ohne Thema", story=False)
    [run] = await table.step(berlin(24, 8))
    assert titles(await load(store, run)) == ["noch ohne Thema", "Globex baut um"]


async def test_what_was_held_back_is_counted(store, press):
    table = timetable(store)
    await table.step(berlin(24, 7))
    found = [await press.mention(berlin(24, 7, minute)) for minute in range(1, 6)]
    for number in found[:3]:
        await press.decided(number, "hold", "quiet_hours", berlin(24, 7, 30))
        await press.decided(number, "hold", "quiet_hours", berlin(24, 7, 40))
    await press.decided(found[2], "alert", "watch", berlin(24, 7, 50))
    await press.decided(found[3], "nothing", "silenced", berlin(24, 7, 30))
    await press.decided(found[4], "digest", "digest_only", berlin(24, 7, 30))
    [run] = await table.step(berlin(24, 8))
    assert [(str(why), n) for why, n in (await load(store, run)).held] == [("quiet hours", 2), ("silenced", 1)]


async def test_the_preview_names_the_period_so_far_and_plans_nothing(store, press):
    table = timetable(store)
    await table.step(berlin(24, 7))
    await table.step(berlin(24, 8))
    await press.mention(berlin(24, 9), "bis jetzt")
    async with store.read() as connection:
        digest = await stored.preview(connection, PLAN, watches=watches_of(CONFIG, PLAN), now=berlin(24, 10))
    assert titles(digest) == ["bis jetzt"]
    assert (digest.since, digest.until, digest.next_due) == (berlin(24, 8), berlin(24, 10), berlin(25, 8))
    assert [source.name for source in digest.sources] == ["Tagesbote"]
    async with store.read() as connection:
        assert await stored.source_states(connection, "Acme", berlin(24, 10), ["anderer Name"]) == []
    assert await count(store, schema.digest_run) == 1


async def test_the_preview_of_a_fresh_store_holds_everything(store, press):
    await timetable(store).step(berlin(24, 7, 50))
    await press.mention(berlin(24, 7, 55), "vor acht")
    async with store.read() as connection:
        digest = await stored.preview(connection, PLAN, watches=watches_of(CONFIG, PLAN), now=berlin(24, 15))
    assert titles(digest) == ["vor acht"]


async def test_an_erased_mention_is_gone_from_a_planned_digest(store, press):
    table = timetable(store)
    await table.step(berlin(24, 7))
    await press.mention(berlin(24, 7, 10), "bleibt")
    gone = await press.mention(berlin(24, 7, 11), "geht")
    [run] = await table.step(berlin(24, 8))
    async with store.write() as connection:
        await connection.execute(schema.mention.delete().where(schema.mention.c.id == gone))
    assert titles(await load(store, run)) == ["bleibt"]


async def test_the_same_run_has_the_same_keys_after_a_restored_backup():
    due = berlin(24, 8)
    keys = {stored.post_key(b"k", PLAN, due, channel, part) for channel in ("pr", "presse") for part in (1, 2)}
    assert len(keys) == 4
    assert stored.post_key(b"k", PLAN, due, "pr") == stored.post_key(b"k", PLAN, due, "pr", 1)
    assert stored.post_key(b"other", PLAN, due, "pr") not in keys


async def test_one_digest_that_is_never_due_does_not_stop_the_others(store):
    broken = replace(PLAN, name="nie", cron="0 0 30 2 *")
    config = replace(CONFIG, digests={"nie": broken, "morgens": PLAN})
    table = timetable(store, config)
    with structlog.testing.capture_logs() as logs:
        await table.step(berlin(24, 7))
        assert [run.name for run in await table.step(berlin(24, 8))] == ["morgens"]
    assert {entry["event"] for entry in logs} == {"digest_without_date", "digest_planned"}
    assert table.pause(berlin(24, 7, 59)) == timedelta(seconds=30)


async def test_the_loop_naps_until_the_next_one_but_never_long(store):
    almost = berlin(24, 7, 59) + timedelta(seconds=50)
    moments = iter([berlin(24, 7), berlin(24, 7), almost, almost, berlin(24, 8), berlin(24, 8)])
    now = [berlin(24, 7)]
    naps = []

    def clock():
        now[0] = next(moments, now[0])
        return now[0]

    async def nap(seconds):
        naps.append(seconds)
        if len(naps) == 3:
            raise StopAsyncIteration

    with pytest.raises(StopAsyncIteration):
        await Timetable(store, lambda: CONFIG, clock=clock, nap=nap).run()
    assert naps == [30, 10, 30]
    assert await count(store, schema.digest_run) == 1


class Blind(Source):
    card: ClassVar[Card] = Card(title="Blind", docs="https://docs.example", blind=text("it sees no comments"))

    def key(self) -> str:
        return self.name


def test_what_no_source_can_see_is_said_once():
    sources = [
        Blind(type="x", name=name, client=client) for name, client in (("a", None), ("b", "Acme"), ("c", "Globex"))
    ]
    config = replace(CONFIG, sources=tuple(sources))
    assert sources_of(config, PLAN) == ("a", "b")
    assert [str(sentence) for sentence in uncovered(config, PLAN)] == ["Blind: it sees no comments"]
