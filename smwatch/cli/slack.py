"""`slack setup`: the Slack app, step by step."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from smwatch.cli.helped import Group
from smwatch.cli.shell import (
    EX_PROBLEMS,
    config_option,
    json_option,
    run_async,
    spoken,
    standing,
    talk,
    tell,
    tell_json,
)
from smwatch.cli.usage import OneOf
from smwatch.errors import ConfigError, UserError
from smwatch.i18n import Text, text

if TYPE_CHECKING:
    from smwatch.slacksetup import State


@click.group(cls=Group, examples=("smwatch slack setup", "smwatch slack setup --manifest chat"), help="Sets Slack up.")
def slack() -> None:
    """See the group's help."""


@slack.command(
    "setup",
    examples=(
        "smwatch slack setup                      # the link, then what the tokens may do",
        "smwatch slack setup --manifest webhook   # the simple start",
    ),
    short_help="Shows how to make the app, and checks it.",
    help=(
        "Shows the link that makes the Slack app from one of three manifests, and what to do next; then checks scopes,"
        " membership and Socket Mode of the channels in the configuration."
    ),
)
@click.option(
    "--manifest",
    type=OneOf("webhook", "chat", "full"),
    default="full",
    help="webhook: can only post; chat: edits, threads, buttons; full: also finds its own messages again.",
)
@config_option
@json_option
def setup(manifest: str, config: str | None, as_json: bool) -> None:  # noqa: FBT001 - click passes flags by name
    """Exit 3 where a channel of the config lacks something."""
    from smwatch.slack.rights import link
    from smwatch.slacksetup import examine

    found: tuple[State, ...] = ()
    try:
        found = run_async(examine(standing(config).config))
    except (UserError, ConfigError) as error:
        talk(error.sentence)
    if as_json:
        tell_json({"link": link(manifest, spoken()), "channels": [_as_json(one) for one in found]})
    else:
        for step in _steps(manifest):
            tell(step)
            if step is LINK:
                tell(f"   {link(manifest, spoken())}")
        for one in found:
            _tell(one)
    sys.exit(EX_PROBLEMS if any(one.problems or one.missing for one in found) else 0)


def _as_json(one: State) -> dict[str, object]:
    said = [sentence.render(spoken()) for sentence in (*one.problems, *one.lacks)]
    return {"name": one.name, "scopes": list(one.granted), "missing": list(one.missing), "problems": said}


def _tell(one: State) -> None:
    """What a channel lacks, and what is lost by it."""
    from smwatch.slack.rights import RIGHTS

    fine = not (one.problems or one.missing or one.lacks)
    tell(text("{name}: all is there", name=one.name) if fine else f"{one.name}:")
    for said in (*one.problems, *one.lacks):
        tell(f"   {said.render(spoken())}")
    for scope in one.missing:
        loss = RIGHTS[scope].loss[0 if spoken().startswith("de") else 1]
        tell(f"   {text('{scope} is missing: {loss}', scope=scope, loss=loss).render(spoken())}")


LINK = text("1. Open this link, choose the workspace, create the app, install it:")
HOOK = text("2. Copy the address of the incoming webhook into the secret that the configuration names.")
BOT = text("2. OAuth & Permissions: copy the bot token (xoxb-…) into the secret that `token` names.")
APP = text(
    "3. Basic Information, App-Level Tokens: one with connections:write, into the secret that `app_token` names."
)
INVITE = text("4. In each channel: /invite @smwatch")


def _steps(manifest: str) -> tuple[Text, ...]:
    return (LINK, HOOK) if manifest == "webhook" else (LINK, BOT, APP, INVITE)
