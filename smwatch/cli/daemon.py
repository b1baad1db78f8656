"""`run`, `status`, `queue`, `alert test`, `demo`: the daemon and what it is doing."""

from __future__ import annotations

import gc
import sys
from typing import TYPE_CHECKING

import click

from smwatch.cli.helped import Command, Group
from smwatch.cli.shell import (
    EX_CONFIG,
    EX_PROBLEMS,
    config_option,
    in_zone,
    json_option,
    problem_json,
    run_async,
    say_error,
    spoken,
    standing,
    talk,
    tell,
    tell_json,
)
from smwatch.cli.usage import OneOf
from smwatch.i18n import Text, text, texts

USUAL_COLLECTIONS = (700, 10, 10)  # Python's own

if TYPE_CHECKING:
    from collections.abc import Coroutine
    from datetime import datetime

    from smwatch.model import SourceState
    from smwatch.store.waiting import Waiting


@click.command(
    cls=Command,
    examples=("smwatch run", "smwatch run --once        # one round over all sources, then the end"),
    short_help="Watches, until it is stopped.",
    help="Watches: polls the sources, matches, and delivers alerts and digests until it is stopped.",
)
@click.option("--once", is_flag=True, help="One round over all sources, deliver what is due, and end.")
@click.option("--debug", is_flag=True, help="Log more.")
@config_option
def run(once: bool, debug: bool, config: str | None) -> None:  # noqa: FBT001 - click passes flags by name
    """Exit 0 after a clean stop, 78 for a broken config without a last good copy."""
    from smwatch import daemon, log
    from smwatch.config import find
    from smwatch.errors import ConfigError, UserError

    gc.set_threshold(*USUAL_COLLECTIONS)
    log.configure(debug=debug)
    try:
        path = find(config)
    except UserError as error:
        say_error(error)
        sys.exit(EX_CONFIG)
    try:
        sys.exit(_loop(_deaf_at_the_end(daemon.run(path, once=once))))
    except ConfigError as error:
        say_error(error)
        sys.exit(EX_CONFIG)


async def _deaf_at_the_end(work: Coroutine[None, None, int]) -> int:
    """When all is done, one more signal changes nothing, not the exit code either: closing takes a moment yet."""
    import asyncio
    import signal

    try:
        return await work
    finally:
        asyncio.get_running_loop().remove_signal_handler(signal.SIGHUP)
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, signal.SIG_IGN)


def _loop(work: Coroutine[None, None, int]) -> int:
    """Run in uvloop where it is installed: it is quicker."""
    from smwatch.supervisor import outlast

    try:
        import uvloop
    except ImportError:
        return outlast(work)
    return outlast(work, uvloop.new_event_loop)


@click.command(
    cls=Command,
    examples=("smwatch status", "smwatch status --json"),
    short_help="Says whether all is well.",
    help="Says whether the daemon runs and which sources cannot be read.",
)
@config_option
@json_option
def status(config: str | None, as_json: bool) -> None:  # noqa: FBT001 - click passes flags by name
    """Exit 0 where all is well, else 3."""
    from smwatch.reports import daemon_status

    outcome = standing(config)
    zone = outcome.config.timezone
    found = run_async(daemon_status(outcome.config))
    ok = found.ok and outcome.ok
    if as_json:
        tell_json(
            {
                "ok": ok,
                "running": found.since is not None,
                "since": _iso(found.since),
                "sources": [_source_json(one) for one in found.sources],
                "waiting": found.waiting,
                "held": {name: reason.render(spoken()) for name, reason in found.held.items()},
                "problems": [problem_json(problem) for problem in outcome.problems],
            }
        )
        sys.exit(0 if ok else EX_PROBLEMS)
    if found.since is None:
        tell(text("smwatch is not running."))
    else:
        tell(text("smwatch has been running since {moment}.", moment=in_zone(found.since, zone)))
    for one in found.sources:
        tell(_source_line(one, zone))
    for name, reason in found.held.items():
        tell(text("channel {channel} is held: {reason}", channel=name, reason=reason))
    tell(texts("{n} message is waiting (smwatch queue).", "{n} messages are waiting (smwatch queue).", n=found.waiting))
    sys.exit(0 if ok else EX_PROBLEMS)


