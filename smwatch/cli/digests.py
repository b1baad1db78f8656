"""`digest …`: look at a digest before its time, or send it now."""

from __future__ import annotations

from pathlib import Path

import click

from smwatch.cli.helped import Group
from smwatch.cli.shell import config_option, json_option, run_async, standing, talk, tell, tell_json
from smwatch.i18n import text


@click.group(
    cls=Group,
    examples=("smwatch digest preview morgens", "smwatch digest preview morgens --html morgens.html"),
    help="Shows and sends digests.",
)
def digest() -> None:
    """See the group's help."""


@digest.command(
    "preview",
    examples=("smwatch digest preview morgens", "smwatch digest preview morgens --html morgens.html"),
    short_help="Shows what a digest would hold now.",
    help="Shows what a digest would hold if it were sent now: every mention of the period so far, alerted or not.",
)
@click.argument("name", metavar="NAME")
@click.option("--html", "file", metavar="FILE", help="Also write it as the HTML of the mail.")
@config_option
@json_option
def preview(name: str, file: str | None, config: str | None, as_json: bool) -> None:  # noqa: FBT001 - click passes flags by name
    """Reads beside the running daemon."""
    from smwatch.reports import digest_preview

    shown = run_async(digest_preview(standing(config).config, name))
    if as_json:
        tell_json(shown.data)
    else:
        tell(shown.text.rstrip("\n"))
    if file:
        _write(Path(file), shown.html)
        talk(text("written: {file}", file=file))


def _write(path: Path, page: str) -> None:
    from smwatch.errors import UserError, system_reason

    try:
        path.write_text(page, encoding="utf-8")
    except OSError as error:
        raise UserError(
            text("{file} cannot be written: {reason}", file=str(path), reason=system_reason(error))
        ) from None


@digest.command(
    "send",
    examples=("smwatch digest send morgens",),
    short_help="Sends a digest now.",
    help="Sends a digest now; the next one then starts where this one ended.",
)
@click.argument("name", metavar="NAME")
@config_option
def send(name: str, config: str | None) -> None:
    """Through the running daemon, else by itself."""
    from smwatch.reports import send_digest_now

    channels = run_async(send_digest_now(standing(config).config, name))
    tell(text("{name}: on its way to {channels}", name=name, channels=", ".join(channels)))
