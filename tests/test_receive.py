"""The inbox: kept before it is answered, unpacked once, and nothing stops the next one."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest
from deliver_world import copy_fresh_store
from multidict import CIMultiDict
from sqlalchemy import select, update
from sqlalchemy.exc import OperationalError
from test_pipeline import NOW, Press, item, page

from smwatch.errors import Broken, Transient
from smwatch.model import Watch
from smwatch.plugin import Accepted, Answered, Receiver, Refused, Request
from smwatch.receive import ATTEMPTS, DEATHS, REFUSALS, Inbox, tries_again
from smwatch.secret import Secret
from smwatch.store import inbox as table
from smwatch.store.db import Store
from smwatch.store.prune import prune
from smwatch.store.schema import inbox as rows


class Letterbox(Receiver):
    """Takes what does not say otherwise; a body names the item to make of it, or the trouble that it is."""

    type: str = "letterbox"

    def key(self):
        return "k"

    def accept(self, request):
        if request.method == "GET":
            return Answered(answer=request.query["challenge"])
        if request.headers.get("Sign") == "wrong":
            return Refused(status=401, reason="wrong sign")
        if request.headers.get("Sign") == "secret":
            Secret("env", "NOWHERE").reveal()
        if request.headers.get("Sign") == "bug":
            raise ZeroDivisionError
        return Accepted(id=request.headers.get("Id", ""), headers={"kept": request.headers.get("Kept", "")})

    async def unpack(self, ctx, received):
        word = received.body.decode()
        if word in TROUBLE:
            trouble = TROUBLE[word]
            if isinstance(trouble, asyncio.Event):
                await trouble.wait()
            raise trouble
        if word.startswith("-"):
            return page(deleted=(word[1:],))
        if "|" in word:
            number, hour, title = word.split("|")
            return page(item(number, title=title, updated=NOW + timedelta(hours=int(hour))))
        return page(item(word, title=f"Acme {word} {received.headers['kept']}".strip()))


TROUBLE = {}


class Post:
    """An inbox over a real store and pipeline, with one box."""

    def __init__(self, press):
        self.press, self.heard = press, []
        TROUBLE.clear()
        self.inbox = Inbox(
            press.store,
            lambda *_: None,
            press.pipeline.push,
            heard=lambda _number, error: self.heard.append(error and error.sentence.render("en")),
            clock=lambda: press.now,
        )
        self.box = Letterbox(name="briefe")

    async def opens(self):
        from smwatch.store import sources as source_store
        from smwatch.store.sources import Named

        async with self.press.store.write() as connection:
            named = Named(client="", kind="letterbox", key="k", name="briefe")
            self.row = (await source_store.sync_sources(connection, [named]))[named]
        await self.inbox.replace({self.row.id: self.box})

    async def sends(self, word, to="briefe", method="POST", query=None, **headers):
        request = Request(
            method=method,
            headers=CIMultiDict(headers),
            body=word.encode(),
            now=self.press.now,
            query=query or {},
        )
        reply = await self.inbox.take(to, request)
        return reply.status, reply.body

    async def unpacks(self):
        while await self.inbox.step():
            pass

    async def titles(self):
        return [one.item.title for one in await self.press.mentions()]

    async def states(self):
        async with self.press.store.read() as connection:
            query = select(rows.c.state, rows.c.attempts, rows.c.raw).order_by(rows.c.id)
            return [tuple(row) for row in await connection.execute(query)]


@pytest.fixture
async def post(tmp_path):
    await copy_fresh_store(tmp_path)
    store = await Store.open(f"sqlite:///{tmp_path}/fresh.db")
    press = Press(store)
    await press.watches(Watch(name="Acme", query="acme"))
    made = Post(press)
    await made.opens()
    yield made
    await store.close()


async def test_it_is_kept_before_it_is_answered_and_unpacked_afterwards(post):
    assert await post.sends("eins", Kept="ja") == (200, "ok")
    assert await post.states() == [("waiting", 0, b"eins")]
    assert await post.titles() == []
    await post.unpacks()
    assert await post.titles() == ["Acme eins ja"]
    assert await post.states() == [("done", 1, None)]


async def test_what_arrives_in_the_first_moment_is_new(post):
    await post.sends("eins")
    await post.unpacks()
    assert [one.old for one in await post.press.mentions()] == [False]


@pytest.mark.parametrize("headers", [{}, {"Id": "7"}])
async def test_the_same_delivery_counts_once_also_after_a_restart(post, headers):
    assert await post.sends("eins", **headers) == (200, "ok")
    assert await post.sends("eins", **headers) == (200, "duplicate")
    await post.unpacks()
    again = Post(post.press)
    await again.opens()
    assert await again.sends("eins", **headers) == (200, "duplicate")
    assert await again.sends("eins", **headers | {"Id": "8"}) == (200, "duplicate")  # nobody signs the id
    await again.unpacks()
    assert await post.titles() == ["Acme eins"]


async def test_another_body_under_a_known_id_is_a_duplicate_too(post):
    assert await post.sends("eins", Id="7") == (200, "ok")
    assert await post.sends("zwei", Id="7") == (200, "duplicate")


async def test_an_id_that_is_no_text_is_an_id_all_the_same(post):
    assert await post.sends("eins", Id="7\udcff") == (200, "ok")
    assert await post.sends("zwei", Id="7\udcff") == (200, "duplicate")


async def test_what_is_not_accepted_is_not_kept(post):
    assert await post.sends("x", Sign="wrong") == (401, "401: wrong sign")
    assert await post.sends("", method="GET", query={"challenge": "42"}) == (200, "42")
    assert await post.sends("x", to="anderswo") == (404, "404: nobody receives here")
    assert await post.sends("x", Sign="bug") == (500, "500: the receiver failed")
    assert await post.states() == []


async def test_without_its_secret_the_sender_has_to_come_again(post):
    assert await post.sends("x", Sign="secret") == (503, "503: not ready to receive")
    assert post.heard == ["the secret env = NOWHERE is not set"]


async def test_a_crash_between_ok_and_unpacking_loses_nothing(post):
    await post.sends("eins")
    after = Post(post.press)  # another process: nothing is left but the store
    await after.opens()
    await after.unpacks()
    await after.unpacks()
    assert await post.titles() == ["Acme eins"]


async def test_a_crash_after_the_items_and_before_the_mark_repeats_nothing(post):
    await post.sends("eins")
    await post.unpacks()
    async with post.press.store.write() as connection:
        await connection.execute(update(rows).values(state="waiting", raw=b"eins", headers={"kept": ""}))
    await post.unpacks()
    assert await post.titles() == ["Acme eins"]


async def test_poison_is_kept_with_its_reason_and_the_next_ones_go_on(post):
    TROUBLE["gift"] = Broken("it is no letter")
    for word in ("eins", "gift", "zwei"):
        await post.sends(word)
    await post.unpacks()
    assert await post.titles() == ["Acme eins", "Acme zwei"]
    assert [state for state, _, _ in await post.states()] == ["done", "refused", "done"]
    assert post.heard == [None, "a delivery could not be read and is kept: it is no letter", None]
    async with post.press.store.read() as connection:
        (kept,) = await table.refused(connection)
    assert (kept.raw, str(kept.problem)) == (b"gift", "it is no letter")


async def test_what_breaks_the_plugin_is_tried_three_times(post):
    TROUBLE["gift"] = ZeroDivisionError()
    await post.sends("gift")
    await post.sends("eins")
    for _ in range(ATTEMPTS + 1):
        await post.unpacks()
        post.press.now += timedelta(hours=1)
    assert await post.states() == [("refused", ATTEMPTS, b"gift"), ("done", 1, None)]
    assert post.heard[-1] == ("a delivery could not be read and is kept: the plugin failed: ZeroDivisionError")


async def test_what_takes_the_process_down_lets_others_go_first_and_is_left_alone_in_the_end(post):
    await post.sends("gift")
    for deaths in range(DEATHS):
        async with post.press.store.write() as connection:
            await table.try_it(connection, 1)
        await post.sends(f"danach {deaths}")
        async with post.press.store.read() as connection:
            first, *_ = await table.waiting(connection, post.press.now, [("", "letterbox:k")])
        assert first.raw == f"danach {deaths}".encode()
        async with post.press.store.write() as connection:
            await table.done(connection, first.id)
    await post.unpacks()
    assert [state for state, _, _ in await post.states()][:1] == ["refused"]
    assert post.heard[-1] == "a delivery could not be read and is kept: smwatch ended 8 times while it read it"


async def test_what_was_only_being_read_when_the_process_was_killed_is_read_again(post):
    await post.sends("eins")
    async with post.press.store.write() as connection:
        for _ in range(DEATHS - 1):
            await table.try_it(connection, 1)
    await post.unpacks()
    assert await post.titles() == ["Acme eins"]


async def test_what_may_pass_is_tried_again_as_long_as_three_days(post):
    TROUBLE["später"] = Transient("away")
    await post.sends("später")
    for _ in range(10):
        await post.unpacks()
        post.press.now += timedelta(hours=2)
    assert [state for state, _, _ in await post.states()] == ["waiting"]
    TROUBLE.clear()
    await post.unpacks()
    assert await post.titles() == ["Acme später"]
    TROUBLE["nie"] = Transient("away")
    await post.sends("nie")
    for _ in range(3):
        await post.unpacks()
        post.press.now += timedelta(days=2)
    assert [state for state, _, _ in await post.states()] == ["done", "refused"]


async def test_a_full_disk_is_no_ok(post, monkeypatch):
    async def full(*_, **__):
        raise OperationalError("insert", {}, Exception("database or disk is full"))

    monkeypatch.setattr(table, "put", full)
    assert await post.sends("eins") == (503, "503: it cannot be stored now")


async def test_a_store_that_fails_is_not_held_against_the_delivery(post, monkeypatch):
    await post.sends("eins")
    push = post.inbox._push
    for _ in range(ATTEMPTS + 2):

        async def full(*_):
            raise OperationalError("insert", {}, Exception("database or disk is full"))

        post.inbox._push = full
        with pytest.raises(OperationalError):
            await post.inbox.step()
        post.press.now += timedelta(minutes=2)
    post.inbox._push = push
    await post.unpacks()
    assert await post.titles() == ["Acme eins"]


async def test_a_sender_may_not_send_without_measure(post, monkeypatch):
    monkeypatch.setattr("smwatch.receive.A_MINUTE", 30)
    await post.inbox.replace({})
    await post.opens()
    replies = [(await post.sends("eins"))[0] for _ in range(60)]
    assert 30 <= replies.count(200) < 60
    assert set(replies) == {200, 429}
    forged = [(await post.sends("x", Sign="wrong"))[0] for _ in range(REFUSALS * 2)]
    assert {401, 429} == set(forged)
    assert forged.count(401) < REFUSALS * 2


async def test_too_much_that_waits_is_asked_to_come_later(post, monkeypatch):
    monkeypatch.setattr("smwatch.receive.WAITING", 2)
    assert [await post.sends(word) for word in ("eins", "zwei", "drei")] == [
        (200, "ok"),
        (200, "ok"),
        (503, "503: too much waits here already"),
    ]
    await post.unpacks()
    assert await post.sends("drei") == (200, "ok")


async def test_a_reload_keeps_what_waits(post):
    await post.sends("eins")
    await post.inbox.replace({})
    await post.unpacks()
    assert await post.titles() == []
    await post.opens()
    await post.unpacks()
    assert await post.titles() == ["Acme eins"]


async def test_marks_outlast_the_letters_and_letters_that_nobody_reads_go(post):
    TROUBLE["gift"] = Broken("it is no letter")
    await post.sends("eins")
    await post.sends("gift")
    await post.unpacks()
    await prune(post.press.store, NOW + timedelta(days=31))
    assert await post.states() == [("done", 1, None), ("done", 1, None)]
    assert await post.sends("eins") == (200, "duplicate")
    await prune(post.press.store, NOW + timedelta(days=181))
    assert await post.states() == []


async def test_it_runs_until_it_is_ended(post):
    running = asyncio.create_task(post.inbox.run())
    await post.sends("eins")
    async with asyncio.timeout(20):
        while not await post.titles():
            await asyncio.sleep(0)
    running.cancel()
    await asyncio.wait({running})
    assert await post.titles() == ["Acme eins"]


@pytest.mark.parametrize(
    ("waited", "pause"),
    [(timedelta(0), 10), (timedelta(minutes=2), 120), (timedelta(days=1), 3600)],
)
def test_pauses(waited, pause):
    assert tries_again(NOW, NOW - waited) == NOW + timedelta(seconds=pause)


async def test_a_deletion_that_overtakes_what_it_deletes_is_a_deletion(post):
    await post.sends("-eins")
    await post.sends("eins")
    await post.unpacks()
    assert await post.titles() == []


async def test_a_state_that_was_overtaken_changes_nothing(post):
    await post.sends("eins|2|Acme heute")
    await post.sends("eins|1|Acme gestern")
    await post.unpacks()
    assert await post.titles() == ["Acme heute"]
    await post.sends("eins|3|Acme morgen")
    await post.unpacks()
    assert await post.titles() == ["Acme morgen"]


async def test_what_could_not_be_read_gets_another_chance(post):
    TROUBLE["gift"] = Broken("it is no letter")
    await post.sends("gift")
    await post.unpacks()
    TROUBLE.clear()
    assert await post.inbox.try_again() == 1
    await post.unpacks()
    assert await post.titles() == ["Acme gift"]
    assert await post.inbox.try_again() == 0


async def test_of_several_daemons_one_unpacks_a_delivery(post):
    await post.sends("eins")
    async with post.press.store.write() as connection:
        tries = [await table.try_it(connection, 1, post.press.now, timedelta(minutes=1)) for _ in range(2)]
        assert tries == [True, False]
        assert await table.try_it(connection, 1, post.press.now + timedelta(minutes=1), timedelta(minutes=1))
