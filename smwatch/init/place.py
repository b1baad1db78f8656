"""Where the new file goes, and what is beside it: nothing that stands there is written over without being asked for."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from smwatch.config.build import build
from smwatch.config.document import Raw
from smwatch.config.loading import registry_for
from smwatch.config.model import Config
from smwatch.errors import UserError, system_reason
from smwatch.i18n import text

if TYPE_CHECKING:
    from smwatch.errors import Problem

SYSTEM = Path("/etc/smwatch")
UTC_NAMES = {"UTC", "Etc/UTC", "Etc/UCT", "UCT", "Universal", "Zulu", "GMT", "Etc/GMT"}


def store_for(output: Path) -> str:
    """The store's address: the service's own folder for its own config, else a folder beside the file."""
    folder = output.absolute().parent
    if folder.is_relative_to(SYSTEM):
        return Config().store
    return f"sqlite://{folder / f'{output.stem}-data' / 'smwatch.db'}"


def is_service(output: str | None) -> bool:
    """Whether the file is the service's own: its secrets are systemd credentials, its environment is not ours."""
    return Path(output or "").absolute().is_relative_to(SYSTEM)


def local_zone() -> str | None:
    """The time zone of this machine by its name; None where it has none, or only UTC as servers do."""
    named = os.environ.get("TZ", "").removeprefix(":")
    if not named:
        with suppress(OSError):
            named = str(Path("/etc/localtime").resolve()).partition("zoneinfo/")[2]
    with suppress(ValueError, OSError, KeyError):
        return ZoneInfo(named).key if named and named not in UTC_NAMES else None
    return None


def refuse_useless(output: Path) -> None:
    """Raise UserError where no file can be written, before anything is asked."""
    if output.is_dir():
        raise UserError(text("{path} is a folder; name a file in it", path=str(output)))
    if not output.absolute().parent.is_dir():
        raise UserError(text("there is no folder {path}", path=str(output.absolute().parent)))
    if not os.access(output.absolute().parent, os.W_OK | os.X_OK):
        raise UserError(
            text("the folder {folder} cannot be written by this user", folder=str(output.absolute().parent))
        )


def write_file(output: Path, content: str, *, replace: bool) -> Path | None:
    """Write `content`; with `replace` the old file is kept beside it, and its path comes back. Raises UserError."""
    kept = None
    try:
        if replace and output.exists():
            kept = output.with_name(output.name + ".bak")
            os.replace(output, kept)  # noqa: PTH105 - atomic, and over an older copy
        with output.open("x", encoding="utf-8") as file:
            file.write(content)
    except FileExistsError:
        raise UserError(
            text("{path} is there already; --force replaces it (and keeps a copy)", path=str(output))
        ) from None
    except OSError as error:
        if kept is not None:
            with suppress(OSError):
                os.replace(kept, output)  # noqa: PTH105 - back again
        raise UserError(
            text("{file} cannot be written: {reason}", file=str(output), reason=system_reason(error))
        ) from None
    return kept


def problems_of(output: Path, content: str) -> tuple[Problem, ...]:
    """What `smwatch check` would say of `content` at `output`, before it is written."""
    raw = Raw(path=output, data=content.encode("utf-8"))
    kinds, _ = registry_for([raw])
    return tuple(one.problem for one in build([raw], kinds).findings)
