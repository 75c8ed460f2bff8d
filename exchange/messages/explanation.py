# SPDX-License-Identifier: Apache-2.0
"""Puts into our own words why a document does not have its form, with bounded work.

It runs only after the compiled gate said no. The document may be hostile and large, so:

* forbidden names and unknown codes are found by one walk, without a validator;
* faults of form are collected piece by piece, header and content first, then each person that is broken,
  until enough are found; a list is looked at as far as any form allows entries, and one further.

No text of the validator is used, because it quotes the input.
"""

from collections.abc import Iterator
from itertools import chain, islice
from typing import Any

import jsonschema_rs

from exchange.errors import Fault
from exchange.messages import wording
from exchange.messages.catalog import RESERVED_NAMES, Form, MessageType
from exchange.messages.codelists import codelist
from exchange.messages.document import RELEASE_FIELDS, Document, JsonValue, pointer
from exchange.messages.expected_forms import GENERAL, expected_form
from exchange.messages.form_tree import FormNode, form_tree
from exchange.messages.schemas import form_gate, line_gate, most_persons

MAX_FAULTS = 200
"""Faults shown for one document; a broken list of 1,000 persons would give thousands."""
_MAX_PERSONS = 1000
"""List `limits`, notice_persons_max; the bound of every form."""
_LOOKED_AT = 101
"""Entries of a list that are looked at; no list of a form but persons and case codes may have more."""
_WHOLE_LISTS = frozenset({"case_codes"})
_BOUNDS = {
    "maxLength": ("form.length", "at most {limit} characters"),
    "minLength": ("form.length", "at least {limit} characters"),
    "maximum": ("form.number", "at most {limit}"),
    "minimum": ("form.number", "at least {limit}"),
    "maxItems": ("form.items", "at most {limit} entries"),
    "minItems": ("form.items", "at least {limit} entries"),
    "minProperties": ("form.items", "at least {limit} members"),
    "maxProperties": ("form.items", "at most {limit} members"),
}
_OTHERS = {
    "const": ("form.value", "the value of this form"),
    "anyOf": ("form.either", "a text or a group"),
}
_KINDS = {"object": "a group", "array": "a list", "string": "a text", "integer": "a whole number"}
_Steps = tuple[str | int, ...]
_LIST_NAMES: _Steps = ("header", "list_versions")
"""Holds names of code lists, which may be those of members (languages)."""


def explain(document: Document, row: MessageType, form: Form, *, draft: bool) -> tuple[Fault, ...]:
    """Return the faults of a document that its gate refused: forbidden, then form, then codes."""
    groups = (
        _forbidden(document, row, ()),
        _of_form(document, row, form, draft=draft),
        _unknown_codes(document, form_tree(row.code), ()),
    )
    faults = tuple(dict.fromkeys(islice(chain.from_iterable(groups), MAX_FAULTS)))
    return faults or (_whole(document),)


def forbidden_members(document: Document, row: MessageType) -> tuple[Fault, ...]:
    """Return a fault for every name in a document that may not travel in its type."""
    return tuple(islice(_forbidden(document, row, ()), MAX_FAULTS))


def _whole(document: Document) -> Fault:
    """Return the fault of a document whose pieces are all good: the number of its parts is what is left."""
    persons = document.get("persons")
    if not isinstance(persons, list) or not persons:
        return _invalid("form.document", "", "a document of this form", "something else")
    return _invalid("form.items", "/persons", "another number of entries", wording.kind_of(persons))


def _forbidden(value: JsonValue, row: MessageType, steps: _Steps) -> Iterator[Fault]:
    """Yield a fault for every forbidden name, at any depth; an empty list at the top names nobody."""
    if isinstance(value, dict):
        named = value.keys() if steps else {name for name, item in value.items() if item}
        for name in sorted(named & row.forbidden):
            rule = "disclosure.reserved" if name in RESERVED_NAMES else "disclosure.person_block"
            hint = f"take {name} out; the other side must not get it"
            place = _place(*steps, name)
            found = wording.kind_of(value[name])
            yield _fault("over_disclosure", rule, place, "not to be sent", found, hint)
        for name, item in value.items():
            if (*steps, name) != _LIST_NAMES:
                yield from _forbidden(item, row, (*steps, name))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _forbidden(item, row, (*steps, index))


def _unknown_codes(value: JsonValue, node: FormNode | None, steps: _Steps) -> Iterator[Fault]:
    """Yield a fault for every text that is not a code of its list."""
    if node is None:
        return
    if isinstance(value, dict):
        for name, below in node.members.items():
            yield from _unknown_codes(value.get(name), below, (*steps, name))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _unknown_codes(item, node.items, (*steps, index))
    elif isinstance(value, str) and node.code_list is not None and not node.is_open:
        codes = codelist(node.code_list).codes
        if value not in codes:
            expected, hint = f"a code of {node.code_list}", wording.similar(value, tuple(codes))
            found = "another text" if value else wording.kind_of(value)
            yield _fault("code_unknown", "code.unknown", _place(*steps), expected, found, hint)


