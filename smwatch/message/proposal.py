"""A proposed exclusion as people read it: why, what it would have taken out, the lines, and how to say yes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from smwatch.i18n import text, texts
from smwatch.message.escape import one_line
from smwatch.message.model import Action, Bullets, Context, Heading, Message, Paragraph, Run, coded
from smwatch.message.quote import headline_run, origin
from smwatch.message.words import Reader

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from smwatch.i18n import Text
    from smwatch.message.model import Block
    from smwatch.model import Mention, Person


class Proposed(Protocol):
    """What is shown of a proposal (`smwatch.store.proposals.Proposal`)."""

    @property
    def short(self) -> str:
        """Its speakable id."""

    @property
    def watch(self) -> str:
        """The watch that it is about."""

    @property
    def query(self) -> str:
        """The new entry of its `exclude`."""

    @property
    def reason(self) -> Text:
        """Why this one."""

    @property
    def count(self) -> int:
        """Mentions of the last 30 days that it would have taken out."""

    @property
    def state(self) -> str:
        """Open, confirmed, applied, declined."""

    @property
    def file(self) -> str:
        """Where it would be written."""

    @property
    def diff(self) -> str:
        """What would change there."""

    @property
    def by(self) -> Person | None:
        """Who decided."""


def proposal_message(
    one: Proposed, examples: Sequence[Mention], *, language: str, timezone: str, buttons: bool = False
) -> Message:
    """One proposal, with a few of the mentions that it would have taken out."""
    reader = Reader(language=language, timezone=timezone)
    told = text("{id}: leave out “{query}” in {watch}?", id=one.short, query=_bare(one.query), watch=one.watch)
    title = one_line(reader.say(told))
    open_ = one.state == "open"
    return Message(
        title=title,
        blocks=(Heading(text=title), *_blocks(one, examples, reader)),
        actions=tuple(_actions(one, reader)) if buttons and open_ else (),
        language=language,
    )


def _bare(query: str) -> str:
    """A query of one phrase without its quotes: the sentence sets some of its own."""
    inner = query[1:-1]
    return inner if query == f'"{inner}"' and '"' not in inner else query


def _blocks(one: Proposed, examples: Sequence[Mention], reader: Reader) -> Iterator[Block]:
    yield Paragraph(runs=(Run(text=one_line(reader.say(one.reason)) + "."),))
    effect = texts(
        "In the last 30 days it would have taken out {n} mention, for example:",
        "In the last 30 days it would have taken out {n} mentions, for example:",
        n=one.count,
    )
    yield Paragraph(runs=(Run(text=reader.say(effect)),))
    if examples:
        yield Bullets(
            items=tuple((headline_run(it.item, reader), Run(text=f" – {origin(it.item)}")) for it in examples)
        )
    if one.diff and one.state in {"open", "confirmed"}:
        yield Context(runs=(Run(text=one.file),))
        yield Bullets(items=tuple((Run(text=line, code=True),) for line in one.diff.splitlines() if line[:1] in "+-"))
    yield Paragraph(runs=coded(reader.say(_state(one))))


def _state(one: Proposed) -> Text:
    who = one.by.name if one.by is not None and one.by.name else "smwatch apply"
    if one.state == "applied":
        return text("{who} has taken it over. Back: `smwatch config undo`.", who=who)
    if one.state == "declined":
        return text("{who} does not want it; it is not proposed again.", who=who)
    if one.state == "confirmed":
        return text(
            "{who} wants it, but this file may not be written from here: paste the line or run `smwatch apply {id}`.",
            who=who,
            id=one.short,
        )
    return text("It takes effect only when somebody wants it: `smwatch apply {id}`.", id=one.short)


def _actions(one: Proposed, reader: Reader) -> Iterator[Action]:
    yield Action(id="exclude", label=reader.say(text("Leave out")), value=one.short, primary=True)
    yield Action(id="exclude_not", label=reader.say(text("Keep it in")), value=one.short)
