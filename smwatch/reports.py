"""What commands ask of the store, beside a running daemon or without one."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from smwatch import silencing
from smwatch.config.named import no_digest
from smwatch.errors import UserError
from smwatch.i18n import Text, text
from smwatch.model import numbered
from smwatch.noiseloop import apply, find
from smwatch.store import digests as digest_store
from smwatch.store import inbox, outbox, proposals, silences, waiting
from smwatch.store.db import Store
from smwatch.store.place import sqlite_path, state_folder
from smwatch.store.proposals import APPLIED, DECLINED
from smwatch.store.sources import source_states
from smwatch.store.waiting import holds, withdraw
from smwatch.timetable import Timetable, counted_of, muted, open_cases, sources_of, uncovered, watches_of
from smwatch.web.control import ask_daemon

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping, Sequence
    from pathlib import Path

    from smwatch.config.model import Config
    from smwatch.model import Mention, Person, SourceState
    from smwatch.silence import Silence
    from smwatch.store.inbox import Letter
    from smwatch.store.proposals import Proposal
    from smwatch.store.waiting import Waiting

LOOK = 0.2  # seconds between two looks at what the daemon has sent
ALONE = timedelta(seconds=20)  # for deliveries of a command that works without a daemon


@dataclass(frozen=True, slots=True, kw_only=True)
class DaemonStatus:
    """`since` is None where no daemon runs; `held` are channels that take nothing, and why."""

    since: datetime | None
    sources: tuple[SourceState, ...]
    waiting: int
    held: Mapping[str, Text] = field(default_factory=dict)

    @property
    def ok(self) -> bool:
        """Whether nobody has to look at anything."""
        well = {"ok", "new", "paused"}
        return self.since is not None and not self.held and all(one.state in well for one in self.sources)


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """A digest as text, as the HTML of its mail, and as plain JSON values."""

    text: str
    html: str
    data: Mapping[str, Any] = field(default_factory=dict)


@asynccontextmanager
async def reading(config: Config) -> AsyncIterator[Store]:
    """The store, beside whoever writes it."""
    store = await Store.open_to_read(config.store)
    try:
        yield store
    finally:
        await store.close()


async def daemon_status(config: Config) -> DaemonStatus:
    """Whether it runs, what each source is in, what waits."""
    answer = await ask_daemon(config.store, state_folder(config.store), "status")
    since = datetime.fromisoformat(answer["since"]) if answer else None
    path = sqlite_path(config.store)
    if since is None and path is not None and not path.exists():
        return DaemonStatus(since=None, sources=(), waiting=0)
    async with reading(config) as store, store.read() as connection:
        names = [one.name for one in config.sources]
        sources = await source_states(connection, names, now=datetime.now(UTC))
        waiting = await outbox.waiting(connection)
        held = {name: hold.reason for name, hold in (await holds(connection)).items()}
    return DaemonStatus(since=since, sources=tuple(sources), waiting=len(waiting), held=held)


async def waiting_messages(config: Config) -> list[Waiting]:
    """Everything that has not been delivered."""
    async with reading(config) as store, store.read() as connection:
        return await outbox.waiting(connection)


async def stories_of_summary(config: Config, name: str) -> list[Waiting]:
    """Every story of the summary `name` (N1A), also what it only counts; raises UserError where there is none."""
    number = numbered(name, "N")
    async with reading(config) as store, store.read() as connection:
        found = await waiting.of_summary(connection, number) if number is not None else None
    if found is None:
        raise UserError(waiting.no_summary(name))
    return found


async def digest_preview(config: Config, name: str, now: datetime | None = None) -> Preview:
    """What the digest `name` would hold if it were sent now; raises UserError where there is none."""
    from smwatch.message.data import digest_data  # noqa: PLC0415 - the renderers are slow to import
    from smwatch.message.digest import digest_messages  # noqa: PLC0415 - the renderers are slow to import
    from smwatch.message.html import mail_html  # noqa: PLC0415 - likewise
    from smwatch.message.plain import plain_text  # noqa: PLC0415 - likewise

    plan = config.digests.get(name)
    if plan is None:
        raise no_digest(name, config.digests)
    now = now or datetime.now(UTC)
    async with reading(config) as store, store.read() as connection:
        digest = await digest_store.preview(
            connection,
            plan,
            watches=watches_of(config, plan),
            now=now,
            counted=counted_of(config, plan),
            sources=sources_of(config, plan),
            uncovered=uncovered(config, plan),
            muted=await muted(connection, config, plan, now),
        )
        digest = replace(digest, cases=await open_cases(connection, config, plan))
    words = {"language": plan.language, "timezone": plan.timezone}
    whole = digest_messages(digest, whole=True, **words)[0]  # type: ignore[arg-type]
    page = mail_html(digest_messages(digest, **words)[0])  # type: ignore[arg-type]
    return Preview(text=plain_text(whole), html=page, data=digest_data(digest, plan.language))


async def send_digest_now(config: Config, name: str) -> list[str]:
    """Plan the digest now, and deliver it where no daemon does; the channels it goes to."""
    from smwatch.surface import send_digest  # noqa: PLC0415 - brings the web server along

    answer = await ask_daemon(config.store, state_folder(config.store), "digest_send", name=name)
    if answer is not None:
        return list(answer["channels"])
    async with alone(config) as store:
        channels = await send_digest(config, Timetable(store, lambda: config), name, datetime.now(UTC))
        await _deliver(store, config, channels)
    return channels


async def send_test(config: Config, channel: str | None) -> dict[str, Text | None]:
    """Send a test message; for each channel the reason why it did not go out, or None."""
    from smwatch.surface import plan_test  # noqa: PLC0415 - brings the web server along

    answer = await ask_daemon(config.store, state_folder(config.store), "alert_test", channel=channel)
    if answer is not None:
        sent = await _sent(config, answer["channels"])
        await ask_daemon(config.store, state_folder(config.store), "alert_test_end", channels=answer["channels"])
        return sent
    async with alone(config) as store:
        channels = await plan_test(store, config, channel, datetime.now(UTC))
        try:
            return await _deliver(store, config, channels)
        finally:
            async with store.write() as connection:
                await withdraw(connection, channels, "test")


async def silence_add(config: Config, wish: silencing.Wish, now: datetime | None = None) -> str:
    """Begin a silence, through the running daemon or without one; its name. Raises UserError."""
    answer = await ask_daemon(config.store, state_folder(config.store), "silence_add", **wish.to_json())
    if answer is not None:
        return str(answer["id"])
    async with alone(config) as store, store.write() as connection:
        made = await silencing.add(connection, config, wish, secret=store.key, now=now or datetime.now(UTC))
        return made.short


async def silence_end(config: Config, name: str) -> str:
    """End a silence before its time; its name. Raises UserError where there is none."""
    answer = await ask_daemon(config.store, state_folder(config.store), "silence_end", name=name)
    if answer is not None:
        return str(answer["id"])
    async with alone(config) as store, store.write() as connection:
        return (await silencing.end(connection, name, datetime.now(UTC))).short


async def inbox_list(config: Config) -> list[Letter]:
    """The deliveries that could not be unpacked and are kept, the newest first."""
    path = sqlite_path(config.store)
    if path is not None and not path.exists():
        return []
    async with reading(config) as store, store.read() as connection:
        return await inbox.refused(connection)


async def inbox_retry(config: Config) -> int:
    """Let all of them be tried once more; how many that is."""
    answer = await ask_daemon(config.store, state_folder(config.store), "inbox_retry")
    if answer is not None:
        return int(answer["count"])
    async with alone(config) as store, store.write() as connection:
        return await inbox.again(connection)


async def proposal_list(config: Config) -> list[tuple[Proposal, list[Mention]]]:
    """What is proposed and waits for a decision, each with a few mentions that it would take out."""
    path = sqlite_path(config.store)
    if path is not None and not path.exists():
        return []
    async with reading(config) as store, store.read() as connection:
        found = await proposals.waiting(connection)
        return [(one, await proposals.examples(connection, one.examples)) for one in found]


async def proposal_apply(config: Config, path: Path, name: str, by: Person) -> tuple[str, Path | None]:
    """Write a proposal into its file; its name, and the file (None: it stood there). Raises UserError."""
    async with reading(config) as store, store.read() as connection:
        one = await find(connection, name)
    written = await asyncio.to_thread(apply, path, one)
    await _decided(config, "proposal_done", APPLIED, one, by)
    return one.short, written


async def proposal_decline(config: Config, name: str, by: Person) -> str:
    """Say no to a proposal; its name. Raises UserError."""
    async with reading(config) as store, store.read() as connection:
        one = await find(connection, name)
    await _decided(config, "proposal_decline", DECLINED, one, by)
    return one.short


async def _decided(config: Config, verb: str, state: str, one: Proposal, by: Person) -> None:
    said = {"name": one.short, "by": {"id": by.id, "name": by.name}}
    if await ask_daemon(config.store, state_folder(config.store), verb, **said) is None:
        async with alone(config) as store, store.write() as connection:
            await proposals.decide(connection, one.id, state, datetime.now(UTC), by)


async def silence_list(config: Config, now: datetime | None = None) -> list[Silence]:
    """Every silence that holds something back now, those of the files too; the first to end first."""
    now = now or datetime.now(UTC)
    planned = [one for one in config.silences if one.until > now]
    path = sqlite_path(config.store)
    if path is not None and not path.exists():
        return planned
    async with reading(config) as store, store.read() as connection:
        return sorted([*await silences.listed(connection, now), *planned], key=lambda one: one.until)


async def _sent(config: Config, channels: Sequence[str]) -> dict[str, Text | None]:
    """What became of the test messages that the daemon sends: gone, or waiting with a reason."""
    loop = asyncio.get_running_loop()
    until = loop.time() + ALONE.total_seconds()
    async with reading(config) as store:
        while True:
            async with store.read() as connection:
                waiting = [one for one in await outbox.waiting(connection) if one.kind == "test"]
            left = {one.channel: one.reason for one in waiting if one.channel in channels}
            if all(left.values()) or loop.time() > until:
                return {name: left[name] or text("not tried yet") if name in left else None for name in channels}
            await asyncio.sleep(LOOK)


@asynccontextmanager
async def alone(config: Config) -> AsyncIterator[Store]:
    """The store, for a command that writes where no daemon does."""
    store = await Store.open(config.store)
    try:
        yield store
    finally:
        await store.close()


async def _deliver(store: Store, config: Config, channels: list[str]) -> dict[str, Text | None]:
    """Send what is due on `channels`, as the daemon would; what is left, with its reason."""
    from smwatch.app import channel_session  # noqa: PLC0415 - the whole daemon
    from smwatch.deliver import Sender  # noqa: PLC0415 - likewise
    from smwatch.deliver.hush import hush_of  # noqa: PLC0415 - likewise
    from smwatch.render import Renderer  # noqa: PLC0415 - likewise

    chosen = {name: config.channels[name] for name in channels if name in config.channels}
    async with channel_session(config) as session:
        hush = hush_of(config.silences, store.key, config.lists)
        sender = Sender(store, chosen, Renderer(store, lambda: config), session=session, hush=lambda: hush)
        await sender.drain(ALONE)
    async with store.read() as connection:
        left = {one.channel: one.reason or text("not tried yet") for one in await outbox.waiting(connection)}
    return {name: left.get(name) for name in channels}
