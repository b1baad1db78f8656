"""The rules of the house that import-linter cannot see: what is loaded when, and what is called where."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from pathlib import Path

import pytest
import tomli

import smwatch
import smwatch.loader
from smwatch import hookspecs

HOME = Path(smwatch.__file__).resolve().parent
PLUGINS = smwatch.loader._home()
HEAVY = (
    "aiohttp", "aiosmtplib", "alembic", "babel", "fastfeedparser", "feedparser", "holidays", "jinja2", "lxml", "mrml", "nh3",
    "prometheus_client", "selectolax", "slack_sdk", "sqlalchemy", "structlog", "watchfiles",
)  # fmt: skip
LOADED = "import json, sys; {do}; print(json.dumps(sorted({{name.split('.')[0] for name in sys.modules}})))"


def _loaded_by(do: str) -> set[str]:
    """The top-level packages that a fresh process has loaded after `do`."""
    program = LOADED.format(do=do)
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60)
    return set(json.loads(done.stdout))


def _sources() -> list[Path]:
    return sorted([*HOME.rglob("*.py"), *PLUGINS.glob("*.py")])


def _calls(path: Path) -> set[str]:
    """The dotted names that a file calls: `aiohttp.ClientSession`, `read`."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return {ast.unparse(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call)}


def _callers(ending: str) -> set[str]:
    found = [path for path in _sources() if any(f".{name}".endswith(f".{ending}") for name in _calls(path))]
    return {path.relative_to(path.parent if path.parent == PLUGINS else HOME).as_posix() for path in found}


def test_loading_all_plugins_loads_no_vendor() -> None:
    loaded = _loaded_by("import smwatch.loader; registry = smwatch.loader.load(); assert len(registry.plugins) >= 5")
    assert sorted(loaded & set(HEAVY)) == []
    assert "pydantic" in loaded  # the test can see what is loaded


def test_help_loads_no_store_and_no_http() -> None:
    loaded = _loaded_by("import smwatch.cli.root")
    assert sorted(loaded & {*HEAVY, "pydantic", "asyncio"}) == []


UNUSED = {
    "alembic", "feedparser", "holidays", "jinja2", "lxml", "mako", "mrml", "nh3", "pygments", "rich", "selectolax",
    "slack_sdk", "sqlalchemy.dialects.postgresql", "sqlalchemy.ext.asyncio.session", "sqlalchemy.orm", "toml_rs",
}  # fmt: skip
OPENED = """
import asyncio, sys
import smwatch.daemon
async def main(url):
    store = await smwatch.daemon.Store.open(url)
    async with store.read():
        pass
    await store.close()
asyncio.run(main(sys.argv[1]))
print(*sys.modules)
"""


def test_a_daemon_with_its_store_loads_nothing_that_it_does_not_use(tmp_path: Path) -> None:
    words = [sys.executable, "-c", OPENED, f"sqlite://{tmp_path}/smwatch.db"]
    loaded = set(subprocess.run(words, capture_output=True, text=True, check=True, timeout=60).stdout.split())
    assert sorted(loaded & UNUSED) == []
    assert {"sqlalchemy.ext.asyncio.engine", "structlog"} <= loaded  # the test can see what is loaded


def _imports(path: Path) -> set[str]:
    """The modules that a file imports, wherever in it."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom):
            found.add(node.module or "")
        elif isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
    return found


def test_plugins_import_smwatch_plugin_and_nothing_else_of_smwatch() -> None:
    found = {name for path in PLUGINS.glob("*.py") for name in _imports(path) if name.split(".")[0] == "smwatch"}
    assert found - {"smwatch.hookspecs"} == {"smwatch.plugin"}  # hookspecs: the types of `register`


def test_sessions_are_made_where_their_addresses_are_guarded() -> None:
    allowed = {
        "fetch/client.py",  # the guarded client
        "app.py",  # the channels' session: the operator's own end points
    }
    testing = {name for name in _callers("ClientSession") if name.startswith("testing/")}
    assert _callers("ClientSession") - testing <= allowed
    assert "fetch/client.py" in _callers("ClientSession")


def test_feedparser_is_called_in_one_place_and_reads_only_from_memory() -> None:
    users = {path for path in _sources() if any(name.split(".")[0] == "feedparser" for name in _imports(path))}
    assert users == {HOME / "feeds" / "slow.py"}
    tree = ast.parse((HOME / "feeds" / "slow.py").read_text(encoding="utf-8"))
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call) and ast.unparse(node.func) == "parse"]
    assert [ast.unparse(call.args[0]).startswith(("BytesIO(", "io.BytesIO(")) for call in calls] == [True]


def test_the_log_is_the_only_way_to_print_outside_the_command_line() -> None:
    assert {name for name in _callers("print") if not name.startswith(("cli/", "testing/", "demo/"))} == set()


def test_each_hook_is_used_by_a_built_in_plugin() -> None:
    specs = {name for name, what in vars(hookspecs).items() if hasattr(what, "smwatch_spec")}
    used = set()
    for path in PLUGINS.glob("*.py"):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        used |= {node.name for node in tree.body if isinstance(node, ast.FunctionDef) and node.decorator_list}
    assert specs - used == set()
    assert specs >= {"register_sources", "register_channels", "register_enrichers"}


def test_every_package_is_in_the_wheel() -> None:
    checkout = HOME.parent / "pyproject.toml"
    if not checkout.is_file():
        pytest.skip("this is an installed copy, not a checkout")
    named = set(tomli.loads(checkout.read_text(encoding="utf-8"))["tool"]["setuptools"]["packages"])
    there = {".".join(path.parent.relative_to(HOME.parent).parts) for path in HOME.rglob("__init__.py")}
    assert named == there | {"smwatch.plugins"}
