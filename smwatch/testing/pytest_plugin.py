"""Fixtures for plugin authors: pytest finds them by itself once smwatch is installed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest_asyncio

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from smwatch.testing.fake_slack import FakeSlack
    from smwatch.testing.servers import FeedServer


@pytest_asyncio.fixture
async def fake_slack() -> AsyncIterator[FakeSlack]:
    """A Slack on this machine: `fake_slack.api_url`, `.fail(…)`, `.posts()`, `.transcript()`."""
    from smwatch.testing.fake_slack import FakeSlack  # noqa: PLC0415 - pytest loads this file in every run

    async with FakeSlack() as slack:
        yield slack


@pytest_asyncio.fixture
async def feed_server() -> AsyncIterator[FeedServer]:
    """A polite HTTP server on this machine: `feed_server.put("/feed.xml", rss(entry(…)))`, `.url(…)`, `.requests`."""
    from smwatch.testing.servers import FeedServer  # noqa: PLC0415 - pytest loads this file in every run

    async with FeedServer() as server:
        yield server
