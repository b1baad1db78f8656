"""What a Slack channel hears: Socket Mode's envelopes as clicks of our own people in our own app."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any

from smwatch.errors import ChannelError, Outcome
from smwatch.i18n import text
from smwatch.slack.payload import click_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from smwatch.channel import ChannelContext, ListenContext
    from smwatch.slack.api import SlackApi


async def hear(ctx: ListenContext, app: SlackApi, bot: SlackApi) -> None:
    """Listen for ever with the app's token; `bot` knows to which workspace we belong."""
    from smwatch.slack.socket import SocketMode  # noqa: PLC0415 - aiohttp is loaded when it is used

    team = ""

    async def open_line() -> str:
        nonlocal team
        if not team:
            with suppress(ChannelError):
                team = str((await bot.call(ctx, "auth.test", {})).data.get("team_id") or "")
        return await socket_address(ctx, app)

    async def take(envelope: dict[str, Any], info: Mapping[str, Any]) -> None:
        click = click_of(envelope, team=team, app=str(info.get("app_id") or ""))
        if click is not None:
            await ctx.take(click)

    await SocketMode(session=ctx.session, open_line=open_line, take=take, said=ctx.said, log=ctx.log).run()


async def socket_address(ctx: ChannelContext, app: SlackApi) -> str:
    """A fresh address of Socket Mode; raises ChannelError where the app's token is no good."""
    answer = await app.call(ctx, "apps.connections.open", {})
    address = str(answer.data.get("url") or "")
    if not address.startswith(("ws://", "wss://")):
        raise ChannelError(text("Slack does not say where Socket Mode is"), outcome=Outcome.UNSURE)
    return address
