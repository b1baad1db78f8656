"""https://docs.slack.dev/reference/methods/chat.postMessage: alerts and digests in a Slack channel.

Two ways. With a bot token a story is one message that is edited in place, found again after a lost answer, and its
news goes into its thread::

    [channels.pr]
    type = "slack"
    channel = "#pr-alerts"            # or its id
    token = { env = "SMWATCH_SLACK_BOT_TOKEN" }

It needs `chat:write`; `channels:history` (`groups:history` in private channels) and membership let it look up whether
a message arrived, `channels:read` lets it do so right after a restart. Without them a message whose answer was lost is
sent again and says that it may be a duplicate. With an incoming webhook (`webhook = { env = "…" }`) there are neither
edits nor threads nor lookups; that a post was deleted at its source is a message of its own there.

With the app's own token (`app_token = { env = "SMWATCH_SLACK_APP_TOKEN" }`, scope `connections:write`) alerts have
buttons, and `/smwatch` answers: through Socket Mode, so that no public address is needed. Without it there are links.

Limits: 1 message a second and channel (https://docs.slack.dev/apis/web-api/rate-limits).
"""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any, ClassVar, Literal
from urllib.parse import urlsplit

from pydantic import PrivateAttr, model_validator

from smwatch.plugin import (
    SLACK_NO_THREAD,
    SLACK_REFUSES_BLOCKS,
    SLACK_SAYS,
    Channel,
    ChannelError,
    Delivery,
    Field,
    Outcome,
    Receipt,
    Secret,
    SecretMissing,
    SlackApi,
    SlackRefusal,
    Text,
    block_kit,
    fallback,
    form_view,
    hear_slack,
    hookimpl,
    packed,
    plain_fallback,
    post_form,
    socket_address,
    text,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from smwatch.plugin import ChannelContext, Click, Form, ListenContext, Message, SlackAnswer

SLACK, EVENT = "https://slack.com/api/", "smwatch_card"
PAGE_SIZE = 9_000  # characters of one post, links included; Slack refuses about 13,200
LOOKBACK = timedelta(seconds=60)
ID = re.compile(r"[CGD][A-Z0-9]{7,}")
NO_HISTORY = text("without the scope channels:history a message whose answer was lost is sent again and marked")
NO_BUTTONS = text("there are no buttons in this channel: it has no app_token (docs/slack-for-it.md says how)")
HOOK_ALONE = text("an incoming webhook can only post: no updates, no threads, no buttons")


class SlackChannel(Channel):
    """`[channels.NAME] type = "slack"`."""

    can_edit: ClassVar[bool] = True
    can_thread: ClassVar[bool] = True
    can_find: ClassVar[bool] = True

    channel: str = Field(default="", description='The Slack channel: "#name" or its id.')
    token: Secret | None = Field(default=None, description="The bot's token (xoxb-…).")
    app_token: Secret | None = Field(default=None, description="The app's token (xapp-…): buttons and commands.")
    webhook: Secret | None = Field(default=None, description="The address of an incoming webhook, in place of a token.")
    api_url: str = Field(default=SLACK, description="Only to point at a proxy or a test server.")

    _known: dict[str, Any] = PrivateAttr(default_factory=dict)  # the channel's id, Slack's clock against ours

    @model_validator(mode="after")
    def _one_way(self) -> SlackChannel:
        if self.webhook is None and (self.token is None or not self.channel):
            raise ValueError(text("a Slack channel needs “webhook”, or “token” and “channel”"))
        return self

    def abilities(self) -> frozenset[Literal["edit", "thread", "find", "buttons", "recall"]]:
        """An incoming webhook can only post, also that something was deleted; buttons need the app's token."""
        if self.token is None:
            return frozenset({"recall"})
        return super().abilities() | {"buttons"} if self.hears() else super().abilities()

    def hears(self) -> str:
        """One line an app, whatever channels it is in."""
        if self.token is None or self.app_token is None:
            return ""
        try:
            self.app_token.reveal()
        except SecretMissing:
            return ""
        return f"slack|{self.api_url}|{self.app_token.place}"

    def stands_at(self, place: str) -> bool:
        """By the id of the config, or the one that a post's answer told."""
        return bool(place) and place in {self.channel, self._known.get("id")}

    def lacks(self) -> tuple[Text, ...]:
        """Without the app's token all that can be clicked degrades to links."""
        if self.token is None:
            return (HOOK_ALONE,)
        if self.app_token is None:
            return (NO_BUTTONS,)
        return () if self.hears() else (text("there are no buttons in this channel: its app_token is not set"),)

    def limit_key(self) -> str:
        """The real channel and the token's place: their entries share one message a second."""
        if self.token is None:
            return f"slack|{self.webhook and self.webhook.place}"
        return f"slack|{self.api_url}|{self.token.place}|{self._known.get('id') or self.channel.lstrip('#')}"

    def pages(self, message: Message) -> tuple[Message, ...]:
        """At most 9,000 characters and 40 blocks each."""
        parts = packed(message.blocks, PAGE_SIZE)
        if len(parts) <= 1:
            return (message,)
        last = len(parts) - 1
        return tuple(
            replace(message, blocks=part, actions=message.actions if n == last else ()) for n, part in enumerate(parts)
        )

    async def send(self, ctx: ChannelContext, delivery: Delivery) -> Receipt:
        """Post it; with blocks, or as plain text where Slack refuses the blocks."""
        if self.token is None:
            return await self._hook(ctx, delivery)
        where: dict[str, Any] = {"channel": self._known.get("id") or self.channel}
        if delivery.reply_to is not None:
            where |= {"thread_ts": delivery.reply_to.ref["ts"], "reply_broadcast": delivery.broadcast}
        try:
            answer = await self._say(ctx, "chat.postMessage", where, delivery)
        except SlackRefusal as refusal:
            if refusal.code not in SLACK_NO_THREAD or delivery.kind == "news":
                raise
            where = {"channel": where["channel"]}
            answer = await self._say(ctx, "chat.postMessage", where, delivery)
        if "ts" not in answer.data:
            raise ChannelError(text("Slack's answer does not say where the message stands"), outcome=Outcome.UNSURE)
        self._known["id"] = str(answer.data.get("channel") or where["channel"])
        return self._receipt(self._known["id"], str(answer.data["ts"]), delivery.revision)

    async def edit(self, ctx: ChannelContext, delivery: Delivery, receipt: Receipt) -> Receipt:
        """The full new state in place of the old; a message that cannot be edited any more raises `edit_lost`.

        An incoming webhook posts it anew.
        """
        if self.token is None:
            return await self._hook(ctx, delivery)
        where = {"channel": receipt.ref["channel"], "ts": receipt.ref["ts"]}
        await self._say(ctx, "chat.update", where, delivery)
        return self._receipt(where["channel"], where["ts"], delivery.revision)

    async def find(self, ctx: ChannelContext, delivery: Delivery) -> Receipt | None:
        """The message with this key in the history (or in its thread) since a minute before the first attempt."""
        if self.token is None:
            return None
        try:
            place = await self._id(ctx)
            return await self._search(ctx, delivery, place)
        except SlackRefusal as refusal:
            if refusal.code in {"missing_scope", "not_in_channel", "channel_not_found", "not_allowed_token_type"}:
                closed = text("the bot may not read the channel's history ({code})", code=refusal.code)
                raise ChannelError(closed, permanent=True) from None
            raise

    async def check(self, ctx: ChannelContext) -> tuple[Text, ...]:
        """What the token lacks, membership in the channel; raises where it cannot post at all."""
        if self.token is None:
            return ()
        answer = await self._api(ctx, "auth.test", {})
        scopes = {scope.strip() for scope in str(answer.headers.get("X-OAuth-Scopes") or "").split(",")} - {""}
        if scopes and "chat:write" not in scopes:
            raise SlackRefusal("missing_scope", detail="chat:write")
        lacking = [NO_HISTORY] if scopes and not scopes & {"channels:history", "groups:history"} else []
        if self.hears():
            await socket_address(ctx, self._app)
        return (*lacking, *await self._outside(ctx))

    async def listen(self, ctx: ListenContext) -> None:
        """Socket Mode: buttons, forms, `/smwatch`, shortcuts."""
        await hear_slack(ctx, self._app, self._bot)

    async def whisper(self, ctx: ChannelContext, click: Click, message: Message) -> None:
        """Seen by one person: by the address that came with the click, where that is Slack's, else by its own call."""
        said = {"text": fallback(message), "blocks": block_kit(message)}
        if self._is_slacks(click.reply):
            await post_form(ctx, click.reply, {"response_type": "ephemeral", "replace_original": False, **said})
        else:
            await self._api(ctx, "chat.postEphemeral", {"channel": click.place, "user": click.user, **said})

    async def ask(self, ctx: ChannelContext, click: Click, form: Form) -> None:
        """A modal; Slack takes it for three seconds after the click."""
        await self._api(ctx, "views.open", {"trigger_id": click.trigger, "view": form_view(form)})

    def _is_slacks(self, address: str) -> bool:
        parts, ours = urlsplit(address), urlsplit(self.api_url)
        return (parts.scheme, parts.netloc) in {("https", "hooks.slack.com"), (ours.scheme, ours.netloc)}

    async def _outside(self, ctx: ChannelContext) -> tuple[Text, ...]:
        """What keeps the bot out of the channel; nothing where the token may not ask."""
        try:
            found = await self._api(ctx, "conversations.info", {"channel": await self._id(ctx)}, read=True)
        except SlackRefusal as refusal:
            return (SLACK_SAYS[refusal.code],) if refusal.code == "channel_not_found" else ()
        return () if (found.data.get("channel") or {}).get("is_member", True) else (SLACK_SAYS["not_in_channel"],)

    @staticmethod
    def _receipt(channel: str, ts: str, revision: int) -> Receipt:
        return Receipt(ref={"channel": channel, "ts": ts, "revision": str(revision)})

    async def _say(self, ctx: ChannelContext, method: str, where: Mapping[str, Any], delivery: Delivery) -> SlackAnswer:
        body = {**where, **self._body(delivery)}
        try:
            return await self._api(ctx, method, body)
        except SlackRefusal as refusal:
            if refusal.code not in SLACK_REFUSES_BLOCKS:
                raise
            ctx.log.warning("slack_refused_blocks", code=refusal.code)
        return await self._api(ctx, method, {**body, **_plain(delivery)})

    def _body(self, delivery: Delivery) -> dict[str, Any]:
        return {
            "text": fallback(delivery.message),
            "blocks": block_kit(delivery.message, buttons=bool(self.hears())),
            "unfurl_links": False,
            "unfurl_media": False,
            "metadata": {
                "event_type": EVENT,
                "event_payload": {"key": delivery.key, "revision": delivery.revision},
            },
        }

    async def _id(self, ctx: ChannelContext) -> str:
        """The channel's id: from the config, from an answer, or from the list of channels."""
        if ID.fullmatch(self.channel):
            return self.channel
        self._known["id"] = self._known.get("id") or await self._listed(ctx)
        return str(self._known["id"])

    async def _listed(self, ctx: ChannelContext) -> str:
        name = self.channel.lstrip("#").casefold()
        for types in ("public_channel,private_channel", "public_channel"):
            wanted = {"types": types, "exclude_archived": "true", "limit": "200"}
            try:
                async for answer in self._bot.all(ctx, "conversations.list", wanted):
                    for one in answer.data.get("channels") or []:
                        if str(one.get("name", "")).casefold() == name:
                            return str(one["id"])
            except SlackRefusal as refusal:
                if refusal.code != "missing_scope":
                    raise
        raise SlackRefusal("channel_not_found")

    async def _search(self, ctx: ChannelContext, delivery: Delivery, place: str) -> Receipt | None:
        method, params = "conversations.history", {"channel": place, "include_all_metadata": "true", "limit": "200"}
        if delivery.reply_to is not None:
            method, params = "conversations.replies", {**params, "ts": delivery.reply_to.ref["ts"]}
        since = min(delivery.first_attempt or ctx.now, ctx.now)  # the clock may have been put back
        for _ in range(2):
            skew = self._known.get("skew", timedelta(0))
            oldest = {"oldest": f"{(since + skew - LOOKBACK).timestamp():.6f}", "inclusive": "true"}
            async for answer in self._bot.all(ctx, method, {**params, **oldest}):
                self._learn(answer, ctx)
                for one in answer.data.get("messages") or []:
                    if revision := _revision(one, delivery.key):
                        return self._receipt(place, str(one["ts"]), revision)
            if abs(self._known.get("skew", skew) - skew) < timedelta(seconds=5):
                return None  # Slack's clock is where we thought
        return None

    async def _api(
        self, ctx: ChannelContext, method: str, body: Mapping[str, Any], *, read: bool = False
    ) -> SlackAnswer:
        answer = await self._bot.call(ctx, method, body, read=read)
        self._learn(answer, ctx)
        return answer

    def _learn(self, answer: SlackAnswer, ctx: ChannelContext) -> None:
        if (skew := answer.skew(ctx.now)) is not None:
            self._known["skew"] = skew

    @property
    def _app(self) -> SlackApi:
        assert self.app_token is not None  # noqa: S101 - callers have looked
        return SlackApi(token=self.app_token, url=self.api_url)

    @property
    def _bot(self) -> SlackApi:
        assert self.token is not None  # noqa: S101 - callers have looked
        return SlackApi(token=self.token, url=self.api_url)

    async def _hook(self, ctx: ChannelContext, delivery: Delivery) -> Receipt:
        assert self.webhook is not None  # noqa: S101 - `_one_way` has looked
        address = self.webhook.reveal()
        blocks = {"text": fallback(delivery.message), "blocks": block_kit(delivery.message)}
        try:
            await post_form(ctx, address, {**blocks, "unfurl_links": False, "unfurl_media": False})
        except SlackRefusal as refusal:
            if refusal.code not in SLACK_REFUSES_BLOCKS:
                raise
            plain = {name: value for name, value in _plain(delivery).items() if name in {"text", "mrkdwn"}}
            await post_form(ctx, address, plain)
        return Receipt()


def _plain(delivery: Delivery) -> dict[str, Any]:
    """The same as text alone, without any reading of markup."""
    return {"text": plain_fallback(delivery.message), "blocks": [], "mrkdwn": False}


def _revision(message: Mapping[str, Any], key: str) -> int | None:
    """The revision that `message` shows, if it carries our `key`."""
    metadata = message.get("metadata") or {}
    payload = metadata.get("event_payload") or {}
    if metadata.get("event_type") != EVENT or payload.get("key") != key:
        return None
    shown = payload.get("revision")
    return shown if isinstance(shown, int) and shown > 0 else 1


@hookimpl
def register_channels(register: Callable[[str, type[Channel]], None]) -> None:
    """The word behind `type =`."""
    register("slack", SlackChannel)
