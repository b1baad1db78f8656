"""Where last good copies are kept: beside the store that the file names, even if the file is broken otherwise."""

from __future__ import annotations

from typing import TYPE_CHECKING

from smwatch.config.files import peek
from smwatch.config.model import Config
from smwatch.errors import UserError
from smwatch.store.place import state_folder

if TYPE_CHECKING:
    from pathlib import Path


def state_for(path: Path) -> Path:
    """The state folder of the config at `path`."""
    default = Config().store
    try:
        general = peek(path.read_bytes()).get("smwatch")
    except OSError:
        return state_folder(default)
    store = general.get("store", default) if isinstance(general, dict) else default
    try:
        return state_folder(store if isinstance(store, str) else default)
    except UserError:
        return state_folder(default)
