"""The lines from people: one listener for each app, whatever channels it is in; and the clicks that they bring."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import structlog
from sqlalchemy.exc import SQLAlchemyError

from smwatch.errors import ChannelError
from smwatch.i18n import Text, text
from smwatch.secret import SecretMissing
from smwatch.store import envelopes

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping
    from datetime import datetime

    from structlog.typing import FilteringBoundLogger

    from smwatch.channel import Click
    from smwatch.deliver.desk import Store
    from smwatch.plugin import Channel

log: FilteringBoundLogger = structlog.get_logger("smwatch.casework")

AGAIN = 30.0  # seconds until a listener that fell over is started again


@dataclass(frozen=True, slots=True, kw_only=True)
class Hearing:
    """The ListenContext of one line."""

    line: str
    store: Store
    session: Any
    log: FilteringBoundLogger
    clock: Callable[[], datetime]
    knock: Callable[[], None]
    tell: Callable[[Text | None], Awaitable[None]]

    @property
    def now(self) -> datetime:
        """The moment, in UTC."""
        return self.clock()

    async def take(self, click: Click) -> None:
        """Keep it; a store that takes nothing loses the click, and says so: whoever clicked sees no change."""
        try:
            async with self.store.write() as connection:
                new = await envelopes.keep(connection, self.line, click, self.clock())
        except (SQLAlchemyError, OSError) as error:
            self.log.warning("click_not_kept", click=click.id, error=type(error).__name__)
            return
        self.log.info("click" if new else "click_repeated", click=click.id, kind=click.kind, action=click.action)
        self.knock()

    async def said(self, problem: Text | None) -> None:
        """Once when it breaks for good, once when it works again."""
        await self.tell(problem)


class Lines:
    """Listens on every line of the config as it is now; `knock` is called when a click was kept."""

    def __init__(  # noqa: PLR0913 - wiring
        self,
        store: Store,
        channels: Callable[[], Mapping[str, Channel]],
        *,
        session: Any,  # noqa: ANN401 - aiohttp's ClientSession
        clock: Callable[[], datetime],
        knock: Callable[[], None],
        tell: Callable[[str, Text | None], Awaitable[None]],
    ) -> None:
        self._store, self._channels, self._session = store, channels, session
        self._clock, self._knock, self._tell = clock, knock, tell
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._changed = asyncio.Event()

    def replace(self) -> None:
        """The config has changed: lines that nobody needs any more end, new ones begin."""
        self._changed.set()

    async def run(self) -> None:
        """Until cancelled; no line outlives it."""
        try:
            while True:
                self._changed.clear()
                await self._staff()
                await self._changed.wait()
        finally:
            await self._end(list(self._tasks))

    async def _staff(self) -> None:
        wanted: dict[str, Channel] = {}
        for channel in self._channels().values():
            if line := channel.hears():
                wanted.setdefault(line, channel)
        await self._end([line for line in self._tasks if line not in wanted])
        for line, channel in wanted.items():
            if line not in self._tasks:
                self._tasks[line] = asyncio.create_task(self._listen(line, channel), name=f"hears {channel.name}")

    async def _listen(self, line: str, channel: Channel) -> None:
        async def tell(problem: Text | None) -> None:
            await self._tell(channel.name, problem)

        context = Hearing(
            line=line,
            store=self._store,
            session=self._session,
            log=log.bind(channel=channel.name),
            clock=self._clock,
            knock=self._knock,
            tell=tell,
        )
        while True:
            try:
                await channel.listen(context)
            except (ChannelError, SecretMissing) as error:
                context.log.warning("listener_ended", reason=str(error.sentence))
            except Exception:
                context.log.exception("listener_fell")
                with suppress(SQLAlchemyError):
                    await tell(text("the plugin failed; the log says why"))
            await asyncio.sleep(AGAIN)

    async def _end(self, lines: list[str]) -> None:
        ended = [self._tasks.pop(line) for line in lines]
        for task in ended:
            task.cancel()
        if ended:
            await asyncio.wait(ended, timeout=3)
