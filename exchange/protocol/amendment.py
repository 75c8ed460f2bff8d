# SPDX-License-Identifier: Apache-2.0
"""From a file of changes to a new version of an agreement, and the difference between two versions in words.

A file of changes is one of

* the whole terms, as `exchange agreement show --json` prints them, in the member `terms`; other members of
  that answer are left alone, except `suite`;
* only what changes, with the names of the terms: `suite`, and members of the terms. An object is merged;
  rows of `deadlines`, `sides` and `release` are named by their code and merged as well; any other list
  replaces the old one. `remove` lists what goes, as JSON pointers.

      {"deadlines": {"DL-RPD": {"amount": 7}}, "expires_days": 20, "remove": ["/types/TRA"]}

Rules of the result are those of `terms`; what is wrong is named by its JSON pointer, all of it at once.
`renewed` makes the version that changes nothing but the recovery key of one side. This module signs nothing
and knows no link.
"""

from collections.abc import Iterator, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, replace
from typing import Final

import jsonschema_rs

from exchange.errors import AgreementInvalidError, Fault, InputError
from exchange.ids import AgencyCode
from exchange.messages.codelists import raw_list
from exchange.protocol.agreement import Agreement, new_agreement, read_agreement
from exchange.protocol.strictjson import JsonValue, parse_object
from exchange.protocol.suites import PublicKey, Suite
from exchange.protocol.terms import Terms, profile_schema, read_terms

KEYS: Final[Mapping[str, str]] = {"deadlines": "code", "sides": "country", "release": "act"}
"""Lists of the terms whose rows are named, and by which member."""
WHOLE: Final = "terms"
SUITE: Final = "suite"
REMOVE: Final = "remove"
MAX_FAULTS: Final = 50
_UNIT_WORDS: Final = {
    "minute": "minutes",
    "hour": "hours",
    "calendar_day": "calendar days",
    "working_day": "working days",
    "month": "months",
}


@dataclass(frozen=True)
class Change:
    """One thing that two versions say differently; `old` or `new` is "" where one says nothing."""

    pointer: str
    what: str
    old: str
    new: str


def amended(held: Agreement, changes: Mapping[str, JsonValue]) -> Agreement:
    """Return the version after `held` with changes; unsigned.

    Raises:
        InputError: the changes give no right terms, with a JSON pointer for each fault; or change nothing.
    """
    value = deepcopy(dict(parse_object(held.terms.raw)))
    whole = changes.get(WHOLE)
    if isinstance(whole, dict):
        value = deepcopy(whole)
    else:
        _merge(value, {name: change for name, change in changes.items() if name not in (SUITE, REMOVE)})
        _remove(value, changes.get(REMOVE, []))
    terms = _checked(value)
    raw = new_agreement(held.parties, terms, suite=_suite(held, changes), previous=held)
    agreement = read_agreement(raw)
    if not differences(held, agreement):
        raise InputError("these changes change nothing", hint="compare with: exchange agreement show --json")
    return agreement


def renewed(held: Agreement, agency: AgencyCode, recovery: PublicKey) -> Agreement:
    """Return the version after `held` in which one side has a new recovery key; unsigned.

    Raises:
        InputError: it is the key that `held` pins.
        AgreementInvalidError: it is the other side's, or no party is of this agency.
    """
    old = held.party(agency)
    if old.recovery == recovery:
        raise InputError(
            f"version {held.n} pins recovery key {recovery.kid} already",
            hint="name the file of the new one: --recovery-key; it is made by: exchange key recovery",
        )
    new = replace(old, recovery=recovery)
    first, second = held.parties
    parties = (new, second) if first is old else (first, new)
    return read_agreement(new_agreement(parties, held.terms, suite=held.suite, previous=held))


def differences(old: Agreement, new: Agreement) -> tuple[Change, ...]:
    """Return what two versions of an agreement say differently: keys, suite, and the terms in their order."""
    found = [*_key_changes(old, new), *_suite_change(old, new)]
    before, after = dict(parse_object(old.terms.raw)), dict(parse_object(new.terms.raw))
    for name in {**before, **after}:
        found += _compare(f"/{name}", before.get(name), after.get(name), name)
    return tuple(found)


