"""One channel's way: choose → look up → claim → send → record. One message in flight, in order."""

from __future__ import annotations

import time
from dataclasses import dataclass, field, replace
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Literal
from zoneinfo import ZoneInfo

from smwatch.deliver.desk import Desk, Rendered, bounded, log
from smwatch.deliver.fold import NIGHT, close, fold, recall, tell_together
from smwatch.deliver.hush import hushed, nothing_left, sleep
from smwatch.deliver.quiet import held, quiet_until, waits
from smwatch.deliver.retry import GIVE_UP, Again, after, choose, given_up, is_due, next_lookup
from smwatch.deliver.storm import Storm, fresh
from smwatch.errors import ChannelError, Outcome, Scope
from smwatch.i18n import text
from smwatch.message.model import Context as SmallPrint
from smwatch.message.model import Run
from smwatch.model import Priority
from smwatch.plugin import Delivery, Receipt
from smwatch.secret import SecretMissing
from smwatch.store import decisions, outbox, tombstones
from smwatch.store.handover import move_to
from smwatch.store.news import lost_thread
from smwatch.store.outbox import Job, Problem
from smwatch.store.waiting import Hold, set_hold

if TYPE_CHECKING:
    from collections.abc import Coroutine
    from datetime import datetime
    from typing import Any

    from smwatch.i18n import Text
    from smwatch.plugin import Channel

TICK = 1.0  # seconds between two looks into the store when nobody knocks
BLIND = timedelta(hours=1)  # so long a channel that cannot be asked is waited for
CONFIRMED = 2  # a permanent failure counts once it was seen twice


