"""`plugins`: what is loaded, from where, and why something is not; `plugins new` begins one."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from smwatch.cli.helped import Group
from smwatch.cli.shell import config_option, json_option, spoken, talk, tell, tell_json
from smwatch.i18n import Text, text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from smwatch.loader import PluginInfo, Registry

STAGES = {1: text("built in"), 2: text("installed"), 3: text("your own")}
STAGE_NAMES = {1: "built-in", 2: "installed", 3: "operator"}


@click.group(
    cls=Group,
    invoke_without_command=True,
    examples=("smwatch plugins", "smwatch plugins --json", "smwatch plugins new acme_forum"),
    short_help="Lists plugins, and begins new ones.",
    help="Lists the plugins: what they bring, where they come from, and why one is off.",
)
@config_option
@json_option
@click.pass_context
def plugins(ctx: click.Context, config: str | None, as_json: bool) -> None:  # noqa: FBT001 - click passes flags by name
    """Exit 0 also where a plugin is off: `doctor` judges."""
    if ctx.invoked_subcommand is not None:
        return
    registry, trouble, _ = _registry(config)
    if as_json:
        problems = [one.render(spoken()) for one in trouble]
        listed = [_as_json(one) for one in registry.plugins]
        tell_json({"plugins": listed, "not_loaded": list(registry.unloaded), "problems": problems})
        return
    for one in registry.plugins:
        tell("\n".join(_lines(one)))
    for name in registry.unloaded:
        told = text("{name} is installed, but not named in “plugins”: it is not loaded", name=name)
        tell(f"· {told.render(spoken())}")
    for sentence in trouble:
        talk(f"✗ {sentence.render(spoken())}")


def _registry(config: str | None) -> tuple[Registry, tuple[Text, ...], Path | None]:
    """The plugins of the config, what is wrong with its folder, and that folder; without a config the built-in ones."""
    from smwatch import loader
    from smwatch.config import find
    from smwatch.config.files import collect
    from smwatch.config.loading import plugin_names, registry_for
    from smwatch.errors import UserError

    try:
        path = find(config)
    except UserError:
        if config:
            raise
        return loader.load(), (), None
    raws = collect(path).raws
    return (*registry_for(raws), plugin_names(raws)[1])


def _as_json(one: PluginInfo) -> dict[str, object]:
    return {
        "name": one.name,
        "kinds": list(one.kinds),
        "brings": list(one.brings),
        "version": one.version,
        "stage": STAGE_NAMES[one.stage],
        "path": one.path,
        "sha256": one.digest,
        "replaces": one.replaces,
        "problem": one.problem.render(spoken()) if one.problem else None,
    }


def _lines(one: PluginInfo) -> Iterator[str]:
    mark = "✗" if one.problem else "✓"
    pairs = [f"{Text(kind).render(spoken())} {name}" for kind, name in zip(one.kinds, one.brings, strict=True)]
    yield f"{mark} {one.name} {one.version}  {', '.join(pairs) or '–'}"
    replaces = f", {text('replaces the built-in one').render(spoken())}" if one.replaces else ""
    digest = f"  {one.digest}" if one.digest else ""
    yield f"    {STAGES[one.stage].render(spoken())}{replaces}: {one.path}{digest}"
    if one.problem is not None:
        yield f"    {one.problem.render(spoken())}"


@plugins.command(
    "new",
    examples=("smwatch plugins new acme_forum", "smwatch plugins new acme_forum --folder ./plugins"),
    short_help="Writes a source in one file, to begin with.",
    help="Writes a source in one file that works as it stands: change it to what your platform sends. It goes into "
    "the folder that plugins_dir names, else into this one.",
)
@click.argument("name", metavar="NAME")
@click.option("--folder", metavar="FOLDER", help="Where to write it.")
@config_option
def new(name: str, folder: str | None, config: str | None) -> None:
    """Never over a file that is there."""
    from smwatch.init.skeleton import is_open, write_skeleton

    registry, _, configured = _registry(config)
    place = Path(folder) if folder else configured or Path()
    taken = {one.name for one in registry.plugins} | {*registry.sources, *registry.channels}
    path = write_skeleton(name, place, taken)
    tell(str(path))
    if is_open(place):
        how = f"chmod go-w {path.parent}"
        talk(text("{path} can be written by others; mend it with: {how}", path=str(path.parent), how=how))
    if configured is None or path.parent.resolve() != configured.resolve():
        talk(text("The config has to name the folder: plugins_dir = “{path}”", path=str(path.parent.resolve())))
    talk(text("Then: a [[source]] with type = “{name}”, and smwatch source test NAME", name=name))
