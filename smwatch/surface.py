"""What others see of the running daemon: the web server's status and metrics, and the control socket's verbs."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

from smwatch import silencing
from smwatch.config.named import no_channel, no_digest
from smwatch.errors import UserError
from smwatch.i18n import Text, text, texts, to_json
from smwatch.model import Person
from smwatch.store import outbox
from smwatch.store.jobs import next_key
from smwatch.store.place import state_folder
from smwatch.store.sources import Named, set_rest, sync_sources
from smwatch.store.waiting import withdraw
from smwatch.web.control import ControlServer, socket_path
from smwatch.web.doors import Doors
from smwatch.web.server import WebServer, read_listen
from smwatch.web.status import Section, Snapshot

if TYPE_CHECKING:
    from collections.abc import Mapping
    from contextlib import AsyncExitStack

    from smwatch.app import App
    from smwatch.config.model import Config
    from smwatch.source import Source
    from smwatch.store.db import Store
    from smwatch.store.sources import SourceRow
    from smwatch.timetable import Timetable


class Surface:
    """Implements the web room's `Status`, and answers verbs; reads the app, changes it only through its methods."""

    def __init__(self, app: App) -> None:
        self._app = app

    async def open(self, stack: AsyncExitStack) -> None:
        """Listen, as far as the config wants it; raises UserError where that cannot be."""
        config = self._app.config
        control = ControlServer(socket_path(config.store, state_folder(config.store)), self._verbs())
        await control.start()
        stack.push_async_callback(control.stop)
        listen = read_listen(config.listen, config.public_url)
        if listen is not None:
            doors = Doors({"in": self._app.inbox.take, "websub": self._app.websub.take}, self._app.now)
            server = WebServer(listen, self, self._app.metrics, doors)
            await server.start()
            stack.push_async_callback(server.stop)

    def _verbs(self) -> Mapping[str, Any]:
        return {
            "status": self._status,
            "reload": self._reload,
            "digest_send": self._digest_send,
            "alert_test": self._alert_test,
            "alert_test_end": self._alert_test_end,
            "silence_add": self._silence_add,
            "proposal_done": self._proposal_done,
            "proposal_decline": self._proposal_decline,
            "silence_end": self._silence_end,
            "source_rest": self._source_rest,
            "inbox_retry": self._inbox_retry,
            **self._app.casework.verbs(),
        }

    def alive(self) -> bool:
        """See `Status`."""
        return self._app.alive()

    def ready(self) -> bool:
        """See `Status`."""
        return self._app.ready

    async def refresh(self) -> None:
        """See `Status`."""
        async with self._app.store.read() as connection:
            waiting = await outbox.waiting(connection)
        lengths = Counter(one.channel for one in waiting)
        self._app.metrics.queue({name: lengths[name] for name in {*self._app.config.channels, *lengths}})
        self._app.metrics.sources(Counter(row.state for row in self._app.scheduler.rows))

    async def snapshot(self) -> Snapshot:
        """See `Status`."""
        app = self._app
        async with app.store.read() as connection:
            waiting = await outbox.waiting(connection)
        language = app.config.language
        sources = tuple((row.name, _state(row.state, row.reason, language)) for row in app.scheduler.rows)
        queue = tuple(
            (one.channel, (one.title.render(language) if isinstance(one.title, Text) else one.title))
            for one in waiting[:50]
        )
        count = texts("{n} message is waiting", "{n} messages are waiting", n=len(waiting))
        return Snapshot(
            headline=text("smwatch has been running since {moment}", moment=f"{app.started:%Y-%m-%d %H:%M} UTC"),
            sections=(Section(title=text("Sources"), rows=sources), Section(title=count, rows=queue)),
            language=language,
        )

    async def _status(self, _: dict[str, Any]) -> dict[str, Any]:
        return {"since": self._app.started.isoformat(), "ready": self._app.ready, "alive": self.alive()}

    async def _reload(self, _: dict[str, Any]) -> dict[str, Any]:
        outcome = await self._app.reload()
        return {"ok": outcome.ok, "changed": [to_json(one) for one in outcome.changed]}

    async def _digest_send(self, args: dict[str, Any]) -> dict[str, Any]:
        channels = await send_digest(self._app.config, self._app.timetable, str(args.get("name")), self._app.now())
        self._app.sender.wake()
        return {"channels": channels}

    async def _alert_test(self, args: dict[str, Any]) -> dict[str, Any]:
        channels = await plan_test(self._app.store, self._app.config, args.get("channel"), self._app.now())
        self._app.sender.wake()
        return {"channels": channels}

    async def _proposal_done(self, args: dict[str, Any]) -> dict[str, Any]:
        done = await self._app.noise.done(str(args.get("name")), _person(args), self._app.now())
        return {"id": done.short}

    async def _proposal_decline(self, args: dict[str, Any]) -> dict[str, Any]:
        done = await self._app.noise.decline(str(args.get("name")), _person(args), self._app.now())
        return {"id": done.short}

    async def _silence_add(self, args: dict[str, Any]) -> dict[str, Any]:
        app = self._app
        wish = silencing.Wish.from_json(args)
        async with app.store.write() as connection:
            made = await silencing.add(connection, app.config, wish, secret=app.store.key, now=app.now())
        return {"id": made.short}

    async def _silence_end(self, args: dict[str, Any]) -> dict[str, Any]:
        async with self._app.store.write() as connection:
            ended = await silencing.end(connection, str(args.get("name")), self._app.now())
        self._app.sender.wake()
        return {"id": ended.short}

    async def _alert_test_end(self, args: dict[str, Any]) -> dict[str, Any]:
        """Whoever asked for the test has heard how it went: what did not go out shall not come later."""
        async with self._app.store.write() as connection:
            return {"withdrawn": await withdraw(connection, [str(one) for one in args.get("channels", [])], "test")}

    async def _inbox_retry(self, _: dict[str, Any]) -> dict[str, Any]:
        return {"count": await self._app.inbox.try_again()}

    async def _source_rest(self, args: dict[str, Any]) -> dict[str, Any]:
        name, until = str(args.get("name")), args.get("until")
        found = next((one for one in self._app.config.sources if one.name == name), None)
        if found is None:
            raise UserError(text("the running smwatch has no source called {name} (yet)", name=name))
        moment = datetime.fromisoformat(until) if until else None
        row = await rest(self._app.store, found, paused=bool(args.get("paused")), until=moment, now=self._app.now())
        self._app.rest(row)
        return {}