@dataclass(slots=True, kw_only=True)
class Lane:
    """One channel while the daemon runs. `held` is why nothing goes out; `streak` counts its failures in a row."""

    channel: Channel
    desk: Desk
    held: Hold | None = None
    streak: int = 0
    storm: Storm = field(default_factory=Storm)
    silent: dict[str, int] = field(default_factory=dict)  # lookups that were not answered, by key
    fallback: str | None = None
    settled: bool = False  # whether what waits was looked at with these quiet hours
    beat: float = field(default_factory=time.monotonic)  # when it was last seen at work
    calling: float = 0.0  # until when a call may take; 0.0: none is on its way

    @property
    def progress(self) -> float:
        """The last sign of life: a call that still has time is one."""
        now = time.monotonic()
        return now if now < self.calling else self.beat

    def __post_init__(self) -> None:
        """The storm's rules are the channel's."""
        self.storm.per_hour = self.channel.max_per_hour
        self.storm.editable = "edit" in self.channel.abilities()

    async def step(self) -> float:
        """Deliver at most one message; the seconds until the next step is worth while."""
        now = self.desk.clock()
        if self.held is not None and not is_due(self.held.until, now):
            await self._give_up(now)
            return (self.held.until - now).total_seconds()
        if wait := self.desk.pace.wait(self.channel.limit_key()):
            return wait
        job = choose(await self._queue(now), now)
        if job is None:
            return TICK
        await self._deliver(job)
        return 0.0

    async def _queue(self, now: datetime) -> list[Job]:
        jobs = await self._awake(now)
        self.storm.observe(now, sum(fresh(job) for job in jobs))
        if self.storm.over is not None:
            await close(self.desk, self.channel, self.storm, now)
            return await self._queue(now)
        if self.storm.due(now) and await fold(self.desk, self.channel, self.storm, now):
            return await self._queue(now)
        return [job for job in jobs if not self.storm.holds(job, now)]

    async def _awake(self, now: datetime) -> list[Job]:
        """What is outstanding and may be told at this hour."""
        if not self.settled:
            await self.desk.commit(partial(outbox.unhold, channel=self.channel.name, now=now))
            await recall(self.desk, self.channel, self.storm)
            await self._count_the_hour(now)
        self.settled = True
        hours, zone = self.channel.quiet_hours, self._zone
        until = quiet_until(hours, zone, now)
        jobs = await self._outstanding(now)
        while hours and until and (sleeping := [job for job in jobs if waits(job, hours)]):
            reason = text("quiet hours until {moment}", moment=f"{until.astimezone(zone):%H:%M}")
            await self.desk.commit(partial(sleep, jobs=sleeping, reason=reason, until=until, now=now))
            jobs = await self._outstanding(now)
        if until is None and len(held(jobs, "quiet")) > 1:
            jobs = await self._together(now, "quiet")
        if until is None and len(held(jobs, "muted")) > 1:
            jobs = await self._together(now, "muted")
        return jobs

    async def _count_the_hour(self, now: datetime) -> None:
        """How many messages the last hour had, also where a process before this one sent them."""
        async with self.desk.store.read() as connection:
            told = await decisions.told_singly(connection, now - timedelta(hours=1), self.channel.name)
        self.storm.posts.extend(moment for _, moment in told)

    @property
    def _zone(self) -> ZoneInfo:
        return ZoneInfo(self.desk.zone(self.channel.name))

    async def _together(self, now: datetime, why: Literal["quiet", "muted"]) -> list[Job]:
        """Quiet hours or a silence are over: their stories in one message, urgent ones singly."""
        async with self.desk.store.read() as connection:
            every = await outbox.untold(connection, self.channel.name, now, self.channel.group_wait, NIGHT)
        told = [job for job in held(every, why) if job.priority is not Priority.URGENT]
        if len(told) > 1:
            await tell_together(self.desk, self.channel, told, now, why)
        return await self._outstanding(now)

    async def _outstanding(self, now: datetime) -> list[Job]:
        """What is outstanding, and no silence covers."""
        wait, interval = self.channel.group_wait, self.channel.group_interval
        while True:
            async with self.desk.store.read() as connection:
                jobs = await outbox.outstanding(
                    connection, self.channel.name, now, group_wait=wait, group_interval=interval
                )
            free = await hushed(self.desk, jobs, now, self._zone)
            if len(free) == len(jobs):
                return jobs

    async def _deliver(self, job: Job) -> None:
        if self.fallback and given_up(job, self.desk.clock()):
            await self._move(job)
        elif job.kind == "news" and "thread" not in self.channel.abilities():
            await self.desk.commit(partial(outbox.settle, job=job))
        elif job.receipt is not None and "edit" not in self.channel.abilities():
            await self._second_message(job)
        else:
            await self._show(job)

    async def _second_message(self, job: Job) -> None:
        """A channel without edits gets a second message when the priority rises, or when a post was deleted."""
        recalls = not job.rises and job.table == "card" and "recall" in self.channel.abilities()
        if recalls and await self.desk.commit(partial(tombstones.since_told, card_id=job.id)):
            return await self._show(job)
        return await self.desk.commit(partial(outbox.renew if job.rises else outbox.settle, job=job))

    async def _show(self, job: Job) -> None:
        lost = job.unsure and job.receipt is None
        if lost and "find" in self.channel.abilities():
            rendered = await self._render(job)
            if rendered is None or not await self._look_up(job, rendered):
                return
            lost = False
        job = replace(job, repeat=job.repeat or lost)
        if (rendered := await self._render(job)) is not None:
            await self._attempt(job, rendered)

    async def _render(self, job: Job) -> Rendered | None:
        """The job as it should be seen now; None where that is settled already."""
        try:
            rendered = await self._page(job)
        except Exception:  # noqa: BLE001 - a border: a card that cannot be drawn must not stop the others
            log.exception("delivery_not_rendered", channel=self.channel.name, kind=job.kind, id=job.id)
            problem = Problem(reason=text("it cannot be rendered; the log says why"))
            later = self.desk.clock() + timedelta(minutes=1)
            await self.desk.commit(
                partial(outbox.record_failure, job=job, problem=problem, not_before=later, unsure_at=job.unsure_at)
            )
            return None
        if rendered is None:
            await self.desk.commit(partial(nothing_left, job=job, now=self.desk.clock()))
        return rendered

    async def _page(self, job: Job) -> Rendered | None:
        """What `job` shows; a "page" shows the rest of a message that was too long for one post."""
        if job.kind != "page":
            return await self.desk.render(job)
        async with self.desk.store.read() as connection:
            origin = await outbox.get(connection, job.plan["table"], job.plan["id"])
        whole = await self.desk.render(origin) if origin else None
        pages = self.channel.pages(whole.message) if whole else ()
        number = job.plan["page"]
        return replace(whole, message=pages[number - 1]) if whole and number <= len(pages) else None

    def _delivery(self, job: Job, rendered: Rendered) -> Delivery:
        message = self.channel.pages(rendered.message)[0] if job.kind != "page" else rendered.message
        if job.repeat and job.table == "post":  # cards say so themselves
            words = text("possibly a duplicate: the first attempt was not confirmed").render(message.language)
            message = replace(message, blocks=(*message.blocks, SmallPrint(runs=(Run(text=words, italic=True),))))
        return Delivery(
            key=job.key,
            kind=job.kind,
            message=message,
            reply_to=Receipt(ref=job.thread) if job.thread else None,
            first_attempt=job.first_attempt,
            data=rendered.data,
            revision=job.wanted,
            possible_duplicate=job.repeat,
            broadcast=bool(job.plan.get("broadcast")),
        )

    async def _look_up(self, job: Job, rendered: Rendered) -> bool:
        """Ask the channel for a message that may have arrived; True: it surely did not, so post it."""
        asking = self.channel.find(self.desk.context(self.channel.name), self._delivery(job, rendered))
        try:
            receipt = await self._call(asking, paced=False)
        except ChannelError as error:
            return await self._cannot_ask(job, error)
        now = self.desk.clock()
        if receipt is not None:
            log.info("delivery_found", channel=self.channel.name, kind=job.kind, id=job.id)
            await self._record(job, rendered, receipt)
            return False
        lost = min(job.unsure_at or now, now)  # the clock may have been put back
        if (again := next_lookup(lost, now)) is None:
            return True
        await self.desk.commit(partial(outbox.postpone, job=job, not_before=again, unsure_at=lost))
        return False

    async def _cannot_ask(self, job: Job, error: ChannelError) -> bool:
        """Where the history is closed to us, the post is repeated and says that it may be a duplicate."""
        now = self.desk.clock()
        tried = job.first_attempt or now
        if error.scope is Scope.MESSAGE and (error.permanent or now - tried >= BLIND):
            log.info("delivery_cannot_be_looked_up", channel=self.channel.name, reason=str(error.sentence))
            again = replace(job, repeat=True)
            if (marked := await self._render(again)) is not None:
                await self._attempt(again, marked)
            return False
        silent = self.silent[job.key] = self.silent.get(job.key, 0) + 1
        failed = ChannelError(error.sentence, scope=error.scope, retry_after=error.retry_after)
        await self._failed(replace(job, attempts=job.attempts + silent), failed)
        return False

    async def _attempt(self, job: Job, rendered: Rendered) -> None:
        if not await self.desk.commit(partial(self._claim, job=job, pages=self._rest(job, rendered))):
            return
        job = replace(job, first_attempt=job.first_attempt or self.desk.clock())
        self.silent.pop(job.key, None)
        delivery, context = self._delivery(job, rendered), self.desk.context(self.channel.name)
        if job.receipt is None:
            sending = self.channel.send(context, delivery)
        else:
            sending = self.channel.edit(context, delivery, Receipt(ref=job.receipt))
        try:
            receipt = await self._call(sending)
        except ChannelError as error:
            self.desk.count(self.channel.name, str(error.outcome))
            await self._failed(job, error)
        else:
            self.desk.count(self.channel.name, "sent")
            await self._record(job, rendered, receipt)

    async def _claim(self, connection: Any, job: Job, pages: int) -> bool:  # noqa: ANN401 - see outbox.claim
        """Commit "sending" before the call, and with it the further posts of a message too long for one."""
        now = self.desk.clock()
        if not await outbox.claim(connection, job, now):
            return False
        for page in range(2, pages + 1):
            plan = {"table": job.table, "id": job.id, "page": page}
            key = outbox.next_key(job.key, 1000 + page)
            await outbox.add_post(
                connection, key=key, channel=job.channel, kind="page", plan=plan, now=job.since, client=job.client
            )
        return True

    def _rest(self, job: Job, rendered: Rendered) -> int:
        whole = job.kind != "page" and job.receipt is None
        return len(self.channel.pages(rendered.message)) if whole else 1

    async def _call(self, work: Coroutine[Any, Any, Any], *, paced: bool = True) -> Any:  # noqa: ANN401 - a receipt or None
        """One call of the plugin, in time and at the channel's pace; raises nothing but ChannelError."""
        place, pace = self.channel.limit_key(), self.desk.pace
        if paced:
            pace.taken(place)
        self.calling = time.monotonic() + self.channel.patience.total_seconds()
        try:
            return await bounded(work, self.channel.patience)
        except ChannelError:
            raise
        except SecretMissing as error:
            raise ChannelError(error.sentence, scope=Scope.CHANNEL, permanent=True) from None
        except Exception as error:  # noqa: BLE001 - the border around one plugin's code
            log.exception("channel_plugin_failed", channel=self.channel.name)
            name = type(error).__name__
            raise ChannelError(
                text("the channel's plugin failed: {error}", error=name), outcome=Outcome.UNSURE
            ) from None
        finally:
            self.calling, self.beat = 0.0, time.monotonic()
            if paced:
                for one in {place, self.channel.limit_key()}:  # the answer may have told the real place's name
                    pace.took(one, self.channel.pace)

    async def _record(self, job: Job, rendered: Rendered, receipt: Receipt) -> None:
        now = self.desk.clock()
        revision = receipt.ref.get("revision")
        await self.desk.commit(
            partial(
                outbox.record_sent,
                job=job,
                now=now,
                ref=receipt.ref,
                revision=int(revision) if revision and revision.isdecimal() else None,
                mentions=rendered.mentions,
            )
        )
        self.storm.posted(job, now)
        log.info("delivery_sent", channel=self.channel.name, kind=job.kind, id=job.id, tries=job.attempts + 1)
        self.streak = 0
        if self.storm.down is not None and self.storm.began is None:
            self.storm.down = None
        await self._resume()

    async def _failed(self, job: Job, error: ChannelError) -> None:
        now = self.desk.clock()
        verdict = after(error, job, now, self.streak)
        log.warning(
            "delivery_failed",
            channel=self.channel.name,
            kind=job.kind,
            id=job.id,
            reason=str(error.sentence),
            outcome=str(error.outcome),
        )
        if error.edit_lost and job.kind == "news":
            await self.desk.commit(partial(lost_thread, job=job))
            return
        if verdict == "renew":
            await self.desk.commit(partial(outbox.renew, job=job))
            return
        problem = Problem(reason=error.sentence, permanent=error.permanent)
        if error.permanent and error.scope is Scope.MESSAGE and self.fallback and job.tells:
            await self._move(job, error.sentence)
            return
        if isinstance(verdict, Again):
            failed = partial(outbox.record_failure, job=job, problem=problem)
            await self.desk.commit(partial(failed, not_before=verdict.at, unsure_at=verdict.unsure_at))
            return
        await self.desk.commit(partial(outbox.release, job=job, problem=problem))
        self.streak += 1
        await self._hold(verdict)

    async def _hold(self, held: Hold) -> None:
        news = held.permanent and (self.held is None or not self.held.permanent)
        self.storm.down = self.storm.down or self.desk.clock()
        self.held = held
        await self.desk.commit(partial(set_hold, channel=self.channel.name, hold=held))
        if news:
            await self.desk.tell(self.channel.name, held.reason)

    async def _resume(self) -> None:
        """The channel takes messages again."""
        if self.held is None:
            return
        was, self.held = self.held, None
        await self.desk.commit(partial(set_hold, channel=self.channel.name, hold=None))
        if was.permanent:
            await self.desk.tell(self.channel.name, None)

    async def _give_up(self, now: datetime) -> None:
        """To the fallback channel goes everything while people have to act, and what has waited for a day."""
        if self.fallback is None or self.held is None:
            return
        hopeless = self.held.permanent and self.streak >= CONFIRMED
        async with self.desk.store.read() as connection:
            jobs = await outbox.outstanding(connection, self.channel.name, now)
        for job in jobs:
            if job.tells and (hopeless or now - job.since >= GIVE_UP):
                await self._move(job, self.held.reason)

    async def _move(self, job: Job, why: Text | None = None) -> None:
        assert self.fallback is not None  # noqa: S101 - both callers have looked
        log.warning("delivery_moved", channel=self.channel.name, to=self.fallback, kind=job.kind, id=job.id)
        found = why or (job.problem.reason if job.problem else None)
        reason = text("instead of the channel {name}: {reason}", name=self.channel.name, reason=found or "–")
        move = partial(move_to, job=job, channel=self.fallback, now=self.desk.clock(), reason=reason)
        await self.desk.commit(move)
