"""Settings of the whole suite."""

from __future__ import annotations

from hypothesis import settings

settings.register_profile("smwatch", deadline=None)  # no timed tests: the first example may pay for imports
settings.load_profile("smwatch")
