# SPDX-License-Identifier: Apache-2.0
"""The checks of version, form and codes: everything a schema can decide.

Order of the faults, so that both sides report the same one first (message-fields, order of the checks):
1. `version_unsupported`: no installed form of this type and version, or another major version of a list;
2. `over_disclosure`: a name that is reserved, or that the person table refuses for this type, anywhere;
3. `form_invalid`: a member missing, unknown, or of the wrong kind;
4. `code_unknown`: a value that is not in its list.

The compiled gate answers yes in microseconds; only after a no are the faults collected
(`explanation.py`). Two members that are needed, `purpose` and `consents`, are not demanded here: their
own codes `purpose_missing` and `consent_missing` come from the rules.
"""

from collections.abc import Iterator

from exchange.errors import Fault
from exchange.messages import wording
from exchange.messages.catalog import MessageType, message_types
from exchange.messages.codelists import list_versions
from exchange.messages.document import Document, JsonValue, header_of, pointer
from exchange.messages.explanation import explain
from exchange.messages.schemas import gate


def check_form(document: Document, *, draft: bool = False) -> tuple[Fault, ...]:
    """Return the faults of version, form and codes, the first one first; none means well formed.

    A draft has none of the five header members that are filled at release.
    """
    row, faults = _type_of(document)
    if row is None or row.form is None:
        return faults
    if faults or gate(row.form.schema, draft=draft).is_valid(document):
        return faults
    return explain(document, row, row.form, draft=draft)


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


def _fault(code: str, rule: str, place: str, expected: str, found: str, hint: str = "") -> Fault:
    return wording.fault(code, rule, place, expected=expected, found=found, hint=hint)
