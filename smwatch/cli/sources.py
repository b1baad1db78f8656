"""`source …`: which there are, adding and removing, letting one rest, and looking at one before it alerts anybody."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import click

from smwatch.cli.helped import Group
from smwatch.cli.shell import (
    EX_PROBLEMS,
    coloured,
    config_option,
    in_zone,
    json_option,
    run_async,
    spoken,
    standing,
    talk,
    tell,
    tell_json,
)
from smwatch.cli.usage import Moment
from smwatch.i18n import Text, text, texts

if TYPE_CHECKING:
    from datetime import timedelta

    from smwatch.init.feeds import Search
    from smwatch.roster.add import Wish
    from smwatch.roster.listing import Standing
    from smwatch.source import Source


@click.group(
    cls=Group,
    examples=(
        "smwatch source list",
        "smwatch source add https://www.example.org",
        "smwatch source test https://www.example.org/feed.xml",
        "smwatch source pause heise --for 2d",
    ),
    help="Shows, adds, removes and tests sources.",
)
def source() -> None:
    """See the group's help."""


@source.command(
    "list",
    examples=("smwatch source list", "smwatch source list --json"),
    short_help="Shows all sources, their state and their next poll.",
    help="Shows every source: its state and why, the last time it could be read, its last new item, the next poll.",
)
@config_option
@json_option
def list_sources(config: str | None, as_json: bool) -> None:  # noqa: FBT001 - click passes flags by name
    """Reads beside the running daemon."""
    from smwatch.roster.listing import standings

    in_force = standing(config).config
    found = run_async(standings(in_force, datetime.now(UTC)))
    if as_json:
        tell_json([_standing_json(one) for one in found])
        return
    for one in found:
        tell("\n".join(_standing_lines(one, in_force.timezone)))
    if not found:
        talk(text("There is no source yet; “smwatch source add ADDRESS” adds one."))


MARKS = {"ok": "✓", "new": "·", "paused": "⏸", "inactive": "–"}


def _standing_json(one: Standing) -> dict[str, object]:
    moments = ("since", "last_success", "last_item", "next_poll", "paused_until")
    return {
        "name": one.name,
        "type": one.type,
        "client": one.client,
        "address": one.address,
        "group": one.group,
        "tls": "insecure" if one.insecure else "strict",
        "state": one.state,
        "reason": one.reason.render(spoken()) if one.reason else None,
        **{name: moment.isoformat() if (moment := getattr(one, name)) else None for name in moments},
        "interval": one.every.total_seconds() if one.every else None,
        "interval_reason": one.why.render(spoken()),
    }


def _standing_lines(one: Standing, zone: str) -> list[str]:
    """The state of one source in two lines."""
    state = STATES.get(one.state, Text(one.state)).render(spoken())
    reason = _reason(one, zone)
    why = f": {reason.render(spoken())}" if reason else ""
    since = text("since {moment}", moment=in_zone(one.since, zone)).render(spoken()) if one.since else ""
    first = f"{MARKS.get(one.state, '✗')} {one.name}  {state}{why}" + (
        f" ({since})" if since and one.state != "ok" else ""
    )
    facts = [
        text("read {moment}", moment=in_zone(one.last_success, zone)) if one.last_success else None,
        text("last item {moment}", moment=in_zone(one.last_item, zone)) if one.last_item else None,
        text("next {moment}", moment=in_zone(one.next_poll, zone)) if one.next_poll else None,
        _often(one),
    ]
    second = "    " + " · ".join(fact.render(spoken()) for fact in facts if fact)
    warned = click.style(ANY_CERTIFICATE.render(spoken()), fg="red" if coloured(sys.stdout) else None)
    return [first, second, *([f"    {warned}"] if one.insecure else [])]


ANY_CERTIFICATE = text("whoever stands in between can change what this source says (tls = “insecure”)")


def _reason(one: Standing, zone: str) -> Text | None:
    if one.paused_until:
        return text("until {when}", when=in_zone(one.paused_until, zone))
    if one.waits_for and one.next_poll:
        return text("waits for {host} until {when}", host=one.waits_for, when=in_zone(one.next_poll, zone))
    return one.reason


def _often(one: Standing) -> Text | None:
    """How often it is read; while it fails, that says nothing about its next poll."""
    if one.every is None or one.state in ("failing", "refused", "gone"):
        return one.why if one.every is None else None
    return text("every {span}, {reason}", span=spelt(one.every), reason=one.why)


