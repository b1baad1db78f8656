"""From a path to a built config: files, plugins, model."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from smwatch.config.build import Built, Kinds, build
from smwatch.config.document import Document, Raw, Role, Spot
from smwatch.config.files import FileSet, collect, peek
from smwatch.config.report import Report
from smwatch.errors import UserError
from smwatch.i18n import Text, text

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from smwatch.loader import Registry


def read_all(path: Path, registry: Kinds | None = None) -> Built:
    """Everything that the config at `path` says, with every finding; raises UserError where it cannot be read."""
    files = collect(path)
    kinds, trouble = (registry, ()) if registry is not None else registry_for(files.raws)
    built = build(files.raws, kinds)
    return with_notes(built, files, trouble)


def with_notes(built: Built, files: FileSet, trouble: Sequence[Text] = ()) -> Built:
    """`built` with what is to be said about the files themselves."""
    report = Report()
    main = files.raws[0].path
    for sentence in trouble:
        report.error(_beginning(main), sentence)
    for path in files.skipped:
        report.warning(
            _beginning(path), text("this file is skipped: it looks like a copy or a lock of an office program")
        )
    for path, reason in files.unread:
        report.error(_beginning(path), text("{path} cannot be read: {reason}", path=str(path), reason=reason))
    if files.patterns and not any(raw.role is Role.PEOPLE for raw in files.raws):
        patterns = ", ".join(files.patterns)
        report.warning(_beginning(main), text("“include” finds no file: {patterns}", patterns=patterns))
    return replace(built, findings=(*built.findings, *report.findings()))


def registry_for(raws: Sequence[Raw]) -> tuple[Registry, tuple[Text, ...]]:
    """The plugins that the operator's files name, and what went wrong with them.

    Names that are not installed are left out here: the check points at them.
    """
    from importlib import metadata  # noqa: PLC0415 - only where plugins are really loaded

    from smwatch import loader  # noqa: PLC0415 - likewise

    names, folder = plugin_names(raws)
    installed = {point.name for point in metadata.entry_points(group=loader.GROUP)} if names else set()
    known = [name for name in names if name in installed]
    try:
        return loader.load(known, folder), ()
    except UserError as error:
        return loader.load(known), (error.sentence,)


def plugin_names(raws: Sequence[Raw]) -> tuple[tuple[str, ...], Path | None]:
    """`plugins` and `plugins_dir` of the operator's files, as far as they can be read."""
    names: list[str] = []
    folder: Path | None = None
    for raw in raws:
        general: Any = peek(raw.data).get("smwatch") if raw.role is Role.OPERATOR else None
        if not isinstance(general, dict):
            continue
        listed = general.get("plugins")
        names += [it for it in (listed if isinstance(listed, list) else []) if isinstance(it, str)]
        if isinstance(general.get("plugins_dir"), str):
            folder = raws[0].path.parent / general["plugins_dir"]
    return tuple(dict.fromkeys(names)), folder


def _beginning(path: Path) -> Spot:
    document = Document(path=path, role=Role.OPERATOR, lines=("",), parsed=("",), values={})
    return Spot(document=document, line=1)
