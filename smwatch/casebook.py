"""Cases from the command line: through the running daemon, which alone writes, or without one."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from smwatch.case import no_case
from smwatch.casework import verbs
from smwatch.casework.moves import Office
from smwatch.errors import UserError
from smwatch.model import numbered
from smwatch.reports import reading
from smwatch.store import cases
from smwatch.store.db import Store
from smwatch.store.place import sqlite_path, state_folder
from smwatch.web.control import ask_daemon

if TYPE_CHECKING:
    from collections.abc import Sequence

    from smwatch.case import Case
    from smwatch.config.model import Config
    from smwatch.store.cases import Event


async def move(config: Config, args: dict[str, Any]) -> str:
    """Make a move; the case's id. Raises UserError."""
    answer = await ask_daemon(config.store, state_folder(config.store), "case_move", **args)
    if answer is not None:
        return str(answer["case"])
    return await _alone(config, verbs.move, args)


async def add(config: Config, args: dict[str, Any]) -> str:
    """Begin a case that came by phone or mail; its id. Raises UserError."""
    answer = await ask_daemon(config.store, state_folder(config.store), "case_add", **args)
    if answer is not None:
        return str(answer["case"])
    return await _alone(config, verbs.add, args)


async def away(config: Config, args: dict[str, Any]) -> None:
    """Somebody is away, and somebody stands in. Raises UserError."""
    answer = await ask_daemon(config.store, state_folder(config.store), "case_away", **args)
    if answer is None:
        store = await Store.open(config.store)
        try:
            async with store.write() as connection:
                await verbs.away(connection, config, args, datetime.now(UTC))
        finally:
            await store.close()


async def _alone(config: Config, verb: Any, args: dict[str, Any]) -> str:  # noqa: ANN401 - a function of `verbs`
    """The daemon sends what this brings about when it runs again."""
    store = await Store.open(config.store)
    try:
        office = Office(key=store.key, anonymous=config.anonymous_cases)
        async with store.write() as connection:
            done = await verb(connection, config, office, args, datetime.now(UTC))
    finally:
        await store.close()
    return str(done.case.short)


async def listed(config: Config, client: str | None, *, closed: bool) -> list[Case]:
    """The cases that wait, overdue first; with `closed` the others behind them."""
    path = sqlite_path(config.store)
    if path is not None and not path.exists():
        return []
    async with reading(config) as store, store.read() as connection:
        return await cases.listed(connection, client, closed=closed)


async def shown(config: Config, name: str) -> tuple[Case, Sequence[Event]]:
    """One case with everything that was done about it. Raises UserError."""
    async with reading(config) as store, store.read() as connection:
        number = numbered(name, "V")
        case = await cases.get(connection, number) if number is not None else None
        if case is None:
            raise UserError(no_case(name))
        return case, await cases.events(connection, case)
