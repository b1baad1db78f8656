"""Where a secret is kept: asked for by its place, never by its value. A value that is given all the same is refused."""

from __future__ import annotations

import re

from smwatch.errors import UserError
from smwatch.i18n import Text, text
from smwatch.init.plan import Secret

_VARIABLE = re.compile(r"[A-Z_][A-Z0-9_]*")
_CREDENTIAL = re.compile(r"[A-Za-z0-9._-]{1,60}")
_VALUE = re.compile(r"hooks\.slack\.com|xox[a-z]-|xapp-", re.IGNORECASE)


def in_variable(written: str, usual: str) -> Secret:
    """The environment variable `written`; `usual` is what it is called in our examples. Raises UserError."""
    if not _VARIABLE.fullmatch(written):
        raise UserError(_way(usual))
    return Secret(kind="env", place=written)


def in_file(written: str, usual: str) -> Secret:
    """The file `written`; raises UserError."""
    if "://" in written or _VALUE.search(written) or not written:
        raise UserError(_way(usual))
    return Secret(kind="file", place=written)


def as_credential(written: str, usual: str) -> Secret:
    """The systemd credential `written`; raises UserError."""
    if not _CREDENTIAL.fullmatch(written) or _VALUE.search(written):
        raise UserError(_way(usual))
    return Secret(kind="credential", place=written)


def usual_place(usual: str, *, service: bool) -> Secret:
    """Where a secret is kept that nobody asked about: the usual variable, or the credential of that name."""
    if service:
        return Secret(kind="credential", place=usual.removeprefix("SMWATCH_").lower())
    return Secret(kind="env", place=usual)


def refuse_value(written: str) -> str:
    """`written`, unless it is a Slack token or webhook in a place where it would end up in the file."""
    if _VALUE.search(written):
        raise UserError(_way("SMWATCH_SLACK_WEBHOOK"))
    return written


def _way(usual: str) -> Text:
    """The value itself is not repeated: this may be on somebody's screen, or in a log."""
    return text(
        "a secret does not go into the file; say where it is kept: in an environment variable "
        "(export {usual}=…, then give its name {usual}), in a file of its own, or as a systemd credential",
        usual=usual,
    )
