"""The one gate for every mail header that is built from text.

A title may hold `=?utf-8?b?…?=`: the mail library decodes that and writes what is inside, line breaks and all, so that
a headline could add a `Bcc:`. Fixed Pythons raise instead, which would stop the mail for ever. Behind this gate neither
can happen.
"""

from __future__ import annotations

from smwatch.message.escape import one_line

LONGEST = 200  # mail programs show less; a subject is no place for a text


def header_text(text: str, limit: int = LONGEST) -> str:
    """`text` as the value of a mail header: one line, tame, never an encoded word, at most `limit` characters."""
    return one_line(text, limit).replace("=?", "=\u200b?")
