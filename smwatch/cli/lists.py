"""`import opml` and `export opml`: lists of feeds, as every reader writes and reads them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from smwatch.cli.helped import Group
from smwatch.cli.shell import config_option, json_option, run_async, spoken, standing, talk, tell, tell_json
from smwatch.i18n import text, texts

if TYPE_CHECKING:
    from collections.abc import Sequence

    from smwatch.config.model import Config
    from smwatch.probe import Report
    from smwatch.roster.lists import Import, Left


@click.group("import", cls=Group, examples=("smwatch import opml feeds.opml",), help="Takes over lists of feeds.")
def import_group() -> None:
    """See the group's help."""


@click.group("export", cls=Group, examples=("smwatch export opml > feeds.opml",), help="Writes lists of feeds.")
def export_group() -> None:
    """See the group's help."""


@import_group.command(
    "opml",
    examples=("smwatch import opml feeds.opml", "smwatch import opml feeds.opml --dry-run"),
    short_help="Adds the feeds of a list (OPML) as sources.",
    help="Adds the feeds of a list (OPML, as every reader exports it) as sources.\n\nEach is read once; one that cannot"
    " be read is added all the same and named. Feeds that are read already are left out.",
)
@click.argument("file", metavar="FILE")
@click.option("--client", metavar="NAME", help="For which client.")
@click.option("--interval", metavar="DURATION", help="How often they are read, like 10m.")
@click.option("--allow-private", is_flag=True, help="Admit private and loopback addresses.")
@click.option("--no-check", is_flag=True, help="Do not read the feeds first.")
@click.option("--dry-run", is_flag=True, help="Only show what would be added.")
@config_option
@json_option
def import_opml(
    file: str,
    config: str | None,
    as_json: bool,  # noqa: FBT001 - click passes flags by name
    dry_run: bool,  # noqa: FBT001 - likewise
    no_check: bool,  # noqa: FBT001 - likewise
    **manner: Any,  # noqa: ANN401 - likewise
) -> None:
    """Comments and everything else in the file stay."""
    from smwatch.config import find
    from smwatch.config.edit import Desk, write
    from smwatch.roster.lists import Manner, planned

    desk = Desk(find(config))
    plan = planned(_read(file), Path(file).name, desk.config, Manner(**manner))
    edit = desk.add(plan.tables) if plan.tables else None
    in_force = standing(config).config
    unread = [] if no_check else run_async(_tried(plan, in_force, allow_private=manner["allow_private"], quiet=as_json))
    if edit is not None and not dry_run:
        write(edit)
    written = str(edit.path) if edit is not None and not dry_run else None
    if as_json:
        tell_json(_as_json(plan, unread, written))
    else:
        _tell(plan, unread, written)


def _read(file: str) -> bytes:
    from smwatch.errors import UserError, system_reason

    try:
        return Path(file).read_bytes()
    except OSError as error:
        reason = system_reason(error)
        raise UserError(text("{file} cannot be read: {reason}", file=file, reason=reason)) from None


async def _tried(plan: Import, config: Config, *, allow_private: bool, quiet: bool) -> list[Report]:
    """The feeds that cannot be read now; a bar on a terminal shows how far it is."""
    from rich.console import Console
    from rich.progress import Progress

    from smwatch import loader, probe
    from smwatch.roster.lists import tried

    feed, urls = loader.load().sources["feed"], plan.urls
    failed: list[Report] = []
    bar = Progress(console=Console(stderr=True), disable=quiet, transient=True)
    async with probe.prober(feed, http=config.http, contact=config.contact, allow_private=allow_private) as prober:
        with bar:
            task = bar.add_task(text("Reading the feeds").render(spoken()), total=len(urls))
            async for report in tried(prober, urls):
                bar.advance(task)
                if not report.ok:
                    failed.append(report)
    return sorted(failed, key=lambda report: urls.index(report.target))


def _as_json(plan: Import, unread: Sequence[Report], written: str | None) -> dict[str, object]:
    return {
        "ok": True,
        "file": written,
        "added": list(plan.tables),
        "skipped": [_left_json(one) for one in plan.known],
        "refused": [_left_json(one) for one in plan.refused],
        "unreadable": [
            {"url": one.target, "reason": one.error.render(spoken()) if one.error else None} for one in unread
        ],
    }


def _left_json(one: Left) -> dict[str, str]:
    return {"title": one.title, "url": one.url, "reason": one.reason.render(spoken())}


def _tell(plan: Import, unread: Sequence[Report], written: str | None) -> None:
    for table, url in zip(plan.tables, plan.urls, strict=True):
        group = f"  [{table['group']}]" if "group" in table else ""
        tell(f"+ {table.get('name', '')}  {url}{group}".replace("+   ", "+ "))
    for one in plan.known:
        tell(f"= {one.title}  {one.url}: {one.reason.render(spoken())}")
    for one in plan.refused:
        tell(f"✗ {one.title}  {one.url}: {one.reason.render(spoken())}")
    for report in unread:
        reason = report.error.render(spoken()) if report.error else ""
        tell(f"✗ {report.target}: {reason}")
    n = len(plan.tables)
    if written is None:
        talk(texts("{n} source would be added.", "{n} sources would be added.", n=n))
    else:
        talk(texts("{n} source added to {file}.", "{n} sources added to {file}.", n=n, file=written))
    if plan.known:
        talk(texts("{n} is read already.", "{n} are read already.", n=len(plan.known)))
    if unread:
        talk(texts("{n} cannot be read now.", "{n} cannot be read now.", n=len(unread)))


@export_group.command(
    "opml",
    examples=("smwatch export opml > feeds.opml",),
    short_help="Writes all feeds as a list (OPML).",
    help="Writes all feeds as a list (OPML) to the standard output; their groups become headings.",
)
@click.option("--client", metavar="NAME", help="Only the feeds of this client.")
@config_option
def export_opml(client: str | None, config: str | None) -> None:
    """For every reader that takes OPML."""
    from smwatch.roster.lists import exported

    tell(exported(standing(config).config, client).decode().rstrip("\n"))
