"""What the system says of its errors, in the reader's language."""

import errno
import os
from pathlib import Path

import pytest

from smwatch.errors import SYSTEM, system_reason


@pytest.mark.parametrize("number", sorted(SYSTEM))
def test_usual_errors_of_the_system_are_told_in_german(number):
    said = system_reason(OSError(number, os.strerror(number)))
    assert said.render("de") != said.render("en")


def test_odd_ones_are_told_as_they_are():
    assert system_reason(OSError(errno.ELOOP, "odd {words}")).render("de") == "odd {words}"
    assert system_reason(OSError("no number")).render("de") == "no number"


def test_a_file_that_is_not_there():
    with pytest.raises(FileNotFoundError) as caught:
        Path("/nowhere/at/all").read_bytes()
    assert system_reason(caught.value).render("de") == "Datei oder Ordner gibt es nicht"
