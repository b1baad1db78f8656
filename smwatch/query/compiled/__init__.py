"""The part of the engine that is compiled where a compiler was there at installation, with the same results.

`SIEVE`, `COMPOUNDS` and `TELLING` are its modules; None where they were not built.
"""

from __future__ import annotations

from smwatch.built import built

SIEVE = built("smwatch.query.compiled.sieve")
COMPOUNDS = built("smwatch.query.compiled.compounds")
TELLING = built("smwatch.query.compiled.telling")