def _iso(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None


def _source_json(one: SourceState) -> dict[str, object]:
    return {
        "name": one.name,
        "state": one.state,
        "reason": one.reason.render(spoken()) if one.reason else None,
        "since": _iso(one.since),
        "last_item": _iso(one.last_item),
    }


def _source_line(one: SourceState, zone: str) -> str:
    mark = {"ok": "✓", "new": "·", "paused": "⏸"}.get(one.state, "✗")
    why = one.reason.render(spoken()) if one.reason else ""
    if one.state == "paused":
        why = f"{text('rests').render(spoken())} {why}".strip()
    since = f" ({in_zone(one.since, zone)})" if one.since and one.state != "ok" else ""
    return f"  {mark} {one.name}{f'  {why}' if why else ''}{since}"


@click.command(
    cls=Command,
    examples=("smwatch queue", "smwatch queue --json", "smwatch queue --summary N1A"),
    short_help="Shows what waits for delivery, and why.",
    help="Shows every message that has not been delivered, with the reason and the next try.",
)
@config_option
@json_option
@click.option("--summary", metavar="ID", help="Every story of a summary, also those that it only counts (N1A).")
def queue(config: str | None, as_json: bool, summary: str | None) -> None:  # noqa: FBT001 - click passes flags by name
    """Reads beside the running daemon."""
    from smwatch.reports import stories_of_summary, waiting_messages

    in_force = standing(config).config
    found = run_async(stories_of_summary(in_force, summary) if summary else waiting_messages(in_force))
    if as_json:
        tell_json([_waiting_json(one) for one in found])
        return
    if summary:
        for one in found:
            tell(f"{in_zone(one.since, in_force.timezone)}  {_title(one)}\n    {one.link}")
        return
    for one in found:
        tell(_waiting_line(one, in_force.timezone))
    if not found:
        talk(text("Nothing is waiting."))


def _title(one: Waiting) -> str:
    return one.title.render(spoken()) if isinstance(one.title, Text) else one.title


def _waiting_json(one: Waiting) -> dict[str, object]:
    return {
        "channel": one.channel,
        "kind": one.kind,
        "title": _title(one),
        "link": one.link,
        "client": one.client,
        "priority": one.priority,
        "attempts": one.attempts,
        "reason": one.reason.render(spoken()) if one.reason else None,
        "permanent": one.permanent,
        "since": one.since.isoformat(),
        "next_try": _iso(one.next_try),
    }


def _waiting_line(one: Waiting, zone: str) -> str:
    why = one.reason.render(spoken()) if one.reason else text("not tried yet").render(spoken())
    again = f", {in_zone(one.next_try, zone)}" if one.next_try else ""
    tries = texts("{n} try", "{n} tries", n=one.attempts).render(spoken())
    return f"{one.channel}  {_title(one)}\n    {one.link}\n    {why} ({tries}{again})".replace("\n    \n", "\n")


@click.group(cls=Group, examples=("smwatch alert test", "smwatch alert test pr"), help="Tries channels out.")
def alert() -> None:
    """See the group's help."""


@alert.command(
    "test",
    examples=("smwatch alert test             # every channel", "smwatch alert test pr"),
    short_help="Sends a test message.",
    help="Sends a test message to a channel (or to all of them).",
)
@click.argument("channel", required=False, metavar="[CHANNEL]")
@config_option
def alert_test(channel: str | None, config: str | None) -> None:
    """Through the running daemon, else by itself."""
    from smwatch.reports import send_test

    sent = run_async(send_test(standing(config).config, channel))
    for name, problem in sent.items():
        told = text("{channel}: sent", channel=name)
        tell(told if problem is None else text("{channel}: not sent: {reason}", channel=name, reason=problem))
    sys.exit(1 if any(sent.values()) else 0)


@click.command(
    cls=Command,
    examples=("smwatch demo", "smwatch demo --language en"),
    short_help="Shows it at work; needs no account.",
    help="Runs the real daemon over a small invented world and shows what people would get. Needs no account.",
)
@click.option("--language", type=OneOf("de", "en"), help="The language of the messages.")
@click.option("--keep", is_flag=True, help="Go on until Ctrl-C.")
def demo(language: str | None, keep: bool) -> None:  # noqa: FBT001 - click passes flags by name
    """Stops by itself after about a minute."""
    from smwatch.demo import run_demo

    sys.exit(run_async(run_demo(language or spoken(), keep=keep)))