def in_words(value: JsonValue) -> str:
    """Return a value of the terms as people read it: `10 working days, calendar of the recipient`."""
    if isinstance(value, dict) and "amount" in value:
        return _span_words(value)
    if isinstance(value, dict):
        return ", ".join(f"{name} {in_words(item)}" for name, item in value.items())
    if isinstance(value, list):
        return ", ".join(in_words(item) for item in value) or "none"
    if value is None:
        return "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value)


def _span_words(value: Mapping[str, JsonValue]) -> str:
    words = [f"{value['amount']} {_UNIT_WORDS.get(str(value['unit']), str(value['unit']))}"]
    calendar_of = value.get("calendar_of")
    if calendar_of is not None and calendar_of != "none":
        words.append(f"calendar of {calendar_of if str(calendar_of).isupper() else f'the {calendar_of}'}")
    words += [
        f"{name} {_span_words(span)}"
        for name in ("priority", "emergency")
        if isinstance(span := value.get(name), dict)
    ]
    words += [name for name in ("maximum", "internal") if value.get(name)]
    if tolerance := value.get("offline_tolerance_hours"):
        words.append(f"{tolerance} hours more without a line")
    return ", ".join(words)


def _key_changes(old: Agreement, new: Agreement) -> Iterator[Change]:
    for place, (before, after) in enumerate(zip(old.parties, new.parties, strict=True)):
        if before.recovery != after.recovery:
            pointer, what = f"/parties/{place}/recovery", f"recovery key of {after.agency}"
            yield Change(pointer, what, before.recovery.kid, after.recovery.kid)


def _suite_change(old: Agreement, new: Agreement) -> Iterator[Change]:
    if old.suite != new.suite:
        yield Change("/suite", "suite of algorithms", str(int(old.suite)), str(int(new.suite)))


def _compare(pointer: str, old: JsonValue, new: JsonValue, what: str) -> Iterator[Change]:
    if old == new:
        return
    key = KEYS.get(pointer[1:])
    if key and isinstance(old, list) and isinstance(new, list):
        yield from _compare_rows(pointer, _by(old, key), _by(new, key))
    elif isinstance(old, dict) and isinstance(new, dict) and "amount" not in old:
        for name in {**old, **new}:
            yield from _compare(f"{pointer}/{name}", old.get(name), new.get(name), f"{what}: {name}")
    elif isinstance(old, list) and isinstance(new, list) and not _has_rows(old, new):
        yield from _compare_lists(pointer, what, old, new)
    else:
        yield Change(pointer, what, _said(old), _said(new))


def _compare_rows(
    pointer: str, old: Mapping[str, JsonValue], new: Mapping[str, JsonValue]
) -> Iterator[Change]:
    labels = _labels(pointer[1:])
    for code in {**old, **new}:
        what = f"{pointer[1:]}: {code} {labels.get(code, '')}".strip()
        before, after = old.get(code), new.get(code)
        if pointer == "/deadlines" or before is None or after is None:
            if before != after:
                yield Change(f"{pointer}/{code}", what, _said(before), _said(after))
        else:
            yield from _compare(f"{pointer}/{code}", before, after, what)


def _compare_lists(
    pointer: str, what: str, old: Sequence[JsonValue], new: Sequence[JsonValue]
) -> Iterator[Change]:
    gone = [item for item in old if item not in new]
    come = [item for item in new if item not in old]
    if gone or come:
        yield Change(pointer, what, in_words(gone) if gone else "", in_words(come) if come else "")
    else:
        yield Change(pointer, f"{what}: order", in_words(list(old)), in_words(list(new)))


def _said(value: JsonValue) -> str:
    return "" if value is None else in_words(value)


def _has_rows(*lists: Sequence[JsonValue]) -> bool:
    return any(isinstance(item, dict) for items in lists for item in items)


def _by(rows: Sequence[JsonValue], key: str) -> dict[str, JsonValue]:
    return {str(row[key]): row for row in rows if isinstance(row, dict)}


def _labels(name: str) -> dict[str, str]:
    lists = {"deadlines": "deadlines", "release": "two-person-acts"}
    if name not in lists:
        return {}
    return {row["code"]: f"({row['label']})" for row in raw_list(lists[name])["codes"]}


def _merge(value: dict[str, JsonValue], changes: Mapping[str, JsonValue]) -> None:
    for name, change in changes.items():
        old, key = value.get(name), KEYS.get(name)
        if key and isinstance(old, list) and isinstance(change, dict):
            value[name] = _merged_rows(old, key, change)
        elif isinstance(old, dict) and isinstance(change, dict):
            _merge(old, change)
        else:
            value[name] = deepcopy(change)


