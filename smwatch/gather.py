"""Gather and route: mentions become stories, stories become cards. Exactly one task does it.

It takes mentions in the order of their ids, so that a story's first item is the one that was stored first. What it
remembers (the window of fingerprints) is filled again from the store at start and after any failure.

Where a step fails by anything but the store, its mentions are taken one by one: one that shows a bug becomes a story of
its own that nothing is found by, so that it is told all the same; one that fails even so is left out until the next
start after three attempts, and told to operators.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import groupby
from typing import TYPE_CHECKING

import structlog
from sqlalchemy.exc import DataError, IntegrityError, SQLAlchemyError

from smwatch.i18n import Text, text
from smwatch.route import Verdict, route
from smwatch.store import edits, merge, outbox, stories
from smwatch.store.gathering import Gathering
from smwatch.story import Recall, Window, prints, said, ties

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping, Sequence

    from sqlalchemy.ext.asyncio import AsyncConnection

    from smwatch.config.model import Config
    from smwatch.model import Watch
    from smwatch.route import Decision
    from smwatch.store.db import Store
    from smwatch.store.edits import Edited
    from smwatch.store.stories import Waiting
    from smwatch.story import Candidate, Fingerprint, Said, Tie

log = structlog.get_logger(__name__)

LOOK = 5.0  # seconds between two looks when nobody knocks
MOST = 3  # attempts at one mention


def _utc_now() -> datetime:
    return datetime.now(UTC)


async def _nobody(_what: Text) -> None:
    """Hears what is left out where nobody else does."""


def _is_of_the_store(error: Exception) -> bool:
    """A full disk, a lock, a lost connection: no mention's fault, and better by itself."""
    return isinstance(error, SQLAlchemyError) and not isinstance(error, (DataError, IntegrityError))


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """What routing needs of the config: the watches by (client, name), and whose posts are our own."""

    watches: Mapping[tuple[str | None, str], Watch] = field(default_factory=dict)
    own_accounts: Mapping[str | None, Sequence[str]] = field(default_factory=dict)

    @classmethod
    def of(cls, config: Config) -> Rules:
        """What a config says of it."""
        clients: dict[str | None, Sequence[str]] = {name: one.own_accounts for name, one in config.clients.items()}
        watches = {(one.client, one.name): one for one in config.watches}
        return cls(watches=watches, own_accounts={None: config.own_accounts, **clients})

    def own(self, client: str | None) -> list[str]:
        """The house's own accounts and the client's."""
        return [*self.own_accounts.get(None, ()), *(self.own_accounts.get(client, ()) if client else ())]


