"""A case as people see it: who answers, until when, and what can be done next; reminders, lists, forms."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

from smwatch.case import Case, Outcome, Reminder, Status
from smwatch.i18n import Text, text, texts
from smwatch.message.escape import one_line, safe_url, shown_host
from smwatch.message.model import (
    Action,
    Bullets,
    Context,
    Heading,
    Menu,
    Message,
    Option,
    Paragraph,
    Run,
    coded,
)
from smwatch.message.words import Reader
from smwatch.silence import SCOPES, Scope

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import datetime

    from smwatch.message.model import Block, Runs
    from smwatch.model import Mention, Person
    from smwatch.silence import Silence

NAME, HEADLINE, LISTED = 80, 140, 20
DOT = Run(text=" · ")
SPANS: Mapping[str, Text] = {
    "4h": text("4 hours"),
    "1d": text("until tomorrow"),
    "7d": text("1 week"),
}
LENGTHS = {"4h": timedelta(hours=4), "1d": timedelta(days=1), "7d": timedelta(days=7)}


def woven(sentence: Text, reader: Reader, **runs: Run) -> Runs:
    """A sentence of the catalogue whose fields are runs (a person, a time) instead of words."""
    marked = Text(sentence.template, {**sentence.values, **{name: f"\x00{name}\x00" for name in runs}})
    pieces = reader.say(marked).split("\x00")
    return tuple(runs[one] if at % 2 else Run(text=one) for at, one in enumerate(pieces) if one)


def named(person: Person | None) -> Run | None:
    """Somebody of the team as a run; None where names are not kept."""
    if person is None or not (person.name or person.id) or person.id.startswith("anon:"):
        return None
    known = one_line(person.name, NAME) or person.id
    return Run(text=f"@{known}", person=person.id)


def _titled(case: Case, limit: int, *, bold: bool = False) -> Runs:
    """What it is about, with the host that its link leads to: a title may be written to look like another one."""
    host = shown_host(case.link)
    title = Run(text=one_line(case.title, limit) or case.short, link=safe_url(case.link), bold=bold)
    return (title, Run(text=f" ({host})")) if host else (title,)


def state_runs(case: Case | None, silences: Sequence[Silence], reader: Reader) -> tuple[Runs, ...]:
    """Where a case stands: who, what, until when; then what is silenced. Nothing for one that just began."""
    lines = [*([line] if case is not None and (line := _stands(case, reader)) else [])]
    return (*lines, *(silence_runs(one, reader) for one in silences))


def state_words(case: Case | None, reader: Reader) -> str:
    """The same as plain words, for the notification: "übernommen von mira"."""
    if case is None or case.status is Status.OPEN:
        return ""
    line = _stands(case, reader, deadline=False)
    nameless = reader.say(_words(case)[1])
    return (
        nameless
        if any(run.text == f"@{run.person}" for run in line)
        else "".join(run.text for run in line).replace("@", "", 1)
    )


def head_word(case: Case) -> Text | None:
    """What stands first on the message of a case that is done; None while it waits."""
    if case.status is Status.ANSWERED or case.outcome is Outcome.ANSWERED:
        return text("Answered")
    if case.outcome is Outcome.IRRELEVANT:
        return text("Not relevant")
    return text("Done") if case.status is Status.CLOSED else None


def _stands(case: Case, reader: Reader, *, deadline: bool = True) -> Runs:
    who = named(case.owner if case.status in {Status.TAKEN, Status.ANSWERED} else case.by)
    said, nameless = _words(case)
    line: Runs = ()
    if said is not None:
        line = woven(said, reader, who=who) if who is not None else (Run(text=reader.say(nameless)),)
    return (*line, *(_deadline(case, reader, bare=not line) if deadline else ()))


def _words(case: Case) -> tuple[Text | None, Text]:
    """The sentence with its person, and the one where names are not kept."""
    match case.status, case.outcome:
        case Status.TAKEN, _:
            return text("taken by {who}"), text("taken")
        case Status.ANSWERED, _:
            return text("answered by {who}"), text("answered")
        case Status.CLOSED, Outcome.IRRELEVANT:
            return text("not relevant, says {who}"), text("not relevant")
        case Status.CLOSED, Outcome.NO_ANSWER:
            return text("closed by {who}: needs no answer"), text("closed: needs no answer")
        case Status.CLOSED, _:
            return text("answered and closed by {who}"), text("answered and closed")
    return None, text("open")


def _deadline(case: Case, reader: Reader, *, bare: bool) -> Runs:
    if not case.waits or case.until is None:
        return ()
    when = Run(text=reader.moment(case.until, case.at), when=case.until)
    late = text("overdue since {when}") if case.told >= Reminder.OVERDUE else text("answer by {when}")
    if bare:
        return woven(late, reader, when=when)
    return (DOT, *woven(late if case.told >= Reminder.OVERDUE else text("until {when}"), reader, when=when))


def silence_runs(one: Silence, reader: Reader) -> Runs:
    """A line for a silence: "stummgeschaltet bis …: diese Seite (blog.example) · @mira: bekannt"."""
    when = Run(text=reader.moment(one.until, one.at), when=one.until)
    what = reader.say(SCOPES[one.scope]) + (f" ({one_line(one.label, NAME)})" if one.label else "")
    line = woven(text("silenced until {when}: {what}", what=what), reader, when=when)
    who = named(one.by)
    reason = one_line(one.reason, NAME)
    tail = (DOT, *((who, Run(text=": ")) if who else ()), Run(text=reason)) if reason else ((DOT, who) if who else ())
    return (*line, *tail)


def case_actions(case: Case | None, reader: Reader, ref: str, mention: Mention | None) -> Iterator[Action | Menu]:
    """What can be done now; `ref` is the opaque id that comes back with a click."""
    status = case.status if case is not None else Status.OPEN
    link = safe_url(mention.item.url if mention is not None else case.link if case is not None else "")

    def button(name: str, *, primary: bool = False) -> Action:
        return Action(id=name, label=reader.say(LABELS[name]), value=ref, primary=primary)

    yield from (button(name, primary=n == 0) for n, name in enumerate(_row(status, case, by_hand=mention is None)))
    if status is Status.OPEN and mention is not None:
        yield silence_menu(mention, reader, ref)
    behind = [name for name in BEHIND[status] if name != "undo" or (case is not None and case.can_undo)]
    options = [Option(id=name, label=reader.say(LABELS[name]), value=ref) for name in behind]
    if link:
        options.append(Option(id="open", label=reader.say(text("Open the original")), value=ref, url=link))
    yield Menu(id="more", label="⋯", groups=(("", tuple(options)),), overflow=True)


LABELS: Mapping[str, Text] = {
    "take": text("Take"),
    "irrelevant": text("Not relevant"),
    "answer": text("Answered"),
    "close": text("Close"),
    "release": text("Give back"),
    "hand-over": text("Hand over …"),
    "deadline": text("Deadline …"),
    "note": text("Note …"),
    "undo": text("Undo"),
    "reopen": text("Open again"),
}
BEHIND: Mapping[Status, tuple[str, ...]] = {
    Status.OPEN: ("answer", "close", "note", "undo"),
    Status.TAKEN: ("hand-over", "deadline", "note", "close"),
    Status.ANSWERED: ("reopen", "note"),
    Status.CLOSED: ("note",),
}


def _row(status: Status, case: Case | None, *, by_hand: bool) -> tuple[str, ...]:
    undo = ("undo",) if case is not None and case.can_undo else ()
    match status:
        case Status.OPEN:
            return ("take",) if by_hand else ("take", "irrelevant")
        case Status.TAKEN:
            return ("answer", "release", *undo)
        case Status.ANSWERED:
            return ("close", *undo)
    return ("reopen", *undo)


def silence_menu(mention: Mention, reader: Reader, ref: str) -> Menu:
    """What × how long; an author and a site only where the item has them."""
    item = mention.item
    known = item.author is not None and bool(item.author.url or item.author.handle or item.author.name)
    there = {Scope.STORY: True, Scope.AUTHOR: known, Scope.SITE: bool(shown_host(item.url)), Scope.WATCH: True}
    groups = tuple(
        (reader.say(SCOPES[scope]), tuple(_spans(scope, reader, ref))) for scope, is_there in there.items() if is_there
    )
    return Menu(id="silence", label=reader.say(text("Silence …")), groups=groups)


def _spans(scope: Scope, reader: Reader, ref: str) -> Iterator[Option]:
    what = reader.say(SCOPES[scope])
    for span, said in SPANS.items():
        label = reader.say(text("{what}: {span}", what=what, span=said))
        yield Option(id="silence", label=label, value=ref, more=f"{scope}:{span}")
    asked = reader.say(text("{what}: with a reason …", what=what))
    yield Option(id="silence", label=asked, value=ref, more=f"{scope}:ask")


def case_message(case: Case, *, language: str, timezone: str, buttons: bool, note: str = "") -> Message:
    """A case that came by phone or mail: it has no item, and its own message."""
    reader = Reader(language=language, timezone=timezone)
    heading = " · ".join(part for part in (reader.say(text("Case")), case.short, case.client or "") if part)
    title = one_line(case.title, HEADLINE * 2) or case.short
    blocks: list[Block] = [
        Heading(text=heading),
        Paragraph(runs=_titled(case, HEADLINE * 2, bold=True)),
    ]
    if note:
        blocks.append(Paragraph(runs=(Run(text=one_line(note, 500)),), quote=True))
    blocks += [Context(runs=line) for line in state_runs(case, (), reader)]
    words = state_words(case, reader)
    return Message(
        title=f"{title} · {words}" if words else title,
        blocks=tuple(blocks),
        actions=tuple(case_actions(case, reader, case.short, None)) if buttons else (),
        language=language,
        thread=f"case:{case.client or ''}:{case.id}",
    )


def reminder_message(
    case: Case, reminder: Reminder, people: Sequence[Person], *, language: str, timezone: str
) -> Message:
    """In the thread, or in the channel that hears of overdue ones: what, until when, and whom it concerns."""
    reader = Reader(language=language, timezone=timezone)
    assert case.until is not None  # noqa: S101 - only a deadline is reminded of
    when = Run(text=reader.moment(case.until, case.at), when=case.until)
    line = woven(REMINDERS[reminder], reader, when=when)
    whom = [run for one in people if (run := named(one))]
    called = [piece for run in whom for piece in (run, Run(text=" "))]
    nobody = [] if whom or case.status is Status.TAKEN else [Run(text=reader.say(text(" Nobody has taken it yet.")))]
    title = one_line(case.title, HEADLINE) or case.short
    about = (*_titled(case, HEADLINE), DOT, Run(text=case.short))
    said = reader.say(Text(REMINDERS[reminder].template, {"when": when.text}))
    return Message(
        title=f"{said} {title}",
        blocks=(Paragraph(runs=(*called, *line, *nobody)), Context(runs=about)),
        language=language,
        urgent=reminder is Reminder.OVERDUE,
        thread=f"story:{case.client or ''}:{case.story_id}" if case.story_id else f"case:{case.client or ''}:{case.id}",
    )


def reminders_message(
    cases: Sequence[Case], reminder: Reminder, now: datetime, *, language: str, timezone: str
) -> Message:
    """One reminder of several cases that were told in summaries; the first `LISTED` by name."""
    reader = Reader(language=language, timezone=timezone)
    title = reader.say(_several(reminder, len(cases)))
    rows = tuple(_row_of(one, now, reader) for one in cases[:LISTED])
    how = text("Take one over: `/smwatch cases take {id}`; all: `smwatch case list`", id=cases[0].short)
    head = Paragraph(runs=(Run(text=title, bold=True),))
    return Message(
        title=title,
        blocks=(head, Bullets(items=rows), *_hidden(cases, reader), Context(runs=coded(reader.say(how)))),
        language=language,
        urgent=reminder is Reminder.OVERDUE,
    )


def team_message(who: Person, to: Person | None, note: str, *, language: str, timezone: str) -> Message:
    """A note in the thread, or who hands the case to whom, with a word."""
    reader = Reader(language=language, timezone=timezone)
    by, whom, said = named(who), named(to), one_line(note, 500)
    head: Runs = (*(by, Run(text=": "))[:2],) if by is not None and whom is None else ()
    if whom is not None:
        given = (
            text("{to}, {who} hands this over to you.") if by is not None else text("{to}, this is handed over to you.")
        )
        head = woven(given, reader, to=whom, **({"who": by} if by is not None else {}))
    runs = (*head, *([Run(text=f" {said}" if whom is not None else said)] if said else []))
    title = "".join(run.text for run in runs)
    return Message(title=one_line(title, HEADLINE), blocks=(Paragraph(runs=runs),), language=language)


REMINDERS: Mapping[Reminder, Text] = {
    Reminder.HALF: text("Half of the time is over: answer by {when}."),
    Reminder.SOON: text("15 minutes left: answer by {when}."),
    Reminder.OVERDUE: text("Overdue: the answer was due {when}."),
}


def _several(reminder: Reminder, n: int) -> Text:
    return {
        Reminder.HALF: texts("Half of the time is over for {n} case", "Half of the time is over for {n} cases", n=n),
        Reminder.SOON: texts("15 minutes left for {n} case", "15 minutes left for {n} cases", n=n),
        Reminder.OVERDUE: texts("{n} case is overdue", "{n} cases are overdue", n=n),
    }[reminder]


def state_message(case: Case, now: datetime, *, language: str, timezone: str) -> Message:
    """Where one case stands, on one line."""
    reader = Reader(language=language, timezone=timezone)
    return Message(title=case.short, blocks=(Paragraph(runs=_row_of(case, now, reader)),), language=language)


def list_message(cases: Sequence[Case], now: datetime, *, language: str, timezone: str) -> Message:
    """What waits, overdue first."""
    reader = Reader(language=language, timezone=timezone)
    title = reader.say(texts("{n} case waits", "{n} cases wait", n=len(cases)) if cases else text("No case waits."))
    rows = tuple(_row_of(case, now, reader) for case in cases[:LISTED])
    return Message(
        title=title, blocks=(Heading(text=title), *([Bullets(items=rows)] if rows else [])), language=language
    )


def case_blocks(cases: Sequence[Case], now: datetime, reader: Reader) -> Iterator[Block]:
    """What waits, as a part of a digest; nobody is called by it."""
    if not cases:
        return
    yield Heading(text=reader.say(text("Open cases")), level=2)
    rows = [tuple(replace(run, person="") for run in _row_of(one, now, reader)) for one in cases[:LISTED]]
    yield Bullets(items=tuple(rows))
    yield from _hidden(cases, reader)


def _hidden(cases: Sequence[Case], reader: Reader) -> Iterator[Block]:
    if len(cases) > LISTED:
        yield Context(runs=coded(reader.say(text("and {n} more: `smwatch case list`", n=len(cases) - LISTED))))


def _row_of(case: Case, now: datetime, reader: Reader) -> Runs:
    late = case.until is not None and case.until <= now and case.told < Reminder.OVERDUE  # else it says so itself
    head = (Run(text=reader.say(text("overdue: ")), bold=True),) if late else ()
    state = state_runs(case, (), reader)
    told = state[0] if state else (Run(text=reader.say(text("open"))),)
    return (*head, *_titled(case, HEADLINE), DOT, *told, DOT, Run(text=case.short))
