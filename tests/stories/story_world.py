"""A small world around the real app: publishers on loopback, a Slack, a mail server, a clock that can be put forward.

    press = world.feed("Tagesbote")
    world.watch("Acme", "acme")
    await world.starts()
    press.publishes("Acme ruft zurück")
    await world.hears("Acme ruft zurück")

The store, the HTTP client, the parse worker and the channels are the real ones; only the clock and the pace are ours.
"""

from __future__ import annotations

import asyncio
import email
import inspect
import os
import time
import warnings
from collections import Counter
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email import policy
from email.utils import format_datetime
from html import escape

import structlog
import tomlkit
from aiohttp import web
from sqlalchemy import func, select

with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)  # aiosmtpd still looks at asyncio's old policies
    from aiosmtpd.smtp import SMTP

from typing import TYPE_CHECKING

from smwatch.app import App, Tempo
from smwatch.config.keeper import Keeper
from smwatch.config.state import state_for
from smwatch.deliver.pace import Pace
from smwatch.reports import digest_preview
from smwatch.store import outbox
from smwatch.store.db import Store
from smwatch.store.place import state_folder
from smwatch.store.schema import mention
from smwatch.testing.fake_slack import FakeSlack
from smwatch.testing.servers import FeedServer
from smwatch.web.control import ask_daemon

if TYPE_CHECKING:
    from pathlib import Path

TUESDAY = datetime(2026, 11, 24, 10, 0, tzinfo=UTC)
PATIENCE = 30.0  # real seconds until a test says what it waited for in vain
LONGEST_NAP = 0.1  # real seconds between two looks of the loops that look only now and then
TOKEN = "STORY_SLACK_TOKEN"


class Clock:
    """Time that moves when it is put forward, and a little whenever somebody looks; naps end when it jumps."""

    def __init__(self, start=TUESDAY):
        self._now = start
        self._zero = None
        self._jumped = asyncio.Event()

    def __call__(self):
        self._now += timedelta(microseconds=100)
        if self._zero is None:
            return self._now
        return self._now + timedelta(seconds=time.monotonic() - self._zero)

    def runs(self):
        """From now on it is the real time."""
        self._now, self._zero = datetime.now(UTC), time.monotonic()

    def epoch(self):
        return self().timestamp()

    def sets(self, now):
        """It is `now`: before anything has begun."""
        self.jump(now - self())

    def jump(self, by):
        self._now += by
        self._jumped.set()
        self._jumped = asyncio.Event()

    async def nap(self, seconds):
        with suppress(TimeoutError):
            async with asyncio.timeout(min(seconds, LONGEST_NAP)):
                await self._jumped.wait()


class Unhurried(Pace):
    """As many messages a second as there are; `hurried` tests bring the real pace."""

    def took(self, place, gap):
        super().took(place, timedelta(0))


@dataclass
class Post:
    """One item of a feed."""

    title: str
    text: str
    link: str
    guid: str | None
    at: datetime | str | None
    author: str = ""

    def xml(self):
        when = format_datetime(self.at) if isinstance(self.at, datetime) else self.at
        pairs = [("title", self.title), ("link", self.link), ("description", self.text), ("pubDate", when)]
        rows = [f"<{name}>{escape(value)}</{name}>" for name, value in pairs if value]
        if self.guid is not None:
            rows.append(f'<guid isPermaLink="false">{escape(self.guid)}</guid>')
        if self.author:
            rows.append(f"<dc:creator>{escape(self.author)}</dc:creator>")
        return f"<item>{''.join(rows)}</item>"


