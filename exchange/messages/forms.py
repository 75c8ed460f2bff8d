# SPDX-License-Identifier: Apache-2.0
"""The checks of version, form and codes: everything a schema can decide.

Order of the faults, so that both sides report the same one first (message-fields, order of the checks):
1. `version_unsupported`: no installed form of this type and version, or another major version of a list;
2. `over_disclosure`: a name that is reserved, or that the person table refuses for this type, anywhere;
3. `form_invalid`: a member missing, unknown, or of the wrong kind;
4. `code_unknown`: a value that is not in its list.

The compiled gate answers yes in microseconds; only after a no are the errors collected and put into our
own words. Two members that are needed, `purpose` and `consents`, are not demanded here: their own codes
`purpose_missing` and `consent_missing` come from the rules.
"""

from collections.abc import Iterator
from itertools import islice

import jsonschema_rs

from exchange.errors import Fault
from exchange.messages import wording
from exchange.messages.catalog import RESERVED_NAMES, MessageType, message_types
from exchange.messages.codelists import list_versions
from exchange.messages.document import RELEASE_FIELDS, Document, JsonValue, header_of, pointer
from exchange.messages.schemas import gate, list_of_codes

MAX_FAULTS = 200
"""Faults shown for one document; a broken list of 1,000 persons would give thousands."""
MAX_ERRORS = 20_000
"""Errors looked at before the answer; bounds the work on a hostile document."""
_ORDER = ("over_disclosure", "form_invalid", "code_unknown")
_BOUNDS = {
    "maxLength": ("form.length", "at most {limit} characters"),
    "minLength": ("form.length", "at least {limit} characters"),
    "maximum": ("form.number", "at most {limit}"),
    "minimum": ("form.number", "at least {limit}"),
    "maxItems": ("form.items", "at most {limit} entries"),
    "minItems": ("form.items", "at least {limit} entries"),
    "maxProperties": ("form.items", "at most {limit} members"),
}

_OTHERS = {
    "const": ("form.value", "the value of this form"),
    "anyOf": ("form.either", "a text or a group"),
}


def check_form(document: Document, *, draft: bool = False) -> tuple[Fault, ...]:
    """Return the faults of version, form and codes, the first one first; none means well formed.

    A draft has none of the five header members that are filled at release.
    """
    row, faults = _type_of(document)
    if row is None or row.form is None:
        return faults
    validator = gate(row.form.schema, draft=draft)
    if not faults and validator.is_valid(document):
        return ()
    return faults or _explained(document, row, validator)


def _type_of(document: Document) -> tuple[MessageType | None, tuple[Fault, ...]]:
    """Return the row of the catalogue, and the faults that no schema is needed for."""
    header = header_of(document) if isinstance(document, dict) else {}
    name = header.get("type")
    if not isinstance(name, str):
        found = wording.kind_of(name) if "type" in header else "none"
        return None, (_fault("form_invalid", "form.type", "/header/type", "a code of message-types", found),)
    row = message_types().get(name)
    if row is None:
        codes = tuple(message_types())
        hint = wording.similar(name, codes)
        return None, (
            _fault(
                "code_unknown",
                "code.unknown",
                "/header/type",
                "a code of message-types",
                "another text",
                hint,
            ),
        )
    if row.form is None:
        return row, (
            _fault("version_unsupported", "version.no_form", "/header/type", "an installed form", row.code),
        )
    return row, _version(header, row.form.version)


def _version(header: dict[str, JsonValue], installed: str) -> tuple[Fault, ...]:
    stated = header.get("type_version")
    if isinstance(stated, str) and stated != installed and _looks_like_version(stated, 2):
        place = "/header/type_version"
        return (
            _fault("version_unsupported", "version.type", place, f"version {installed}", f"version {stated}"),
        )
    lists = header.get("list_versions")
    if not isinstance(lists, dict) or lists.items() <= list_versions().items():
        return ()
    return tuple(fault for name, version in lists.items() for fault in _list_version(name, version))


def _list_version(name: str, version: JsonValue) -> Iterator[Fault]:
    ours = list_versions().get(name)
    if ours is None or not isinstance(version, str) or not _looks_like_version(version, 3):
        return
    if version.partition(".")[0] != ours.partition(".")[0]:
        place = pointer("header", "list_versions", name)
        yield _fault("version_unsupported", "version.lists", place, f"version {ours}", f"version {version}")


def _looks_like_version(text: str, groups: int) -> bool:
    parts = text.split(".")
    return len(parts) == groups and all(
        part.isascii() and part.isdigit() and len(part) <= 3 for part in parts
    )


