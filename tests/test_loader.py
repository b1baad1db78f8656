"""Plugins: found in three stages, isolated from each other."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from smwatch import loader
from smwatch.errors import UserError
from smwatch.loader import Stage

if TYPE_CHECKING:
    from smwatch.loader import PluginInfo, Registry

GOOD = """
from smwatch.plugin import Channel, hookimpl

class Pigeon(Channel):
    loft: str

@hookimpl
def register_channels(register):
    register("pigeon", Pigeon)
"""


def folder(tmp_path: Path, **files: str) -> Path:
    """An operator's folder holding `files`, closed to others."""
    home = tmp_path / "plugins"
    home.mkdir(mode=0o755)
    for name, code in files.items():
        path = home / f"{name}.py"
        path.write_text(code, encoding="utf-8")
        path.chmod(0o644)
    return home


def info(registry: Registry, name: str) -> PluginInfo:
    return next(plugin for plugin in registry.plugins if plugin.name == name)


@pytest.fixture(autouse=True)
def _forget_operator_modules():
    yield
    for name in [name for name in sys.modules if name.startswith("smwatch_operator_")]:
        del sys.modules[name]


def test_an_operators_plugin_is_loaded_beside_the_built_in_ones(tmp_path: Path) -> None:
    registry = loader.load(folder=folder(tmp_path, pigeon=GOOD))

    assert registry.channels["pigeon"].__name__ == "Pigeon"
    assert (info(registry, "pigeon").stage, info(registry, "pigeon").brings) == (Stage.OPERATOR, ("pigeon",))
    assert all(plugin.problem is None for plugin in registry.plugins)


@pytest.mark.parametrize(
    ("code", "why"),
    [
        ("raise RuntimeError('no')", "RuntimeError: no"),
        ("raise SystemExit(3)", "SystemExit: 3"),
        ("import nothing_like_this", "ModuleNotFoundError"),
        ("def broken(:", "SyntaxError"),
        (
            GOOD.replace("def register_channels(register):", "def register_channels(register):\n    raise MemoryError"),
            "MemoryError",
        ),
        (GOOD.replace('"pigeon", Pigeon', '"pigeon", str'), "not fit to be registered: pigeon"),
        (GOOD.replace("(register):", "(register, more):"), "PluginValidationError"),
        (GOOD.replace("register_channels(", "register_chanels("), "PluginValidationError"),
    ],
)
def test_a_plugin_that_fails_is_off_and_says_why_and_the_others_run(tmp_path: Path, code: str, why: str) -> None:
    registry = loader.load(folder=folder(tmp_path, bad=code, pigeon=GOOD))

    assert why in str(info(registry, "bad").problem)
    assert "pigeon" in registry.channels


def test_the_operators_folder_may_replace_a_built_in(tmp_path: Path) -> None:
    registry = loader.load(folder=folder(tmp_path, console=GOOD.replace("pigeon", "console")))

    assert registry.channels["console"].__name__ == "Pigeon"
    assert info(registry, "console").replaces


def test_a_named_package_that_is_not_installed_is_an_error() -> None:
    with pytest.raises(UserError, match="no plugin named carrier is installed"):
        loader.load(["carrier"])


@pytest.mark.parametrize("mode", [0o775, 0o777])
def test_a_folder_that_others_may_write_is_refused(tmp_path: Path, mode: int) -> None:
    home = folder(tmp_path, pigeon=GOOD)
    home.chmod(mode)

    with pytest.raises(UserError, match="chmod go-w"):
        loader.load(folder=home)


def test_a_missing_folder_is_no_error(tmp_path: Path) -> None:
    assert loader.load(folder=tmp_path / "nowhere").sources == loader.load().sources


def test_a_bare_checkout_finds_its_plugins() -> None:
    root = Path(loader.__file__).resolve().parent.parent
    if not (root / "plugins").is_dir():
        pytest.skip("this is an installed copy, not a checkout")
    code = (
        "import sys; sys.meta_path[:] = [f for f in sys.meta_path if 'editable' not in repr(f)];"
        f"sys.path.insert(0, {str(root)!r});"
        "from smwatch import loader; print(sorted(p.problem or p.name for p in loader.load().plugins))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd="/")

    assert "'console'" in done.stdout