def _person(args: Mapping[str, Any]) -> Person:
    who = args.get("by") or {}
    return Person(id=str(who.get("id", "")), name=str(who.get("name", "")))


def _state(state: str, reason: Text | None, language: str) -> str:
    return f"{state}: {reason.render(language)}" if reason else state


async def rest(store: Store, source: Source, *, paused: bool, until: datetime | None, now: datetime) -> SourceRow:
    """Let a source rest from `now` on, or go on; its row as it is then."""
    one = Named(client=source.client or "", kind=source.type, key=source.key(), name=source.name)
    at = now if paused else None
    async with store.write() as connection:
        row = (await sync_sources(connection, [one]))[one]
        await set_rest(connection, row.id, at, until)
    return replace(row, paused_at=at, paused_until=until)


async def send_digest(config: Config, timetable: Timetable, name: str, now: datetime) -> list[str]:
    """Plan the digest `name` now; the channels that it goes to. Raises UserError where there is none."""
    if name not in config.digests:
        raise no_digest(name, config.digests)
    await timetable.send_now(name, now)
    return list(config.digests[name].channels)


async def plan_test(store: Store, config: Config, channel: str | None, now: datetime) -> list[str]:
    """Plan a test message for `channel` (None: for all); the channels. Raises UserError where there is none."""
    names = [channel] if channel else list(config.channels)
    unknown = [name for name in names if name not in config.channels]
    if unknown or not names:
        raise no_channel(channel or "–", config.channels)
    async with store.write() as connection:
        for name in names:
            key = next_key(f"test|{name}|{now.isoformat()}", 0)
            await outbox.add_post(connection, key=key, channel=name, kind="test", plan={}, now=now)
    return names
