# SPDX-License-Identifier: Apache-2.0
"""Which version of a form is written, and how one is read that is newer than ours.

1. A form has a version `major.minor`. A new minor adds members that may be left out, and takes nothing away;
   a new major changes what is there.
2. The sender writes the highest version that both sides know: cards name the versions each side reads.
3. A message of a known version is read with its own form, also when a newer one is installed.
4. A newer minor of a known major is read with the newest form that is known here. What that form does not
   know is kept and shown, never dropped, and nothing acts on it: it is left out before any rule looks.
5. An unknown major, and an older minor that is not known, is `version_unsupported`.

A name that may never travel is refused in every version.
"""

from collections.abc import Iterator, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from exchange.messages.catalog import EARLIER_FORMS, FORMS, Form
from exchange.messages.document import Document, JsonValue, header_of, object_at, pointer
from exchange.messages.schemas import schemas

Versions = Mapping[str, Sequence[str]]
"""Versions by type."""
_Steps = tuple[str | int, ...]


@dataclass(frozen=True)
class Understood:
    """A message as far as this program knows its form."""

    document: Document
    unknown: tuple[str, ...] = ()
    """Pointers of members of a newer minor version, kept in the message and left out here."""
    form: Form | None = None
    """The form with which it is read; None if this program has none for it."""


def forms_of(type_code: str) -> tuple[Form, ...]:
    """Return the installed forms of a type, the oldest first."""
    newest = FORMS.get(type_code)
    return (*EARLIER_FORMS.get(type_code, ()), newest) if newest else ()


def installed_versions() -> dict[str, tuple[str, ...]]:
    """Return every installed version by type: what a card says of a node that reads them all."""
    return {code: tuple(form.version for form in forms_of(code)) for code in FORMS}


def highest_common(type_code: str, ours: Versions, theirs: Versions) -> str | None:
    """Return the highest version that both sides know, or None."""
    both = set(ours.get(type_code, ())) & set(theirs.get(type_code, ()))
    return max(both, key=_numbers, default=None)


def form_of_version(type_code: str, version: str) -> Form | None:
    """Return the installed form of exactly this version."""
    return _FORMS.get((type_code, version))


def reading_form(type_code: str, version: str, known: Versions | None = None) -> Form | None:
    """Return the form with which a version is read, or None if it cannot be read (3 to 5).

    `known` are the versions that this node reads; all that are installed without it.
    """
    named = _FORMS.get((type_code, version))
    if named is not None and (known is None or version in known.get(type_code, ())):
        return named
    names = known.get(type_code, ()) if known is not None else None
    forms = [form for form in forms_of(type_code) if names is None or form.version in names]
    if not _is_version(version):
        return None
    major, minor = _numbers(version)
    older = [form for form in forms if _numbers(form.version)[0] == major]
    newest = max(older, key=lambda form: _numbers(form.version), default=None)
    return newest if newest is not None and _numbers(newest.version)[1] < minor else None


def understood(document: Document, known: Versions | None = None) -> Understood:
    """Return a message without what only a newer minor version knows; the document is not changed."""
    header = header_of(document)
    code, stated = header.get("type"), header.get("type_version")
    if not isinstance(code, str) or not isinstance(stated, str):
        return Understood(document)
    form = reading_form(code, stated, known)
    if form is None or form.version == stated:
        return Understood(document, (), form)
    unknown = list(_unknown(document, schemas()[form.schema], form.schema, ()))
    kept = deepcopy(document)
    for steps in reversed(unknown):
        _take_out(kept, steps)
    object_at(kept, "header")["type_version"] = form.version
    return Understood(kept, tuple(pointer(*steps) for steps in unknown), form)


def _unknown(value: JsonValue, schema: Mapping[str, Any], base: str, above: _Steps) -> Iterator[_Steps]:
    """Yield the place of every member that a schema does not know."""
    found, base = _resolved(schema, base)
    if isinstance(value, list) and isinstance(found.get("items"), dict):
        for index, item in enumerate(value):
            yield from _unknown(item, found["items"], base, (*above, index))
    if not isinstance(value, dict):
        return
    parts = found.get("properties", {})
    rest = found.get("additionalProperties")
    for name, item in value.items():
        part = parts.get(name, rest)
        if isinstance(part, dict):
            yield from _unknown(item, part, base, (*above, name))
        elif name not in parts and rest is False:
            yield (*above, name)


def _resolved(schema: Mapping[str, Any], base: str) -> tuple[dict[str, Any], str]:
    """Return a schema with its reference followed; of a choice the group, because a text has no members."""
    if "anyOf" in schema:
        groups = (one for one in schema["anyOf"] if _resolved(one, base)[0].get("type") == "object")
        return _resolved(next(groups, {}), base)
    if "$ref" not in schema:
        return dict(schema), base
    name, _, steps = str(schema["$ref"]).partition("#")
    base = name or base
    target: Any = schemas()[base]
    for step in steps.split("/")[1:]:
        target = target[step]
    return _resolved(target, base)


def _take_out(value: Any, steps: _Steps) -> None:
    for step in steps[:-1]:
        value = value[step]
    del value[steps[-1]]


def _is_version(text: str) -> bool:
    parts = text.split(".")
    return len(parts) == 2 and all(part.isascii() and part.isdigit() and len(part) <= 3 for part in parts)


_FORMS: Mapping[tuple[str, str], Form] = MappingProxyType(
    {(code, form.version): form for code in FORMS for form in forms_of(code)}
)
"""Every installed form by its type and version."""


def _numbers(version: str) -> tuple[int, int]:
    major, minor = version.split(".")
    return int(major), int(minor)
