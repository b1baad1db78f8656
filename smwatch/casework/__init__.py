"""What the team does in its channels: clicks become moves, silences, verdicts; deadlines remind of themselves.

A click is kept, acknowledged, worked on once: checked for who, where and what still goes, then written with what
follows from it in one transaction. The cards in every channel of that client are due for an edit at once.
"""

from __future__ import annotations

from smwatch.casework.room import Casework

__all__ = ["Casework"]
