"""Every channel, asked without telling anybody."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import structlog
from pydantic import BaseModel

from smwatch.app import channel_session
from smwatch.deliver.desk import Context, bounded
from smwatch.doctor.finding import Finding, note, ok, warning, wrong
from smwatch.errors import ChannelError
from smwatch.i18n import text
from smwatch.plugin import Channel
from smwatch.secret import Secret, SecretMissing

if TYPE_CHECKING:
    from collections.abc import Iterator

    from aiohttp import ClientSession

    from smwatch.config.model import Config
    from smwatch.i18n import Text

log = structlog.get_logger(__name__)


async def channels(config: Config, *, daemon_runs: bool = False) -> tuple[Finding, ...]:
    """Secrets that are not there, then what each channel says of itself.

    Where a daemon runs, it may have secrets that this shell does not have.
    """
    if not config.channels:
        return (note("channels", text("no channel is configured: nobody is told anything")),)
    async with channel_session(config) as session:
        found = await asyncio.gather(
            *(_channel(one, session, daemon_runs=daemon_runs) for one in config.channels.values())
        )
    lacking = [note(f"channel:{one.name}", said) for one in config.channels.values() for said in one.lacks()]
    return (*(finding for group in found for finding in group), *lacking)


async def _channel(channel: Channel, session: ClientSession, *, daemon_runs: bool) -> tuple[Finding, ...]:
    name = f"channel:{channel.name}"
    if missing := missing_secrets(channel):
        kind = warning if daemon_runs else wrong
        return tuple(kind(name, sentence, how) for sentence, how in missing)
    if not _can_be_asked(channel):
        told = text("{type}: can only be tried: smwatch alert test {channel}", type=channel.type, channel=channel.name)
        return (ok(name, told),)
    context = Context(session=session, now=datetime.now(UTC), log=log.bind(channel=channel.name))
    try:
        lacking = await bounded(channel.check(context), channel.patience)
    except (ChannelError, SecretMissing) as error:
        again = text("then try it with: smwatch alert test {channel}", channel=channel.name)
        return (wrong(name, error.sentence, again),)
    except Exception as error:  # noqa: BLE001 - the border around one plugin's code
        return (wrong(name, text("the plugin failed: {error}", error=f"{type(error).__name__}: {error}")),)
    if lacking:
        return tuple(warning(name, sentence) for sentence in lacking)
    return (ok(name, text("{type}: answers as it should", type=channel.type)),)


def _can_be_asked(channel: Channel) -> bool:
    """Not where the plugin brings no check, or where the channel is set up so that it can only post (a webhook)."""
    only_posts = channel.can_find and "find" not in channel.abilities()
    return type(channel).check is not Channel.check and not only_posts


def missing_secrets(model: BaseModel) -> list[tuple[Text, Text]]:
    """The secrets that a channel names and that are not there, with the way to set each."""
    found = []
    for secret in secrets_of(model):
        try:
            secret.reveal()
        except SecretMissing as error:
            found.append((error.sentence, how_to_set(secret)))
    return found


def secrets_of(model: BaseModel) -> Iterator[Secret]:
    """All secrets of a channel or source, also in tables inside it."""
    for key in type(model).model_fields:
        value: Any = getattr(model, key)
        if isinstance(value, Secret):
            yield value
        elif isinstance(value, BaseModel):
            yield from secrets_of(value)


def how_to_set(secret: Secret) -> Text:
    """Where the value belongs."""
    if secret.kind == "env":
        return text("export {name}=… before the start", name=secret.place)
    if secret.kind == "file":
        return text("write it into {path}, readable for the service alone", path=secret.place)
    return text("write it into /etc/smwatch/credentials/{name}, readable for root alone", name=secret.place)
