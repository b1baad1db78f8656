"""Work on items that may break it: one bad item costs itself, never its source and never the daemon.

A page is matched as a whole. Where that raises, or where the process died over this source before, each of its items
is taken alone, and its attempt is committed before the work begins. An item that has failed three times is left out
and told; until then the page counts as unread, so that nothing is lost meanwhile.
"""

from __future__ import annotations

import os
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

import structlog
from sqlalchemy.exc import SQLAlchemyError

from smwatch.errors import SourceError
from smwatch.i18n import Text, text
from smwatch.store import suspects
from smwatch.store.suspects import Suspect

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator, Sequence
    from datetime import datetime
    from pathlib import Path

    from smwatch.store.db import Store
    from smwatch.store.ingest import Fresh

    Work = Callable[[Sequence[Fresh]], Awaitable[Sequence[Fresh]]]

log = structlog.get_logger(__name__)

MOST = 3  # attempts
BORDER = (SQLAlchemyError, SourceError)  # trouble of the store or the source: no item's fault


class Caution:
    """What is known of dangerous items. `marker` is a small file that says what is being worked on.

    `tell(source id, sentence)` hears of an item that is left out from now on.
    """

    def __init__(
        self,
        store: Store,
        marker: Path | None,
        tell: Callable[[int, Text], Awaitable[None]],
        now: Callable[[], datetime],
    ) -> None:
        self._store = store
        self._tell = tell
        self._now = now
        self._marker = os.open(marker, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600) if marker else None
        self._known: dict[int, dict[str, Suspect]] = {}
        self._careful: set[int] = set()
        self._working: list[int] = []
        self._written = 4096  # bytes of the marker that may still hold words

    async def load(self) -> None:
        """Remember what the store knows, and whose items were being worked on when the last process died."""
        async with self._store.read() as connection:
            for one in await suspects.everyone(connection):
                self._known.setdefault(one.source_id, {})[one.mark] = one
        died = _read(self._marker)
        self._careful = died
        if died:
            log.warning("died_at_work", sources=sorted(died))
        for one in self.left_out():
            if one.problem is None:
                await self._fails(one, text("smwatch ended while it worked on it"))

    def close(self) -> None:
        """End in order: nothing is being worked on."""
        if self._marker is not None:
            os.close(self._marker)
            self._marker = None

    def holds(self, source_id: int) -> bool:
        """Whether an item of this source failed and is to be tried again: its page counts as unread."""
        return any(one.attempts < MOST for one in self._known.get(source_id, {}).values())

    def left_out(self) -> list[Suspect]:
        """The items that are not tried any more."""
        return [one for row in self._known.values() for one in row.values() if one.attempts >= MOST]

    async def over(self, source_id: int, fresh: Sequence[Fresh], work: Work) -> Sequence[Fresh]:
        """`work` over what is new of a source: in one go where that goes well, else each item by itself."""
        wanted = [one for one in fresh if self._attempts(source_id, one) < MOST]
        if source_id not in self._careful and not self.holds(source_id):
            try:
                with self._at_work(source_id):
                    return await work(wanted)
            except BORDER:
                raise
            except Exception as error:  # noqa: BLE001 - any bug that one item shows: look which one it is
                log.warning("page_failed", source_id=source_id, error=type(error).__name__)
        return await self._one_by_one(source_id, wanted, work)

    async def _one_by_one(self, source_id: int, fresh: Sequence[Fresh], work: Work) -> Sequence[Fresh]:
        found: list[Fresh] = []
        failed = False
        for one in fresh:
            result = await self._alone(source_id, one, work)
            failed = failed or result is None
            found += result or []
        if not failed:
            self._careful.discard(source_id)
        return found

    async def _alone(self, source_id: int, one: Fresh, work: Work) -> Sequence[Fresh] | None:
        """One item; None where it fails. Its attempt counts before it begins: it may take the process down."""
        attempt = self._attempts(source_id, one) + 1
        suspect = Suspect(source_id=source_id, mark=one.identity.id, url=one.item.url, attempts=attempt)
        await self._note(suspect)
        try:
            with self._at_work(source_id):
                result = await work([one])
        except BORDER:
            raise
        except Exception as error:
            log.exception("item_failed", source_id=source_id, attempt=attempt)
            await self._fails(suspect, text("working on it failed with {error}", error=type(error).__name__))
            return None
        async with self._store.write() as connection:
            await suspects.clear(connection, source_id, suspect.mark)
        del self._known[source_id][suspect.mark]
        return result

    async def _fails(self, one: Suspect, problem: Text) -> None:
        await self._note(replace(one, problem=problem))
        if one.attempts >= MOST:
            sentence = text("{url} is left out after three attempts: {reason}", url=one.url, reason=problem)
            await self._tell(one.source_id, sentence)

    async def _note(self, one: Suspect) -> None:
        async with self._store.write() as connection:
            await suspects.note(connection, one, self._now())
        self._known.setdefault(one.source_id, {})[one.mark] = one

    def _attempts(self, source_id: int, one: Fresh) -> int:
        known = self._known.get(source_id, {}).get(one.identity.id)
        return known.attempts if known else 0

    @contextmanager
    def _at_work(self, source_id: int) -> Iterator[None]:
        """The marker outlives the process, not a power cut: what it is for are crashes."""
        self._working.append(source_id)
        self._mark()
        try:
            yield
        finally:
            self._working.remove(source_id)
            self._mark()

    def _mark(self) -> None:
        if self._marker is not None:
            told = " ".join(map(str, self._working)).encode()
            os.pwrite(self._marker, told.ljust(self._written), 0)
            self._written = len(told)


def _read(marker: int | None) -> set[int]:
    told = os.pread(marker, 4096, 0).split() if marker is not None else []
    return {int(word) for word in told if word.isdigit()}
