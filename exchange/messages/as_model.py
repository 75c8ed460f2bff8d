# SPDX-License-Identifier: Apache-2.0
"""Makes the model of a document whose form was checked, without checking the form again.

The rules read models (`content.persons_count`). What a model demands stands in the schema of its form as
well: the tests of the forms compare both member by member, and `check_form` has judged this document by the
schema. So only what a schema cannot say is looked at here: that a whole number is not written as `1.0`, which
JSON Schema takes for one.

1. Of each model it is noted once which members hold groups, lists or whole numbers, and which have another
   name in Python.
2. A group becomes an instance of its model, a list a tuple, every other value stays what it is.
3. A member that may be a text or one group is told apart by its value. No form has a member that may be one
   of several groups: only a check would tell them apart.
"""

from collections.abc import Callable
from functools import cache
from types import NoneType, UnionType
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic import BaseModel

from exchange.messages.document import Document, JsonValue

_Read = Callable[[Any], Any]
_new = object.__new__
_set = object.__setattr__
"""A model is frozen; it is filled once, before anybody sees it."""


def as_model(model: type[BaseModel], document: Document) -> BaseModel:
    """Return a document as its model; requires a document of good form.

    Raises:
        ValueError: a number is not whole.
    """
    return _shape(model).make(document)


@cache
def _shape(model: type[BaseModel]) -> "_Shape":
    return _Shape(model)


class _Shape:
    """What has to be done with the members of one model."""

    def __init__(self, model: type[BaseModel]) -> None:
        fields = model.model_fields
        self._model = model
        self._names = set(fields)
        self._absent = {name: field.default for name, field in fields.items() if not field.is_required()}
        self._renamed = [(field.alias, name) for name, field in fields.items() if field.alias]
        read = {field.alias or name: _read_of(field.annotation) for name, field in fields.items()}
        self._made = [(name, how) for name, how in read.items() if how is not None]

    def make(self, value: dict[str, JsonValue]) -> BaseModel:
        """Return the model with the members of `value`."""
        found: dict[str, Any] = {**self._absent, **value}
        for name, read in self._made:
            if name in value:
                found[name] = read(value[name])
        for alias, name in self._renamed:
            if alias in found:
                found[name] = found.pop(alias)
        made: BaseModel = _new(self._model)
        _set(made, "__dict__", found)
        _set(made, "__pydantic_fields_set__", self._names)
        _set(made, "__pydantic_extra__", None)
        _set(made, "__pydantic_private__", None)
        return made


def _whole(value: Any) -> int:
    if type(value) is not int:
        raise ValueError("a number is not whole")
    return value


def _read_of(annotation: Any) -> _Read | None:
    """Return how a value of this kind is made, or None if it stays as it is."""
    kind = get_origin(annotation)
    if kind is Annotated:
        return _read_of(get_args(annotation)[0])
    if kind in (Union, UnionType):
        return _read_of_choice([_read_of(one) for one in get_args(annotation) if one is not NoneType])
    if kind is tuple:
        below = _read_of(get_args(annotation)[0])
        return tuple if below is None else lambda items: tuple(map(below, items))
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return _shape(annotation).make
    return _whole if annotation is int else None


def _read_of_choice(reads: list[_Read | None]) -> _Read | None:
    if len(reads) == 1:
        return reads[0]
    groups = [read for read in reads if read is not None]
    if not groups:
        return None
    if len(groups) > 1 or groups[0] in (tuple, _whole):
        raise TypeError("a member may be one of several groups; nothing here tells them apart")
    make = groups[0]
    return lambda value: make(value) if isinstance(value, dict) else value
