"""A small world for the tests of the config: plugin classes of its own, a query parser that knows two mistakes."""

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from smwatch.config.build import Built, build
from smwatch.config.document import Raw, Role
from smwatch.errors import QueryError
from smwatch.i18n import text
from smwatch.plugin import Channel, Secret, Source
from smwatch.query import parse as real_parse

if TYPE_CHECKING:
    from collections.abc import Sequence

    from smwatch.errors import Problem
    from smwatch.query.syntax import Query

from pathlib import Path

GOOD = """\
[smwatch]
language = "de"

[channels.pr]
type = "slack"
channel = "#pr-alerts"
token = { env = "SMWATCH_SLACK_BOT_TOKEN" }

[[watch]]
name = "Acme Marke"
query = 'acme'
alert = ["pr"]
digest = ["morgens"]

[[source]]
name = "Werkblog"
type = "feed"
url = "https://blog.acme.example/feed.xml"

[digest.morgens]
at = "08:00"
days = "werktags"
channels = ["pr"]
"""


class Feed(Source):
    """A feed."""

    url: str | None = None
    opml: str | None = None

    @model_validator(mode="after")
    def _one(self) -> Feed:
        if not self.url and not self.opml:
            raise ValueError(text("[[source]] needs the key “{key}”", key="url"))
        return self

    def key(self) -> str:
        return self.url or self.opml or ""


class Slack(Channel):
    """Slack."""

    token: Secret | None = None
    app_token: Secret | None = None
    channel: str = ""
    webhook: Secret | None = None
    api_url: str = "https://slack.com/api/"


class Smtp(BaseModel):
    """A mail server."""

    model_config = ConfigDict(frozen=True, extra="forbid", arbitrary_types_allowed=True)

    host: str
    port: int = Field(default=587, ge=1, le=65535)
    tls: Literal["starttls", "tls", "none"] = "starttls"
    user: str | None = None
    password: Secret | None = None


class Email(Channel):
    """Mail."""

    model_config = ConfigDict(populate_by_name=True)

    to: tuple[str, ...] = Field(min_length=1)
    sender: str = Field(default="", alias="from")
    smtp: Smtp


class Hook(Channel):
    """A webhook."""

    url: str
    secret: Secret | None = None


class Console(Channel):
    """The terminal."""


KINDS = SimpleNamespace(
    sources={"feed": Feed}, channels={"slack": Slack, "email": Email, "webhook": Hook, "console": Console}
)


QUERY = real_parse("acme")


def parse(source: str, **_: object) -> Query:
    """Knows two mistakes: an open bracket, and the words "äpfel birnen" side by side."""
    if source.count("(") > source.count(")"):
        raise QueryError("not closed", start=source.index("("))
    if "äpfel birnen" in source:
        at = source.index("birnen")
        raise QueryError("two words", start=at, end=at + 6, repairs=[source.replace("äpfel birnen", '"äpfel birnen"')])
    return QUERY


def built(content: str | bytes, *, path: str = "smwatch.toml", role: Role = Role.OPERATOR, kinds: Any = KINDS) -> Built:
    """What one file comes to; a people's file stands beside a good one of the operator."""
    data = content.encode() if isinstance(content, str) else content
    raws = [Raw(path=Path(path), data=data, role=role)]
    if role is Role.PEOPLE:
        raws.insert(0, Raw(path=Path("smwatch.toml"), data=GOOD.encode()))
    return build(raws, kinds, parse=parse)


def problems(content: str | bytes, **options: Any) -> list[Problem]:
    """All problems of one file."""
    return [it.problem for it in built(content, **options).findings]


def said(found: Sequence[Problem], language: str = "en") -> list[tuple[int, int, str]]:
    """Line, column and sentence of each."""
    return [(it.line, it.column, it.message.render(language)) for it in found]


def edited(*edits: tuple[str, str]) -> str:
    """The good file with some edits."""
    content = GOOD
    for old, new in edits:
        assert old in content, old
        content = content.replace(old, new, 1)
    return content
