"""A daemon under load that dies at random moments: growing feeds, six channels, a slow Slack, and who counts.

Papers publish without pause, each about a brand of its own, and each brand is told in two channels. There are about
as many items under way as a channel takes singly; now and then a flood makes it gather them in summaries. A second
paper of each brand repeats some of what was told (one story, and its message changes), the first one adds to some.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
import re
import shutil
import signal
import sqlite3
from collections import Counter
from datetime import UTC, datetime
from email.utils import format_datetime

import tomlkit
from daemon_process import Daemon

from smwatch.testing.fake_slack import FakeSlack
from smwatch.testing.servers import FeedServer, entry, rss

BRANDS = ("Acme", "Bolte", "Cordes")
ECHO = "Echo"  # the paper that repeats
UNDER_WAY = 8  # items that may wait: from 11 on a summary tells them, and fewer messages could come twice
FLOOD = 30  # items at once, in one of so many rounds:
FLOODS = 20
FOLLOWED = 0.5  # of the rounds of publishing
WINDOW = 200  # items that a feed lists
SYLLABLES = ["ba", "der", "fin", "gor", "hel", "kum", "lan", "mir", "nos", "pal", "ris", "sto", "tur", "wen", "zil"]
NAME = re.compile(r"(Acme|Bolte|Cordes) Fall (\d+)\.")
DOUBT = "öglicherweise doppelt"
MOMENTS = {"start": 2, "feed": 3, "post": 3, "reply": 3, "lookup": 1, "stop": 2, "any": 6}  # how often each is aimed at
HISTORY = {"channels:history", "groups:history"}


class SlowSlack(FakeSlack):
    """Takes its time before a message is kept and before it says so, and knows which calls are at what point."""

    def __init__(self):
        super().__init__()
        self.paced = False
        self.history_lag = 0.5
        self.under_way = Counter()

    async def _serve(self, request):
        method = request.match_info["method"]
        asks = "lookup" if method.startswith("conversations.") else "edit" if method == "chat.update" else "post"
        with self._at(asks):
            await asyncio.sleep(random.random() * 0.3)
        with self._at("reply" if asks == "post" else asks):
            answer = await super()._serve(request)
            await asyncio.sleep(random.random() * 0.3)
        return answer

    @contextlib.contextmanager
    def _at(self, point):
        self.under_way[point] += 1
        try:
            yield
        finally:
            self.under_way[point] -= 1


class Papers(FeedServer):
    """Feeds that grow; `given` is how much of each the daemon has been given."""

    def __init__(self):
        super().__init__()
        self.items = {f"{brand}{paper}": {} for brand in BRANDS for paper in ("", ECHO)}
        self.given = Counter()
        self.fresh = asyncio.Event()
        self.changes = 0

    def publish(self, brand, count):
        known = self.items[brand]
        for number in range(len(known), len(known) + count):
            known[number] = self._entry(brand, brand, number)
        self._put(brand)

    def repeat(self, brand, number):
        """The other paper has it too, in the same words."""
        if number not in self.items[f"{brand}{ECHO}"]:
            self.items[f"{brand}{ECHO}"][number] = self._entry(brand, f"{brand}{ECHO}", number)
            self._put(f"{brand}{ECHO}")

    def change(self, brand, number):
        """More text, while it is still listed."""
        if number >= len(self.items[brand]) - WINDOW:
            self.items[brand][number] = self._entry(brand, brand, number, " Ergänzt um weitere Angaben.")
            self.changes += 1
            self._put(brand)

    @staticmethod
    def _entry(brand, paper, number, more=""):
        words = random.Random(f"{brand}{number}")
        text = " ".join("".join(words.choices(SYLLABLES, k=3)) for _ in range(40)) + "." + more
        when, link = format_datetime(datetime.now(UTC)), f"https://{paper.lower()}.example/{number}"
        return entry(f"{brand} Fall {number}.", guid=f"{paper}{number}", link=link, published=when, text=text)

    def _put(self, paper):
        self.put(f"/{paper}.xml", rss(*reversed(list(self.items[paper].values())[-WINDOW:])))

    async def answer(self, seen, writer):
        paper = seen.path.strip("/").partition(".")[0]
        news = len(self.items.get(paper, ()))
        kept = await super().answer(seen, writer)
        if news > self.given[paper]:
            self.given[paper] = news
            self.fresh.set()
        return kept

    def count(self):
        return sum(map(len, self.items.values()))


class Storm:
    """Publishers that never stop, a Slack, and a daemon that dies."""

    def __init__(self, folder, papers, slack, seed):
        self.folder, self.papers, self.slack = folder, papers, slack
        self.random = random.Random(seed)
        self.latest = None
        self.phases = Counter()
        self.at_risk = Counter()  # messages that were on their way when the daemon was killed, by channel and key
        self.most_at_risk = 0  # in one channel, at one end
        self.ends_seen = 0
        self.path = folder / "smwatch.toml"
        self._read = {}
        self._publishing = None

    def configure(self):
        self.slack.channels.clear()
        channels = {f"{brand.lower()}-{n}": brand for brand in BRANDS for n in (1, 2)}
        for number, name in enumerate(channels):
            self.slack.add_channel(name, f"C0FAKE{number:04}")
        config = {
            "smwatch": {"store": f"sqlite://{self.folder}/smwatch.db", "language": "de"},
            "web": {"listen": ""},
            "channels": {name: self._channel(name) for name in channels},
            "watch": [{"name": one, "query": one.lower(), "alert": self._places(one)} for one in BRANDS],
            "source": [self._source(paper) for paper in self.papers.items],
        }
        self.path.write_text(tomlkit.dumps(config))
        for paper in self.papers.items:
            self.papers._put(paper)

    def _channel(self, name):
        return {
            "type": "slack",
            "channel": f"#{name}",
            "token": {"env": "CHAOS_TOKEN"},
            "api_url": self.slack.api_url,
            "max_per_hour": 0,
            "group_interval": "1s",
        }

    @staticmethod
    def _places(brand):
        return [f"{brand.lower()}-{n}" for n in (1, 2)]

    def _source(self, paper):
        url = self.papers.url(f"/{paper}.xml")
        return {"name": f"{paper}blatt", "type": "feed", "url": url, "interval": "1s", "allow_private": True}

    def named(self):
        """How often each item is named in each channel: in alerts, and in summaries; threads only add to those."""
        return Counter(name for one in self.slack.posts() if one.thread_ts is None for name in self._names(one))

    def _names(self, one):
        known = self._read.get(one.ts)
        if known is None or known[0] != one.edits:
            channel = self.slack.channels[one.channel]["name"]
            names = {(channel, brand, int(number)) for brand, number in NAME.findall(one.text)}
            known = self._read[one.ts] = (one.edits, names)
        return known[1]

    def wanted(self):
        """Every item in both of its channels."""
        items = self.papers.items
        return {(place, brand, n) for brand in BRANDS for place in self._places(brand) for n in items[brand]}

    def lost(self):
        return sorted(self.wanted() - set(self.named()))

    def twice(self):
        return sorted(name for name, times in self.named().items() if times > 1)

    def repeated(self):
        """How often a message stands there again, by its channel and key."""
        keys = Counter((one.channel, one.key) for one in self.slack.posts() if one.key)
        return Counter({key: times - 1 for key, times in keys.items() if times > 1})

    def unexplained(self):
        """Messages that were repeated more often than a kill had caught them on their way."""
        risked = Counter()
        for (_, key), times in self.at_risk.items():
            risked[key] += times
        return {name: times for name, times in self.repeated().items() if times > risked[name[1]]}

    def undoubted(self):
        """What is named again without a word that it may be."""
        again = [one for one in self.slack.posts() if DOUBT in one.text]
        marked = Counter(name for one in again for name in self._names(one))
        return sorted(name for name, times in self.named().items() if times - 1 > marked[name])

    async def daemon(self):
        self.latest = Daemon(self.path, CHAOS_TOKEN=self.slack.token)
        return await self.latest.start()

    @staticmethod
    async def _ready(daemon):
        """Several start at once, on a machine that may be busy."""
        await daemon.until(lambda: daemon.notify.count("READY=1"), "READY=1", patience=PATIENCE)

    async def first_round(self):
        daemon = await self.daemon()
        await self._ready(daemon)
        await daemon.until(
            lambda: len(self.slack.posts()) >= len(self.slack.channels), "the look-back", patience=PATIENCE
        )
        self._publishing = asyncio.ensure_future(self._publish())
        return daemon

    async def _publish(self):
        while True:
            waiting = Counter(brand for _, brand, _ in self.lost())
            for brand in BRANDS:
                room = UNDER_WAY - waiting[brand] // 2
                if room > 0:
                    self.papers.publish(brand, self.random.randint(1, room))
            self._follow_up()
            await asyncio.sleep(0.5)

    def _follow_up(self):
        """Something that was told a while ago is repeated elsewhere, or changes."""
        brand = self.random.choice(BRANDS)
        number = max(0, len(self.papers.items[brand]) - self.random.randint(1, 40))
        if number and self.random.random() < FOLLOWED:
            self.random.choice([self.papers.repeat, self.papers.change])(brand, number)

    async def ends(self, daemon, number):
        """Let it come to its work, and end it at a random moment of it, or before, or after."""
        aim = self.random.choices(list(MOMENTS), list(MOMENTS.values()))[0]
        if self.random.randrange(FLOODS) == 0:
            self.papers.publish(self.random.choice(BRANDS), FLOOD)
        where = await self._comes_to(daemon, aim)
        if number == signal.SIGTERM and not daemon.notify.count("READY=1"):
            await self._ready(daemon)  # before it listens to signals, a stop is a kill
        self._note(where)
        if where != "stopped":
            assert daemon.process.returncode is None, f"it ended by itself:\n{daemon.said()[-5000:]}"
            daemon.sends(number)
        code = await daemon.ends()
        self._note_store()
        stopped = {0} if where == "stopped" or number == signal.SIGTERM else set()
        may = stopped or ({0, -number} if where == "stop" else {-number})
        assert code in may, f"{code} where {may} was expected:\n{daemon.said()[-5000:]}"

    async def _comes_to(self, daemon, aim):
        if aim == "start":
            await asyncio.sleep(self.random.random() * 1.5)
            return "" if daemon.notify.count("READY=1") else "start"
        await self._ready(daemon)
        if aim in {"any", "stop"}:
            await asyncio.sleep(self.random.random() * 2.5)
        else:
            await self._sees(aim)
        if aim == "stop":
            daemon.sends(signal.SIGTERM)
            await asyncio.sleep(self.random.random() * 0.5)
            return "stop" if daemon.process.returncode is None else "stopped"
        return ""

    async def _sees(self, aim):
        """Until it is at that point, and a moment more; not for ever, as there may be nothing to look up."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(4):
                if aim == "feed":
                    self.papers.fresh.clear()
                    await self.papers.fresh.wait()
                    await asyncio.sleep(self.random.random() * 0.1)
                while aim != "feed" and not self.slack.under_way[aim]:
                    await asyncio.sleep(0.005)
        await asyncio.sleep(self.random.random() * 0.2 if aim != "feed" else 0)

    def _note(self, where):
        """What it is doing; it does several things at once."""
        busy = {point for point, count in self.slack.under_way.items() if count}
        words = {"post": "posting", "reply": "waiting for the reply", "edit": "editing", "lookup": "looking up"}
        self._now = {words[point] for point in busy} if where not in {"start", "stopped"} else set()
        self._now |= {{"start": "starting", "stop": "stopping", "stopped": "just stopped"}.get(where, "")} - {""}

    def _note_store(self):
        """What the store says that it was doing; the store is whole."""
        with self._copy() as connection:
            assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
            kept, open_, due = (connection.execute(query).fetchone()[0] for query in WORK)
            sending = [row for query in SENDING for row in connection.execute(query)]
        self.ends_seen += 1
        self.at_risk.update(sending)
        self.most_at_risk = max([self.most_at_risk, *Counter(channel for channel, _ in sending).values()])
        if kept < sum(self.papers.given.values()):
            self._now.add("reading")
        self._now |= {"gathering"} if open_ else set()
        self._now |= {"with a queue"} if due else set()
        self.phases.update(self._now or {"idle"})

    @contextlib.contextmanager
    def _copy(self):
        """The store as the daemon has left it; looking must not mend it."""
        target = self.folder / "copy"
        shutil.rmtree(target, ignore_errors=True)
        target.mkdir()
        for name in ("smwatch.db", "smwatch.db-wal"):
            if (self.folder / name).exists():
                shutil.copy(self.folder / name, target)
        with contextlib.closing(sqlite3.connect(target / "smwatch.db")) as connection:
            yield connection

    async def calm(self, daemon):
        """Nothing is published any more, and all is told, the changes too."""
        self.quiet()
        await self._ready(daemon)
        async with asyncio.timeout(PATIENCE):
            while self.lost() or self._outstanding():
                assert daemon.process.returncode is None, f"it ended by itself:\n{daemon.said()[-5000:]}"
                await asyncio.sleep(0.3)

    def _outstanding(self):
        """What the store has not told yet; None of the papers' items is missing from it."""
        with contextlib.closing(sqlite3.connect(self.folder / "smwatch.db")) as connection:
            kept, *open_ = (connection.execute(query).fetchone()[0] for query in (*WORK, CHANGED))
        return self.papers.count() - kept + sum(open_)

    def quiet(self):
        if self._publishing is not None:
            self._publishing.cancel()

    def figures(self):
        """What can be added up over several storms."""
        slack, papers = self.slack, self.papers
        found = {
            "items": papers.count(),
            "  of them repeated elsewhere": sum(len(papers.items[f"{brand}{ECHO}"]) for brand in BRANDS),
            "  changed": papers.changes,
            "to be told": len(self.wanted()),
            "told": len(set(self.named())),
            "LOST": len(self.lost()),
            "NAMED TWICE": len(self.twice()),
            "MESSAGES REPEATED": sum(self.repeated().values()),
            "stores looked at, each whole": self.ends_seen,
            "posts": slack.count("chat.postMessage"),
            "edits": slack.count("chat.update"),
            "lookups": slack.count("conversations.history"),
            "messages on their way when it ended": sum(self.at_risk.values()),
        }
        return found | {f"when it ended: {phase}": count for phase, count in self.phases.items()}


WORK = (
    "select count(*) from item",
    "select count(*) from mention where story_id is null and not old",
    "select count(*) from card where state = 'waiting'",
)
CHANGED = "select count(*) from card where state not in ('waiting', 'folded') and wanted > shown"
SENDING = (
    "select channel, key from card where state = 'sending' and receipt is null",
    "select channel, key from post where state = 'sending' and receipt is null",
)
PATIENCE = 600  # seconds for what is left in the end
