"""One click: who, where, does it still go; then the move, the form, or the sentence why not."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from smwatch.case import Move
from smwatch.casework import moves, places, when
from smwatch.i18n import Text, text
from smwatch.message import forms
from smwatch.message.words import Reader
from smwatch.model import Person
from smwatch.silence import Scope
from smwatch.store import cases
from smwatch.store.stories import load_story

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from smwatch.casework.moves import Office, Wish
    from smwatch.casework.places import Place
    from smwatch.channel import Click
    from smwatch.message.model import Form
    from smwatch.plugin import Channel
    from smwatch.render import Reading
    from smwatch.store.db import Store
    from smwatch.store.envelopes import Pending

FRESH = timedelta(seconds=30)  # a form that could not be opened by then is not opened any more
ASKING = frozenset({"note", "hand-over", "deadline"})
OFFERED = frozenset({Scope.STORY, Scope.AUTHOR, Scope.SITE, Scope.WATCH})
BY_CLICK = {
    str(move): move
    for move in (
        *(Move.TAKE, Move.RELEASE, Move.HAND_OVER, Move.ANSWER, Move.CLOSE, Move.IRRELEVANT),
        *(Move.REOPEN, Move.DEADLINE, Move.NOTE, Move.UNDO),
    )
}
AGAIN = text("that took too long; please click again")


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What the one who clicked gets: a form, a sentence for them alone, or nothing; and the channels to wake."""

    form: Form | None = None
    sentence: Text | None = None
    channels: tuple[str, ...] = ()
    done: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Clicks:
    """Works on buttons and forms."""

    store: Store
    channels: Callable[[], Mapping[str, Channel]]
    office: Callable[[], Office]
    reading: Callable[[str], Reading]
    names: dict[str, str] = field(default_factory=dict)  # of those who have clicked since the start

    async def work(self, one: Pending, now: datetime) -> Reply:
        """What becomes of a click; everything that it changes is one transaction."""
        click = one.click
        self.names[click.user] = click.name
        async with self.store.write() as connection:
            place = await places.find(connection, click, one.line, self.channels())
            if isinstance(place, Text):
                return Reply(sentence=place)
            wish = self._wish(click, place, now)
            if wish is None:
                return await self._form(connection, click, place, fresh=now - one.at < FRESH)
            if isinstance(wish, Text):
                return Reply(sentence=wish)
            case = await self._case(connection, place, now)
            if case is None:
                return Reply(sentence=places.UNKNOWN)
            done = await moves.make(connection, self.office(), case, wish)
        if done.refused is not None:
            return Reply(sentence=done.refused.reason)
        return Reply(channels=done.channels, done=not done.repeated)

    async def _case(self, connection: Any, place: Place, now: datetime) -> Any:  # noqa: ANN401 - a Case, see cases.get
        if place.story_id is not None:
            return await cases.begun(connection, place.client, place.story_id, now)
        return await cases.get(connection, place.case_id or 0)

    def _wish(self, click: Click, place: Place, now: datetime) -> Wish | Text | None:
        """The move that a click means; None where a form is asked for first."""
        zone = self.reading(place.channel).timezone
        who = Person(id=click.user, name=click.name)
        given: dict[str, Any] = {"who": who, "at": now, "envelope": click.id}
        if click.action == "silence":
            return _silence(click, given, now, zone)
        if click.kind == "button" and click.action in ASKING:
            return None
        move = BY_CLICK.get(click.action)
        if move is None:
            return text("this button is not known here (any more)")
        if move is Move.DEADLINE:
            given["until"] = when.moment(click.fields.get("until", ""), now, zone)
        if move is Move.HAND_OVER:
            to = click.fields.get("to", "")
            given["to"] = Person(id=to, name=self.names.get(to, "")) if to else None
        return moves.Wish(move=move, note=click.fields.get("note", "")[:500], **given)

    async def _form(self, connection: Any, click: Click, place: Place, *, fresh: bool) -> Reply:  # noqa: ANN401 - a connection
        """The form behind a button; one that waited too long cannot be opened."""
        if not fresh or not click.trigger:
            return Reply(sentence=AGAIN)
        reading = self.reading(place.channel)
        reader = Reader(language=reading.language, timezone=reading.timezone)
        match click.action:
            case "note":
                return Reply(form=forms.note_form(reader, click.value))
            case "hand-over":
                return Reply(form=forms.hand_over_form(reader, click.value))
            case "deadline":
                return Reply(form=forms.deadline_form(reader, click.value))
        story = await load_story(connection, place.story_id) if place.story_id is not None else None
        reason = moves.reason_for(story, reading.language, reading.timezone) if story else ""
        return Reply(form=forms.silence_form(reader, click.value, Scope(click.more.partition(":")[0]), reason))


def _silence(click: Click, given: dict[str, Any], now: datetime, zone: str) -> Wish | Text | None:
    """A silence by its menu (what × how long) or by its form."""
    scope, _, span = click.more.partition(":")
    if click.kind == "form":
        scope, span = click.value.rpartition("|")[2], click.fields.get("span", "")
    if scope not in OFFERED:
        return places.UNKNOWN
    if span == "ask":
        return None
    until = when.span_end(span, now, zone)
    if until is None:
        return text("say until when, as in 4h, 7d or 2026-12-01")
    if until <= now:
        return when.PAST
    reason = click.fields.get("reason", "")[:200]
    return moves.Wish(move=Move.SILENCE, scope=Scope(scope), until=until, note=reason, **given)
