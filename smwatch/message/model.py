"""A message in shapes that every channel can render: Slack as blocks, mail as text and HTML, a terminal as lines.

A `Message` is made by the functions of this package from an `Alert` or a `Digest`, in one language and time zone.
Foreign text (titles, excerpts, names, addresses) stands only in `Run.text` and `Run.link`: a channel escapes runs when
it renders them, and nothing else needs escaping.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """A stretch of text in one style.

    `link` is http(s) or empty; `when` is a time that Slack shows in the reader's zone and other channels as `text`;
    `code` is something to type; `person` is the channel's own id of somebody of the team, who is named so that they
    hear of it where the channel can do that, and by `text` elsewhere.
    """

    text: str
    bold: bool = False
    italic: bool = False
    code: bool = False
    link: str = ""
    when: datetime | None = None
    person: str = ""


Runs: TypeAlias = tuple[Run, ...]


def coded(sentence: str, *, italic: bool = False) -> Runs:
    """One of our own sentences, with what stands between `…` as something to type."""
    pieces = sentence.split("`")
    return tuple(
        Run(text=piece, code=at % 2 == 1 and at < len(pieces) - 1, italic=italic)
        for at, piece in enumerate(pieces)
        if piece
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Heading:
    """A heading; `level` 1 is the message's own, 2 a section's."""

    text: str
    level: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Paragraph:
    """Lines of ordinary text; `quote` for what somebody else said."""

    runs: Runs
    quote: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """Small print: source, time, reasons."""

    runs: Runs


@dataclass(frozen=True, slots=True, kw_only=True)
class Bullets:
    """A list, one entry a line."""

    items: tuple[Runs, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """Rows of short cells under a header row; figures are right-aligned where `numeric` names their column."""

    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    numeric: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Divider:
    """A line between parts."""


Block: TypeAlias = Heading | Paragraph | Context | Bullets | Table | Divider


@dataclass(frozen=True, slots=True, kw_only=True)
class Action:
    """A button. With `url` a link, else a click that comes back with `id` and `value` (an opaque card id)."""

    id: str
    label: str
    value: str = ""
    url: str = ""
    primary: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Option:
    """One line of a menu: a link, or a click that comes back with the menu's or its own `id`, its value and `more`."""

    label: str
    id: str = ""
    value: str = ""
    more: str = ""
    url: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Menu:
    """Options under headings (one heading "" for none); `overflow` shows it as "⋯" at the end of the row."""

    id: str
    label: str
    groups: tuple[tuple[str, tuple[Option, ...]], ...]
    overflow: bool = False

    @property
    def options(self) -> tuple[Option, ...]:
        """All of them, in order."""
        return tuple(option for _, group in self.groups for option in group)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """One question of a form: a line, lines ("text"), one of `options` ("choice"), a "person", a channel ("place")."""

    id: str
    label: str
    kind: str = "line"
    options: tuple[Option, ...] = ()
    initial: str = ""
    optional: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """What is asked in a window of its own; the answers come back as a click with `id`, `value` and the fields."""

    id: str
    title: str
    submit: str
    cancel: str
    value: str = ""
    asks: tuple[Ask, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Attachment:
    """A file beside a message; channels without files leave it out, so nothing may stand only in it."""

    name: str
    media_type: str
    content: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One thing to tell. `title` is one line of plain text (subject, notification); `blocks` are the body in order.

    `preheader` is the line that mail programs show beside the subject. `thread` names the story or digest that this
    belongs to, for mail threading. `urgent` may be shown with emphasis.
    """

    title: str
    blocks: tuple[Block, ...]
    actions: tuple[Action | Menu, ...] = ()
    language: str = "de"
    preheader: str = ""
    thread: str = ""
    urgent: bool = False
    files: tuple[Attachment, ...] = ()
