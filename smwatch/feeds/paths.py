"""Where a value stands in somebody's JSON: `data.posts[0].title`, and nothing that could do more than look it up.

post.topic.title        keys, one inside the other
posts[0].id, posts.0.id  the first entry of a list; [-1] is the last one
$.topic.title           from the top of the document, where the mapping looks at its entries one by one
@X-Discourse-Event      a header of the request
post.cooked | post.raw  the first that is there
https://forum.example/t/{post.topic_id}   a text with values in it
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

if TYPE_CHECKING:
    from collections.abc import Mapping

STEPS = re.compile(r"[^.\[\]|{}@$\s]+|\[-?\d{1,6}\]")
PATH = re.compile(r"(?:\$\.|@)?(?:[^.\[\]|{}@$\s]+|\[-?\d{1,6}\])(?:\.?(?:[^.\[\]|{}@$\s]+|\[-?\d{1,6}\]))*")
_LOST = re.compile("[\ud800-\udfff\x00]")  # what no store takes
HOLE = re.compile(r"\{([^{}]*)\}")
KINDS = {dict: "an object", list: "a list", bool: "true or false", int: "a number", float: "a number", str: "text"}


class WrongType(ValueError):
    """Something stands there that cannot be what the mapping takes it for; says so in a few words."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a path is looked up: one entry, the whole document that it stands in, the request's headers."""

    entry: Any
    top: Any
    headers: Mapping[str, str]


def fault(path: str) -> str:
    """The part of `path` that cannot be read as one; "" where all is well."""
    parts = HOLE.findall(path) if "{" in path else [one.strip() for one in path.split("|")]
    return next((part or path or "…" for part in parts if not PATH.fullmatch(part)), "" if parts else path)


def headers_in(path: str) -> list[str]:
    """The headers that `path` asks for."""
    parts = HOLE.findall(path) if "{" in path else path.split("|")
    return [part.strip()[1:] for part in parts if part.strip().startswith("@")]


def value_at(path: str, place: Place) -> Any:  # noqa: ANN401 - any JSON value
    """What stands there; None for nothing. Raises WrongType where the way there leads through a plain value."""
    if "{" in path:
        return _filled(path, place)
    found = None
    for one in path.split("|"):
        found = _looked_up(one.strip(), place)
        if found is not None:
            break
    return found


def text_at(path: str, place: Place) -> str:
    """What stands there as text; numbers as digits. Raises WrongType for objects, lists, true and false."""
    found = value_at(path, place)
    if found is None:
        return ""
    if isinstance(found, bool) or not isinstance(found, str | int | float):
        raise WrongType(f"{path} holds {kind_of(found)}")
    return _LOST.sub("\ufffd", found.strip()) if isinstance(found, str) else str(found)


def kind_of(value: object) -> str:
    """What kind of JSON value it is, in words."""
    return KINDS.get(type(value), "nothing")


def _looked_up(path: str, place: Place) -> Any:  # noqa: ANN401
    if path.startswith("@"):
        return place.headers.get(path[1:].lower())
    found, way = (place.top, path[2:]) if path.startswith("$.") else (place.entry, path)
    for step in STEPS.findall(way):
        if found is None:
            return None
        found = _step(found, step, path)
    return found


def _step(found: Any, step: str, path: str) -> Any:  # noqa: ANN401
    number = step.strip("[]")
    if isinstance(found, list) and re.fullmatch(r"-?\d+", number):
        return found[int(number)] if -len(found) <= int(number) < len(found) else None
    if isinstance(found, dict) and not step.startswith("["):
        return found.get(step)
    raise WrongType(f"{path}: {step} stands in {kind_of(found)}")


def _filled(template: str, place: Place) -> str | None:
    """The template with its values, ready for an address; None where one of them is missing."""
    values = {path: text_at(path, place) for path in HOLE.findall(template)}
    if not all(values.values()):
        return None
    return HOLE.sub(lambda hole: quote(values[hole[1]], safe=""), template)
