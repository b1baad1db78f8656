"""One look at how a site of one's own is: what of it is news, and what the next look compares with (pure)."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from smwatch.pages.health import Health, news, overview
from smwatch.pages.items import status_item

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from smwatch.errors import SourceError
    from smwatch.model import Item


class Checkup:
    """A look at `now`; `before` is what the last one `kept`, `host` the site as people call it."""

    def __init__(  # noqa: PLR0913 - what a sentence about a site is made of
        self, source: str, url: str, *, host: str, language: str, now: datetime, before: Mapping[str, Any] | None
    ) -> None:
        self._source = source
        self._url = url
        self._host = host
        self._language = language
        self._now = now
        self._before = Health.from_json(before or {"": ""})
        self.kept: Mapping[str, Any] | None = before

    def well(self, found: Health, seconds: float) -> list[Item]:
        """It answered, in so many seconds. Everything of the first look is history; what is bad is told by the next."""
        figure = overview(found, self._host, seconds).render(self._language)
        if self._before is None:
            self.kept = replace(found, days=None if found.ends_soon else found.days).to_json()
            return [self._told("health", figure, figure)]
        return self._news(self._before, found, figure)

    def ill(self, error: SourceError) -> list[Item]:
        """It did not answer: told once. Raises `error` at the second time in a row: then it is the source's failure."""
        trouble = error.sentence.render(self._language)
        if self._before is None or self._before.trouble:
            self.kept = (self._before or Health(trouble=trouble, since=self._now.isoformat())).to_json()
            raise error
        return self._news(self._before, replace(self._before, trouble=trouble), "")

    def _news(self, before: Health, found: Health, more: str) -> list[Item]:
        self.kept = found.to_json()
        return [self._told(word, said.render(self._language), more) for word, said in news(before, found, self._host)]

    def _told(self, word: str, said: str, more: str) -> Item:
        return status_item(word, said, self._source, url=self._url, now=self._now, more=more)
