"""The pages of the built-in plugins and the table of hooks, from docstrings, cards and classes."""

from __future__ import annotations

import ast
import inspect
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from smwatch import hookspecs, loader
from smwatch.config import schema
from smwatch.plugin import Channel, Source

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from smwatch.plugin import Card

MADE = "<!-- Written by `make docs` from the plugin's module docstring, card and class: change those. -->"
ABILITIES = (
    ("keyword_search", "search by words"),
    ("mentions", "mentions of an account"),
    ("comments", "comments"),
    ("author", "who wrote it"),
    ("followers", "followers of the author"),
    ("engagement", "likes, replies, shares"),
    ("push", "pushes instead of being polled"),
    ("approval", "access must be approved"),
)


def pages(root: Path) -> Iterator[tuple[Path, str]]:
    """One page a built-in plugin."""
    registry = loader.load()
    for info in registry.plugins:
        yield root / "docs" / "plugins" / f"{info.name}.md", _page(info, registry)


def orphans(root: Path) -> Iterator[Path]:
    """Generated pages whose plugin is gone."""
    known = {path for path, _ in pages(root)}
    for path in (root / "docs" / "plugins").glob("*.md"):
        if path not in known and path.read_text(encoding="utf-8").startswith(MADE):
            yield path


def index() -> str:
    """The built-in plugins as a table: page, what each brings, its first line."""
    rows = ["| plugin | brings | what it is |", "|---|---|---|"]
    registry = loader.load()
    for info in registry.plugins:
        _, words = _first_line(_docstring(info.path))
        rows.append(f"| [{info.name}]({info.name}.md) | {_brings(info, registry)} | {words} |")
    return "\n".join(rows)


def hooks() -> str:
    """Every hook in call order, with its exact signature and when it is called."""
    rows = ["| hook | signature | when |", "|---|---|---|"]
    for name, hook in vars(hookspecs).items():
        if inspect.isfunction(hook) and hasattr(hook, "smwatch_spec"):
            rows.append(f"| `{name}` | `{signature(hook)}` | {' '.join((hook.__doc__ or '').split())} |")
    rows += ["", "where `register` is called as", ""]
    for name, kind in vars(hookspecs).items():
        if inspect.isclass(kind) and name.startswith("Register"):
            rows.append(f"- `{name}`: `{signature(vars(kind)['__call__'])}`: {' '.join((kind.__doc__ or '').split())}")
    return "\n".join(rows)


def signature(function: Any) -> str:  # noqa: ANN401 - any callable
    """`register_sources(register: RegisterSource) -> None`, as it stands in the source."""
    name = "register" if function.__name__ == "__call__" else function.__name__
    words = str(inspect.signature(function)).replace("self, ", "").replace("'", "")
    return f"{name}{words}"


def _page(info: loader.PluginInfo, registry: loader.Registry) -> str:
    address, words = _first_line(_docstring(info.path))
    rest = _docstring(info.path).partition("\n")[2].strip("\n")
    parts = [MADE, f"# {info.name}", f"{words[:1].upper()}{words[1:]}", _as_markdown(rest)]
    for name in info.brings:
        parts += _brought(name, registry)
    parts.append(f"Vendor's page: <{address}>")
    return "\n\n".join(part for part in parts if part) + "\n"


def _docstring(path: str) -> str:
    """The module's docstring, without importing it again."""
    return ast.get_docstring(ast.parse(Path(path).read_text(encoding="utf-8"))) or ""


def _first_line(docstring: str) -> tuple[str, str]:
    """The vendor's address and the sentence behind it."""
    address, _, words = docstring.partition("\n")[0].partition(": ")
    return address, words.strip()


def _as_markdown(words: str) -> str:
    """`::` opens an indented block in docstrings; in Markdown the indent does it."""
    return re.sub(r"::$", ":", words, flags=re.MULTILINE)


def _brings(info: loader.PluginInfo, registry: loader.Registry) -> str:
    return ", ".join(f"{_kind(name, registry)} `{name}`" for name in info.brings)


