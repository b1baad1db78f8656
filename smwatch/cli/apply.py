"""`apply`: what smwatch proposes to leave out, and how it gets into the file."""

from __future__ import annotations

import getpass
from typing import TYPE_CHECKING

import click

from smwatch.cli.helped import Command
from smwatch.cli.shell import config_option, json_option, run_async, spoken, standing, talk, tell, tell_json
from smwatch.i18n import text, texts

if TYPE_CHECKING:
    from smwatch.model import Mention
    from smwatch.store.proposals import Proposal


@click.command(
    cls=Command,
    examples=(
        "smwatch apply                     # what is proposed, with its effect",
        "smwatch apply P01                 # write it into the file",
        "smwatch apply P01 --decline       # never propose it again",
    ),
    short_help="Writes a proposed exclusion into the file.",
    help=(
        "Lists the exclusions that smwatch proposes after two „not relevant“ on similar items, with their effect on the"
        " last 30 days; with an ID, writes that one into the watch's `exclude`, remarks kept. smwatch config undo takes"
        " it back."
    ),
)
@click.argument("name", required=False, metavar="[ID]")
@click.option("--decline", is_flag=True, help="Say no: it is not proposed again.")
@config_option
@json_option
def apply(name: str | None, decline: bool, config: str | None, as_json: bool) -> None:  # noqa: FBT001 - click passes flags by name
    """Reads beside the running daemon; the file is written by whoever runs this."""
    from smwatch.config import find
    from smwatch.model import Person
    from smwatch.reports import proposal_apply, proposal_decline, proposal_list

    in_force = standing(config).config
    who = getpass.getuser()
    by = Person(id=f"cli:{who}", name=who)
    if name is None:
        _list(run_async(proposal_list(in_force)), as_json=as_json)
    elif decline:
        tell(text("{id}: declined", id=run_async(proposal_decline(in_force, name, by))))
    else:
        done, path = run_async(proposal_apply(in_force, find(config), name, by))
        known = text("{id}: stands in the file already", id=done)
        tell(text("{id}: written into {path}", id=done, path=str(path)) if path is not None else known)


def _list(found: list[tuple[Proposal, list[Mention]]], *, as_json: bool) -> None:
    if as_json:
        tell_json([_json(one, examples) for one, examples in found])
        return
    for one, examples in found:
        tell(_lines(one, examples))
    if not found:
        talk(text("Nothing is proposed."))


def _json(one: Proposal, examples: list[Mention]) -> dict[str, object]:
    return {
        "id": one.short,
        "client": one.client,
        "watch": one.watch,
        "exclude": one.query,
        "kind": one.kind,
        "reason": one.reason.render(spoken()),
        "count": one.count,
        "examples": [{"id": it.short, "title": it.item.title, "url": it.item.url} for it in examples],
        "state": one.state,
        "file": one.file,
        "diff": one.diff,
    }


def _lines(one: Proposal, examples: list[Mention]) -> str:
    count = texts("{n} mention of the last 30 days", "{n} mentions of the last 30 days", n=one.count)
    head = f"{one.short}  {one.watch}: exclude += {one.query!r} ({count.render(spoken())})"
    shown = [f"    · {it.item.title or it.item.url}" for it in examples]
    diff = [f"    {line}" for line in one.diff.splitlines() if line[:1] in "+-"]
    return "\n".join(
        [head, f"    {one.reason.render(spoken())}", *shown, *([f"    {one.file}"] if diff else []), *diff]
    )