class Feed:
    """A publisher: what it publishes stands on top of its feed at once."""

    def __init__(self, world, name, path):
        self.world, self.name, self.path = world, name, path
        self.title, self.posts, self.headers = name, [], {}
        self.url = world.server.url(path)
        self.shows()

    def publishes(self, title, text="", *, ago=timedelta(0), **more):
        number = f"{self.path.strip('/')}-{len(self.posts)}-{self.world.count()}"
        given = {"link": f"https://{self.path.strip('/')}.example/{number}", "guid": number, "author": ""} | more
        given.setdefault("at", self.world.clock() - ago)
        post = Post(title=title, text=text, **given)
        self.posts.insert(0, post)
        self.shows()
        return post

    def edits(self, post, **changes):
        for name, value in changes.items():
            setattr(post, name, value)
        self.shows()

    def shows(self):
        rows = "".join(post.xml() for post in self.posts)
        head = f"<title>{escape(self.title)}</title><link>https://www.example/</link><language>de</language>"
        dc = 'xmlns:dc="http://purl.org/dc/elements/1.1/"'
        self.answers(f'<?xml version="1.0"?><rss version="2.0" {dc}><channel>{head}{rows}</channel></rss>')

    def answers(self, body, **how):
        self.world.server.put(self.path, body, headers=self.headers, **how)
        if self.world.hurries:
            self.world.nudge()

    def is_down(self):
        self.answers("no", status=503, validators=())


class Slack(FakeSlack):
    """The fake Slack, in no hurry."""

    def __init__(self, clock):
        super().__init__(clock=clock.epoch)
        self.paced = False
        self._held = ("", 0, asyncio.Event())

    def holds(self, method, seconds):
        """The next call of `method` is answered so much later; the event says when it has arrived."""
        self._held = (method, seconds, asyncio.Event())
        return self._held[2]

    async def _serve(self, request):
        method, seconds, arrived = self._held
        if request.match_info["method"] == method:
            self._held = ("", 0, asyncio.Event())
            arrived.set()
            await asyncio.sleep(seconds)
        return await super()._serve(request)

    def reads(self, words, channel=None):
        """The messages that hold these words, as they stand."""
        return [one for one in self.posts(channel) if words in one.text]


@dataclass
class MailServer:
    """A real SMTP server; `answers` are used up one by one after DATA."""

    port: int = 0
    mails: list = field(default_factory=list)
    answers: list = field(default_factory=list)
    tried: int = 0

    async def handle_DATA(self, _server, _session, envelope):
        self.tried += 1
        if self.answers:
            return self.answers.pop(0)
        self.mails.append(email.message_from_bytes(envelope.content, policy=policy.default))
        return "250 OK"

    def texts(self):
        return [mail.get_body(("plain",)).get_content() for mail in self.mails]


class Hooks:
    """Takes what a webhook channel sends: headers and raw bodies."""

    def __init__(self):
        self.received = []

    async def start(self, stack):
        app = web.Application()
        app.router.add_post("/in", self._take)
        runner = web.AppRunner(app, access_log=None)
        await runner.setup()
        stack.push_async_callback(runner.cleanup)
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        self.url = f"http://127.0.0.1:{runner.addresses[0][1]}/in"

    async def _take(self, request):
        self.received.append((request.headers.copy(), await request.read()))
        return web.Response(status=204)


