"""One more entry in the `exclude` of a watch, in its file, with everything else to the letter."""

from __future__ import annotations

from difflib import unified_diff
from typing import TYPE_CHECKING, Any

from smwatch.config.edit import Edit
from smwatch.config.report import masked
from smwatch.errors import UserError
from smwatch.i18n import text

if TYPE_CHECKING:
    from pathlib import Path

    from smwatch.config.document import Raw
    from smwatch.config.edit import Desk
    from smwatch.model import Watch


def exclude(desk: Desk, name: str, client: str | None, query: str) -> Edit:
    """The edit that appends `query` to the exclusions of the watch `name`; never to its query.

    Raises UserError where the watch cannot be found, or its file cannot be edited as it stands.
    """
    watch = next((one for one in desk.config.watches if (one.client, one.name) == (client, name)), None)
    raw = _file_of(desk, watch)
    before = raw.data.decode("utf-8", "replace")
    edit = Edit(path=raw.path, before=before, after=_added(before, raw.path, name, query))
    return desk.checked(raw, edit)


def is_there(desk: Desk, name: str, client: str | None, query: str) -> bool:
    """Whether the file has it already: somebody pasted the lines."""
    return any(query in one.exclude for one in desk.config.watches if (one.client, one.name) == (client, name))


def difference(edit: Edit) -> str:
    """The lines that change, as a diff without its heads."""
    lines = unified_diff(edit.before.splitlines(), edit.after.splitlines(), "", "", n=1, lineterm="")
    return "\n".join([masked(line) for line in lines][2:])


def _file_of(desk: Desk, watch: Watch | None) -> Raw:
    where = str(watch.where.file) if watch is not None and watch.where is not None else ""
    found = next((raw for raw in desk.files.raws if str(raw.path) == where), None)
    if found is None:
        raise UserError(text("the watch is not in the configuration any more"))
    return found


def _added(before: str, path: Path, name: str, query: str) -> str:
    import tomlkit  # noqa: PLC0415 - only where a file is edited
    from tomlkit.exceptions import TOMLKitError  # noqa: PLC0415 - likewise

    mark = "\ufeff" if before.startswith("\ufeff") else ""
    try:
        document = tomlkit.parse(before.removeprefix(mark))
        table = next(one for one in document["watch"] if str(one.get("name", "")).strip() == name)
        _append(table, query)
    except (TOMLKitError, StopIteration, TypeError, AttributeError):
        raise UserError(
            text("{path} cannot be edited as it stands (smwatch check says more)", path=str(path))
        ) from None
    return mark + tomlkit.dumps(document)


def _append(table: Any, query: str) -> None:  # noqa: ANN401 - tomlkit's table
    import tomlkit  # noqa: PLC0415 - only where a file is edited

    value = tomlkit.string(query, literal="'" not in query and query.isprintable())
    standing = table.get("exclude")
    if standing is None:
        table.add("exclude", tomlkit.array())
        standing = table["exclude"]
    elif isinstance(standing, str):
        raise TypeError(standing)
    standing.append(value)