STATES = {
    "ok": text("works"),
    "new": text("not read yet"),
    "failing": text("cannot be read"),
    "refused": text("is refused"),
    "gone": text("is gone"),
    "silent": text("is silent"),
    "paused": text("rests"),
    "inactive": text("is off (active = false)"),
}


def spelt(span: timedelta) -> str:
    """A duration as the files have it, cut to whole units where it is long."""
    from smwatch.config.effective import duration

    return duration(span)


@source.command(
    "add",
    examples=(
        "smwatch source add https://www.example.org",
        'smwatch source add https://www.example.org/feed.xml --name "Tagesbote"',
    ),
    short_help="Finds the feed of a site and adds it.",
    help="Finds the feed of a site, reads it once, and writes it into the configuration. A running smwatch takes it at"
    " once.",
)
@click.argument("address", metavar="ADDRESS")
@click.option("--name", metavar="NAME", help="Its name; without one the feed's own title.")
@click.option("--client", metavar="NAME", help="For which client.")
@click.option("--group", metavar="NAME", help="A heading of your own.")
@click.option("--interval", metavar="DURATION", help="How often it is read, like 10m.")
@click.option("--allow-private", is_flag=True, help="Admit private and loopback addresses.")
@click.option("--dry-run", is_flag=True, help="Only show what would be written.")
@config_option
@json_option
def add(config: str | None, as_json: bool, dry_run: bool, **wishes: Any) -> None:  # noqa: ANN401, FBT001 - click passes options by name
    """Exit 0 where it was added, 3 where the feed was written but cannot be read."""
    from smwatch.roster.add import Wish

    sys.exit(0 if run_async(_add(Wish(**wishes), config, as_json=as_json, dry_run=dry_run)) else EX_PROBLEMS)


async def _add(wish: Wish, config: str | None, *, as_json: bool, dry_run: bool) -> bool:
    from smwatch import loader
    from smwatch.config import find
    from smwatch.config.edit import tables
    from smwatch.roster import add as adding

    built = standing(config).config
    found = await adding.search(wish.address, allow_private=wish.allow_private)
    chosen = found.feeds[0]
    table = adding.table(wish, chosen, built)
    if not as_json:
        _say_found(found, chosen.url)
        source = adding.as_source(table, loader.load().sources)
        target = source.name if source else chosen.url
        await _show((target,), config, allow_private=wish.allow_private, as_json=False, besides=source)
    file = None if dry_run else str(adding.added(find(config), table).path)
    if as_json:
        feeds = [{"url": one.url, "title": one.title, "items": one.items} for one in found.feeds]
        tell_json({"ok": True, "file": file, "source": table, "found": feeds})
    elif file is None:
        tell(tables([table]).rstrip("\n"))
    else:
        talk(text("added to {file}:", file=file))
        tell(tables([table]).rstrip("\n"))
    return True


def _say_found(found: Search, chosen: str) -> None:
    from smwatch.plugin import tame

    for feed in found.feeds:
        entries = texts("{n} entry", "{n} entries", n=feed.items)
        mark = "→" if feed.url == chosen else " "
        named = text("“{title}”, {entries}", title=tame(feed.title) or "–", entries=entries).render(spoken())
        talk(f"{mark} {tame(feed.url)}  {named}")


@source.command(
    "remove",
    examples=("smwatch source remove heise",),
    short_help="Takes a source out of the configuration.",
    help="Takes a source out of the configuration. What was found there stays in the digests.",
)
@click.argument("name", metavar="NAME")
@config_option
def remove(name: str, config: str | None) -> None:
    """Everything else in the file stays to the letter."""
    from smwatch.config import find
    from smwatch.config.named import source_called
    from smwatch.roster.add import removed

    source_called(standing(config).config, name)
    tell(text("{name}: taken out of {file}", name=name, file=str(removed(find(config), name).path)))


@source.command(
    "pause",
    examples=(
        "smwatch source pause heise",
        "smwatch source pause heise --for 2d",
        "smwatch source pause heise --until 2026-12-24",
    ),
    short_help="Lets a source rest.",
    help="Lets a source rest: until it is resumed, for a time, or until a moment.",
)
@click.argument("name", metavar="NAME")
@click.option("--for", "span", metavar="DURATION", help="How long, like 2h or 7d.")
@click.option("--until", metavar="MOMENT", type=Moment(), help="Until when, like 2026-12-24 or 2026-12-24T18:00.")
@config_option
def pause(name: str, span: str | None, until: datetime | None, config: str | None) -> None:
    """Through the running daemon, else by itself."""
    from smwatch.roster import rest

    in_force = standing(config).config
    moment = _end(span, until, in_force.timezone)
    run_async(rest.pause(in_force, name, moment))
    if moment is None:
        tell(text("{name} rests until you say “smwatch source resume {name}”", name=name))
    else:
        tell(text("{name} rests until {moment}", name=name, moment=in_zone(moment, in_force.timezone)))


