"""`doctor`: what is wrong, and how to mend it."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from smwatch.cli.helped import Command
from smwatch.cli.shell import EX_PROBLEMS, coloured, config_option, json_option, run_async, spoken, tell, tell_json
from smwatch.i18n import text, texts

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from smwatch.doctor.finding import Finding

MARKS = {"ok": ("✓", "green"), "note": ("·", "blue"), "warning": ("!", "yellow"), "error": ("✗", "red")}


@click.command(
    cls=Command,
    examples=("smwatch doctor", "smwatch doctor -c /etc/smwatch/config.toml", "smwatch doctor --json"),
    short_help="Says what is wrong, and how to mend it.",
    help="Looks at the machine, the configuration, the store, every channel and the network, and says what is wrong "
    "and how to mend it.\n\nNothing is sent and nothing is changed.",
)
@config_option
@json_option
def doctor(config: str | None, as_json: bool) -> None:  # noqa: FBT001 - click passes flags by name
    """Exit 0 where nothing is wrong (warnings included), else 3."""
    from smwatch.config import find
    from smwatch.doctor.examine import examine
    from smwatch.doctor.finding import wrong
    from smwatch.doctor.system import lend_credentials
    from smwatch.errors import UserError

    path: Path | None = None
    lost: tuple[Finding, ...] = ()
    try:
        path = find(config)
    except UserError as error:
        lost = (wrong("config", error.sentence, text("smwatch init writes one")),)
    lend_credentials()
    found = (*run_async(examine(path)), *lost)
    ok = not any(one.severity == "error" for one in found)
    if as_json:
        tell_json({"ok": ok, "findings": [_as_json(one) for one in found]})
    else:
        tell("\n".join(_lines(found)))
    sys.exit(0 if ok else EX_PROBLEMS)


def _as_json(one: Finding) -> dict[str, str | None]:
    fix = one.fix.render(spoken()) if one.fix else None
    return {"name": one.name, "severity": one.severity, "message": one.message.render(spoken()), "fix": fix}


def _lines(found: Sequence[Finding]) -> list[str]:
    lines = []
    for one in found:
        mark, colour = MARKS[one.severity]
        shown = click.style(mark, fg=colour) if coloured(sys.stdout) else mark
        lines.append(f"{shown} {one.name}: {one.message.render(spoken())}")
        if one.fix is not None:
            lines.append(f"    → {one.fix.render(spoken())}")
    bad = sum(one.severity == "error" for one in found)
    odd = sum(one.severity == "warning" for one in found)
    errors = texts("{n} thing is wrong", "{n} things are wrong", n=bad)
    warnings = texts("{n} warning", "{n} warnings", n=odd)
    return [*lines, "", f"{errors.render(spoken())}, {warnings.render(spoken())}"]
