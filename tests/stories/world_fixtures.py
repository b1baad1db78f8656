"""The world as a fixture, for stories and for the chaos suite."""

from __future__ import annotations

import asyncio

import pytest
import structlog
from story_world import Clock, World, capture

from smwatch.store.db import Store


@pytest.fixture(scope="session")
def fresh_store(tmp_path_factory):
    """An empty store, made once: bringing the tables up to date takes longer than most of these tests."""
    folder = tmp_path_factory.mktemp("fresh")

    async def make():
        await (await Store.open(f"sqlite:///{folder / 'fresh.db'}")).close()

    asyncio.run(make())
    return folder


@pytest.fixture
async def world(tmp_path, fresh_store):
    logs = capture()
    try:
        async with World(tmp_path, fresh_store, Clock(), logs) as made:
            yield made
        if not made.may_fail:
            assert made.faults() == []
    finally:
        structlog.reset_defaults()
