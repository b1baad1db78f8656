"""`silence …`: what is not told for a while, until when, by whom and why."""

from __future__ import annotations

import getpass
from typing import TYPE_CHECKING

import click

from smwatch.cli.helped import Group
from smwatch.cli.shell import config_option, in_zone, json_option, run_async, spoken, standing, talk, tell, tell_json
from smwatch.cli.usage import Misused
from smwatch.i18n import text

if TYPE_CHECKING:
    from datetime import datetime

    from smwatch.silence import Silence


@click.group(
    cls=Group,
    examples=(
        'smwatch silence add --watch "Acme Marke" --for 2h --reason "Pressekonferenz läuft"',
        "smwatch silence list",
        "smwatch silence end Q1A",
    ),
    help="Keeps quiet for a while; digests count what was held back.",
)
def silence() -> None:
    """See the group's help."""


@silence.command(
    "add",
    examples=(
        'smwatch silence add --watch "Acme Marke" --for 2h --reason "Pressekonferenz läuft"',
        'smwatch silence add --story M4K2 --for 24h --reason "wird schon beantwortet"',
        'smwatch silence add --author M4K2 --until 2026-12-31 --reason "schreibt jeden Tag dasselbe"',
        'smwatch silence add --site blatt.example --for 7d --reason "Archiv wird neu eingespielt"',
        'smwatch silence add --all --client Acme --for 2h --reason "Messe"',
    ),
    short_help="Begins a silence.",
    help=(
        "Begins a silence of a story, an author, a site, a watch, or everything of a client. It always has an end and a"
        " reason. What it holds is counted in the digest, and told together when it ends."
    ),
)
@click.option("--story", metavar="MENTION", help="The story of this mention (M4K2), or a story's own name (S1A).")
@click.option("--author", metavar="MENTION", help="Whoever wrote this mention; kept as a keyed hash, not as a name.")
@click.option("--site", metavar="HOST", help="A site with its subdomains, or that of a mention (M4K2).")
@click.option("--watch", metavar="NAME", help="A whole watch.")
@click.option("--all", "everything", is_flag=True, help="Everything of a client.")
@click.option("--client", metavar="NAME", help="For whom, where there are several clients.")
@click.option("--for", "span", metavar="TIME", help="How long: 30m, 2h, 3d.")
@click.option("--until", "moment", metavar="MOMENT", help="Until when: 2026-12-31 or 2026-12-31T18:00.")
@click.option("--reason", required=True, metavar="TEXT", help="Why, for colleagues.")
@click.option("--by", metavar="NAME", help="Who wants it (else: the user of this computer).")
@config_option
def add(  # noqa: PLR0913, PLR0917 - one option each
    story: str | None,
    author: str | None,
    site: str | None,
    watch: str | None,
    everything: bool,  # noqa: FBT001 - click passes flags by name
    client: str | None,
    span: str | None,
    moment: str | None,
    reason: str,
    by: str | None,
    config: str | None,
) -> None:
    """Through the running daemon, else by itself."""
    from datetime import UTC, datetime

    from smwatch.model import Person
    from smwatch.reports import silence_add
    from smwatch.silence import Scope
    from smwatch.silencing import Wish, until_of

    named = {Scope.STORY: story, Scope.AUTHOR: author, Scope.SITE: site, Scope.WATCH: watch}
    chosen = {scope: value for scope, value in named.items() if value} | ({Scope.CLIENT: ""} if everything else {})
    context = click.get_current_context()
    if len(chosen) != 1:
        raise Misused(text("say one thing: --story, --author, --site, --watch or --all"), context)
    if bool(span) == bool(moment):
        raise Misused(text("say when it ends: --for 2h or --until 2026-12-31"), context)
    in_force = standing(config).config
    until = until_of(span or moment or "", in_force.timezone, datetime.now(UTC))
    who = by or getpass.getuser()
    ((scope, value),) = chosen.items()
    wish = Wish(
        scope=scope, value=value, client=client, until=until, by=Person(id=f"cli:{who}", name=who), reason=reason
    )
    name = run_async(silence_add(in_force, wish))
    tell(text("{name}: silent until {moment}", name=name, moment=in_zone(until, in_force.timezone)))


@silence.command(
    "list",
    examples=("smwatch silence list", "smwatch silence list --json"),
    short_help="Lists what is silent now.",
    help="Lists the silences that hold something back now, those of the configuration too.",
)
@config_option
@json_option
def listed(config: str | None, as_json: bool) -> None:  # noqa: FBT001 - click passes flags by name
    """Reads beside the running daemon."""
    from datetime import UTC, datetime

    from smwatch.reports import silence_list
    from smwatch.silence import told

    in_force = standing(config).config
    now = datetime.now(UTC)
    found = run_async(silence_list(in_force, now))
    if as_json:
        tell_json([_as_json(one, now) for one in found])
        return
    for one in found:
        name = one.short if one.id > 0 else "–"
        moment = in_zone(one.until, in_force.timezone)
        owner = f" [{one.client}]" if one.client else ""
        tell(f"{name:>4}  {moment}{owner}  {told(one, now).render(spoken())}")
    if not found:
        talk(text("Nothing is silenced."))


def _as_json(one: Silence, now: datetime) -> dict[str, object]:
    from smwatch.silence import ends_in, what

    return {
        "id": one.short if one.id > 0 else None,
        "client": one.client,
        "scope": str(one.scope),
        "what": what(one).render(spoken()),
        "label": one.label,
        "until": one.until.isoformat(),
        "ends": ends_in(one, now).render(spoken()),
        "by": one.by.name,
        "reason": one.reason,
    }


@silence.command(
    "end",
    examples=("smwatch silence end Q1A",),
    short_help="Ends a silence before its time.",
    help="Ends a silence before its time; what it held is told now.",
)
@click.argument("name", metavar="ID")
@config_option
def end(name: str, config: str | None) -> None:
    """Through the running daemon, else by itself."""
    from smwatch.reports import silence_end

    in_force = standing(config).config
    tell(text("{name}: ended", name=run_async(silence_end(in_force, name))))
