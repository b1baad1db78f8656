"""`inbox …`: what was sent to smwatch and could not be read."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from smwatch.cli.helped import Group
from smwatch.cli.shell import config_option, in_zone, json_option, run_async, spoken, standing, talk, tell, tell_json
from smwatch.i18n import text, texts

if TYPE_CHECKING:
    from smwatch.store.inbox import Letter

SHOWN = 400  # characters of a delivery


@click.group(
    cls=Group,
    examples=("smwatch inbox list", "smwatch inbox retry"),
    short_help="Shows what was sent and could not be read.",
    help="Shows what was sent to smwatch (type = inbound) and could not be read; lets it be tried again.",
)
def inbox() -> None:
    """See the group's help."""


@inbox.command(
    "list",
    examples=("smwatch inbox list", "smwatch inbox list --json"),
    short_help="Lists the deliveries that could not be read.",
    help="Lists the deliveries that could not be read: when they came, for which source, why, and how they begin.",
)
@config_option
@json_option
def listed(config: str | None, as_json: bool) -> None:  # noqa: FBT001 - click passes flags by name
    """Reads beside the running daemon."""
    from smwatch.reports import inbox_list

    in_force = standing(config).config
    found = run_async(inbox_list(in_force))
    if as_json:
        tell_json([_as_json(one) for one in found])
        return
    for one in found:
        reason = one.problem.render(spoken()) if one.problem else ""
        tell(f"{in_zone(one.received_at, in_force.timezone)}  {one.sender.partition(':')[2]}  {reason}")
        tell(f"    {_shown(one)}")
    if not found:
        talk(text("Everything that was sent could be read."))


@inbox.command(
    "retry",
    examples=("smwatch inbox retry",),
    short_help="Tries all of them again.",
    help="Tries all deliveries again that could not be read: after a mapping or a plugin was mended.",
)
@config_option
def retry(config: str | None) -> None:
    """Through the running daemon, else by itself."""
    from smwatch.reports import inbox_retry

    count = run_async(inbox_retry(standing(config).config))
    tell(texts("{n} delivery is tried again", "{n} deliveries are tried again", n=count))


def _as_json(one: Letter) -> dict[str, object]:
    return {
        "id": one.id,
        "client": one.client or None,
        "source": one.sender.partition(":")[2],
        "received": one.received_at.isoformat(),
        "attempts": one.attempts,
        "reason": one.problem.render(spoken()) if one.problem else None,
        "body": one.raw.decode("utf-8", "replace"),
    }


def _shown(one: Letter) -> str:
    """How it begins, in one line that no terminal is led astray by."""
    said = one.raw[: SHOWN * 4].decode("utf-8", "replace")
    line = "".join(sign if sign.isprintable() else " " for sign in said)
    return line if len(line) <= SHOWN else f"{line[: SHOWN - 1]}…"
