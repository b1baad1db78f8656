"""What a channel plugin is made of: its class, what it is handed, and what it hands back."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from typing import TYPE_CHECKING, Any, ClassVar, Literal, Protocol

from pydantic import BaseModel, ConfigDict, Field

from smwatch.entry import Duration, Plugin
from smwatch.model import Priority

if TYPE_CHECKING:
    from collections.abc import Mapping

    from structlog.typing import FilteringBoundLogger

    from smwatch.i18n import Text
    from smwatch.message.model import Form, Message


class QuietHours(BaseModel):
    """`quiet_hours = { from = "20:00", to = "07:00", except_priority = "sofort" }`."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)

    start: time = Field(alias="from")
    end: time = Field(alias="to")
    days: tuple[str, ...] = ()
    except_priority: Priority | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """Where a message stands in its channel (Slack: channel and ts; mail: Message-ID), as plain strings."""

    ref: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """One message on its way.

    `key` is deterministic and goes into the message's metadata; `kind` is "card", "note", "news", "digest", "summary"
    or "ops". `reply_to` is the receipt of the message whose thread it belongs to; `broadcast`: the channel sees it too.
    `first_attempt` is set when this key was tried before. `data` is the same content as plain JSON values, for machines
    (webhook). `revision` counts the states of one card. `possible_duplicate` marks a repeat after an answer was lost;
    the message already says so.
    """

    key: str
    kind: str
    message: Message
    reply_to: Receipt | None = None
    first_attempt: datetime | None = None
    data: Mapping[str, Any] = field(default_factory=dict)
    revision: int = 1
    possible_duplicate: bool = False
    broadcast: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Click:
    """What a person did in a channel: pressed a button, chose from a menu, sent a form, typed a command.

    `id` is the same when the same click comes twice. `kind` is "button", "form", "command" or "shortcut"; `action` is
    the button's, option's or form's id (the shortcut's, the command's first word), `value` what it carries, `more` the
    rest of an option. `place` and `message` say where the clicked message stands (a receipt's `channel` and `ts`),
    `key` is the key in its metadata. `fields` are a form's answers, `words` what was typed or the message that a
    shortcut was used on. `trigger` opens a form for a few seconds; `reply` is where the channel
    wants the answer. `stranger`: not of this team, or a program.
    """

    id: str
    kind: str
    action: str = ""
    value: str = ""
    more: str = ""
    place: str = ""
    message: str = ""
    key: str = ""
    user: str = ""
    name: str = ""
    fields: Mapping[str, str] = field(default_factory=dict)
    words: str = ""
    trigger: str = ""
    reply: str = ""
    stranger: bool = False


class ChannelContext(Protocol):
    """What the core hands to a channel's call."""

    @property
    def session(self) -> Any:  # noqa: ANN401 - aiohttp's ClientSession, which the pure rooms do not import
        """The operator's own aiohttp session (proxy and CA as configured); end points of channels are trusted."""

    @property
    def now(self) -> datetime:
        """The moment of this attempt, in UTC."""

    @property
    def log(self) -> FilteringBoundLogger:
        """A logger that carries the channel's name."""


class ListenContext(ChannelContext, Protocol):
    """What the core hands to a channel that hears people."""

    async def take(self, click: Click) -> None:
        """Keep a click; once this returns, it is worked on whatever happens to this process."""

    async def said(self, problem: Text | None) -> None:
        """The line to people is broken (why), or works (None)."""


class Channel(Plugin):
    """A way to tell people: `[channels.NAME]`. Subclasses add their keys and say what they can.

    `send`, `edit` and `find` return a receipt or raise ChannelError: sent, surely not sent, or unsure. No channel
    retries by itself: the core does. A channel with the ability "buttons" hears people: it has `hears`, `listen`,
    `whisper` and `ask`.
    """

    can_edit: ClassVar[bool] = False
    can_thread: ClassVar[bool] = False
    can_find: ClassVar[bool] = False
    can_recall: ClassVar[bool] = False  # hears through `edit` that a post was deleted, though it edits nothing else
    pace: ClassVar[timedelta] = timedelta(seconds=1)
    patience: ClassVar[timedelta] = timedelta(seconds=30)  # a call that takes longer is given up as unsure

    group_wait: Duration = Field(default=timedelta(0), description="How long a new story waits for more sources.")
    group_interval: Duration = Field(
        default=timedelta(minutes=1), description="The least time between two changes of one message."
    )
    max_per_hour: int = Field(
        default=60, ge=0, description="Beyond it everything but the urgent goes into one summary; 0: no limit."
    )
    quiet_hours: QuietHours | None = Field(
        default=None, description="When nothing is told, and which priority is told all the same."
    )
    fallback: str | None = Field(default=None, description="The channel that is told where this one does not work.")
    shared: bool = Field(default=False, description="It may be told of several clients.")
    language: str | None = Field(default=None, description="The language of its messages.")
    timezone: str | None = Field(default=None, description="The time zone of its messages.")

    def abilities(self) -> frozenset[Literal["edit", "thread", "find", "buttons", "recall"]]:
        """What this channel can do as it is configured."""
        can = {"edit": self.can_edit, "thread": self.can_thread, "find": self.can_find, "recall": self.can_recall}
        return frozenset(name for name, able in can.items() if able)  # type: ignore[misc]

    def limit_key(self) -> str:
        """What shares one pace: two entries of a config that post to the same real place return the same words."""
        return self.name

    async def check(self, ctx: ChannelContext) -> tuple[Text, ...]:  # noqa: ARG002 - for channels that can ask
        """Ask without telling anybody: what is missing, in sentences (`doctor`). Raises ChannelError."""
        return ()

    def pages(self, message: Message) -> tuple[Message, ...]:
        """`message` in parts that each fit into one post; most channels take it whole."""
        return (message,)

    async def send(self, ctx: ChannelContext, delivery: Delivery) -> Receipt:
        """Post a new message."""
        raise NotImplementedError

    async def edit(self, ctx: ChannelContext, delivery: Delivery, receipt: Receipt) -> Receipt:
        """Show the full new state in place of the old."""
        raise NotImplementedError

    async def find(self, ctx: ChannelContext, delivery: Delivery) -> Receipt | None:
        """The message that carries `delivery.key`, if an earlier attempt got through."""
        raise NotImplementedError

    def hears(self) -> str:
        """What shares one line from people: entries that return the same words are listened to once; "" for none."""
        return ""

    def stands_at(self, place: str) -> bool:  # noqa: ARG002 - for channels that hear people
        """Whether a click at `place` (the channel's own id) was made in this channel."""
        return False

    def lacks(self) -> tuple[Text, ...]:
        """What people miss in this channel as it is configured, in sentences."""
        return ()

    async def listen(self, ctx: ListenContext) -> None:
        """Hear people for ever: acknowledge, hand every click to `ctx.take`, come back after a cut; ends cancelled."""
        raise NotImplementedError

    async def whisper(self, ctx: ChannelContext, click: Click, message: Message) -> None:
        """Tell only the one who clicked."""
        raise NotImplementedError

    async def ask(self, ctx: ChannelContext, click: Click, form: Form) -> None:
        """Open a form for the one who clicked; its answers come back as a click."""
        raise NotImplementedError
