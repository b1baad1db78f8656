"""Fixtures for plugin authors: pytest finds them by itself once smwatch is installed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest_asyncio

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from smwatch.testing.fake_slack import FakeSlack


@pytest_asyncio.fixture
async def fake_slack() -> AsyncIterator[FakeSlack]:
    """A Slack on this machine: `fake_slack.api_url`, `.fail(…)`, `.posts()`, `.transcript()`."""
    from smwatch.testing.fake_slack import FakeSlack  # noqa: PLC0415 - pytest loads this file in every run

    async with FakeSlack() as slack:
        yield slack
