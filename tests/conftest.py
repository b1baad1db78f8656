"""Settings of the whole suite, and the options of the chaos suite (`make chaos`)."""

from __future__ import annotations

import os

import pytest
import toml_rs  # noqa: F401 - 0.4.3 crashes later threads where the first one that loaded it has ended: load it in this one
from deliver_world import copy_fresh_store
from hypothesis import settings
from lengths import asked_for_long
from postgres_server import running_or_skipped

settings.register_profile("smwatch", deadline=None)  # no timed tests: the first example may pay for imports
settings.load_profile("smwatch")


def pytest_addoption(parser):
    parser.addoption("--long", action="store_true", default=asked_for_long(os.environ), help="also by SMWATCH_LONG=1")
    parser.addoption("--kills", type=int, default=None, help="how often the daemon is killed")
    parser.addoption("--minutes", type=float, default=None, help="no more kills after so long")
    parser.addoption("--seed", type=int, default=1, help="of the random moments")


@pytest.fixture(scope="session")
def is_long(request):
    """Whether the tests shall take their long forms, by --long or SMWATCH_LONG."""
    return request.config.getoption("--long")


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