class World:
    """Everything together; `config` is the TOML as plain tables, written by `saves`."""

    def __init__(self, folder: Path, fresh: Path, clock: Clock, logs):
        self.folder, self._fresh, self.clock, self.logs = folder, fresh, clock, logs
        self.path = folder / "smwatch.toml"
        self.app = None
        self.pace = Unhurried()
        self.polls = Counter()
        self.steps = Counter()
        self.may_fail = False
        self.hurries = True  # what is published is asked for at once
        self._count = 0
        self._stack = AsyncExitStack()
        self.config = {
            "smwatch": {"store": f"sqlite://{folder}/fresh.db", "ops": ["pr"], "language": "de"},
            "web": {"listen": ""},
            "channels": {},
            "watch": [],
            "source": [],
            "digest": {},
        }

    async def __aenter__(self):
        self.server = await self._stack.enter_async_context(FeedServer())
        self.slack = await self._stack.enter_async_context(Slack(self.clock))
        os.environ[TOKEN] = self.slack.token
        self.channel("pr")
        for file in self._fresh.iterdir():
            (self.folder / file.name).write_bytes(file.read_bytes())
        return self

    async def __aexit__(self, *_):
        try:
            await self.stops()
        finally:
            await self._stack.aclose()
            os.environ.pop(TOKEN, None)

    # what the config says

    def channel(self, name, **keys):
        slack = {"type": "slack", "channel": "#pr-alerts", "token": {"env": TOKEN}, "api_url": self.slack.api_url}
        given = keys if "type" in keys else slack | keys
        self.config["channels"][name] = {"group_interval": "0s"} | given
        return name

    def room(self, name):
        """Another Slack channel of the same workspace, with an entry in the config."""
        self.slack.add_channel(name, f"C0FAKE{len(self.slack.channels) + 1:04d}")
        return self.channel(name, channel=f"#{name}")

    def watch(self, name, query, **keys):
        found = {"name": name, "query": query, "alert": ["pr"]} | keys
        self.config["watch"].append({key: value for key, value in found.items() if value is not None})
        return self.config["watch"][-1]

    def source(self, name, url, **keys):
        found = {"name": name, "type": "feed", "url": url, "interval": "1s", "allow_private": True} | keys
        self.config["source"].append(found)
        return found

    def feed(self, name="Tagesbote", **keys):
        made = Feed(self, name, f"/{name.casefold().replace(' ', '-')}")
        self.source(name, made.url, **keys)
        return made

    def digest(self, name="morgens", at="08:00", **keys):
        self.config["digest"][name] = {"at": at, "channels": ["pr"]} | keys
        return name

    async def mailbox(self, name="presse", **keys):
        """A mail channel, and the server behind it."""
        server = MailServer()
        listening = await asyncio.get_running_loop().create_server(
            lambda: SMTP(server, hostname="mx.example"), "127.0.0.1", 0
        )
        self._stack.callback(listening.close)
        server.port = listening.sockets[0].getsockname()[1]
        smtp = {"host": "127.0.0.1", "port": server.port, "tls": "none"}
        self.channel(name, type="email", to=["presse@acme.example"], smtp=smtp, **keys)
        return server

    async def hook(self, name="hook", **keys):
        hooks = Hooks()
        await hooks.start(self._stack)
        self.channel(name, type="webhook", url=hooks.url, **keys)
        return hooks

    def saves(self, text=None):
        filled = {name: value for name, value in self.config.items() if value}
        self.path.write_text(tomlkit.dumps(filled) if text is None else text)

    # its life

    async def starts(self, *, save=True):
        if save:
            self.saves()
        keeper = Keeper(self.path, state_for(self.path))
        outcome = keeper.start(self.clock())
        store = await Store.open(keeper.config.store)
        self.app = App(keeper, store, Tempo(clock=self.clock, nap=self.clock.nap, pace=self.pace))
        polled = self.app.scheduler._on_poll

        def count(name, *how):
            self.polls[name] += 1
            polled(name, *how)

        self.app.scheduler._on_poll = count
        step = self.app.sender._step

        async def counted(lane):
            wait = await step(lane)
            self.steps[lane.channel.name] += 1
            return wait

        self.app.sender._step = counted
        await self.app.start()
        await self.app.told_at_start(outcome)
        self.app.begin()
        self.nudge()
        return outcome

    async def fills_the_disk(self):
        """The store takes no more than it has."""
        await self._pragma("max_page_count=1")  # SQLite takes it as "no more than now"

    async def frees_the_disk(self):
        await self._pragma("max_page_count=1000000")

    async def _pragma(self, words):
        async with self.app.store._turn, self.app.store._writer.connect() as connection:
            driver = (await connection.get_raw_connection()).driver_connection
            await (await driver.execute(f"PRAGMA {words}")).close()

    async def watches(self):
        """Start, and wait until the first round is over and told."""
        await self.starts()
        await self.hears("smwatch beobachtet")

    async def watches_quietly(self):
        """Start, and wait until the first round is over; for watches that alert nobody."""
        await self.starts()
        await self.calm(queue=None)
        await self.hears("smwatch beobachtet")

    async def asks(self, verb, **args):
        """What the control socket answers."""
        store = self.app.config.store
        return await ask_daemon(store, state_folder(store), verb, **args)

    async def stops(self):
        if self.app is not None:
            app, self.app = self.app, None
            await app.stop()

    async def reloads(self):
        self.saves()
        outcome = await self.app.reload()
        self.nudge()
        return outcome

    def nudge(self):
        """Look now instead of a second later."""
        if self.app is not None:
            self.app.scheduler.poll_now()
            self.app.sender.wake()

    def passes(self, **time_):
        """So much time passes at once."""
        self.clock.jump(timedelta(**time_))
        self.nudge()

    def clock_only(self, **time_):
        """So much time passes, and nobody is told to look at once."""
        self.clock.jump(timedelta(**time_))
        self.app.scheduler._knock.set()
        self.app.sender.wake()

    def until(self, moment: datetime):
        self.clock.jump(moment - self.clock())
        self.nudge()

    def count(self):
        self._count += 1
        return self._count

    # what people see

    async def eventually(self, true, what, patience=PATIENCE):
        """Wait until `true()`; what is not seen in time is said together with what was seen."""
        end, looks = time.monotonic() + patience, 0
        while not (found := await _value(true)):
            if time.monotonic() > end:
                raise AssertionError(f"waited in vain for {what}; people see:\n{self.slack.transcript()}")
            await asyncio.sleep(0.01)
            looks += 1
            if looks % 25 == 0:
                self.nudge()  # a source that was just being read is not read again by itself: the clock stands still
        return found

    async def hears(self, words, channel=None):
        """The first message that holds these words, once it is there."""
        found = await self.eventually(lambda: self.slack.reads(words, channel), words)
        return found[0]

    async def calm(self, *, but=(), queue=0):
        """Every source (not `but`) was read whole since now, and everything that follows from it is delivered."""
        names = [source.name for source in self.app.config.sources if source.active and source.name not in but]
        for _ in range(2):  # the first may have begun before now
            before = Counter(self.polls)
            self.app.scheduler.poll_now()
            await self.eventually(lambda b=before: all(self.polls[n] > b[n] for n in names), "another poll of all")
        await self.app.scheduler._save()  # states are written down once a second of the real time
        await self.eventually(self._gathered, "gather to be done")
        if queue is not None:
            await self.eventually(lambda: self._is_left(queue), f"{queue} left in the queue")

    async def moment(self):
        """A moment in which every channel does what is due now."""
        for _ in range(2):  # the first step may have begun before now
            before = Counter(self.steps)
            self.app.sender.wake()
            names = list(self.app.sender._lanes)
            await self.eventually(lambda b=before, n=names: all(self.steps[x] > b[x] for x in n), "a step of all")

    async def until_true(self, true, what):
        """Let time pass, ten seconds at a time, until `true()`."""
        for _ in range(600):
            if found := await _value(true):
                return found
            self.passes(seconds=10)
            await self.moment()
        raise AssertionError(f"waited in vain for {what}; people see:\n{self.slack.transcript()}")

    async def hears_within(self, seconds, words):
        """The message with these words, at most so many seconds of the world's time from now."""
        await self.calm(queue=None)
        end = self.clock() + timedelta(seconds=seconds)
        while not self.slack.reads(words):
            assert self.clock() < end, f"not within {seconds} s: {words}"
            await self.moment()
            self.passes(seconds=0.5)
        return self.slack.reads(words)[0]

    async def settles(self):
        """Time passes until nothing waits any more, and a little longer."""
        await self.calm(queue=None)
        await self.until_true(lambda: self._is_left(0), "an empty queue")
        self.passes(minutes=2)
        await self.calm()

    async def _gathered(self):
        query = select(func.count()).where(mention.c.story_id.is_(None))
        async with self.app.store.read() as connection:
            return (await connection.execute(query)).scalar_one() == 0

    async def _is_left(self, count):
        return len(await self.queue()) == count

    async def queue(self):
        async with self.app.store.read() as connection:
            return await outbox.waiting(connection)

    async def preview(self, name="morgens"):
        return (await digest_preview(self.app.config, name, self.clock())).text

    def alerts(self, words="", channel=None):
        """The alerts (not the notes) that hold these words."""
        heads = ("Meldung", "Sofort", "Beantwortet", "Erledigt", "Nicht relevant")
        found = self.slack.reads(words, channel)
        return [one for one in found if any(head in one.text.splitlines()[0] for head in heads)]

    def faults(self):
        """Log lines that no operator should see for expected trouble."""
        return [one for one in self.logs.entries if one["log_level"] in {"error", "critical"} or one.get("exc_info")]


async def _value(true):
    found = true()
    return await found if inspect.isawaitable(found) else found


def capture():
    """All log lines of the app, kept."""
    kept = structlog.testing.LogCapture()
    structlog.configure(processors=[structlog.stdlib.add_log_level, kept])
    return kept
