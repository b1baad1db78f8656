"""Sources and channels: a plugin's class says which keys there are; what it refuses is said in our words."""

from __future__ import annotations

import types
from datetime import time, timedelta
from enum import Enum
from typing import TYPE_CHECKING, Annotated, Any, Generic, Literal, TypeVar, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError

from smwatch.config import fields, words
from smwatch.config.draft import filled
from smwatch.config.kinds import wrong_type
from smwatch.config.secrets import read_secret
from smwatch.config.unknown import Homes, unknown_key
from smwatch.errors import UserError
from smwatch.i18n import Text, text
from smwatch.model import Priority
from smwatch.plugin import Plugin, QuietHours
from smwatch.secret import Secret

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from smwatch.config.kinds import Kind
    from smwatch.config.report import Report
    from smwatch.config.tree import Node

NAMED_KINDS: Mapping[str, Kind] = {
    "language": fields.LANGUAGE,
    "timezone": fields.TIMEZONE,
    "url": fields.ADDRESS,
    "api_url": fields.ADDRESS,
    "client": fields.FILLED,
    "name": fields.FILLED,
}
BAD = object()
Found = TypeVar("Found", bound=Plugin)


class Reading(Generic[Found]):
    """One table read as one plugin class."""

    def __init__(  # noqa: PLR0913 - a table, its class, and where to report
        self, node: Node, kind: type[Found], heading: str, homes: Homes, report: Report, *, type_key: str = "type"
    ) -> None:
        self.node = node
        self.kind = kind
        self.heading = heading
        self.homes = homes
        self.report = report
        self.type_key = type_key  # how somebody wrote "type"
        self.bad: set[tuple[str | int, ...]] = set()
        self.meant: set[str | None] = set()

    def build(self, name: str | None = None) -> Found | None:
        """The object, or None after its problems were reported."""
        values = self._model(self.node, self.kind, ())
        if name is not None:
            values["name"] = name
        try:
            found = self.kind.model_validate(values)
        except ValidationError as error:
            self._explain(error)
            return None
        except UserError as error:
            if not self._incomplete():
                self.report.error(self.node.table.get("url", self.node).spot, error.sentence)
            return None
        return None if self.bad else found

    def _model(self, node: Node, model: type[BaseModel], path: tuple[str | int, ...]) -> dict[str, Any]:
        """The values of a table for `model`; keys that it does not have are reported."""
        found: dict[str, Any] = {}
        keys = keys_of(model)
        for key, it in node.table.items():
            if key == self.type_key and not path:
                found["type"] = it.value
                continue
            if key not in keys or (key == "name" and self.heading.startswith("[channels.")):
                here = self.heading if not path else f"{path[-1]} = {{ … }}"
                self.bad.add((*path, key))
                own = [k for k in keys if k != "type"]
                self.meant.add(unknown_key(it, own, here, self.homes, self.report))
                continue
            value = self._value(it, keys[key], (*path, key), model) if self._at_home(it, key, keys) else BAD
            if value is BAD:
                self.bad.add((*path, key))
            else:
                found[key] = value
        return found

    def _at_home(self, node: Node, key: str, keys: Mapping[str, Any]) -> bool:
        """Whether a word is not rather one of another key's choices, where it is none of its own's."""
        said, own = node.value, words_of(unwrap(keys[key]))
        if not own or not isinstance(said, str) or said in own:
            return True
        right = next((other for other, annotation in keys.items() if said in words_of(unwrap(annotation))), None)
        if right is None:
            return True
        self.report.error(
            node.key, text('“{value}” belongs to another key: {right} = "{value}"', value=said, right=right), right
        )
        return False

    def _value(self, node: Node, annotation: Any, path: tuple[str | int, ...], model: type[BaseModel]) -> Any:  # noqa: ANN401 - any annotation, any value
        choices = unwrap(annotation)
        if model is QuietHours and path[-1] == "days":
            return self._quiet_days(node)
        if Secret in choices and not (str in choices and isinstance(node.value, str)):
            return _or_bad(read_secret(node, self.report))
        nested = next((it for it in choices if isinstance(it, type) and issubclass(it, BaseModel)), None)
        if nested is not None:
            return self._nested(node, nested, choices, path)
        kind = self.kind_of(choices, str(path[0]) if len(path) == 1 else "")  # names mean that much at the top only
        if kind is not None:
            return _or_bad(kind.read(node, self.report))
        return self._listed(node, choices, path, model)

    def _nested(self, node: Node, nested: type[BaseModel], choices: Sequence[Any], path: tuple[str | int, ...]) -> Any:  # noqa: ANN401 - any value
        if node.is_table:
            return self._model(node, nested, path)
        if any(it in choices for it in (str, int, bool)) or any(get_origin(it) in (tuple, list) for it in choices):
            return node.plain()
        sample = ", ".join(f"{key} = …" for key in list(keys_of(nested))[:2])
        wrong_type(node, self.report, text("a table: {sample}", sample=f"{{ {sample} }}"), None)
        return BAD

    def _listed(self, node: Node, choices: Sequence[Any], path: tuple[str | int, ...], model: type[BaseModel]) -> Any:  # noqa: ANN401 - any value
        sequence = next((it for it in choices if get_origin(it) in (tuple, list, frozenset)), None)
        if sequence is None or (isinstance(node.value, str) and str in choices):
            return node.plain()
        args = get_args(sequence)
        if args and set(unwrap(args[0])) == {str}:
            return _or_bad(fields.STRINGS.read(node, self.report))
        if not isinstance(node.value, list):
            wrong_type(node, self.report, text("a list: [ … ]"), f"[{node.raw}]" if node.raw else None)
            return BAD
        found = [self._value(it, args[0] if args else Any, (*path, n), model) for n, it in enumerate(node.entries)]
        return BAD if BAD in found else found

    @staticmethod
    def kind_of(choices: Sequence[Any], name: str) -> Kind | None:
        """The kind of a plain value; None for lists and what only the plugin understands."""
        if set(choices) == {str} and name in NAMED_KINDS:
            return NAMED_KINDS[name]
        for of_type, kind in (
            (Priority, fields.PRIORITY),
            (timedelta, fields.DURATION),
            (time, fields.CLOCK_TIME),
        ):
            if of_type in choices:
                return kind
        literal = words_of(choices)
        enums = [it for it in choices if isinstance(it, type) and issubclass(it, Enum)]
        if literal and str not in choices:
            return fields.choice({it: it for it in literal})
        if enums:
            return fields.choice({str(it.value): it for it in enums[0]})
        return {
            (str,): fields.STRING if name == "note" else fields.FILLED,
            (int,): fields.NUMBER,
            (bool,): fields.FLAG,
        }.get(tuple(choices))

    def _quiet_days(self, node: Node) -> Any:  # noqa: ANN401 - a tuple of days, or BAD
        found = fields.WEEKDAYS.read(node, self.report)
        if isinstance(found, str):
            self.report.error(node.spot, text('quiet hours take days like "werktags" or "sonntags", no cron line'))
            return BAD
        if found is None:
            return BAD
        expanded = {"daily": (), "workdays": words.WEEKDAYS[:5]}
        return tuple(day for it in found for day in expanded.get(it, (it,)))

    def _explain(self, error: ValidationError) -> None:
        for it in error.errors(include_url=False):
            loc = tuple(it["loc"])
            if self._incomplete() and not loc:  # a rule over several keys, of which some could not be read
                continue
            if any(loc[: len(bad)] == bad for bad in self.bad):
                continue
            self._one(loc, it)

    def _incomplete(self) -> bool:
        """Whether some keys of the table could not be read; what is said about the whole would only repeat that."""
        return bool(self.bad or {*keys_of(self.kind), "*"} & self.node.spot.document.lost)

    def _one(self, loc: tuple[str | int, ...], it: Mapping[str, Any]) -> None:
        node, missing = _descend(self.node, loc)
        if it["type"] == "missing":
            key = str(missing or loc[-1])
            if key not in self.meant and not {key, "*"} & node.spot.document.lost:
                self.report.error(*_missing(node, key, self.heading if node is self.node else f"{node.name} = {{ … }}"))
            return
        message, suggestion = _translated(node, it)
        self.report.error(node.spot, message, suggestion)