def _merged_rows(rows: Sequence[JsonValue], key: str, changes: Mapping[str, JsonValue]) -> list[JsonValue]:
    merged = {code: deepcopy(row) for code, row in _by(rows, key).items()}
    for code, change in changes.items():
        row = merged.get(code)
        if isinstance(row, dict) and isinstance(change, dict):
            row.update(deepcopy(change))
        else:
            merged[code] = {key: code, **change} if isinstance(change, dict) else deepcopy(change)
    return list(merged.values())


def _remove(value: dict[str, JsonValue], pointers: JsonValue) -> None:
    if not isinstance(pointers, list):
        raise _fault(f"/{REMOVE}", "form.kind", "a list of JSON pointers", "something else")
    for number, pointer in enumerate(pointers):
        if not isinstance(pointer, str) or not _removed(value, pointer.split("/")[1:]):
            raise _fault(f"/{REMOVE}/{number}", "form.value", "a pointer to something in the terms", "none")


def _removed(value: dict[str, JsonValue], steps: Sequence[str]) -> bool:
    """Remove what the steps lead to; return False if there is nothing."""
    if not steps:
        return False
    name, *rest = steps
    inner, key = value.get(name), KEYS.get(name)
    if not rest:
        return value.pop(name, None) is not None
    if key and isinstance(inner, list):
        kept = [row for row in inner if not (isinstance(row, dict) and row[key] == rest[0])]
        value[name] = list(kept)
        return len(rest) == 1 and len(kept) < len(inner)
    if isinstance(inner, list):
        value[name] = [item for item in inner if item != rest[0]]
        return len(rest) == 1 and rest[0] in inner
    return isinstance(inner, dict) and _removed(inner, rest)


def _suite(held: Agreement, changes: Mapping[str, JsonValue]) -> Suite:
    number = changes.get(SUITE, int(held.suite))
    if type(number) is not int or number not in set(Suite):
        known = ", ".join(str(int(suite)) for suite in Suite)
        raise _fault(f"/{SUITE}", "form.value", f"one of {known}", "another value")
    return Suite(number)


def _checked(value: dict[str, JsonValue]) -> Terms:
    """Return the terms in a value.

    Raises:
        InputError: with every fault of form; or the first fault of meaning.
    """
    faults = tuple(_faults(value))
    if faults:
        raise InputError("the new terms are not right", faults=faults)
    try:
        return read_terms(value)
    except AgreementInvalidError as error:
        raise InputError(f"the new terms are not right: {error}", hint=error.hint) from error


def _faults(value: dict[str, JsonValue]) -> Iterator[Fault]:
    for number, error in enumerate(profile_schema().iter_errors(value)):
        if number == MAX_FAULTS:
            return
        yield _schema_fault(value, error)


def _schema_fault(value: dict[str, JsonValue], error: jsonschema_rs.ValidationError) -> Fault:
    steps = [*error.instance_path]
    unexpected = getattr(error.kind, "unexpected", None)
    missing = getattr(error.kind, "property", None)
    place = _named_place(value, [*steps, *([unexpected[0]] if unexpected else [missing] if missing else [])])
    keyword = str([*error.schema_path][-1])
    rules = {"required": "form.required", "additionalProperties": "form.unknown", "type": "form.kind"}
    expected = f"what the form demands ({keyword})"
    return Fault("agreement_invalid", place, rules.get(keyword, "form.value"), expected, "another value")


def _named_place(value: dict[str, JsonValue], steps: Sequence[str | int]) -> str:
    """Return a JSON pointer in which rows have their codes in place of their numbers."""
    shown = [str(step) for step in steps]
    key = KEYS.get(shown[0]) if shown else None
    rows = value.get(shown[0]) if shown else None
    if key and len(steps) > 1 and isinstance(rows, list) and isinstance(steps[1], int):
        row = rows[steps[1]]
        if isinstance(row, dict) and key in row:
            shown[1] = str(row[key])
    return "/" + "/".join(shown)


def _fault(place: str, rule: str, expected: str, found: str) -> InputError:
    fault = Fault("agreement_invalid", place, rule, expected, found)
    return InputError("the file of changes is not right", faults=(fault,))
