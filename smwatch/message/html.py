"""A message as the HTML part of a mail: MJML made from its shapes, nothing remote, readable in light and dark.

The template escapes every value. `mrml` and `jinja2` are imported at the first mail.
"""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING

from markupsafe import Markup

from smwatch.message.escape import safe_url, tame
from smwatch.message.model import Paragraph

if TYPE_CHECKING:
    from jinja2 import Template

    from smwatch.message.model import Message, Runs


def mail_html(message: Message) -> str:
    """The whole HTML document for `message`."""
    import mrml  # noqa: PLC0415 - only who sends mail needs it

    mjml = _template().render(message=message, big=not _headline(message))
    return str(mrml.to_html(mjml).content)


def _headline(message: Message) -> bool:
    """Whether the second block is a headline that leads somewhere: then the heading above it is only a label."""
    return any(isinstance(block, Paragraph) and any(run.link for run in block.runs) for block in message.blocks[1:2])


def _tamed(value: object) -> object:
    """What the template writes: without the control characters that no XML may hold."""
    return value if isinstance(value, Markup) or not isinstance(value, str) else tame(value)


def _tail(runs: Runs) -> Runs:
    """What follows a headline, without the dash that parts them on one line: here it stands below."""
    return replace(runs[0], text=runs[0].text.removeprefix(" – ")), *runs[1:]


@cache
def _template() -> Template:
    from jinja2 import Environment, StrictUndefined  # noqa: PLC0415

    engine = Environment(autoescape=True, undefined=StrictUndefined, finalize=_tamed)
    engine.filters |= {"tail": _tail, "url": safe_url}
    source = files(__package__).joinpath("templates/mail.mjml").read_text(encoding="utf-8")
    return engine.from_string(source)