def _end(span: str | None, until: datetime | None, zone: str) -> datetime | None:
    from smwatch.cli.usage import Misused
    from smwatch.plugin import parse_duration

    if span and until:
        raise Misused(text("{one} and {other} exclude each other", one="--for", other="--until"))
    now = datetime.now(UTC)
    if span:
        try:
            return now + parse_duration(span)
        except (ValueError, OverflowError):
            raise Misused(
                text("{option} is a duration like 10m, 2h or 7d, not {value}", option="--for", value=span)
            ) from None
    if until is None:
        return None
    from zoneinfo import ZoneInfo

    moment = (until if until.tzinfo else until.replace(tzinfo=ZoneInfo(zone))).astimezone(UTC)
    if moment <= now:
        raise Misused(text("{moment} is over already", moment=in_zone(moment, zone)))
    return moment


@source.command(
    "resume",
    examples=("smwatch source resume heise",),
    short_help="Lets a source that rests go on.",
    help="Lets a source that rests go on: it is read at once.",
)
@click.argument("name", metavar="NAME")
@config_option
def resume(name: str, config: str | None) -> None:
    """Through the running daemon, else by itself."""
    from smwatch.roster import rest

    run_async(rest.resume(standing(config).config, name))
    tell(text("{name} goes on", name=name))


@source.command(
    "test",
    examples=(
        "smwatch source test https://www.example.org/feed.xml",
        "smwatch source test heise                  # by its name in the configuration",
        "smwatch source test --json saved.xml other.xml",
    ),
    short_help="Shows what sources hold, and what would match.",
    help="Fetches and reads sources and shows their items, what would match and why, timings, and the next poll.",
)
@click.argument("targets", nargs=-1, required=True, metavar="FILE_OR_URL_OR_NAME…")
@click.option("--allow-private", is_flag=True, help="Admit private and loopback addresses for this call.")
@config_option
@json_option
def test(targets: tuple[str, ...], allow_private: bool, config: str | None, as_json: bool) -> None:  # noqa: FBT001 - click passes flags by name
    """Exit 0 where all can be read, else 3."""
    ok = run_async(_show(targets, config, allow_private=allow_private, as_json=as_json))
    sys.exit(0 if ok else EX_PROBLEMS)


async def _show(
    targets: tuple[str, ...],
    config: str | None,
    *,
    allow_private: bool,
    as_json: bool,
    besides: Source | None = None,
) -> bool:
    """Look at each target: an address, a file, or the name of a source, of the configuration's or the one `besides`."""
    from smwatch import loader, probe
    from smwatch.message.words import Reader
    from smwatch.probed import told
    from smwatch.query.searches import Searches
    from smwatch.query.watches import WatchEngine

    language = spoken()
    built = config_or_none(config)
    engine = WatchEngine(built.watches, built.lists) if built and not as_json else None
    tester = probe.prober(
        loader.load().sources["feed"],
        http=built.http if built else None,
        contact=built.contact if built else None,
        sources=(*(built.sources if built else ()), *([besides] if besides else [])),
        engine=engine,
        searches=Searches(built.watches, built.lists) if built else None,
        allow_private=allow_private,
    )
    ok, reader = True, Reader(language=language, timezone=built.timezone if built else "UTC")
    async with tester as prober:
        async for report in prober.all(targets):
            ok = ok and report.ok
            if as_json:
                tell_json(report.to_json(language))
            else:
                tell("\n".join(told(report, reader, datetime.now(UTC))))
    return ok


def config_or_none(config: str | None):  # type: ignore[no-untyped-def]  # noqa: ANN201 - a Config, imported late
    """What is in force, where a config is named or found: a source can be tested without one."""
    from smwatch.config import find
    from smwatch.errors import ConfigError, UserError

    try:
        return standing(config).config
    except ConfigError:
        if config:
            raise
        talk(text("{path} has mistakes (smwatch check names them); it is left out here", path=str(find(None))))
    except UserError:
        if config:
            raise
    return None
