"""Sources and watches of large configs: one of each value, and no dict for each source, which is most of it."""

from __future__ import annotations

import pickle
from dataclasses import fields, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from smwatch.source import Source

if TYPE_CHECKING:
    from smwatch.model import Watch

_PYDANTIC = ("__pydantic_fields_set__", "__pydantic_extra__", "__pydantic_private__")


class Light(pickle.Pickler):
    """Sources are made again with their values in the class's own layout."""

    def reducer_override(self, one: object) -> Any:  # noqa: ANN401 - as pickle has it
        """How `one` is made again."""
        if not isinstance(one, Source) or list(one.__dict__) != list(type(one).model_fields):
            return NotImplemented
        return remade, (type(one), tuple(getattr(one, name) for name in _PYDANTIC), *one.__dict__.values())


def remade(kind: type[Source], inner: tuple[object, ...], *values: object) -> Source:
    """A source whose values were checked already, in the order of its fields; `inner` is what pydantic notes of it."""
    made = kind.__new__(kind)
    for name, value in zip((*kind.model_fields, *_PYDANTIC), (*values, *inner), strict=True):
        object.__setattr__(made, name, value)
    return made


def share(source: Source, known: dict[Any, Any]) -> None:
    """Let it have one value with those that are in `known`, the set of its written keys too (216 bytes each)."""
    source.__dict__.update((name, _once(value, known)) for name, value in source.__dict__.items())
    written = source.model_fields_set
    object.__setattr__(source, _PYDANTIC[0], known.setdefault(frozenset(written), written))


def shared(watch: Watch, known: dict[Any, Any]) -> Watch:
    """The same for a watch."""
    return replace(watch, **{it.name: _once(getattr(watch, it.name), known) for it in fields(watch)})


def _once(value: Any, known: dict[Any, Any]) -> Any:  # noqa: ANN401 - any value of a key
    """The first that was equal to `value`, where they cannot be told from each other."""
    if type(value) is tuple and all(type(one) is str for one in value):
        value = tuple(_once(one, known) for one in value)
    elif type(value) not in {str, timedelta}:
        return value
    return known.setdefault(value, value)
