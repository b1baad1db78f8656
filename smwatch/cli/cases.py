"""`case …`: who answers what until when, as in Slack."""

from __future__ import annotations

import getpass
from typing import TYPE_CHECKING, Any

import click

from smwatch.cli.helped import Group
from smwatch.cli.shell import config_option, in_zone, json_option, run_async, spoken, standing, talk, tell, tell_json
from smwatch.i18n import text

if TYPE_CHECKING:
    from collections.abc import Callable

    from smwatch.case import Case


@click.group(
    cls=Group,
    examples=(
        "smwatch case list",
        "smwatch case take M4K2 --until 14:30",
        "smwatch case answer V1A",
        'smwatch case add "Radio Nord fragt nach dem Rückruf" --until today',
    ),
    short_help="Shows and moves cases: who answers what.",
    help="Shows and moves cases: who answers what, until when. V1A is a case, M4K2 a mention's.",
)
def case() -> None:
    """See the group's help."""


by_option = click.option("--by", metavar="NAME", help="Who does it (else: the user of this computer).")
until_option = click.option("--until", metavar="WHEN", help="Deadline: 2h, today, tomorrow, 14:30, 2026-12-31.")
case_argument = click.argument("name", metavar="CASE")


@case.command(
    "list",
    examples=("smwatch case list", "smwatch case list --all --json"),
    short_help="Lists what waits for an answer.",
    help="Lists the cases that wait for an answer, overdue first.",
)
@click.option("--all", "closed", is_flag=True, help="Also those that are answered or closed.")
@click.option("--client", metavar="NAME", help="Only those of this client.")
@config_option
@json_option
def listed(closed: bool, client: str | None, config: str | None, as_json: bool) -> None:  # noqa: FBT001 - click passes flags by name
    """Reads beside the running daemon."""
    from smwatch import casebook

    in_force = standing(config).config
    found = run_async(casebook.listed(in_force, client, closed=closed))
    if as_json:
        tell_json([_as_json(one) for one in found])
        return
    for one in found:
        tell(_line(one, in_force.timezone_for(one.client)))
    if not found:
        talk(text("No case waits."))


def _line(one: Case, zone: str) -> str:
    from smwatch.message.case import state_runs
    from smwatch.message.words import Reader

    state = state_runs(one, (), Reader(language=spoken(), timezone=zone))
    told = "".join(run.text for run in state[0]) if state else text("open").render(spoken())
    client = f" [{one.client}]" if one.client else ""
    link = f"\n      {one.link}" if one.link else ""
    return f"{one.short:>4}{client}  {told}\n      {one.title or '–'}{link}"


def _as_json(one: Case) -> dict[str, object]:
    return {
        "id": one.short,
        "client": one.client,
        "status": str(one.status),
        "outcome": str(one.outcome),
        "title": one.title,
        "link": one.link,
        "owner": one.owner.name or one.owner.id if one.owner else None,
        "until": one.until.isoformat() if one.until else None,
        "overdue": one.told >= 3,  # noqa: PLR2004 - Reminder.OVERDUE
        "changed_at": one.at.isoformat(),
    }


@case.command(
    "show",
    examples=("smwatch case show V1A",),
    short_help="Shows what was done about a case.",
    help="Shows a case with every step: who did what, and when.",
)
@case_argument
@config_option
@json_option
def show(name: str, config: str | None, as_json: bool) -> None:  # noqa: FBT001 - click passes flags by name
    """Reads beside the running daemon."""
    from smwatch import casebook

    in_force = standing(config).config
    one, events = run_async(casebook.shown(in_force, name))
    if as_json:
        steps = [
            {"move": str(it.move), "by": it.who.name or it.who.id, "at": it.at.isoformat(), "undone": it.undone}
            for it in events
        ]
        tell_json({**_as_json(one), "events": steps})
        return
    zone = in_force.timezone_for(one.client)
    tell(_line(one, zone))
    for it in events:
        note = f": {it.value['note']}" if it.value.get("note") else ""
        undone = f" ({text('undone').render(spoken())})" if it.undone else ""
        tell(f"      {in_zone(it.at, zone)}  {it.who.name or it.who.id or '–'}  {_did(it.move)}{note}{undone}")


def _did(move: str) -> str:
    """What somebody did, in a word or two."""
    words = {
        "add": text("began it"),
        "take": text("took it"),
        "release": text("gave it back"),
        "hand-over": text("handed it over"),
        "answer": text("answered"),
        "close": text("closed it"),
        "irrelevant": text("not relevant"),
        "reopen": text("opened it again"),
        "raise": text("open again: it became urgent"),
        "deadline": text("set a deadline"),
        "note": text("noted"),
        "silence": text("silenced it"),
        "undo": text("took back"),
    }
    return words[str(move)].render(spoken())


