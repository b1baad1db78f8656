"""What happens by itself: deadlines begin and remind, an urgent story reopens its case, our own reply answers it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import structlog

from smwatch.case import Case, Move, Reminder, Step, due
from smwatch.casework.moves import thread_of
from smwatch.model import Priority
from smwatch.store import cases, deadlines, envelopes, outbox
from smwatch.store.jobs import post_key

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence

    from sqlalchemy.ext.asyncio import AsyncConnection

    from smwatch.model import Person, Watch
    from smwatch.store.db import Store

log = structlog.get_logger("smwatch.casework")

BACK = timedelta(days=2)  # so far back a story without a case is looked for; the daemon may have been down
BUNDLE = timedelta(minutes=5)  # the least time between two reminders of what was told in summaries
FORGET_EVERY = timedelta(days=1)


@dataclass(slots=True, kw_only=True)
class Deadlines:
    """One step is one look at everything that time alone brings about; `wake(channel)` hears what is to be sent."""

    store: Store
    watches: Callable[[], Mapping[tuple[str | None, str], Watch]]
    channels: Callable[[], Mapping[str, object]]
    wake: Callable[[str], None]
    forgot: datetime | None = field(default=None)
    bundled: dict[tuple[str, Reminder], datetime] = field(default_factory=dict)  # when channels were last reminded

    async def step(self, now: datetime) -> None:
        """Look, and write only where there is something to write."""
        timed = {name: one for name, one in self.watches().items() if one.answer_within is not None}
        async with self.store.read() as connection:
            names = [(client or "", name) for client, name in timed]
            new = await deadlines.unanswered(connection, names, now - BACK) if timed else []
            raised, answered = await deadlines.raised(connection), await deadlines.answered_by_us(connection)
            late = [(case, one) for case in await deadlines.with_deadline(connection) if (one := due(case, now))]
        forget = self.forgot is None or now - self.forgot >= FORGET_EVERY
        if not (new or raised or answered or late or forget):
            return
        told: list[str] = []
        async with self.store.write() as connection:
            numbers = [number for number in (*(row[1] for row in new), *(case.story_id for case, _ in late)) if number]
            together = await deadlines.only_in_summaries(connection, numbers)
            told += await self._begin(connection, new, timed, now, together)
            for case in raised:
                told += (await cases.act(connection, case, _step(Move.RAISE, now))).channels
            for case in answered:
                told += (await cases.act(connection, case, _step(Move.ANSWER, now))).channels
            for case, reminder in late:
                if case.story_id not in together:
                    told += await self._remind(connection, case, reminder, now)
            bundles = [(case, one) for case, one in late if case.story_id in together]
            told += await self._remind_together(connection, bundles, together, now)
            if forget:
                await deadlines.erase_names(connection, now)
                await envelopes.forget(connection, now)
        self.forgot = now if forget else self.forgot
        for channel in dict.fromkeys(told):
            self.wake(channel)

    async def _begin(
        self,
        connection: AsyncConnection,
        new: list[tuple[str, int, str, datetime]],
        timed: Mapping[tuple[str | None, str], Watch],
        now: datetime,
        together: Collection[int],
    ) -> list[str]:
        """A watch with `answer_within`: what it tells wants an answer from the moment at which it was to be told."""
        told: list[str] = []
        soonest: dict[tuple[str, int], tuple[datetime, datetime]] = {}
        for client, story, name, at in new:
            within = timed[client or None, name].answer_within or timedelta(0)
            known = soonest.get((client, story))
            if known is None or at + within < known[1]:
                soonest[client, story] = (at, at + within)
        for (client, story), (at, until) in soonest.items():
            case = await cases.begun(connection, client or None, story, now)
            await deadlines.answer_by(connection, case, at, until)
            if story not in together:  # an edit would make an urgent one a message of its own, in the midst of a storm
                told += await cases.show(connection, case, now, asked=False)
        return told

    async def _remind(self, connection: AsyncConnection, case: Case, reminder: Reminder, now: datetime) -> list[str]:
        """In the thread of its first message; once it is overdue for the whole channel, and where it escalates to."""
        await deadlines.reminded(connection, case, int(reminder))
        overdue = reminder is Reminder.OVERDUE
        named = [{"id": one.id, "name": one.name} for one in await self._people(connection, case, now)]
        until = case.until.isoformat() if case.until else ""
        told = []
        for channel, card, where in await self._where(connection, case, overdue=overdue):
            words = f"reminder|{case.id}|{until}|{int(reminder)}|{channel}|{card}"
            await outbox.add_post(
                connection,
                key=post_key(words),
                channel=channel,
                kind="reminder",
                plan={"case": case.id, "reminder": int(reminder), "people": named, **where},
                now=now,
                client=case.client or "",
                priority=Priority.URGENT,
                card_id=card,
            )
            told.append(channel)
        if overdue:
            told += await cases.show(connection, case, now)
        log.info("case_reminded", case=case.id, reminder=reminder.name.lower())
        return told

    async def _remind_together(
        self,
        connection: AsyncConnection,
        late: Sequence[tuple[Case, Reminder]],
        together: Mapping[int, tuple[str, Mapping[str, str] | None]],
        now: datetime,
    ) -> list[str]:
        """What was told in summaries is reminded of together: one message a channel and kind in `BUNDLE`."""
        groups: dict[tuple[str, Reminder], list[Case]] = {}
        for case, reminder in late:
            groups.setdefault((together[case.story_id or 0][0], reminder), []).append(case)
        told: list[str] = []
        for (channel, reminder), group in groups.items():
            last = self.bundled.get((channel, reminder))
            if last is not None and now - last < BUNDLE:
                continue
            self.bundled[channel, reminder] = now
            for case in group:
                await deadlines.reminded(connection, case, int(reminder))
            told += await self._bundle(connection, channel, reminder, group, together, now)
        return told

    async def _bundle(  # noqa: PLR0913, PLR0917 - what a message is made of
        self,
        connection: AsyncConnection,
        channel: str,
        reminder: Reminder,
        group: Sequence[Case],
        together: Mapping[int, tuple[str, Mapping[str, str] | None]],
        now: datetime,
    ) -> list[str]:
        """In the thread of the summary that names the first of them; overdue ones also where they escalate to."""
        overdue = reminder is Reminder.OVERDUE
        home = {"thread": together[group[0].story_id or 0][1], "broadcast": overdue}
        places: dict[str, tuple[list[Case], Mapping[str, object]]] = {channel: (list(group), home)}
        for case in group if overdue else ():
            for other in await self._escalated(connection, case):
                if other != channel:
                    places.setdefault(other, ([], {}))[0].append(case)
        for name, (mine, where) in places.items():
            words = f"reminders|{name}|{int(reminder)}|{mine[0].id}|{now.isoformat()}"
            await outbox.add_post(
                connection,
                key=post_key(words),
                channel=name,
                kind="reminders",
                plan={"cases": [case.id for case in mine], "reminder": int(reminder), **where},
                now=now,
                client=_client_of(mine),
                priority=Priority.URGENT,
            )
        log.info("cases_reminded", cases=len(group), reminder=reminder.name.lower())
        return list(places)

    async def _where(
        self, connection: AsyncConnection, case: Case, *, overdue: bool
    ) -> list[tuple[str, int | None, Mapping[str, object]]]:
        """Channel, card and thread of each post."""
        found: list[tuple[str, int | None, Mapping[str, object]]] = []
        for row in (await cases.standing(connection, case))[:1]:
            card = row.id if case.story_id is not None else None
            found.append((row.channel, card, {**thread_of(case, row), "broadcast": overdue}))
        if overdue:
            found += [(channel, None, {}) for channel in await self._escalated(connection, case)]
        return found

    async def _people(self, connection: AsyncConnection, case: Case, now: datetime) -> list[Person]:
        """Whom it concerns: the owner, and who stands in for them."""
        if case.owner is None:
            return []
        away = (await deadlines.substitutes(connection, now)).get(case.owner.id)
        return [case.owner, *([away[0]] if away else [])]

    async def _escalated(self, connection: AsyncConnection, case: Case) -> list[str]:
        watches, channels = self.watches(), self.channels()
        names = await deadlines.watches_of(connection, case.story_id) if case.story_id is not None else []
        found = [watch.escalate for name in names if (watch := watches.get((case.client, name)))]
        return list(dict.fromkeys(one for one in found if one and one in channels))


def _client_of(group: Sequence[Case]) -> str:
    """Whose they all are; "" where they are not one client's."""
    clients = {case.client or "" for case in group}
    return clients.pop() if len(clients) == 1 else ""


def _step(move: Move, now: datetime) -> Step:
    return Step(move=move, who=cases.SMWATCH, at=now)
