"""Everything of the casework together: lines, clicks, commands, deadlines; started and stopped with the app."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Protocol

import structlog

from smwatch.casework import verbs
from smwatch.casework.clicks import Clicks, Reply
from smwatch.casework.commands import Answer, Commands
from smwatch.casework.deadlines import Deadlines
from smwatch.casework.decisions import REFUSE, WANT, Decisions
from smwatch.casework.lines import Lines
from smwatch.casework.moves import Office
from smwatch.casework.muting import MUTE_WATCH, Muting
from smwatch.deliver.desk import Context, bounded
from smwatch.errors import ChannelError
from smwatch.i18n import text
from smwatch.message.asked import sentence_message
from smwatch.message.words import Reader
from smwatch.secret import SecretMissing
from smwatch.store import envelopes

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping, Sequence

    from structlog.typing import FilteringBoundLogger

    from smwatch.casework.decisions import Noise
    from smwatch.config.keeper import Outcome
    from smwatch.config.model import Config
    from smwatch.deliver import Sender
    from smwatch.errors import Problem
    from smwatch.message.model import Message
    from smwatch.model import Watch
    from smwatch.ops import Ops
    from smwatch.plugin import Channel
    from smwatch.render import Renderer
    from smwatch.store.db import Store
    from smwatch.store.envelopes import Pending

log: FilteringBoundLogger = structlog.get_logger("smwatch.casework")


LOOK = 5.0  # seconds between two looks when nobody knocks
STEP = 2.0  # seconds between two looks at deadlines
FAILED = text("that went wrong inside smwatch; its log says more")
NEW_CASE = "case"


class House(Protocol):
    """The parts of the daemon that the casework lives with; `outcome` is what the last reading of the files came to."""

    store: Store
    session: Any
    renderer: Renderer
    sender: Sender
    ops: Ops
    tempo: Any
    outcome: Outcome | None

    @property
    def config(self) -> Config:
        """What runs now."""

    @property
    def noise(self) -> Noise:
        """Who proposes exclusions."""


class Casework:
    """Started and stopped with the daemon; nothing here outlives it."""

    def __init__(self, house: House) -> None:
        self._house = house
        self._store, self._session, self._wake = house.store, house.session, house.sender.wake
        self._reading, self._clock, self._nap = house.renderer.reading, house.tempo.clock, house.tempo.nap
        self._knock = asyncio.Event()
        store, clock, reading = self._store, self._clock, self._reading
        tell, knock = house.ops.buttons_news, self._knock.set
        self.lines = Lines(store, self._channels, session=house.session, clock=clock, knock=knock, tell=tell)
        self.clicks = Clicks(store=store, channels=self._channels, office=self.office, reading=reading)
        self.muting = Muting(
            store=store, channels=self._channels, office=self.office, language=lambda name: reading(name).language
        )
        self.commands = Commands(
            store=store, config=self._config, office=self.office, reading=reading, problems=self._problems
        )
        self.decisions = Decisions(store=store, channels=self._channels, office=self.office, noise=house.noise)
        self.deadlines = Deadlines(store=store, watches=self._watches, channels=self._channels, wake=self._wake)

    def _config(self) -> Config:
        return self._house.config

    def _channels(self) -> Mapping[str, Channel]:
        return self._house.config.channels

    def _watches(self) -> Mapping[tuple[str | None, str], Watch]:
        return {(one.client, one.name): one for one in self._house.config.watches}

    def _problems(self) -> Sequence[Problem]:
        return self._house.outcome.problems if self._house.outcome is not None else ()

    def office(self) -> Office:
        """The rules of the house as they are now."""
        return Office(key=self._store.key, anonymous=self._config().anonymous_cases)

    def replace(self) -> None:
        """The config has changed."""
        self.lines.replace()

    def verbs(self) -> Mapping[str, Callable[[dict[str, Any]], Awaitable[dict[str, Any]]]]:
        """What the control socket asks."""
        return {"case_move": self._case_move, "case_add": self._case_add, "case_away": self._case_away}

    async def _case_move(self, args: dict[str, Any]) -> dict[str, Any]:
        return await self._by_hand(verbs.move, args)

    async def _case_add(self, args: dict[str, Any]) -> dict[str, Any]:
        return await self._by_hand(verbs.add, args)

    async def _by_hand(self, verb: Any, args: dict[str, Any]) -> dict[str, Any]:  # noqa: ANN401 - a function of `verbs`
        async with self._store.write() as connection:
            done = await verb(connection, self._config(), self.office(), args, self._clock())
        for channel in dict.fromkeys(done.channels):
            self._wake(channel)
        return {"case": done.case.short}

    async def _case_away(self, args: dict[str, Any]) -> dict[str, Any]:
        async with self._store.write() as connection:
            await verbs.away(connection, self._config(), args, self._clock())
        return {}

    def loops(self) -> dict[str, Callable[[], Awaitable[None]]]:
        """What runs with the daemon."""
        return {"lines": self.lines.run, "clicks": self._work, "cases": self._remind}

    async def _remind(self) -> None:
        while True:
            await self.deadlines.step(self._clock())
            await self._nap(STEP)

    async def _work(self) -> None:
        """Every click that was kept, in order: also those that the process before this one did not get to."""
        while True:
            self._knock.clear()
            async with self._store.read() as connection:
                waiting = await envelopes.pending(connection)
            for one in waiting:
                await self._one(one)
            with suppress(TimeoutError):
                async with asyncio.timeout(LOOK):
                    await self._knock.wait()

    async def _one(self, one: Pending) -> None:
        try:
            reply = await self._reply(one)
        except Exception:
            log.exception("click_failed", click=one.click.id, action=one.click.action)
            reply = Reply(sentence=FAILED)
        async with self._store.write() as connection:
            await envelopes.done(connection, one.id, self._clock())
        for channel in dict.fromkeys(reply.channels):
            self._wake(channel)
        if reply.sentence is not None:
            log.info("click_refused", click=one.click.id, action=one.click.action, reason=str(reply.sentence))
        await self._tell(one, reply)

    async def _reply(self, one: Pending) -> Reply:
        click = one.click
        if click.kind == "button" and click.action in {WANT, REFUSE}:
            return await self.decisions.work(one, self._clock())
        if click.kind in {"command", "shortcut"} or (click.kind == "form" and click.action == NEW_CASE):
            return await self.commands.work(one, self._clock())
        if click.action == MUTE_WATCH:
            return await self.muting.work(one, self._clock())
        return await self.clicks.work(one, self._clock())

    async def _tell(self, one: Pending, reply: Reply) -> None:
        """The form, or the answer for one person; a channel that does not take it costs one line in the log."""
        channel = self._mouth(one)
        message = self._message(reply, channel)
        if channel is None or (message is None and reply.form is None):
            return
        context = Context(session=self._session, now=self._clock(), log=log.bind(channel=channel.name))
        try:
            if reply.form is not None:
                await bounded(channel.ask(context, one.click, reply.form), channel.patience)
            elif message is not None and (one.click.place or one.click.reply):
                await bounded(channel.whisper(context, one.click, message), channel.patience)
        except (ChannelError, SecretMissing) as error:
            log.warning("click_not_answered", click=one.click.id, reason=str(error.sentence))
        except Exception:
            log.exception("click_not_answered", click=one.click.id)

    def _mouth(self, one: Pending) -> Channel | None:
        """A channel on the line that the click came over, best one at the place where it was made."""
        heard = [channel for channel in self._config().channels.values() if channel.hears() == one.line]
        here = [channel for channel in heard if channel.stands_at(one.click.place)]
        return next(iter([*here, *heard]), None)

    def _message(self, reply: Reply, channel: Channel | None) -> Message | None:
        if isinstance(reply, Answer) and reply.message is not None:
            return reply.message
        if reply.sentence is None or channel is None:
            return None
        reading = self._reading(channel.name)
        return sentence_message(reply.sentence, Reader(language=reading.language, timezone=reading.timezone))
