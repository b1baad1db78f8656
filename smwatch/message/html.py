"""A message as the HTML part of a mail: MJML made from its shapes, nothing remote, readable in light and dark.

The template escapes every value. `mrml` and `jinja2` are imported at the first mail.
"""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING

from smwatch.message.model import Heading, Paragraph

if TYPE_CHECKING:
    from jinja2 import Template

    from smwatch.message.model import Message, Runs


def mail_html(message: Message) -> str:
    """The whole HTML document for `message`."""
    import mrml  # noqa: PLC0415 - only who sends mail needs it

    big = not (len(message.blocks) > 1 and isinstance(message.blocks[1], Paragraph) and _links(message.blocks[1]))
    mjml = _template().render(message=message, big=big and isinstance(message.blocks[0], Heading))
    return str(mrml.to_html(mjml).content)


def _links(paragraph: Paragraph) -> bool:
    """Whether it is a headline that leads somewhere: then the heading above it is only a label."""
    return any(run.link for run in paragraph.runs)


def _tail(runs: Runs) -> Runs:
    """What follows a headline, without the dash that parts them on one line: here it stands below."""
    return replace(runs[0], text=runs[0].text.removeprefix(" – ")), *runs[1:]


@cache
def _template() -> Template:
    from jinja2 import Environment, StrictUndefined  # noqa: PLC0415

    engine = Environment(autoescape=True, undefined=StrictUndefined)
    engine.filters["tail"] = _tail
    source = files(__package__).joinpath("templates/mail.mjml").read_text(encoding="utf-8")
    return engine.from_string(source)
