"""All commands under one roof."""

from __future__ import annotations

import click

from smwatch import __version__
from smwatch.cli.apply import apply
from smwatch.cli.cases import case
from smwatch.cli.configs import check, config_group
from smwatch.cli.daemon import alert, demo, queue, run, status
from smwatch.cli.digests import digest
from smwatch.cli.doctor import doctor
from smwatch.cli.helped import Root
from smwatch.cli.inboxes import inbox
from smwatch.cli.init import init
from smwatch.cli.lists import export_group, import_group
from smwatch.cli.plugins import plugins
from smwatch.cli.queries import query
from smwatch.cli.routing import route, why
from smwatch.cli.silences import silence
from smwatch.cli.slack import slack
from smwatch.cli.sources import source

EVERYDAY = ("init", "check", "run", "source", "query", "digest", "status", "demo")


@click.group(
    cls=Root,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    first=EVERYDAY,
    examples=(
        "smwatch demo                      # look at it, without an account",
        "smwatch init                      # write a configuration, step by step",
        "smwatch check                     # every mistake at once, with its line",
        "smwatch source test heise         # what a source holds, and what would match",
        "smwatch run                       # watch",
    ),
    help="Media monitoring for PR teams: watches sources, matches queries, tells you in Slack or by e-mail.",
)
@click.version_option(__version__, prog_name="smwatch", message="%(prog)s %(version)s")
def cli() -> None:
    """See the group's help."""


for command in (
    init,
    check,
    run,
    source,
    query,
    digest,
    status,
    demo,
    queue,
    alert,
    config_group,
    doctor,
    plugins,
    route,
    why,
    import_group,
    export_group,
    silence,
    inbox,
    case,
    slack,
    apply,
):
    cli.add_command(command)
