"""The store: its folder, the room on the disk, its version, and who may read it."""

from __future__ import annotations

import os
import shutil
import stat
from typing import TYPE_CHECKING

from smwatch.doctor.finding import Finding, note, ok, warning, wrong
from smwatch.errors import UserError
from smwatch.i18n import text
from smwatch.message.words import size
from smwatch.store.place import sqlite_path, state_folder

if TYPE_CHECKING:
    from pathlib import Path

    from smwatch.config.model import Config

MIB = 1024 * 1024
FULL, TIGHT = 100 * MIB, 1024 * MIB  # bytes free


async def storage(config: Config) -> tuple[Finding, ...]:
    """Folder, disk, version, rights."""
    try:
        folder, path = state_folder(config.store), sqlite_path(config.store)
    except UserError as error:
        return (wrong("store", error.sentence),)
    writable = _writable(folder)
    found = [writable, *([] if path is None else [_room(folder)])]
    if path is not None and path.exists():
        found += _private(path)
    if path is not None and not path.exists():
        found.append(note("store", text("there is no store yet; “smwatch run” makes it")))
    elif writable.severity == "ok":
        found.append(await _version(config.store))
    return tuple(found)


def _writable(folder: Path) -> Finding:
    """A folder that is not there yet is made at the first start, where its parent allows it."""
    place = next(one for one in (folder, *folder.parents) if one.exists())
    if not place.is_dir():
        return wrong("store-folder", text("{path} is no folder", path=str(place)))
    if not os.access(place, os.W_OK | os.X_OK):
        how = text("run this as the user of the service (sudo -u smwatch …), or change “store”")
        return wrong("store-folder", text("the folder {folder} cannot be written by this user", folder=str(place)), how)
    if place != folder:
        return ok("store-folder", text("{folder} is made at the first start", folder=str(folder)))
    return ok("store-folder", text("{folder} can be written", folder=str(folder)))


def _room(folder: Path) -> Finding:
    place = next(one for one in (folder, *folder.parents) if one.exists())
    free = shutil.disk_usage(place).free
    said = text("{size} free at {folder}", size=size(free), folder=str(place))
    how = text("make room, or shorten “retention” and “history”")
    if free < FULL:
        return wrong("disk", said, how)
    return warning("disk", said, how) if free < TIGHT else ok("disk", said)


def _private(path: Path) -> list[Finding]:
    """What people said in public still is personal data: others on this machine have no business with it."""
    open_files = [
        one
        for one in (path, path.with_name("store.key"))
        if one.exists() and one.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO)
    ]
    return [
        warning(
            "store-rights",
            text("{path} can be read by others", path=str(one)),
            text("chmod go= {path}", path=str(one)),
        )
        for one in open_files
    ]


async def _version(url: str) -> Finding:
    from smwatch.store.db import Store  # noqa: PLC0415 - the whole store, only needed here

    try:
        store = await Store.open_to_read(url)
    except UserError as error:
        return wrong("store", error.sentence)
    except Exception as error:  # noqa: BLE001 - whatever is wrong with a foreign file is the finding
        broken = text("{path} cannot be read as a store: {error}", path=url, error=type(error).__name__)
        return wrong("store", broken, text("put the last backup in its place"))
    await store.close()
    return ok("store", text("the store can be read, and its version is the current one"))
