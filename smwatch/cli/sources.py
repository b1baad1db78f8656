"""`source …`: look at a source before it alerts anybody."""

from __future__ import annotations

import sys

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
from smwatch.i18n import text


@click.group(
    cls=Group,
    examples=("smwatch source test https://www.example.org/feed.xml", "smwatch source test heise"),
    help="Looks at sources.",
)
def source() -> None:
    """See the group's help."""


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


async def _show(targets: tuple[str, ...], config: str | None, *, allow_private: bool, as_json: bool) -> bool:
    from smwatch import loader, probe
    from smwatch.query.searches import Searches
    from smwatch.query.watches import WatchEngine

    language = spoken()
    built = _config(config)
    engine = WatchEngine(built.watches, built.lists) if built and not as_json else None
    tester = probe.prober(
        loader.load().sources["feed"],
        http=built.http if built else None,
        contact=built.contact if built else None,
        sources=built.sources if built else (),
        engine=engine,
        searches=Searches(built.watches, built.lists) if built else None,
        allow_private=allow_private,
    )
    ok = True
    async with tester as prober:
        async for report in prober.all(targets):
            ok = ok and report.ok
            if as_json:
                tell_json(report.to_json(language))
            else:
                tell("\n".join(probe.told(report, language)))
    return ok


def _config(config: str | None):  # type: ignore[no-untyped-def]  # noqa: ANN202 - a Config, imported late
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
