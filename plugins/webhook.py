"""https://www.rfc-editor.org/rfc/rfc9110#name-post: alerts and digests as signed JSON, for your own programs.

    [channels.hook]
    type = "webhook"
    url = "https://intranet.acme.example/smwatch"
    secret = { env = "SMWATCH_HOOK_SECRET" }

Each message is one POST of this JSON (keys are only ever added)::

    {"version": 1, "key": "…", "kind": "card" | "digest" | "start" | "late" | "ops" | "summary" | "note" | "test",
     "channel": "hook", "sent_at": "2026-11-24T14:05:00+00:00", "revision": 1, "possible_duplicate": false,
     "title": "…", "text": "…", "language": "de", "urgent": false, "data": {…}}

`title` and `text` are what people would read; `data` is the same for machines: for a "card" its story with items,
watches and links. Header `Idempotency-Key` is `key`, the same in every repetition of one message. With a secret,
`X-Smwatch-Timestamp` holds seconds since 1970 and `X-Smwatch-Signature` is `v1=` and the hex HMAC-SHA256 of
`v1:<timestamp>:<raw body>`: compare it in constant time, and refuse what is older than five minutes. For receivers
that know GitHub's way, `X-Hub-Signature-256` is `sha256=` and the hex HMAC-SHA256 of the raw body alone.

When a post that a "card" told is deleted at its source, the card is sent again with the same `key` and a higher
`revision`: what is gone has `deleted` in `data` and no words any more, and its `Idempotency-Key` is `key.revision`.

Answer 2xx when you have it. 4xx means "do not send this again" (408, 425 and 429: later), 5xx and silence are tried
again for a day, under the same key.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from datetime import timedelta
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, ClassVar

from pydantic import field_validator

from smwatch.plugin import (
    Channel,
    ChannelError,
    Delivery,
    Field,
    Outcome,
    Receipt,
    Scope,
    Secret,
    hookimpl,
    parse_retry_after,
    plain_text,
    safe_url,
    text,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from smwatch.plugin import ChannelContext

TIMEOUT = 10.0
LATER = {HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_EARLY, HTTPStatus.TOO_MANY_REQUESTS}


class WebhookChannel(Channel):
    """`[channels.NAME] type = "webhook"`."""

    pace: ClassVar[timedelta] = timedelta(0)
    can_recall: ClassVar[bool] = True

    url: str = Field(description="Where it is posted to.")
    secret: Secret | None = Field(default=None, description="What the signature is made with.")

    @field_validator("url")
    @classmethod
    def _is_web(cls, value: str) -> str:
        if not safe_url(value):
            raise ValueError(text("an address that begins with https:// or http://"))
        return value

    async def send(self, ctx: ChannelContext, delivery: Delivery) -> Receipt:
        """POST it; 2xx is sent, 4xx surely not, everything else unsure."""
        return await self._told(ctx, delivery, delivery.key)

    async def edit(self, ctx: ChannelContext, delivery: Delivery, receipt: Receipt) -> Receipt:  # noqa: ARG002 - there is no place
        """POST the new state."""
        return await self._told(ctx, delivery, f"{delivery.key}.{delivery.revision}")

    async def _told(self, ctx: ChannelContext, delivery: Delivery, once: str) -> Receipt:
        body = json.dumps(self.payload(ctx, delivery), ensure_ascii=False).encode("utf-8", "replace")
        headers = {
            "Content-Type": "application/json; charset=utf-8",
            "Idempotency-Key": once,
            "User-Agent": "smwatch",
            **self._signature(ctx, body),
        }
        status, wait = await self._post(ctx, body, headers)
        if 200 <= status < 300:  # noqa: PLR2004 - HTTP's classes
            return Receipt()
        reason = text("the webhook answered with {status}", status=status)
        if status in LATER:
            raise ChannelError(reason, scope=Scope.CHANNEL, retry_after=parse_retry_after(wait, ctx.now))
        if 300 <= status < 500:  # noqa: PLR2004 - HTTP's classes
            raise ChannelError(reason, permanent=True)
        raise ChannelError(reason, outcome=Outcome.UNSURE, retry_after=parse_retry_after(wait, ctx.now))

    def payload(self, ctx: ChannelContext, delivery: Delivery) -> dict[str, Any]:
        """The documented JSON."""
        message = delivery.message
        return {
            "version": 1,
            "key": delivery.key,
            "kind": delivery.kind,
            "channel": self.name,
            "sent_at": ctx.now.isoformat(),
            "revision": delivery.revision,
            "possible_duplicate": delivery.possible_duplicate,
            "title": message.title,
            "text": plain_text(message),
            "language": message.language,
            "urgent": message.urgent,
            "data": dict(delivery.data),
        }

    def _signature(self, ctx: ChannelContext, body: bytes) -> dict[str, str]:
        if self.secret is None:
            return {}
        stamp = str(int(ctx.now.timestamp()))
        signed = b"v1:" + stamp.encode() + b":" + body
        digest = hmac.new(self.secret.reveal().encode(), signed, hashlib.sha256).hexdigest()
        plain = hmac.new(self.secret.reveal().encode(), body, hashlib.sha256).hexdigest()
        return {
            "X-Smwatch-Timestamp": stamp,
            "X-Smwatch-Signature": f"v1={digest}",
            "X-Hub-Signature-256": f"sha256={plain}",
        }

    async def _post(self, ctx: ChannelContext, body: bytes, headers: dict[str, str]) -> tuple[int, str | None]:
        """The status and Retry-After; the address never stands in an error, because it may hold a key."""
        import asyncio

        import aiohttp

        try:
            async with (
                asyncio.timeout(TIMEOUT),
                ctx.session.post(self.url, data=body, headers=headers, allow_redirects=False) as answer,
            ):
                return answer.status, answer.headers.get("Retry-After")
        except aiohttp.ClientConnectorError:
            raise ChannelError(text("the webhook cannot be reached"), scope=Scope.CHANNEL) from None
        except TimeoutError:
            raise ChannelError(text("the webhook did not answer in time"), outcome=Outcome.UNSURE) from None
        except (aiohttp.ClientError, OSError) as error:
            cut = text("the line to the webhook was cut ({error})", error=type(error).__name__)
            raise ChannelError(cut, outcome=Outcome.UNSURE) from None


@hookimpl
def register_channels(register: Callable[[str, type[Channel]], None]) -> None:
    """The word behind `type =`."""
    register("webhook", WebhookChannel)
