"""What is done about a case, from Slack and from the command line alike: one transaction each."""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from smwatch.case import Case, Move, Refusal, Status, Step
from smwatch.i18n import text
from smwatch.message.alert import lead_mention
from smwatch.message.escape import one_line, shown_host
from smwatch.message.quote import headline
from smwatch.message.words import Reader
from smwatch.model import Person, Priority
from smwatch.silence import Scope, Silence
from smwatch.store import cases, outbox, silences, verdicts
from smwatch.store.jobs import post_key
from smwatch.store.stories import load_story

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from sqlalchemy.ext.asyncio import AsyncConnection

    from smwatch.model import Mention, Story
    from smwatch.store.cases import Done

PLAIN = frozenset(
    {Move.TAKE, Move.RELEASE, Move.ANSWER, Move.CLOSE, Move.REOPEN, Move.NOTE, Move.HAND_OVER, Move.DEADLINE}
)
OWN_MESSAGE = frozenset({Move.TAKE, Move.HAND_OVER})  # a story told in a summary comes out of it: with its buttons
GONE = Refusal(text("there is nothing left of this story"))
NO_AUTHOR = Refusal(text("its source does not say who wrote it"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """One move as somebody wants it; `scope`, `until` and `note` (the reason) describe a silence."""

    move: Move
    who: Person
    at: datetime
    until: datetime | None = None
    to: Person | None = None
    note: str = ""
    scope: Scope | None = None
    envelope: str | None = None

    @property
    def step(self) -> Step:
        """As the state machine takes it."""
        return Step(move=self.move, who=self.who, at=self.at, until=self.until, to=self.to, note=self.note)


@dataclass(frozen=True, slots=True, kw_only=True)
class Office:
    """What moves need of the house: the key for keyed hashes, and its rule about names."""

    key: bytes
    anonymous: bool = False

    def person(self, one: Person) -> Person:
        """Somebody as the store may know them: with `cases = "anonymous"` by a keyed hash alone."""
        if not self.anonymous or not one.id or one.id == cases.SMWATCH.id:
            return one
        return Person(id="anon:" + hmac.new(self.key, one.id.encode(), hashlib.sha256).hexdigest()[:16])


async def make(connection: AsyncConnection, office: Office, case: Case, wish: Wish) -> Done:
    """Make the move that somebody wants, with all that belongs to it."""
    wish = replace(wish, who=office.person(wish.who), to=office.person(wish.to) if wish.to else None)
    if wish.move is Move.UNDO:
        return await cases.undo(connection, case, wish.who, wish.at, envelope=wish.envelope)
    if wish.move is Move.IRRELEVANT:
        return await _irrelevant(connection, case, wish)
    if wish.move is Move.SILENCE:
        return await _silence(connection, office, case, wish)
    done = await cases.act(connection, case, wish.step, envelope=wish.envelope)
    if done.refused is None and not done.repeated and wish.move in OWN_MESSAGE and case.story_id is not None:
        await outbox.unfold(connection, case.client or "", case.story_id)
    if done.refused is None and not done.repeated and (wish.note or wish.move is Move.HAND_OVER):
        channels = await _say(connection, done.case, wish)
        done = replace(done, channels=(*done.channels, *channels))
    return done


async def _irrelevant(connection: AsyncConnection, case: Case, wish: Wish) -> Done:
    mention = await _lead(connection, case)
    if mention is None:
        return cases.Done(case=case, refused=GONE)
    done = await cases.act(connection, case, wish.step, value={"mention": mention.id}, envelope=wish.envelope)
    if done.refused is None and not done.repeated:
        await verdicts.irrelevant(connection, mention, wish.who, wish.at, wish.note)
    return done


async def _silence(connection: AsyncConnection, office: Office, case: Case, wish: Wish) -> Done:
    story = await _story(connection, case)
    if story is None or wish.until is None or wish.scope is None:
        return cases.Done(case=case, refused=GONE)
    made = silence_for(story, wish, office.key)
    if made is None:
        return cases.Done(case=case, refused=NO_AUTHOR)
    if await cases.repeated(connection, wish.envelope):
        return cases.Done(case=case, repeated=True)
    one = await silences.add(connection, made)
    step = replace(wish.step, until=None, note="")
    return await cases.act(connection, case, step, value={"silence": one.id}, envelope=wish.envelope)


def silence_for(story: Story, wish: Wish, key: bytes) -> Silence | None:
    """The silence that `wish` asks for about `story`; None where nobody knows its author."""
    assert wish.scope is not None  # noqa: S101 - both callers have looked
    assert wish.until is not None  # noqa: S101 - likewise
    mention = lead_mention(story)
    marks = silences.marks(mention, key)
    known = {Scope.STORY: marks.story, Scope.AUTHOR: marks.author, Scope.SITE: marks.site, Scope.WATCH: marks.watch}
    value = known.get(wish.scope, "")
    labels = {Scope.SITE: shown_host(mention.item.url), Scope.WATCH: mention.watch}
    if not value:
        return None
    return Silence(
        client=story.client,
        scope=wish.scope,
        value=value,
        label=labels.get(wish.scope, ""),
        until=wish.until,
        by=wish.who,
        reason=wish.note or one_line(mention.item.title or mention.item.text, 120),
        at=wish.at,
    )


def reason_for(story: Story, language: str, timezone: str) -> str:
    """What stands in the field for the reason before anybody writes one: what it is about."""
    return one_line(headline(lead_mention(story).item, Reader(language=language, timezone=timezone)), 120)


async def _say(connection: AsyncConnection, case: Case, wish: Wish) -> list[str]:
    """A note, or the word to whom it goes, in the thread: an edit of the card would ring no bell."""
    told = []
    rows = await cases.standing(connection, case)
    for row in rows if wish.move is Move.NOTE else rows[:1]:
        plan = {
            "what": str(wish.move),
            "who": {"id": wish.who.id, "name": wish.who.name},
            "to": {"id": wish.to.id, "name": wish.to.name} if wish.to else None,
            "note": wish.note,
            "case": case.id,
            **thread_of(case, row),
        }
        words = f"team|{case.id}|{row.channel}|{wish.move}|{wish.envelope or wish.at.isoformat()}"
        key = post_key(words)
        card = row.id if case.story_id is not None else None
        await outbox.add_post(
            connection,
            key=key,
            channel=row.channel,
            kind="team",
            plan=plan,
            now=wish.at,
            client=case.client or "",
            card_id=card,
        )
        told.append(str(row.channel))
    return told


def thread_of(case: Case, row: Any) -> dict[str, Any]:  # noqa: ANN401 - a row of `cases.standing`
    """Where the thread of a case that came by hand begins; a card knows its own."""
    return {} if case.story_id is not None else {"thread": (row.receipt or {}).get("ref")}


async def _story(connection: AsyncConnection, case: Case) -> Story | None:
    return await load_story(connection, case.story_id) if case.story_id is not None else None


async def _lead(connection: AsyncConnection, case: Case) -> Mention | None:
    story = await _story(connection, case)
    return lead_mention(story) if story is not None else None


async def begin_by_hand(  # noqa: PLR0913 - what a new case is
    connection: AsyncConnection,
    office: Office,
    channels: Sequence[str],
    wish: Wish,
    *,
    title: str,
    link: str = "",
    client: str | None = None,
) -> Done:
    """A question that came by phone or mail: a case with a message of its own in `channels`."""
    wish = replace(wish, who=office.person(wish.who))
    new = Case(
        client=client,
        title=title,
        link=link,
        status=Status.OPEN,
        priority=Priority.NORMAL,
        by=wish.who,
        at=wish.at,
        begun=wish.at if wish.until else None,
        until=wish.until,
    )
    done = await cases.added(connection, new, wish.step, envelope=wish.envelope)
    if done.repeated:
        return done
    for channel in channels:
        key = post_key(f"case|{done.case.id}|{channel}")
        plan = {"case": done.case.id, "note": wish.note}
        await outbox.add_post(
            connection, key=key, channel=channel, kind="case", plan=plan, now=wish.at, client=client or ""
        )
    return replace(done, channels=tuple(channels))
