from __future__ import annotations

import pytest

from smwatch.message.words import size


@pytest.mark.parametrize(
    ("count", "said"),
    [(0, "0 MB"), (64 * 1024**2, "67 MB"), (999_999_999, "999 MB"), (10**9, "1 GB"), (7_900_000_000, "7 GB")],
)
def test_bytes_are_said_as_people_say_them(count, said):
    assert str(size(count)) == said
