"""`/smwatch …` and the shortcut on a message: asked in a channel, answered to one person, clients kept apart."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from smwatch.case import Move, no_case
from smwatch.casework import moves, when
from smwatch.casework.clicks import AGAIN, FRESH, Reply
from smwatch.casework.places import STRANGER
from smwatch.casework.scope import clients_in, names_at, names_on
from smwatch.i18n import text
from smwatch.message import asked as told
from smwatch.message import forms
from smwatch.message.case import list_message, state_message
from smwatch.message.words import Reader
from smwatch.model import Person, numbered
from smwatch.silence import Scope, Silence
from smwatch.store import asked, cases, deadlines, outbox, silences
from smwatch.store.sources import source_states
from smwatch.store.waiting import holds, no_summary, of_summary

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from smwatch.casework.moves import Office
    from smwatch.channel import Click
    from smwatch.config.model import Config
    from smwatch.errors import Problem
    from smwatch.message.model import Message
    from smwatch.render import Reading
    from smwatch.store.db import Store
    from smwatch.store.envelopes import Pending

ELSEWHERE = text("please ask in a channel in which smwatch posts: clients are kept apart")
HOW_SILENCE = text("say it so: `/smwatch silence watch NAME 4h WHY` or `/smwatch silence site HOST 7d WHY`")
HOW_AWAY = text("say it so: `/smwatch cases away @JAN 14d`")
BY_HAND = {"take": Move.TAKE, "release": Move.RELEASE, "answer": Move.ANSWER, "close": Move.CLOSE}
HOW_WHY = text("say which: `/smwatch why M4K2`; the id stands on every alert")


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A command with who asks where: `names` are the config's channels at that place, `clients` theirs."""

    click: Click
    now: datetime
    reader: Reader
    names: tuple[str, ...]
    clients: frozenset[str | None]

    @property
    def who(self) -> Person:
        """Whoever typed it."""
        return Person(id=self.click.user, name=self.click.name)


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer(Reply):
    """A reply that says more than a sentence."""

    message: Message | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Commands:
    """Answers what is typed; `problems` are the config's as they are now."""

    store: Store
    config: Callable[[], Config]
    office: Callable[[], Office]
    reading: Callable[[str], Reading]
    problems: Callable[[], Sequence[Problem]]

    async def work(self, one: Pending, now: datetime) -> Reply:
        """One command, shortcut or form of a new case."""
        if one.click.stranger or not one.click.user:
            return Reply(sentence=STRANGER)
        question = self._asked(one.click, one.line, now)
        if one.click.kind == "form":
            return await self._begin(question)
        if one.click.kind == "shortcut":
            return self._new(question, fresh=now - one.at < FRESH)
        if one.click.action == "cases" and one.click.words.split(maxsplit=1)[:1] == ["add"]:
            return self._new(question, fresh=now - one.at < FRESH)
        return await self._answer(question)

    def _asked(self, click: Click, line: str, now: datetime) -> Asked:
        config = self.config()
        names = names_at(config, click.place, line)
        if click.kind == "form" and (carried := click.value.partition("|")[2]):  # written by us
            names = tuple(name for name in names_on(config, line) if name == carried)
        elif click.kind == "shortcut" and not click.place and len(clients_in(config, names_on(config, line))) == 1:
            names = names_on(config, line)
        reading = self.reading(names[0] if names else "")
        reader = Reader(language=reading.language, timezone=reading.timezone)
        return Asked(click=click, now=now, reader=reader, names=names, clients=clients_in(config, names))

    async def _answer(self, one: Asked) -> Reply:
        verbs = {
            "status": self._status,
            "search": self._search,
            "silence": self._silence,
            "check": self._check,
            "why": self._why,
            "cases": self._cases,
            "stories": self._stories,
        }
        verb = verbs.get(one.click.action)
        if verb is None:
            return Answer(message=told.help_message(one.reader))
        if not one.clients and verb not in {self._status, self._check}:
            return Reply(sentence=ELSEWHERE)
        return await verb(one)

    async def _status(self, one: Asked) -> Reply:
        """Counts for everybody; names of sources and channels only where they belong."""
        config = self.config()
        mine = [s for s in config.sources if s.client is None or s.client in one.clients]
        async with self.store.read() as connection:
            states = await source_states(connection, [source.name for source in mine], now=one.now)
            waiting, held = await outbox.waiting(connection), await holds(connection)
            open_cases = await cases.listed(connection)
        message = told.status_message(
            one.reader,
            sources=len(states),
            failing=[state.name for state in states if state.state not in {"ok", "new", "listening"}],
            waiting=sum(w.channel in one.names for w in waiting),
            held=[name for name in held if name in one.names],
            cases=sum(case.client in one.clients for case in open_cases),
        )
        return Answer(message=message)

    async def _search(self, one: Asked) -> Reply:
        if not one.click.words.strip():
            return Reply(sentence=text("say what to look for: `/smwatch search Rückruf`"))
        async with self.store.read() as connection:
            found = await asked.search(connection, one.click.words, one.clients, told.FOUND + 1)
        return Answer(message=told.found_message(found, one.click.words, one.reader))

    async def _why(self, one: Asked) -> Reply:
        number = numbered(one.click.words, "M")
        if number is None:
            return Reply(sentence=HOW_WHY)
        async with self.store.read() as connection:
            found = await asked.told(connection, number, one.clients)
            if found is None:
                return Reply(sentence=text("no mention is called {id}", id=one.click.words.strip()[:20]))
            mine = await silences.active(connection, one.now, found.mention.client)
        marks = silences.marks(found.mention, self.office().key)
        over = [s for s in mine if marks.under(s)]
        decided = [(d.channel, d.verdict, d.reason) for d in found.decided]
        message = told.why_message(
            found.mention, decided, found.shown, one.reader, irrelevant=found.irrelevant, silences=over
        )
        return Answer(message=message)

    async def _stories(self, one: Asked) -> Reply:
        """`stories N1A 2`: the second page of what a summary tells or counts; of this channel's clients alone."""
        name, _, page = one.click.words.strip().partition(" ")
        number = numbered(name, "N")
        async with self.store.read() as connection:
            found = await of_summary(connection, number) if number is not None else None
        mine = [s for s in found or () if (s.client or None) in one.clients]
        if not mine:
            return Reply(sentence=no_summary(name[:20]))
        at = int(page) if page.strip().isdecimal() and len(page) < 6 else 1  # noqa: PLR2004 - digits of a page
        return Answer(message=told.stories_message(mine, name.upper(), at, one.reader))

    async def _check(self, one: Asked) -> Reply:
        problems = [(f"{p.file}:{p.line}", p.message) for p in self.problems() if p.severity == "error"]
        return Answer(message=told.check_message(problems, one.reader))

    async def _cases(self, one: Asked) -> Reply:
        words = one.click.words.split()
        if words[:1] == ["away"]:
            return await self._away(one, words[1:])
        if words and words[0] in BY_HAND:
            return await self._move(one, BY_HAND[words[0]], " ".join(words[1:]))
        async with self.store.read() as connection:
            found = [case for case in await cases.listed(connection) if case.client in one.clients]
        message = list_message(found, one.now, language=one.reader.language, timezone=one.reader.timezone)
        return Answer(message=message)

    async def _move(self, one: Asked, move: Move, word: str) -> Reply:
        """`cases take V12`: for stories that stand in a summary, where there are no buttons."""
        number = numbered(word, "V")
        async with self.store.write() as connection:
            case = await cases.get(connection, number) if number is not None else None
            if case is None or case.client not in one.clients:
                return Reply(sentence=no_case(word[:20]))
            wish = moves.Wish(move=move, who=one.who, at=one.now, envelope=one.click.id)
            done = await moves.make(connection, self.office(), case, wish)
        if done.refused is not None:
            return Reply(sentence=done.refused.reason)
        words = {"language": one.reader.language, "timezone": one.reader.timezone}
        return Answer(
            message=state_message(done.case, one.now, **words), channels=done.channels, done=not done.repeated
        )

    async def _away(self, one: Asked, words: list[str]) -> Reply:
        """`cases away @jan 14d`: Jan hears what I would; `cases away` alone: I am back."""
        office = self.office()
        me = office.person(one.who)
        if not words:
            async with self.store.write() as connection:
                await deadlines.back(connection, me)
            return Reply(sentence=text("You hear of your cases yourself."))
        until = when.moment(" ".join(words[1:]) or "14d", one.now, one.reader.timezone)
        other = _person(words[0])
        if until is None or other is None:
            return Reply(sentence=HOW_AWAY)
        if until <= one.now:
            return Reply(sentence=when.PAST)
        async with self.store.write() as connection:
            await deadlines.stand_in(connection, me, other, until)
        shown = one.reader.moment(until, one.now)
        return Reply(sentence=text("{who} stands in for you until {when}.", who=other.name or other.id, when=shown))

    async def _silence(self, one: Asked) -> Reply:
        words = one.click.words.split()
        if not words or words == ["list"]:
            async with self.store.read() as connection:
                found = [s for s in await silences.listed(connection, one.now) if s.client in one.clients]
            return Answer(message=told.silences_message(found, one.reader))
        if words[0] == "end":
            return await self._end(one, " ".join(words[1:]))
        return await self._begin_silence(one, words)

    async def _end(self, one: Asked, word: str) -> Reply:
        number = numbered(word, "Q")
        async with self.store.write() as connection:
            found = await silences.get(connection, number) if number is not None else None
            if found is None or found.client not in one.clients:
                return Reply(sentence=text("no silence is called {id}", id=word[:20] or "?"))
            ended = await silences.end(connection, found.id, one.now)
        sentence = text("{id} is over", id=found.short) if ended else text("{id} was over already", id=found.short)
        return Reply(sentence=sentence, channels=one.names, done=ended)

    async def _begin_silence(self, one: Asked, words: list[str]) -> Reply:
        """`silence watch NAME 4h WHY`, `silence site HOST 7d WHY`; a name may have several words."""
        scopes = {"watch": Scope.WATCH, "suchauftrag": Scope.WATCH, "site": Scope.SITE, "seite": Scope.SITE}
        scope = scopes.get(words[0].casefold())
        at = next((n for n in range(2, len(words)) if when.span_end(words[n], one.now, one.reader.timezone)), None)
        if scope is None or at is None:
            return Reply(sentence=HOW_SILENCE)
        value = " ".join(words[1:at]).strip("\"'„“”")
        known = {watch.name.casefold(): watch for watch in self.config().watches if watch.client in one.clients}
        if scope is Scope.WATCH and value.casefold() not in known:
            return Reply(sentence=text("no watch here is called {name}", name=value[:60]))
        until = when.span_end(words[at], one.now, one.reader.timezone)
        assert until is not None  # noqa: S101 - that is how its place was found
        reason = " ".join(words[at + 1 :])[:200]
        if not reason:
            return Reply(sentence=text("say why, for colleagues: it stands beside the silence"))
        watch = known.get(value.casefold()) if scope is Scope.WATCH else None
        new = Silence(
            client=watch.client if watch else min(one.clients, key=str),
            scope=scope,
            value=watch.name if watch else value.casefold().removeprefix("www."),
            label=watch.name if watch else value,
            until=until,
            by=self.office().person(one.who),
            reason=reason,
            at=one.now,
        )
        async with self.store.write() as connection:
            made = await silences.add(connection, new)
        return Answer(message=told.silences_message([made], one.reader), channels=one.names, done=True)

    def _new(self, one: Asked, *, fresh: bool) -> Reply:
        """The form of a case that came by phone or mail, or of a message that somebody chose."""
        anywhere = one.click.kind == "shortcut" and not one.click.place
        if not one.names and not anywhere:
            return Reply(sentence=ELSEWHERE)
        if not fresh or not one.click.trigger:
            return Reply(sentence=AGAIN)
        words = one.click.words.partition(" ")[2] if one.click.kind == "command" else one.click.words
        if not one.names:  # of several clients: Slack lets people choose among the channels that they may see
            return Reply(form=forms.case_form(one.reader, "new|", words, where=True))
        return Reply(form=forms.case_form(one.reader, f"new|{one.names[0]}", words))

    async def _begin(self, one: Asked) -> Reply:
        if not one.names:
            return Reply(sentence=ELSEWHERE)
        until = when.moment(one.click.fields.get("until", ""), one.now, one.reader.timezone)
        wish = moves.Wish(move=Move.ADD, who=one.who, at=one.now, until=until, envelope=one.click.id)
        title = one.click.fields.get("title", "").strip()[:500]
        client = next(iter(one.clients)) if len(one.clients) == 1 else None
        async with self.store.write() as connection:
            done = await moves.begin_by_hand(connection, self.office(), one.names[:1], wish, title=title, client=client)
        return Reply(channels=done.channels, done=not done.repeated)


def _person(word: str) -> Person | None:
    """`<@U0JAN|jan>` as Slack writes it, or a bare `@jan`."""
    inner = word.strip("<>").removeprefix("@")
    number, _, name = inner.partition("|")
    if not number:
        return None
    known = word.startswith("<@")
    return Person(id=number if known else f"cli:{number}", name=name or ("" if known else number))