def _kind(name: str, registry: loader.Registry) -> str:
    return "source" if name in registry.sources else "channel" if name in registry.channels else "enricher"


def _brought(name: str, registry: loader.Registry) -> Iterator[str]:
    if source := registry.sources.get(name):
        yield f'## `[[source]]` with `type = "{name}"`'
        yield from _card(source.card)
        yield _keys(schema(registry)["properties"]["source"]["items"], name, source, Source)
    if channel := registry.channels.get(name):
        yield f'## `[channels.NAME]` with `type = "{name}"`'
        yield _can(channel)
        yield _keys(schema(registry)["properties"]["channels"]["additionalProperties"], name, channel, Channel)


def _card(card: Card) -> Iterator[str]:
    """The capability card as a table, what it cannot see, an example."""
    rows = ["| it gives | |", "|---|---|"]
    rows += [f"| {words} | {'yes' if getattr(card, key) else 'no'} |" for key, words in ABILITIES]
    rows.append(f"| answering | {card.reply} |")
    rows.append(f"| cost | {card.cost} |")
    rows.append(f"| least interval | {int(card.min_interval.total_seconds())} s |")
    if card.retention is not None:
        rows.append(f"| texts may be kept | {card.retention} days |")
    yield "\n".join(rows)
    if card.blind is not None:
        yield f"It cannot see: {card.blind.render('en')}."
    if card.example:
        yield f"```toml\n{card.example.strip()}\n```"


def _can(channel: type[Channel]) -> str:
    words = {"edit a message": channel.can_edit, "thread": channel.can_thread, "look up a message": channel.can_find}
    can = [name for name, able in words.items() if able]
    return f"It can {', '.join(['post', *can])}; at most one message every {channel.pace.total_seconds():g} s."


def _keys(found: Mapping[str, Any], name: str, kind: type, base: type) -> str:
    """The plugin's own keys first, then those that all of its kind have."""
    then = next(it["then"] for it in found["allOf"] if it["then"]["properties"]["type"]["const"] == name)
    fields = kind.model_fields  # type: ignore[attr-defined]
    common = {(it.alias or key) for key, it in base.model_fields.items()}  # type: ignore[attr-defined]
    named = {(it.alias or key): it for key, it in fields.items()}
    rows = ["| key | what it means | value | if it is left out |", "|---|---|---|---|"]
    order = sorted((key for key in then["properties"] if key != "type"), key=lambda key: key in common)
    rows += [
        f"| `{key}` | {_meaning(named[key])} | {_value(then['properties'][key])} | {_default(named[key])} |"
        for key in order
    ]
    return "\n".join(rows)


def _meaning(field: Any) -> str:  # noqa: ANN401 - pydantic's FieldInfo
    return (field.description or "").replace("|", "\\|")


def _value(kind: Mapping[str, Any]) -> str:
    if "env" in kind.get("properties", {}):
        return "a secret: `{ env = … }`, `{ file = … }` or `{ credential = … }`"
    if kind.get("type") == "object":
        return f"a table: {', '.join(f'`{key}`' for key in kind['properties'])}"
    if "enum" in kind:
        return ", ".join(f'`"{it}"`' for it in kind["enum"])
    if kind.get("type") == "array":
        return "a list of words"
    words = {"boolean": "`true` or `false`", "integer": "a number", "string": "words"}
    if "smhd" in kind.get("pattern", ""):
        return 'a duration: `"30s"`, `"10m"`, `"1h"`'
    return words.get(kind.get("type", ""), "")


def _default(field: Any) -> str:  # noqa: ANN401 - pydantic's FieldInfo
    if field.is_required():
        return "required"
    value = field.get_default(call_default_factory=True)
    if value is None or value in ("", ()):
        return "–"
    if isinstance(value, bool):
        return f"`{str(value).lower()}`"
    if hasattr(value, "total_seconds"):
        return f'`"{int(value.total_seconds())}s"`'
    return f'`"{value}"`' if isinstance(value, str) else f"`{value}`"
