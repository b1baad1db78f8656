"""One walk of one source: what the core hands to `fetch`, and what it takes back when the walk is over."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from datetime import timedelta
from json import dumps
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import structlog
from yarl import URL

from smwatch.errors import Broken
from smwatch.fetch.freshness import fresh_for
from smwatch.fetch.links import linked
from smwatch.fetch.request import NOT_MODIFIED
from smwatch.fetch.streams import lines_of, messages_of
from smwatch.fetch.wire import Wire, connect
from smwatch.i18n import text
from smwatch.model import utc
from smwatch.moves import noted
from smwatch.packed import unpacked

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Mapping
    from datetime import datetime

    from structlog.typing import FilteringBoundLogger

    from smwatch.fetch.client import Client
    from smwatch.fetch.pool import ParsePool
    from smwatch.fetch.request import Answer
    from smwatch.fetch.robots import Rules
    from smwatch.plugin import Source

WHOLE_AFTER = timedelta(days=7)  # validators are not trusted for longer: some servers reuse them


class Walk:
    """The `SourceContext` of one poll.

    `validators` goes in as it was stored and is read again after the walk (JSON values by address); it belongs into
    the transaction that stores the items. So do `parser` and, where `parser_changed`, the mark that nothing of this
    walk alerts. `unchanged` says that every conditional request brought nothing new. `answers` are the parsers'.
    """

    def __init__(  # noqa: PLR0913 - what one poll consists of
        self,
        *,
        source: Source,
        client: Client,
        pool: ParsePool,
        now: datetime,
        cursor: str | None = None,
        validators: Mapping[str, Any] | None = None,
        parser: str | None = None,
        log: FilteringBoundLogger | None = None,
        searches: Callable[[str], tuple[str, ...]] = lambda _: (),
    ) -> None:
        self.source = source
        self.cursor = cursor
        self.now = now
        self._log = log
        self._stored = validators or {}
        self.http = WalkHttp(source, client, now, unpacked(validators))
        self.parser = parser
        self.parser_changed = False
        self.answers: list[Any] = []
        self._client = client
        self._pool = pool
        self._searches = searches

    @property
    def log(self) -> FilteringBoundLogger:
        """See `SourceContext`; made when it is asked for, as most walks have nothing to say."""
        bound: FilteringBoundLogger = (self._log or structlog.get_logger()).bind(source=self.source.name)
        return bound

    async def parse(self, function: str, body: bytes, options: Mapping[str, Any]) -> Any:  # noqa: ANN401
        """See `SourceContext`; the reader that an answer names is pinned to the source."""
        pinned = {**options, "parser": self.parser} if self.parser else options
        answer = await self._pool.run(function, body, pinned, source=self.source.name or self.source.key())
        self.answers.append(answer)
        used = answer.get("parser") if isinstance(answer, dict) else None
        if isinstance(used, str) and used != self.parser:
            self.parser_changed = self.parser is not None
            self.parser = used
        return answer

    async def connect(self, host: str, port: int, *, tls: bool) -> Wire:
        """See `SourceContext`."""
        return await connect(self._client, host, port, tls=tls, **ways_of(self.source))

    async def allowed(self, url: str) -> bool:
        """See `SourceContext`."""
        return (await self._rules(url)).allow(url)

    async def sitemaps(self, url: str) -> tuple[str, ...]:
        """See `SourceContext`."""
        return (await self._rules(url)).sitemaps

    async def crawl_delay(self, url: str) -> timedelta:
        """See `SourceContext`."""
        return timedelta(seconds=(await self._rules(url)).delay)

    async def _rules(self, url: str) -> Rules:
        return await self._client.robots.rules(url, **ways_of(self.source))

    def searches(self, platform: str) -> tuple[str, ...]:
        """See `SourceContext`."""
        return self._searches(platform)

    @property
    def validators(self) -> Mapping[str, Any]:
        """What to store, once the items are stored; the very object that came in where nothing of it has changed."""
        return self.http.validators if self.http.learned else self._stored

    @property
    def channel(self) -> Mapping[str, Any] | None:
        """What a feed that was read says about itself (`ttl`, `period`, `hub`, `topic`); None where none was."""
        said = (answer.get("channel") for answer in reversed(self.answers) if isinstance(answer, dict))
        found = next((one for one in said if isinstance(one, dict)), None)
        if found is None:
            return None
        hub = self.http.linked.get("hub") or next(iter(found.get("hubs") or ()), None)
        topic = self.http.linked.get("self") or found.get("self") or self.http.address
        return {**found, "hub": hub, "topic": topic if hub else None}

    @property
    def unchanged(self) -> bool:
        """Whether there were conditional requests and all of them brought nothing new."""
        return bool(self.http.outcomes) and all(self.http.outcomes)


class WalkHttp:
    """The client as one source sees it."""

    def __init__(self, source: Source, client: Client, now: datetime, validators: dict[str, Any]) -> None:
        self.validators = validators
        self.learned = False  # whether `validators` say more than they did
        self.outcomes: list[bool] = []
        self.linked: dict[str, str] = {}  # what the last whole answer's Link headers name
        self.address = ""
        self._source = source
        self._client = client
        self._now = now

    async def get(
        self,
        url: str,
        *,
        params: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        conditional: bool = False,
    ) -> Answer:
        """See `smwatch.plugin.Http`."""
        address = _with(url, params)
        known = self._known(address) if conditional else {}
        conditions = _conditions(known)
        self._pace(address)
        answer = await self._client.get(
            address,
            headers={**(headers or {}), **conditions},
            **ways_of(self._source),
        )
        if answer.status == NOT_MODIFIED and not conditions:
            raise Broken(text("{host} says that nothing changed, but was not asked that", host=URL(url).host or ""))
        return self._remember(address, known, answer) if conditional else answer

    async def post(
        self,
        url: str,
        *,
        json: object = None,
        data: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """See `smwatch.plugin.Http`."""
        kind = "application/x-www-form-urlencoded" if data is not None else "application/json"
        body = urlencode(data).encode() if data is not None else dumps(json).encode()
        return await self._client.post(
            url, body, headers={"Content-Type": kind, **(headers or {})}, **ways_of(self._source)
        )

    async def lines(
        self, url: str, *, params: Mapping[str, str] | None = None, headers: Mapping[str, str] | None = None
    ) -> AsyncIterator[str]:
        """See `smwatch.plugin.Http`."""
        async with self._client.opened(_with(url, params), headers=headers, **ways_of(self._source)) as response:
            async for line in lines_of(response.content, URL(url).host or ""):
                yield line

    async def websocket(
        self, url: str, *, params: Mapping[str, str] | None = None, headers: Mapping[str, str] | None = None
    ) -> AsyncIterator[str | bytes]:
        """See `smwatch.plugin.Http`."""
        address = _with(url, params)
        async with self._client.opened(address, headers=headers, websocket=True, **ways_of(self._source)) as socket:
            async for message in messages_of(socket, URL(url).host or ""):
                yield message

    def _pace(self, address: str) -> None:
        """Between two requests to a host lies the pause that the source's card names, for all its sources together."""
        pause = card.pause.total_seconds() if (card := getattr(self._source, "card", None)) else 0.0
        if pause:
            url = URL(address)
            self._client.hosts.pace(f"{url.host}:{url.port}", pause)

    def _known(self, address: str) -> dict[str, str]:
        """What is known of the last whole answer; nothing once that is a week ago."""
        known = self.validators.get(address)
        if not isinstance(known, dict):
            return {}
        try:
            whole_at = utc(self._now.fromisoformat(str(known.get("whole_at"))))
        except ValueError:
            return {}
        return known if self._now - whole_at < WHOLE_AFTER else {}

    def _remember(self, address: str, known: Mapping[str, str], answer: Answer) -> Answer:
        before = self.validators.get(address) or {}
        moved = noted(before.get("moved"), answer.moved, self._now)
        if answer.status == NOT_MODIFIED:
            self.outcomes.append(True)
            self._learn(address, {**before, "moved": moved})
            return answer
        self.linked, self.address = linked(answer.headers, answer.url), address
        digest = hashlib.sha256(answer.body).hexdigest()
        self._learn(
            address,
            {
                "etag": answer.headers.get("ETag"),
                "last_modified": answer.headers.get("Last-Modified"),
                "sha256": digest,
                "whole_at": self._now.isoformat(),
                "fresh_for": fresh_for(answer.headers, self._now),
                "moved": moved,
            },
        )
        same = known.get("sha256") == digest
        self.outcomes.append(same)
        return replace(answer, unchanged=True) if same else answer

    def _learn(self, address: str, values: Mapping[str, Any]) -> None:
        said = {name: value for name, value in values.items() if value}
        if said != self.validators.get(address):
            self.validators[address], self.learned = said, True


def ways_of(source: Source) -> dict[str, bool]:
    """What the operator admits for this source."""
    return {"allow_private": source.allow_private, "insecure": source.tls == "insecure"}


def _with(url: str, params: Mapping[str, str] | None) -> str:
    return str(URL(url).update_query(params)) if params else url


def _conditions(known: Mapping[str, str]) -> dict[str, str]:
    """The validators to the letter, as the server gave them; either of them also alone."""
    pairs = (("If-None-Match", known.get("etag")), ("If-Modified-Since", known.get("last_modified")))
    return {name: value for name, value in pairs if value}
