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
edits nor threads nor lookups.

Limits: 1 message a second and channel (https://docs.slack.dev/apis/web-api/rate-limits).
"""

from __future__ import annotations

import logging
import re
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import timedelta
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any, ClassVar, Literal, cast

from pydantic import PrivateAttr, model_validator

from smwatch.plugin import (
    Channel,
    ChannelError,
    Delivery,
    Field,
    Outcome,
    Receipt,
    Scope,
    Secret,
    Text,
    block_kit,
    fallback,
    hookimpl,
    packed,
    parse_retry_after,
    plain_fallback,
    text,
)

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Mapping

    from smwatch.plugin import ChannelContext, Message

SLACK, EVENT = "https://slack.com/api/", "smwatch_card"
PAGE_SIZE = 9_000  # characters of one post, links included; Slack refuses about 13,200
TIMEOUT = 6.0  # seconds; a lost answer is looked up 2 and 6 seconds later, and cleared up within 15
LOOKBACK = timedelta(seconds=60)
MOST_PAGES = 50
ID = re.compile(r"[CGD][A-Z0-9]{7,}")

BLOCKS = {"invalid_blocks", "invalid_blocks_format", "msg_blocks_too_long", "msg_too_long", "no_text"}
BLOCKS |= {"invalid_payload", "invalid_metadata_format", "invalid_metadata_schema", "metadata_too_large"}
NO_THREAD = {"thread_not_found", "cannot_reply_to_message"}
LOST = {"message_not_found", "cant_update_message", "edit_window_closed", "is_inactive", *NO_THREAD}
UNSURE = {"internal_error", "fatal_error", "request_timeout", "service_unavailable", "rollup_error"}
BUSY = {"ratelimited", "rate_limited", "message_limit_exceeded"}
REASONS: Mapping[str, Text] = {
    "channel_not_found": text("Slack does not find this channel (or the bot is not in it)"),
    "is_archived": text("the Slack channel is archived"),
    "not_in_channel": text("the bot is not a member of the Slack channel: invite it with /invite"),
    "restricted_action": text("a rule of the Slack workspace forbids posting in this channel"),
    "token_revoked": text("the Slack token was revoked: a new one is needed"),
    "token_expired": text("the Slack token has expired: a new one is needed"),
    **dict.fromkeys(("invalid_auth", "not_authed"), text("Slack does not accept the token")),
    "account_inactive": text("the Slack account of the bot is switched off"),
    "missing_scope": text("the Slack token lacks a scope"),
    "no_service": text("Slack does not know this incoming webhook any more"),
    "action_prohibited": text("a rule of the Slack workspace forbids posting in this channel"),
}
NO_HISTORY = text("without the scope channels:history a message whose answer was lost is sent again and marked")
PERMANENT = {
    *REASONS,
    *("access_denied", "no_active_hooks", "ekm_access_denied", "enterprise_is_restricted", "invalid_token"),
    *("channel_is_archived", "messages_tab_disabled", "no_permission", "no_team", "not_allowed_token_type"),
    *("posting_to_channel_denied", "restricted_action_non_threadable_channel", "restricted_action_read_only_channel"),
    *("restricted_action_thread_only_channel", "team_access_not_granted", "team_not_found", "user_disabled"),
    *("two_factor_setup_required", "user_not_found", "org_login_required"),
}


class SlackChannel(Channel):
    """`[channels.NAME] type = "slack"`."""

    can_edit: ClassVar[bool] = True
    can_thread: ClassVar[bool] = True
    can_find: ClassVar[bool] = True

    channel: str = Field(default="", description='The Slack channel: "#name" or its id.')
    token: Secret | None = Field(default=None, description="The bot's token (xoxb-…).")
    app_token: Secret | None = Field(
        default=None, description="The app's token (xapp-…), for buttons in a later version."
    )
    webhook: Secret | None = Field(default=None, description="The address of an incoming webhook, in place of a token.")
    api_url: str = Field(default=SLACK, description="Only to point at a proxy or a test server.")

    _known: dict[str, Any] = PrivateAttr(default_factory=dict)  # the channel's id, Slack's clock against ours

    @model_validator(mode="after")
    def _one_way(self) -> SlackChannel:
        if self.webhook is None and (self.token is None or not self.channel):
            raise ValueError(text("a Slack channel needs “webhook”, or “token” and “channel”"))
        return self

    def abilities(self) -> frozenset[Literal["edit", "thread", "find"]]:
        """An incoming webhook can only post."""
        return super().abilities() if self.token else frozenset()

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
            if refusal.code not in NO_THREAD or delivery.kind == "news":
                raise
            where = {"channel": where["channel"]}
            answer = await self._say(ctx, "chat.postMessage", where, delivery)
        if "ts" not in answer.data:
            raise ChannelError(text("Slack's answer does not say where the message stands"), outcome=Outcome.UNSURE)
        self._known["id"] = str(answer.data.get("channel") or where["channel"])
        return self._receipt(self._known["id"], str(answer.data["ts"]), delivery.revision)

    async def edit(self, ctx: ChannelContext, delivery: Delivery, receipt: Receipt) -> Receipt:
        """The full new state in place of the old; a message that cannot be edited any more raises `edit_lost`."""
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
        return (*lacking, *await self._outside(ctx))

    async def _outside(self, ctx: ChannelContext) -> tuple[Text, ...]:
        """What keeps the bot out of the channel; nothing where the token may not ask."""
        try:
            found = await self._api(ctx, "conversations.info", {"channel": await self._id(ctx)}, read=True)
        except SlackRefusal as refusal:
            return (REASONS[refusal.code],) if refusal.code == "channel_not_found" else ()
        return () if (found.data.get("channel") or {}).get("is_member", True) else (REASONS["not_in_channel"],)

    @staticmethod
    def _receipt(channel: str, ts: str, revision: int) -> Receipt:
        return Receipt(ref={"channel": channel, "ts": ts, "revision": str(revision)})

    async def _say(self, ctx: ChannelContext, method: str, where: Mapping[str, Any], delivery: Delivery) -> Answer:
        body = {**where, **self._body(delivery)}
        try:
            return await self._api(ctx, method, body)
        except SlackRefusal as refusal:
            if refusal.code not in BLOCKS:
                raise
            ctx.log.warning("slack_refused_blocks", code=refusal.code)
        return await self._api(ctx, method, {**body, **_plain(delivery)})

    def _body(self, delivery: Delivery) -> dict[str, Any]:
        return {
            "text": fallback(delivery.message),
            "blocks": block_kit(delivery.message, buttons=self.app_token is not None),
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
                async for answer in self._all(ctx, "conversations.list", wanted):
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
        since = delivery.first_attempt or ctx.now
        for _ in range(2):
            skew = self._known.get("skew", timedelta(0))
            oldest = {"oldest": f"{(since + skew - LOOKBACK).timestamp():.6f}", "inclusive": "true"}
            async for answer in self._all(ctx, method, {**params, **oldest}):
                for one in answer.data.get("messages") or []:
                    if revision := _revision(one, delivery.key):
                        return self._receipt(place, str(one["ts"]), revision)
            if abs(self._known.get("skew", skew) - skew) < timedelta(seconds=5):
                return None  # Slack's clock is where we thought
        return None

    async def _all(self, ctx: ChannelContext, method: str, params: Mapping[str, str]) -> AsyncIterator[Answer]:
        """All pages of a list."""
        cursor = ""
        for _ in range(MOST_PAGES):
            answer = await self._api(ctx, method, {**params, **({"cursor": cursor} if cursor else {})}, read=True)
            yield answer
            cursor = (answer.data.get("response_metadata") or {}).get("next_cursor") or ""
            if not cursor:
                break

    async def _api(self, ctx: ChannelContext, method: str, body: Mapping[str, Any], *, read: bool = False) -> Answer:
        from slack_sdk.web.async_client import AsyncWebClient

        assert self.token is not None  # noqa: S101 - callers have looked
        client = AsyncWebClient(
            token=self.token.reveal(),
            base_url=self.api_url,
            session=ctx.session,
            retry_handlers=[],  # the outbox owns retries: the default ones post twice when an answer is lost
            logger=_quiet(),
            user_agent_prefix="smwatch",
        )
        client.proxy = None  # never from the environment; the session has the operator's

        async def call() -> Answer:
            sent: dict[str, Any] = {"http_verb": "GET", "params": dict(body)} if read else {"json": dict(body)}
            answer = await client.api_call(method, **sent)
            return Answer(dict(cast("dict[str, Any]", answer.data)), answer.headers)

        answer: Answer = await _guarded(call, ctx)
        with suppress(ValueError, TypeError):
            headers = answer.headers
            self._known["skew"] = (
                parsedate_to_datetime(headers["Date"]) - ctx.now if "Date" in headers else timedelta(0)
            )
        return answer

    async def _hook(self, ctx: ChannelContext, delivery: Delivery) -> Receipt:
        blocks = {"text": fallback(delivery.message), "blocks": block_kit(delivery.message)}
        try:
            await self._post_hook(ctx, {**blocks, "unfurl_links": False, "unfurl_media": False})
        except SlackRefusal as refusal:
            if refusal.code not in BLOCKS:
                raise
            plain = {name: value for name, value in _plain(delivery).items() if name in {"text", "mrkdwn"}}
            await self._post_hook(ctx, plain)
        return Receipt()

    async def _post_hook(self, ctx: ChannelContext, body: Mapping[str, Any]) -> None:
        assert self.webhook is not None  # noqa: S101 - `_one_way` has looked
        address = self.webhook.reveal()

        async def call() -> None:
            async with ctx.session.post(address, json=dict(body), allow_redirects=False) as answer:
                said = (await answer.content.read(2_000)).decode("utf-8", "replace").strip()
                if answer.status != 200 or said[:2].casefold() != "ok":  # noqa: PLR2004 - Slack's only yes
                    _refuse(said if re.fullmatch(r"[a-z_]+", said) else "", answer.status, answer.headers, ctx)

        await _guarded(call, ctx)


@dataclass(frozen=True, slots=True)
class Answer:
    """What Slack said: its JSON and its headers."""

    data: Mapping[str, Any]
    headers: Mapping[str, str]


class SlackRefusal(ChannelError):
    """Slack said no, in a word of its own; surely not sent, unless it is one of its inner errors."""

    def __init__(self, code: str, retry_after: timedelta | None = None, detail: str = "") -> None:
        self.code = code
        said = f"{code}: {detail}" if detail else code
        reason = REASONS.get(code, text("Slack refuses the message"))
        super().__init__(
            text("Slack asks to slow down") if code in BUSY else text("{reason} ({code})", reason=reason, code=said),
            outcome=Outcome.UNSURE if code in UNSURE else Outcome.NOT_SENT,
            scope=Scope.CHANNEL if code in BUSY or code in PERMANENT else Scope.MESSAGE,
            retry_after=retry_after,
            permanent=code in PERMANENT or code in BLOCKS,
            edit_lost=code in LOST,
        )


async def _guarded(call: Callable[[], Any], ctx: ChannelContext) -> Any:  # noqa: ANN401 - what `call` returns
    """Every way in which a call can fail, as ChannelError without an address or a token in it."""
    import asyncio

    import aiohttp
    from slack_sdk.errors import SlackApiError, SlackClientError

    try:
        async with asyncio.timeout(TIMEOUT):
            return await call()
    except SlackApiError as error:
        response: Any = error.response
        said = data if isinstance(data := getattr(response, "data", None), dict) else {}
        status = int(getattr(response, "status_code", 0) or getattr(response, "status", 0))
        _refuse(str(said.get("error") or ""), status, response.headers, ctx, str(said.get("needed") or ""))
    except aiohttp.ClientConnectorError:
        raise ChannelError(text("Slack cannot be reached"), scope=Scope.CHANNEL) from None
    except TimeoutError:
        raise ChannelError(text("Slack did not answer in time"), outcome=Outcome.UNSURE) from None
    except (aiohttp.ClientError, SlackClientError, OSError, ValueError, AttributeError, KeyError, TypeError) as error:
        broken = text("Slack's answer was cut off or is not readable ({error})", error=type(error).__name__)
        raise ChannelError(broken, outcome=Outcome.UNSURE) from None


def _refuse(code: str, status: int, headers: Mapping[str, str], ctx: ChannelContext, detail: str = "") -> None:
    """Raise what an answer other than yes means: 429 in any shape, Slack's word, or a bare status."""
    if status == 429 or code in BUSY:  # noqa: PLR2004 - too many requests
        raise SlackRefusal("ratelimited", parse_retry_after(headers.get("Retry-After"), ctx.now))
    if code:
        raise SlackRefusal(code, detail=detail)
    if status >= 500 or status < 300:  # noqa: PLR2004 - broken inside, or a page in between that says 200
        reason = text("Slack answered with an error ({status})", status=status)
        raise ChannelError(
            reason, outcome=Outcome.UNSURE, retry_after=parse_retry_after(headers.get("Retry-After"), ctx.now)
        )
    raise ChannelError(text("Slack answered with an error ({status})", status=status), scope=Scope.CHANNEL)


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


def _quiet() -> logging.Logger:
    """slack_sdk logs whole requests at DEBUG, and formats them even where nobody listens."""
    logger = logging.getLogger("smwatch.slack_sdk")
    logger.setLevel(logging.WARNING)
    return logger


@hookimpl
def register_channels(register: Callable[[str, type[Channel]], None]) -> None:
    """The word behind `type =`."""
    register("slack", SlackChannel)