@case.command(
    "add",
    examples=(
        'smwatch case add "Radio Nord fragt nach dem Rückruf" --until today',
        'smwatch case add "Mail von Frau Brandt" --link https://mail.example/17 --client Acme',
    ),
    short_help="Begins a case that came by phone or mail.",
    help="Begins a case for a question that came by phone or mail, and shows it in the client's first alert channel.",
)
@click.argument("title", metavar="TEXT")
@click.option("--link", metavar="URL", help="Where it can be read.")
@click.option("--note", metavar="TEXT", help="What colleagues should know.")
@click.option("--client", metavar="NAME", help="For whom, where there are several clients.")
@click.option("--channel", metavar="NAME", help="The channel that shows it.")
@until_option
@by_option
@config_option
def add(title: str, config: str | None, **options: str | None) -> None:
    """Through the running daemon, else by itself."""
    from smwatch import casebook

    in_force = standing(config).config
    name = run_async(casebook.add(in_force, _args(title=title, **options)))
    tell(text("{name}: begun", name=name))


@case.command(
    "away",
    examples=("smwatch case away mira jan --until 2026-12-31", "smwatch case away mira        # back again"),
    short_help="Says who stands in for whom.",
    help="Says who hears of somebody's deadlines while they are away (Slack's id, U0…, so that they are named).",
)
@click.argument("who", metavar="PERSON")
@click.argument("to", metavar="[SUBSTITUTE]", required=False)
@until_option
@config_option
def away(who: str, to: str | None, until: str | None, config: str | None) -> None:
    """Through the running daemon, else by itself."""
    from smwatch import casebook

    run_async(casebook.away(standing(config).config, {"who": who, "to": to, "until": until}))
    tell(text("{who}: {other} stands in", who=who, other=to) if to else text("{who} is back", who=who))


def _args(**given: str | None) -> dict[str, Any]:
    found = {name: value for name, value in given.items() if value is not None}
    return {**found, "by": found.get("by") or getpass.getuser()}


def _moves(name: str, short: str, words: str, *options: Callable[[Any], Any], example: str = "") -> None:
    """A command that makes one move."""

    def made(config: str | None, **given: str | None) -> None:
        from smwatch import casebook

        args = _args(**{**given, "case": given["name"]})
        del args["name"]
        found = run_async(casebook.move(standing(config).config, {**args, "move": MOVES[name]}))
        tell(text("{name}: noted", name=found))

    for option in (config_option, by_option, *options, case_argument):
        made = option(made)
    example = example or f"smwatch case {name} V1A"
    case.command(name, examples=(example,), short_help=short, help=words)(made)


note_option = click.option("--note", metavar="TEXT", help="What colleagues should know.")
MOVES = {"take": "take", "answer": "answer", "close": "close", "reopen": "reopen", "release": "release"}
MOVES |= {"pass": "hand-over", "deadline": "deadline", "note": "note", "undo": "undo", "irrelevant": "irrelevant"}
TO = click.argument("to", metavar="PERSON")
WHEN = click.argument("until", metavar="WHEN")
NOTE = click.argument("note", metavar="TEXT")

_moves(
    "take",
    "Takes a case.",
    "Takes a case: its message then shows who answers, and until when.",
    until_option,
    example="smwatch case take M4K2 --until 14:30",
)
_moves("answer", "Says that it is answered.", "Says that a case is answered.", note_option)
_moves("close", "Closes a case.", "Closes a case: it is done, or needs no answer.", note_option)
_moves("reopen", "Opens a case again.", "Opens a case again that was answered or closed.")
_moves("release", "Gives a case back.", "Gives a case back: it is open again.", note_option)
_moves(
    "pass",
    "Hands a case over.",
    "Hands a case over to somebody (Slack's id, U0…, so that they are named).",
    TO,
    note_option,
    example="smwatch case pass V1A jan",
)
_moves(
    "deadline",
    "Sets until when.",
    "Sets until when a case will be answered.",
    WHEN,
    example="smwatch case deadline V1A 2h",
)
_moves(
    "note",
    "Notes something for colleagues.",
    "Notes something for colleagues, in the thread of its message.",
    NOTE,
    example='smwatch case note V1A "Ruft den Redakteur zurück"',
)
_moves(
    "irrelevant", "Says that it is not relevant.", "Says that a mention is not relevant; the watch can learn from it."
)
_moves("undo", "Takes the last step back.", "Takes the last step of a case back.")