def _of_form(document: Document, row: MessageType, form: Form, *, draft: bool) -> Iterator[Fault]:
    """Yield the faults of header, content and document, then those of each broken person."""
    persons = document.get("persons")
    shell = {**document, "persons": []} if isinstance(persons, list) and persons else document
    for fault in _errors(shell, row, form_gate(form.schema, draft=draft), ()):
        if shell is document or fault.pointer != "/persons":
            yield fault
    if not isinstance(persons, list):
        return
    most = most_persons(form.schema)
    if len(persons) > most:
        found, expected = wording.kind_of(persons), f"at most {most} entries"
        yield _fault("form_invalid", "form.items", "/persons", expected, found)
    validator = line_gate(form.schema, form.line)
    for index, person in enumerate(persons[:most]):
        if not validator.is_valid(person):
            yield from _errors(person, row, validator, ("persons", index))


def _errors(
    value: JsonValue, row: MessageType, validator: jsonschema_rs.Draft202012Validator, steps: _Steps
) -> Iterator[Fault]:
    looked_at = _trimmed(value)
    for error in validator.iter_errors(looked_at):
        yield from _of_error(looked_at, row, error, steps)


def _trimmed(value: JsonValue, name: str = "") -> JsonValue:
    """Return a copy with long lists cut, so that the number of errors is bounded."""
    if isinstance(value, dict):
        return {name: _trimmed(item, name) for name, item in value.items()}
    if isinstance(value, list):
        end = _MAX_PERSONS + 1 if name in _WHOLE_LISTS else _LOOKED_AT
        return [_trimmed(item) for item in value[:end]]
    return value


def _of_error(
    document: JsonValue, row: MessageType, error: jsonschema_rs.ValidationError, above: _Steps
) -> Iterator[Fault]:
    """Yield what one error means; an `anyOf` counts once, at its own place."""
    inner = tuple(error.instance_path)
    value, steps = _at(document, inner), (*above, *inner)
    details = error.kind.as_dict()
    match error.kind.name:
        case "additionalProperties":
            yield from _unknown(row, steps, value, details["unexpected"])
        case "required":
            yield _invalid("form.required", _place(*steps, details["property"]), "a value", "none")
        case "falseSchema":
            yield _not_here(steps, value)
        case "enum" if isinstance(value, str):
            options = tuple(str(option) for option in details["options"])
            hint = wording.similar(value, options)
            yield _invalid("form.value", _place(*steps), "one of " + ", ".join(options), "another text", hint)
        case keyword:
            rule, expected = _bound(keyword, details, value)
            yield _invalid(rule, _place(*steps), expected, wording.kind_of(value))


def _unknown(row: MessageType, steps: _Steps, value: JsonValue, names: list[str]) -> Iterator[Fault]:
    for name in names:
        if name not in row.forbidden:
            found = wording.kind_of(value.get(name)) if isinstance(value, dict) else "a member"
            yield _invalid("form.unknown", _place(*steps, name), "only members of this form", found)


def _bound(keyword: str, details: dict[str, Any], value: JsonValue) -> tuple[str, str]:
    """Return the rule and the expectation of a keyword that looks at one value."""
    if keyword == "pattern":
        return "form.text", expected_form(str(details["pattern"]))
    if keyword == "minLength" and value == "":
        return "form.required", "a text"
    if keyword in _BOUNDS:
        rule, expected = _BOUNDS[keyword]
        return rule, expected.format(limit=details["limit"])
    if keyword == "type":
        return "form.kind", " or ".join(_KINDS.get(str(name), "true or false") for name in details["types"])
    return _OTHERS.get(keyword, ("form.text", GENERAL))


def _not_here(steps: _Steps, value: JsonValue) -> Fault:
    found = wording.kind_of(value)
    if len(steps) == 2 and steps[0] == "header" and steps[1] in RELEASE_FIELDS:
        return _invalid("form.release", _place(*steps), "none in a draft", found)
    return _invalid("form.not_here", _place(*steps), "none, because of what else is stated", found)


def _at(document: JsonValue, steps: _Steps) -> JsonValue:
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


def _invalid(rule: str, place: str, expected: str, found: str, hint: str = "") -> Fault:
    return _fault("form_invalid", rule, place, expected, found, hint)


def _fault(code: str, rule: str, place: str, expected: str, found: str, hint: str = "") -> Fault:
    return wording.fault(code, rule, place, expected=expected, found=found, hint=hint)
