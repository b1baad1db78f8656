"""`check` and `config …`: what the files say, and what is wrong with them."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from smwatch.cli.helped import Command, Group
from smwatch.cli.shell import (
    EX_PROBLEMS,
    coloured,
    config_option,
    in_zone,
    json_option,
    problem_json,
    say_error,
    spoken,
    standing,
    talk,
    tell,
    tell_json,
)
from smwatch.i18n import text, texts

if TYPE_CHECKING:
    from smwatch.config.versions import Version


@click.command(
    cls=Command,
    examples=("smwatch check", "smwatch check -c /etc/smwatch/config.toml", "smwatch check --json"),
    short_help="Finds every mistake in the configuration.",
    help="Finds every mistake in the configuration, with line and column.\n\nWorks offline and changes nothing.",
)
@config_option
@json_option
def check(config: str | None, as_json: bool) -> None:  # noqa: FBT001 - click passes flags by name
    """Exit 0 where the files may run as they are (warnings included), else 3."""
    from smwatch.config import check as problems_of
    from smwatch.config import find, render_problems
    from smwatch.errors import UserError

    try:
        path = find(config)
        problems = problems_of(path)
    except UserError as error:
        if not as_json:
            say_error(error)
            sys.exit(EX_PROBLEMS)
        place = {"file": config or "", "line": 1, "column": 1, "severity": "error"}
        tell_json(
            {"ok": False, "problems": [{**place, "message": error.sentence.render(spoken()), "suggestion": None}]}
        )
        sys.exit(EX_PROBLEMS)
    ok = not any(problem.severity == "error" for problem in problems)
    if as_json:
        tell_json({"ok": ok, "problems": [problem_json(problem) for problem in problems]})
    elif problems:
        tell(render_problems(problems, spoken(), colour=coloured(sys.stdout)).rstrip("\n"))
    if ok and not as_json:
        talk(text("{path}: nothing stands in the way.", path=str(path)))
    sys.exit(0 if ok else EX_PROBLEMS)


@click.group(
    "config",
    cls=Group,
    examples=("smwatch config show", "smwatch config undo"),
    help="Shows the configuration and its history.",
)
def config_group() -> None:
    """See the group's help."""


@config_group.command(
    "show",
    examples=("smwatch config show",),
    short_help="Shows what is in force.",
    help="Shows what is in force, with all defaults; secrets stay references.",
)
@config_option
@json_option
def show(config: str | None, as_json: bool) -> None:  # noqa: FBT001 - click passes flags by name
    """The effective config as TOML, or the same as JSON."""
    import tomli

    from smwatch.config import show as shown

    content = shown(standing(config).config)
    if as_json:
        tell_json(tomli.loads(content))
    else:
        tell(content.rstrip("\n"))


@config_group.command(
    "schema",
    examples=("smwatch config schema > smwatch.schema.json",),
    short_help="Prints a JSON schema, for editors.",
    help="Prints a JSON schema of the configuration, for editors that complete and check while you type.",
)
@config_option
def schema(config: str | None) -> None:
    """The schema, in the user's language."""
    import json

    from smwatch import loader
    from smwatch.config import schema as schema_of

    del config
    tell(json.dumps(schema_of(loader.load(), spoken()), ensure_ascii=False, indent=2))


@config_group.command(
    "history",
    examples=("smwatch config history",),
    short_help="Lists the last good versions.",
    help="Lists the last 20 good versions and what each changed.",
)
@config_option
@json_option
def history(config: str | None, as_json: bool) -> None:  # noqa: FBT001 - click passes flags by name
    """Newest first."""
    versions = _keeper(config).history()
    if as_json:
        tell_json([_version_json(version) for version in reversed(versions)])
        return
    for version in reversed(versions):
        told = "; ".join(change.render(spoken()) for change in version.summary)
        summary = told or text("the first version").render(spoken())
        tell(f"{version.number:>3}  {in_zone(version.saved, _zone(config))}  {summary}")
    if not versions:
        talk(text("No version has been kept yet: the daemon keeps one with each accepted save."))


def _version_json(version: Version) -> dict[str, object]:
    changes = [change.render(spoken()) for change in version.summary]
    files = [str(path) for path in version.files]
    return {"number": version.number, "saved": version.saved.isoformat(), "changes": changes, "files": files}


@config_group.command(
    "undo",
    examples=("smwatch config undo",),
    short_help="Takes the last change back.",
    help="Writes the version before the last one back to the file.\n\nA running daemon takes it at once.",
)
@config_option
def undo(config: str | None) -> None:
    """Only where the file is unchanged since it was read, and may be written."""
    written = _keeper(config).undo()
    tell(
        texts(
            "{n} file written: {names}",
            "{n} files written: {names}",
            n=len(written),
            names=", ".join(map(str, written)),
        )
    )


def _zone(config: str | None) -> str:
    """The config's time zone, as far as it can be read."""
    from smwatch.config import find
    from smwatch.config.files import peek
    from smwatch.config.model import Config

    general = peek(find(config).read_bytes()).get("smwatch")
    named = general.get("timezone") if isinstance(general, dict) else None
    return _known_zone(named) or Config().timezone


def _known_zone(named: object) -> str | None:
    from zoneinfo import ZoneInfo

    try:
        return ZoneInfo(str(named)).key if named else None
    except (ValueError, OSError, KeyError):
        return None


def _keeper(config: str | None):  # type: ignore[no-untyped-def]  # noqa: ANN202 - imported late
    from smwatch.config import Keeper, find
    from smwatch.config.state import state_for

    path = find(config)
    return Keeper(path, state_for(path))
