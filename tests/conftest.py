"""Settings of the whole suite, and the options of the chaos suite (`make chaos`)."""

from __future__ import annotations

from hypothesis import settings

settings.register_profile("smwatch", deadline=None)  # no timed tests: the first example may pay for imports
settings.load_profile("smwatch")


def pytest_addoption(parser):
    parser.addoption("--long", action="store_true", help="the long chaos suite")
    parser.addoption("--kills", type=int, default=None, help="how often the daemon is killed")
    parser.addoption("--seed", type=int, default=1, help="of the random moments")
