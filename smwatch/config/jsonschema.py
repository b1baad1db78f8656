"""A JSON schema of the TOML files for editors (`#:schema ./smwatch.schema.json`)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, get_args, get_origin

from pydantic import BaseModel

from smwatch.config import tables
from smwatch.config.plugged import Reading, keys_of, unwrap
from smwatch.i18n import Text, text
from smwatch.secret import Secret

if TYPE_CHECKING:
    from collections.abc import Mapping

    from smwatch.config.build import Kinds
    from smwatch.config.tables import Table
    from smwatch.plugin import Plugin

SECRET: dict[str, Any] = {
    "type": "object",
    "description": "A secret never stands in the file: name an environment variable, a file or a systemd credential.",
    "properties": {"env": {"type": "string"}, "file": {"type": "string"}, "credential": {"type": "string"}},
    "additionalProperties": False,
    "minProperties": 1,
    "maxProperties": 1,
}


def schema(kinds: Kinds, language: str = "en") -> dict[str, Any]:
    """The schema for all tables, with the plugins' keys; descriptions in `language`."""
    properties = {name: _placed(it, language) for name, it in tables.TABLES.items()}
    raising = _list(_object(tables.RAISE, language), tables.RAISE.doc.render(language))
    properties["watch"]["items"]["properties"]["raise"] = raising
    properties["channels"] = {
        "type": "object",
        "description": text("Ways to tell people.").render(language),
        "additionalProperties": _one_of(kinds.channels, language, leave_out="name"),
    }
    sources = _one_of(kinds.sources, language)
    properties["source"] = _list(sources, text("A place that is read regularly.").render(language))
    return {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "smwatch",
        "type": "object",
        "properties": properties,
        "additionalProperties": False,
    }


def _placed(table: Table, language: str) -> dict[str, Any]:
    found = _object(table, language)
    if table.listed:
        return _list(found, table.doc.render(language))
    if table.named:
        return {"type": "object", "description": table.doc.render(language), "additionalProperties": found}
    return found


def _list(items: dict[str, Any], description: str) -> dict[str, Any]:
    return {"type": "array", "description": description, "items": items}


def _object(table: Table, language: str) -> dict[str, Any]:
    return {
        "type": "object",
        "description": table.doc.render(language),
        "properties": {
            name: {**it.kind.schema, "description": it.doc.render(language)} for name, it in table.keys.items()
        },
        "required": [name for name, it in table.keys.items() if it.required],
        "additionalProperties": False,
    }


def _one_of(kinds: Mapping[str, type[Plugin]], language: str, leave_out: str = "") -> dict[str, Any]:
    """The keys of each type, chosen by `type`."""
    return {
        "type": "object",
        "required": ["type"],
        "properties": {
            "type": {"enum": list(kinds), "description": text("Which plugin does it.").render(language)},
        },
        "allOf": [
            {
                "if": {"properties": {"type": {"const": name}}},
                "then": _plugin(name, kind, leave_out, language),
            }
            for name, kind in kinds.items()
        ],
    }


def _plugin(name: str, kind: type[Plugin], leave_out: str, language: str) -> dict[str, Any]:
    found = _model(kind, language)
    found["properties"].pop(leave_out, None)
    found["properties"]["type"] = {"const": name}
    about = (kind.__doc__ or "").strip().partition("\n")[0]
    return {**found, "description": about} if about else found


def _model(model: type[BaseModel], language: str, *, top: bool = True) -> dict[str, Any]:
    """A class as a schema; only at the top do names of keys say more than their types."""
    keys = keys_of(model)
    fields = {it.alias or name: it for name, it in model.model_fields.items()}
    return {
        "type": "object",
        "properties": {
            key: _described(_value(key if top else "", annotation, language), fields[key], language)
            for key, annotation in keys.items()
        },
        "required": [key for key, it in fields.items() if it.is_required()],
        "additionalProperties": False,
    }


def _described(found: dict[str, Any], field: Any, language: str) -> dict[str, Any]:  # noqa: ANN401 - pydantic's FieldInfo
    return {**found, "description": Text(field.description).render(language)} if field.description else found


def _value(key: str, annotation: Any, language: str) -> dict[str, Any]:  # noqa: ANN401 - annotations are any objects
    choices = unwrap(annotation)
    if Secret in choices:
        return SECRET
    nested = next((it for it in choices if isinstance(it, type) and issubclass(it, BaseModel)), None)
    if nested is not None:
        return _model(nested, language, top=False)
    kind = Reading.kind_of(choices, key)
    if kind is not None:
        return dict(kind.schema)
    listed = next((it for it in choices if get_origin(it) in (tuple, list, frozenset)), None)
    if listed is not None:
        return {"type": "array", "items": _value("", (get_args(listed) or (str,))[0], language)}
    return {}