def _missing(node: Node, key: str, heading: str) -> tuple[Any, Text, str]:
    return node.spot, text("{heading} needs the key “{key}”", heading=heading, key=key), key


def _descend(node: Node, loc: Sequence[str | int]) -> tuple[Node, str | None]:
    """The node at `loc` as pydantic names it (with union members in between), and the first key that is not there."""
    for n, step in enumerate(loc):
        if isinstance(step, str) and step in node.table:
            node = node.table[step]
        elif isinstance(step, int) and step < len(node.entries):
            node = node.entries[step]
        elif n == len(loc) - 1 and isinstance(step, str):
            return node, step
    return node, None


def _translated(node: Node, it: Mapping[str, Any]) -> tuple[Text, str | None]:
    """Pydantic's remark in our words."""
    context: Mapping[str, Any] = it.get("ctx", {})
    own = context.get("error")
    if own is not None:
        said = own.args[0] if getattr(own, "args", ()) else str(own)
        return (said if isinstance(said, Text) else text(str(said))), None
    for limit, sentence in LIMITS.items():
        if limit in context:
            return filled(sentence, key=node.name, limit=context[limit]), None
    return text("“{key}” has a value that is not possible here", key=node.name), None


LIMITS: Mapping[str, Text] = {
    "ge": text("“{key}” is at least {limit}"),
    "gt": text("“{key}” is more than {limit}"),
    "le": text("“{key}” is at most {limit}"),
    "lt": text("“{key}” is less than {limit}"),
    "min_length": text("“{key}” needs at least {limit} entries or characters"),
    "max_length": text("“{key}” may have at most {limit} entries or characters"),
    "pattern": text("“{key}” does not have the expected form"),
}


def keys_of(model: type[BaseModel]) -> dict[str, Any]:
    """The TOML keys of a class, with their annotations."""
    return {(it.alias or name): it.annotation for name, it in model.model_fields.items()}


def unwrap(annotation: Any) -> list[Any]:  # noqa: ANN401 - annotations are any objects
    """The types that an annotation allows, without None and without Annotated."""
    origin = get_origin(annotation)
    if origin is Annotated:
        return unwrap(get_args(annotation)[0])
    if origin in (Union, types.UnionType):
        return [it for one in get_args(annotation) for it in unwrap(one)]
    if (annotation is None) or annotation is type(None):
        return []
    return [annotation]


def words_of(choices: Sequence[Any]) -> list[str]:
    """The words that are possible; none where it is no choice between words."""
    found = [it for choice in choices if get_origin(choice) is Literal for it in get_args(choice)]
    return found if all(isinstance(it, str) for it in found) else []


def _or_bad(value: Any) -> Any:  # noqa: ANN401 - any value
    return BAD if value is None else value
