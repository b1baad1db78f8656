"""The forms behind the menus: a note, a silence with its reason, a deadline, somebody to hand over to, a new case."""

from __future__ import annotations

from typing import TYPE_CHECKING

from smwatch.i18n import Text, text
from smwatch.message.case import SPANS
from smwatch.message.escape import one_line
from smwatch.message.model import Ask, Form, Option
from smwatch.silence import SCOPES, Scope

if TYPE_CHECKING:
    from collections.abc import Mapping

    from smwatch.message.words import Reader

DEADLINES: Mapping[str, Text] = {
    "1h": text("in 1 hour"),
    "2h": text("in 2 hours"),
    "today": text("today (18:00)"),
    "tomorrow": text("tomorrow (12:00)"),
}


def note_form(reader: Reader, ref: str) -> Form:
    """A note for the thread."""
    asks = (Ask(id="note", label=reader.say(text("Note for colleagues")), kind="text"),)
    return _form(reader, "note", text("Note"), text("Save"), ref, asks)


def hand_over_form(reader: Reader, ref: str) -> Form:
    """To whom it goes, and a word to go with it."""
    asks = (
        Ask(id="to", label=reader.say(text("To whom?")), kind="person"),
        Ask(id="note", label=reader.say(text("A word to go with it")), optional=True),
    )
    return _form(reader, "hand-over", text("Hand over"), text("Hand over"), ref, asks)


def deadline_form(reader: Reader, ref: str) -> Form:
    """Until when it will be answered."""
    options = tuple(Option(label=reader.say(said), value=name) for name, said in DEADLINES.items())
    asks = (Ask(id="until", label=reader.say(text("Answer by")), kind="choice", options=options, initial="2h"),)
    return _form(reader, "deadline", text("Deadline"), text("Save"), ref, asks)


def silence_form(reader: Reader, ref: str, scope: Scope, reason: str) -> Form:
    """How long, and why; the reason is filled in already."""
    spans = tuple(Option(label=reader.say(said), value=name) for name, said in SPANS.items())
    asks = (
        Ask(id="span", label=reader.say(text("How long?")), kind="choice", options=spans, initial="1d"),
        Ask(id="reason", label=reader.say(text("Why?")), initial=one_line(reason, 200)),
    )
    title = text("Silence: {what}", what=SCOPES[scope])
    return _form(reader, "silence", title, text("Silence"), f"{ref}|{scope}", asks)


def case_form(reader: Reader, ref: str, title: str = "", *, where: bool = False) -> Form:
    """A question that came by phone or mail; `where` asks for the channel, too."""
    options = tuple(Option(label=reader.say(said), value=name) for name, said in DEADLINES.items())
    asks = (
        Ask(id="title", label=reader.say(text("Who asks what?")), kind="text", initial=one_line(title, 400)),
        Ask(id="until", label=reader.say(text("Answer by")), kind="choice", options=options, optional=True),
    )
    place = (Ask(id="place", label=reader.say(text("In which channel?")), kind="place"),) if where else ()
    return _form(reader, "case", text("New case"), text("Begin"), ref, (*asks, *place))


def _form(reader: Reader, name: str, title: Text, submit: Text, ref: str, asks: tuple[Ask, ...]) -> Form:  # noqa: PLR0913, PLR0917 - a form's parts
    cancel = reader.say(text("Cancel"))
    return Form(id=name, title=reader.say(title), submit=reader.say(submit), cancel=cancel, value=ref, asks=asks)
