"""Calls of Slack's Web API: every way in which one can fail, as ChannelError without an address or a token in it."""

from __future__ import annotations

import logging
import re
from dataclasses import dataclass
from datetime import timedelta
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any, cast

from smwatch.errors import ChannelError, Outcome, Scope
from smwatch.i18n import text
from smwatch.slack.words import refuse

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Mapping

    from smwatch.channel import ChannelContext
    from smwatch.secret import Secret

TIMEOUT = 6.0  # seconds; a lost answer is looked up 2 and 6 seconds later, and cleared up within 15
MOST_PAGES = 50
YES = re.compile(r'(?i)ok|\{"ok":\s*true')


@dataclass(frozen=True, slots=True)
class Answer:
    """What Slack said: its JSON and its headers."""

    data: Mapping[str, Any]
    headers: Mapping[str, str]

    def skew(self, now: Any) -> timedelta | None:  # noqa: ANN401 - a datetime
        """Slack's clock against ours; None where it does not say."""
        try:
            return parsedate_to_datetime(self.headers["Date"]) - now if "Date" in self.headers else timedelta(0)
        except (ValueError, TypeError):
            return None


@dataclass(frozen=True, slots=True, kw_only=True)
class SlackApi:
    """One token and where it is taken."""

    token: Secret
    url: str

    async def call(self, ctx: ChannelContext, method: str, body: Mapping[str, Any], *, read: bool = False) -> Answer:
        """One call; `read` methods are GET. Raises ChannelError (SlackRefusal where Slack says no)."""
        from slack_sdk.web.async_client import AsyncWebClient  # noqa: PLC0415 - vendors are loaded when they are used

        client = AsyncWebClient(
            token=self.token.reveal(),
            base_url=self.url,
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

        answer: Answer = await guarded(call, ctx)
        return answer

    async def all(self, ctx: ChannelContext, method: str, params: Mapping[str, str]) -> AsyncIterator[Answer]:
        """All pages of a list."""
        cursor = ""
        for _ in range(MOST_PAGES):
            answer = await self.call(ctx, method, {**params, **({"cursor": cursor} if cursor else {})}, read=True)
            yield answer
            cursor = (answer.data.get("response_metadata") or {}).get("next_cursor") or ""
            if not cursor:
                break


async def guarded(call: Callable[[], Awaitable[Any]], ctx: ChannelContext) -> Any:  # noqa: ANN401 - what `call` returns
    """What `call` returns, within TIMEOUT; every way in which it can fail is a ChannelError."""
    import asyncio  # noqa: PLC0415 - likewise

    import aiohttp  # noqa: PLC0415 - likewise
    from slack_sdk.errors import SlackApiError, SlackClientError  # noqa: PLC0415 - likewise

    try:
        async with asyncio.timeout(TIMEOUT):
            return await call()
    except SlackApiError as error:
        response: Any = error.response
        said = data if isinstance(data := getattr(response, "data", None), dict) else {}
        status = int(getattr(response, "status_code", 0) or getattr(response, "status", 0))
        refuse(str(said.get("error") or ""), status, response.headers, ctx, str(said.get("needed") or ""))
    except aiohttp.ClientConnectorError:
        raise ChannelError(text("Slack cannot be reached"), scope=Scope.CHANNEL) from None
    except TimeoutError:
        raise ChannelError(text("Slack did not answer in time"), outcome=Outcome.UNSURE) from None
    except (aiohttp.ClientError, SlackClientError, OSError, ValueError, AttributeError, KeyError, TypeError) as error:
        broken = text("Slack's answer was cut off or is not readable ({error})", error=type(error).__name__)
        raise ChannelError(broken, outcome=Outcome.UNSURE) from None


async def post_form(ctx: ChannelContext, address: str, body: Mapping[str, Any]) -> None:
    """Post to an address of Slack's that answers "ok": an incoming webhook, the answer to a command."""

    async def call() -> None:
        async with ctx.session.post(address, json=dict(body), allow_redirects=False) as answer:
            said = (await answer.content.read(2_000)).decode("utf-8", "replace").strip()
            if answer.status != 200 or not YES.match(said):  # noqa: PLR2004 - Slack's only yes
                refuse(said if re.fullmatch(r"[a-z_]+", said) else "", answer.status, answer.headers, ctx)

    await guarded(call, ctx)


def _quiet() -> logging.Logger:
    """slack_sdk logs whole requests at DEBUG, and formats them even where nobody listens."""
    logger = logging.getLogger("smwatch.slack_sdk")
    logger.setLevel(logging.WARNING)
    return logger
