"""Stories: which items belong together, and why (pure).

`words` what an item says · `prints` what is remembered of it · `window` finds what may be its copies ·
`rules` whether they are, and why. Two clients never share a story. A story takes another item for six hours after its
last one, and for two days at most.
"""

from __future__ import annotations

from smwatch.story.prints import Fingerprint, fingerprints, packed, prints, unpacked
from smwatch.story.recall import Recall
from smwatch.story.rules import Tie, contained, near_duplicate, passes_on, related, serial, tie, ties
from smwatch.story.window import ENDS, SLIDES, Candidate, Known, Window
from smwatch.story.words import Said, said

__all__ = [
    "ENDS",
    "SLIDES",
    "Candidate",
    "Fingerprint",
    "Known",
    "Recall",
    "Said",
    "Tie",
    "Window",
    "contained",
    "fingerprints",
    "near_duplicate",
    "packed",
    "passes_on",
    "prints",
    "related",
    "said",
    "serial",
    "tie",
    "ties",
    "unpacked",
]
