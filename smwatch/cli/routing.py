"""`route test` and `why`: what would be told and why, and what was."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from smwatch.cli.helped import Command, Group
from smwatch.cli.shell import config_option, json_option, run_async, spoken, standing, tell, tell_json

if TYPE_CHECKING:
    from smwatch.config.model import Config
    from smwatch.rehearsal import Rehearsal


@click.group(
    cls=Group,
    examples=('smwatch route test "Acme ruft zurück"', "smwatch route test https://www.example.org/artikel"),
    help="Tries out who would be told of what.",
)
def route() -> None:
    """See the group's help."""


@route.command(
    "test",
    examples=(
        'smwatch route test "Acme ruft zurück"',
        "smwatch route test https://www.example.org/artikel",
        """smwatch route test --json '{"title": "Acme", "author": {"followers": 9000}}'""",
    ),
    short_help="Shows what would match, and who would be told.",
    help=(
        "Shows which watches an item would meet, which channels would be told at which priority, and what would hold"
        " it back now. The item is plain words, an address, or JSON as `query match` reads it. Nothing is sent."
    ),
)
@click.argument("item", metavar="TEXT_OR_URL_OR_JSON")
@click.option("--allow-private", is_flag=True, help="Admit private and loopback addresses for this call.")
@config_option
@json_option
def route_test(item: str, allow_private: bool, config: str | None, as_json: bool) -> None:  # noqa: FBT001 - click passes flags by name
    """Reads beside the running daemon, or without one."""
    from smwatch import rehearsal

    in_force = standing(config).config
    done = run_async(_rehearsed(in_force, item, allow_private=allow_private))
    if as_json:
        tell_json(rehearsal.as_json(done, spoken()))
    else:
        tell("\n".join(rehearsal.told(done, spoken(), in_force.timezone)))


async def _rehearsed(config: Config, item: str, *, allow_private: bool) -> Rehearsal:
    from datetime import UTC, datetime

    from smwatch import loader, rehearsal

    found = await rehearsal.item_of(config, item, allow_private=allow_private)
    enrichers = tuple(loader.load().enrichers.values())
    return await rehearsal.rehearse(config, found, datetime.now(UTC), enrichers)


@click.command(
    cls=Command,
    examples=("smwatch why M4K2", "smwatch why https://www.example.org/artikel", "smwatch why M4K2 --json"),
    short_help="Says why a mention was told or not.",
    help=(
        "Says which words of a mention matched, and what sent, held back or muted it in each channel; MENTION is its"
        " name as alerts show it (M4K2), a story's (S1A), or the address of the item."
    ),
)
@click.argument("mention", metavar="MENTION")
@config_option
@json_option
def why(mention: str, config: str | None, as_json: bool) -> None:  # noqa: FBT001 - click passes flags by name
    """Reads beside the running daemon."""
    from smwatch import why as reasons

    in_force = standing(config).config
    known = run_async(reasons.why(in_force, mention))
    if as_json:
        tell_json(reasons.as_json(known, spoken()))
    else:
        tell("\n".join(reasons.told(known, language=spoken(), timezone=in_force.timezone)))