class Gather:
    """The one task between the pipeline and the outbox.

    `wake(channel)` is told who has something to send, `tell(sentence)` what is left out.
    """

    def __init__(
        self,
        store: Store,
        rules: Rules,
        *,
        wake: Callable[[str | None], None] = lambda _: None,
        clock: Callable[[], datetime] = _utc_now,
        tell: Callable[[Text], Awaitable[None]] = _nobody,
    ) -> None:
        self.rules = rules
        self._store = store
        self._wake = wake
        self._clock = clock
        self._tell = tell
        self._failures: Counter[int] = Counter()
        self._left_out: set[int] = set()
        self._window: Window | None = None
        self._recall = Recall()
        self._knock = asyncio.Event()
        self._told: dict[str, None] = {}
        self._more = True  # the last step may have left something; what comes later knocks

    def knock(self) -> None:
        """There are new mentions."""
        self._knock.set()

    async def run(self) -> None:
        """Gather for ever; ends by cancellation, between two transactions or inside one that then never happened."""
        while True:
            self._knock.clear()
            await self._all()
            self.wake()
            with suppress(TimeoutError):
                async with asyncio.timeout(LOOK):
                    await self._knock.wait()

    async def _all(self) -> None:
        try:
            while await self.step() and self._more:
                pass
        except SQLAlchemyError as error:  # a full disk: the mentions wait where they are
            log.warning("stories_not_stored", error=type(error).__name__)

    async def step(self) -> int:
        """One transaction: the oldest mentions that wait; how many they were."""
        try:
            return await self._step()
        except Exception as error:
            if _is_of_the_store(error):
                raise
            log.warning("gathering_failed", error=type(error).__name__)
            return await self._one_by_one()

    async def _step(self) -> int:
        now = self._clock()
        window = await self._remembered(now)
        self._window = None  # until the transaction is through, what we remember may be wrong
        async with self._store.write() as connection:
            waiting = await stories.ungathered(connection, but=self._left_out)
            gathering = Gathering(connection)
            channels = await self._take_all(gathering, window, waiting, now)
            edited, again = await self._edits(gathering, window, now)
            await gathering.flush()
        self._window = window
        self._more = len(waiting) == stories.BATCH or edited > 0
        self._told |= dict.fromkeys([*channels, *again])
        return len(waiting) + edited

    async def _one_by_one(self) -> int:
        async with self._store.read() as connection:
            numbers = await stories.waiting_numbers(connection, but=self._left_out)
        self._more = True  # what failed is tried again
        for number in numbers:
            await self._alone(number)
        return len(numbers)

    async def _alone(self, number: int) -> None:
        """One mention; where that fails, as a story that nothing is found by."""
        try:
            await self._take_one(number, plain=False)
        except Exception as error:
            if _is_of_the_store(error):
                raise
            log.exception("mention_failed", mention=number)
            await self._plainly(number)

    async def _plainly(self, number: int) -> None:
        try:
            await self._take_one(number, plain=True)
        except Exception as error:
            if _is_of_the_store(error):
                raise
            self._failures[number] += 1
            log.exception("mention_not_told", mention=number, attempt=self._failures[number])
            if self._failures[number] >= MOST:
                await self._leave_out(number, error)

    async def _leave_out(self, number: int, error: Exception) -> None:
        self._left_out.add(number)
        sentence = text(
            "mention {number} cannot be worked on and is left out until the next start: {error} (the log says more)",
            number=str(number),
            error=type(error).__name__,
        )
        await self._tell(sentence)

    async def _take_one(self, number: int, *, plain: bool) -> None:
        now = self._clock()
        window = await self._remembered(now)
        self._window = None
        async with self._store.write() as connection:
            waiting = await stories.ungathered(connection, only=number)
            channels = await self._take_all(Gathering(connection), window, waiting, now, plain=plain)
        self._window = window
        self._told |= dict.fromkeys(channels)

    async def _take_all(
        self, gathering: Gathering, window: Window, waiting: Sequence[Waiting], now: datetime, *, plain: bool = False
    ) -> list[str]:
        """These mentions are in their stories, written down; the channels that have something new."""
        await gathering.look_back(waiting)
        take = self._take_plainly if plain else self._take
        channels = [channel for one in waiting for channel in await take(gathering, window, one, now)]
        await gathering.flush()
        return channels + await self._tell_late(gathering.connection, waiting, now)

    def wake(self) -> None:
        """Tell the channels that have something new; once a backlog is through, so that what belongs together is."""
        told, self._told = self._told, {}
        for channel in told:
            self._wake(channel)

    async def _remembered(self, now: datetime) -> Window:
        if self._window is None:
            self._window, self._recall = Window(), Recall()
            async with self._store.read() as connection:
                for client, item_id, marks, known in await stories.remembered(connection, now):
                    self._window.add(client, item_id, marks, known)
        self._window.forget(now)
        return self._window

    async def _take(self, gathering: Gathering, window: Window, one: Waiting, now: datetime) -> list[str]:
        client, at = one.mention.client or "", one.mention.seen_at
        words = said(one.mention.item)
        marks = prints(one.mention.item, words, one.place)
        akin = list["tuple[Tie, Candidate]"]()
        if window.story_of(client, one.item_id, at) is None:
            akin = await self._akin(gathering.connection, words, window.find(client, marks, at))
        bridged = await self._bridge(gathering, window, client, akin, now)
        told = await self._put(gathering, window, one, now, marks=marks, akin=akin)
        self._recall.keep(one.item_id, words)
        return [*bridged, *told]

    async def _take_plainly(self, gathering: Gathering, window: Window, one: Waiting, now: datetime) -> list[str]:
        return await self._put(gathering, window, one, now, marks=(), akin=())

    async def _put(  # noqa: PLR0913 - what is known of a mention
        self,
        gathering: Gathering,
        window: Window,
        one: Waiting,
        now: datetime,
        *,
        marks: Sequence[Fingerprint],
        akin: Sequence[tuple[Tie, Candidate]],
    ) -> list[str]:
        """Into the story of its item, else into that of the first of its kin, else into a new one."""
        client, at = one.mention.client or "", one.mention.seen_at
        known = window.story_of(client, one.item_id, at)
        joined = known is None
        if akin:
            known = window.story_of(client, akin[0][1].item_id, at)
        first = None
        if known is None:
            known, first = await stories.new_story(gathering, one, at)
        gathering.join(one, known, marks, at, (akin[0][0], akin[0][1].item_id) if akin else None)
        window.add(client, one.item_id, marks, known.with_item(at))
        return await stories.decide(
            gathering,
            one,
            known.story_id,
            self._decide(one),
            secret=self._store.key,
            now=now,
            joined=joined,
            first=first,
        )

    async def _bridge(
        self, gathering: Gathering, window: Window, client: str, akin: Sequence[tuple[Tie, Candidate]], now: datetime
    ) -> list[str]:
        """Stories that one item shows to be the same become one, as far as nobody was told of two."""
        numbers = list(dict.fromkeys(one.known.story_id for _, one in akin))
        if len(numbers) < 2:  # noqa: PLR2004 - nothing to bridge
            return []
        await gathering.flush()
        told = await merge.told(gathering.connection, numbers)
        home = next((number for number in numbers if number in told), min(numbers))
        channels: list[str] = []
        for gone in numbers:
            if gone != home and gone not in told:
                channels += await merge.merge(gathering.connection, gone, home, now)
                window.merge(client, gone, home)
        return channels

    async def _edits(self, gathering: Gathering, window: Window, now: datetime) -> tuple[int, list[str]]:
        """Edited items are found by their new words; what they have made more urgent is told."""
        connection = gathering.connection
        if not await edits.any_wait(connection):
            return 0, []
        edited = await edits.edited(connection)
        for one in edited:
            marks = self._marks_again(one)
            await edits.print_again(connection, one, marks)
            self._recall.drop(one.item_id)
            for client, _, _ in one.homes:
                window.changed(client, one.item_id, marks)
        raised = await edits.raised(connection)
        told = [channel for one in raised for channel in await self._tell_again_or_not(gathering, one, now)]
        return len(edited) + len(raised), told

    def _marks_again(self, one: Edited) -> Sequence[Fingerprint]:
        try:
            return prints(one.item, said(one.item), one.place)
        except Exception:
            log.exception("edit_failed", item=one.item_id)
            return ()

    async def _tell_again_or_not(self, gathering: Gathering, one: Waiting, now: datetime) -> list[str]:
        """In a savepoint: one that fails leaves the others, and its own story as it was."""
        try:
            async with gathering.connection.begin_nested():
                told = await self._tell_again(gathering, one, now)
                await gathering.flush()
        except Exception as error:
            if _is_of_the_store(error):
                raise
            gathering.forget()
            log.exception("edit_failed", item=one.item_id)
            return []
        return told

    async def _tell_again(self, gathering: Gathering, one: Waiting, now: datetime) -> list[str]:
        story_id = one.mention.story_id
        assert story_id is not None  # noqa: S101 - `raised` asks for those in a story
        decisions = self._decide(one)
        return await stories.decide(gathering, one, story_id, decisions, secret=self._store.key, now=now, joined=False)

    async def _akin(
        self, connection: AsyncConnection, words: Said, candidates: Sequence[Candidate]
    ) -> list[tuple[Tie, Candidate]]:
        """The items that these words go with and why, the best one first."""
        ask = [one.item_id for one in candidates if not one.certain]
        heard = self._recall.known(ask)
        if missing := [number for number in ask if number not in heard]:
            for number, item in (await stories.items_of(connection, missing)).items():
                heard[number] = said(item)
                self._recall.keep(number, heard[number])
        return ties(words, candidates, heard)

    def _decide(self, one: Waiting) -> tuple[Decision, ...]:
        mention = one.mention
        watch = self.rules.watches.get((mention.client, mention.watch))
        return route(mention, watch, self.rules.own(mention.client)) if watch is not None else ()

    async def _tell_late(self, connection: AsyncConnection, waiting: Sequence[Waiting], now: datetime) -> list[str]:
        """One message a channel for what came late; what is known before it went out joins it."""
        told: list[str] = []
        pairs = sorted(
            (channel, one.mention.client or "", one.mention.id)
            for one in waiting
            if any(decision.code == "late" and decision.verdict is Verdict.HOLD for decision in self._decide(one))
            for channel in self._alerts(one)
        )
        for (channel, client), group in groupby(sorted(set(pairs)), key=lambda pair: pair[:2]):
            await self._bundle(connection, channel, client, [pair[2] for pair in group], now)
            told.append(channel)
        return told

    async def _bundle(
        self, connection: AsyncConnection, channel: str, client: str, mentions: list[int], now: datetime
    ) -> None:
        standing = await outbox.untried(connection, channel, client, "late")
        if standing is not None:
            await outbox.replan(connection, standing, {"mentions": [*standing.plan["mentions"], *mentions]})
            return
        words = f"late|{client}|{channel}|{mentions[0]}"
        key = hmac.new(self._store.key, words.encode(), hashlib.sha256).hexdigest()[:32]
        plan = {"mentions": mentions}
        await outbox.add_post(connection, key=key, channel=channel, kind="late", plan=plan, now=now, client=client)

    def _alerts(self, one: Waiting) -> Sequence[str]:
        watch = self.rules.watches.get((one.mention.client, one.mention.watch))
        return watch.alert if watch is not None else ()