def _explained(
    document: Document, row: MessageType, validator: jsonschema_rs.Draft202012Validator
) -> tuple[Fault, ...]:
    errors = islice(validator.iter_errors(document), MAX_ERRORS)
    faults = {fault: None for error in errors for fault in _of_error(document, row, error)}
    ordered = sorted(faults, key=lambda fault: _ORDER.index(fault.code))
    return tuple(ordered[:MAX_FAULTS]) or (
        _fault("form_invalid", "form.document", "", "a document of this form", "something else"),
    )


def _of_error(document: Document, row: MessageType, error: jsonschema_rs.ValidationError) -> Iterator[Fault]:
    """Return what one error of the gate means; an `anyOf` counts once, at its own place."""
    steps = tuple(error.instance_path)
    value = _at(document, steps)
    details = error.kind.as_dict()
    match error.kind.name:
        case "additionalProperties":
            yield from (_unknown(row, steps, name, value) for name in details["unexpected"])
        case "required":
            place = _place(*steps, details["property"])
            yield _fault("form_invalid", "form.required", place, "a value", "none")
        case "enum":
            yield from _not_listed(steps, value, details["options"])
        case "falseSchema":
            yield _not_here(steps, value)
        case keyword:
            rule, expected = _bound(keyword, details)
            yield _fault("form_invalid", rule, _place(*steps), expected, wording.kind_of(value))


def _bound(keyword: str, details: dict[str, object]) -> tuple[str, str]:
    """Return the rule and the expectation of a keyword that looks at one value."""
    if keyword in _BOUNDS:
        rule, expected = _BOUNDS[keyword]
        return rule, expected.format(limit=details["limit"])
    if keyword == "type":
        return "form.kind", _types(details)
    return _OTHERS.get(keyword, ("form.text", "the form of this field"))


def _unknown(row: MessageType, steps: tuple[str | int, ...], name: str, value: JsonValue) -> Fault:
    found = wording.kind_of(value[name]) if isinstance(value, dict) and name in value else "a member"
    place = _place(*steps, wording.shown_name(name))
    if name not in row.forbidden:
        return _fault("form_invalid", "form.unknown", place, "only members of this form", found)
    rule = "disclosure.reserved" if name in RESERVED_NAMES else "disclosure.person_block"
    hint = f"take {name} out; the other side must not get it"
    return _fault("over_disclosure", rule, place, "not to be sent", found, hint)


def _not_listed(steps: tuple[str | int, ...], value: JsonValue, options: list[JsonValue]) -> Iterator[Fault]:
    if not isinstance(value, str):
        return
    codes = tuple(str(option) for option in options)
    name = list_of_codes().get(codes)
    hint = wording.similar(value, codes)
    if name is None:
        expected = "one of " + ", ".join(codes)
        yield _fault("form_invalid", "form.value", _place(*steps), expected, "another text", hint)
        return
    yield _fault("code_unknown", "code.unknown", _place(*steps), f"a code of {name}", "another text", hint)


def _not_here(steps: tuple[str | int, ...], value: JsonValue) -> Fault:
    if len(steps) == 2 and steps[0] == "header" and steps[1] in RELEASE_FIELDS:
        return _fault(
            "form_invalid", "form.release", _place(*steps), "none in a draft", wording.kind_of(value)
        )
    expected = "none, because of what else is stated"
    return _fault("form_invalid", "form.not_here", _place(*steps), expected, wording.kind_of(value))


def _types(details: dict[str, object]) -> str:
    kinds = details.get("types")
    names = kinds if isinstance(kinds, list) else [kinds]
    words = {"object": "a group", "array": "a list", "string": "a text", "integer": "a whole number"}
    return " or ".join(words.get(str(name), "true or false") for name in names)


def _at(document: JsonValue, steps: tuple[str | int, ...]) -> JsonValue:
    value = document
    for step in steps:
        if isinstance(value, dict) and isinstance(step, str):
            value = value.get(step)
        elif isinstance(value, list) and isinstance(step, int):
            value = value[step]
    return value


def _place(*steps: str | int) -> str:
    """Return the pointer of a place; a name that may hold a person's data is not shown."""
    return pointer(*(wording.shown_name(step) if isinstance(step, str) else step for step in steps))


def _fault(code: str, rule: str, place: str, expected: str, found: str, hint: str = "") -> Fault:
    return wording.fault(code, rule, place, expected=expected, found=found, hint=hint)
