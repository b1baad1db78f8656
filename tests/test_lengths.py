"""What SMWATCH_LONG asks for."""

from __future__ import annotations

import pytest
from lengths import asked_for_long


@pytest.mark.parametrize("environ", [{}, {"SMWATCH_LONG": ""}, {"SMWATCH_LONG": "0"}, {"SMWATCH_LONG": " 0 "}])
def test_nothing_and_0_ask_for_the_short_forms(environ):
    assert not asked_for_long(environ)


def test_1_asks_for_the_long_forms():
    assert asked_for_long({"SMWATCH_LONG": "1"})
