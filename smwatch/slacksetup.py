"""`slack setup`: the link that makes the app, and what the tokens of the config may do already."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import structlog

from smwatch.app import channel_session
from smwatch.deliver.desk import Context, bounded
from smwatch.errors import ChannelError
from smwatch.plugin import Secret, SlackApi
from smwatch.secret import SecretMissing
from smwatch.slack.rights import PRIVATE, RIGHTS, manifest, scopes

if TYPE_CHECKING:
    from smwatch.config.model import Config
    from smwatch.i18n import Text
    from smwatch.plugin import Channel

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """One Slack channel of the config: the scopes that its token has and lacks, and what stands in the way."""

    name: str
    granted: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    problems: tuple[Text, ...] = ()
    lacks: tuple[Text, ...] = ()


async def examine(config: Config) -> tuple[State, ...]:
    """Every Slack channel with a bot token, asked without telling anybody."""
    found = []
    async with channel_session(config) as session:
        for channel in config.channels.values():
            token = getattr(channel, "token", None)
            if channel.type == "slack" and isinstance(token, Secret):
                context = Context(session=session, now=datetime.now(UTC), log=log.bind(channel=channel.name))
                api = SlackApi(token=token, url=str(getattr(channel, "api_url", "")))
                found.append(await _state(channel, api, context))
    return tuple(found)


async def _state(channel: Channel, api: SlackApi, context: Context) -> State:
    try:
        answer = await api.call(context, "auth.test", {})
        said = str(answer.headers.get("X-OAuth-Scopes") or "")
        problems = await bounded(channel.check(context), channel.patience)
    except (ChannelError, SecretMissing) as error:
        return State(name=channel.name, problems=(error.sentence,), lacks=channel.lacks())
    granted = {one.strip() for one in said.split(",")} - {""}
    meant = {PRIVATE.get(one, one) for one in granted}
    wanted = [one for one in scopes(manifest("full")) if one in RIGHTS and one != "connections:write"]
    missing = tuple(one for one in wanted if one not in meant) if granted else ()
    return State(
        name=channel.name,
        granted=tuple(sorted(granted)),
        missing=missing,
        problems=tuple(problems),
        lacks=channel.lacks(),
    )
