"""Settings of the whole suite, and the options of the chaos suite (`make chaos`)."""

from __future__ import annotations

import pytest
from deliver_world import copy_fresh_store
from hypothesis import settings
from postgres_server import running_or_skipped

settings.register_profile("smwatch", deadline=None)  # no timed tests: the first example may pay for imports
settings.load_profile("smwatch")


def pytest_addoption(parser):
    parser.addoption("--long", action="store_true", help="the long chaos suite")
    parser.addoption("--kills", type=int, default=None, help="how often the daemon is killed")
    parser.addoption("--seed", type=int, default=1, help="of the random moments")


@pytest.fixture(scope="session")
def postgres():
    """A PostgreSQL for the whole run."""
    with running_or_skipped() as server:
        yield server


@pytest.fixture(params=["sqlite", "postgresql"])
async def store_url(request, tmp_path, monkeypatch):
    """The address of an empty store, once of each kind."""
    monkeypatch.setenv("STATE_DIRECTORY", str(tmp_path))
    if request.param == "postgresql":
        return await request.getfixturevalue("postgres").database()
    await copy_fresh_store(tmp_path)
    return f"sqlite:///{tmp_path}/fresh.db"
