# SPDX-License-Identifier: Apache-2.0
"""The checks of version, form and codes: everything a schema can decide.

Order of the faults, so that both sides report the same one first (message-fields, order of the checks):
1. `version_unsupported`: no installed form of this type that reads the version (`versions.py`), or another
   major version of a list;
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
from exchange.messages.catalog import Form, MessageType, message_types
from exchange.messages.codelists import list_versions
from exchange.messages.document import Document, JsonValue, header_of, pointer, text_at
from exchange.messages.explanation import explain, forbidden_members
from exchange.messages.schemas import gate
from exchange.messages.versions import Versions, understood


def check_form(
    document: Document, *, draft: bool = False, known: Versions | None = None
) -> tuple[Fault, ...]:
    """Return the faults of version, form and codes, the first one first; none means well formed.

    A draft has none of the five header members that are filled at release. `known` are the versions that
    this node reads; of a newer minor version only what is known is checked, and that nothing forbidden
    travels in it.
    """
    row, faults = _type_of(document)
    if row is None or row.form is None:
        return faults
    header, read = header_of(document), understood(document, known)
    form = read.form if isinstance(header.get("type_version"), str) else row.form
    faults = faults or _version(header, form, row.form)
    if faults:
        return faults
    form = form or row.form
    hidden = forbidden_members(document, row) if read.unknown else ()
    if hidden or gate(form.schema, draft=draft).is_valid(read.document):
        return hidden
    return explain(read.document, row, form, draft=draft)


def version_faults(document: Document, partner: Versions) -> tuple[Fault, ...]:
    """Return a fault unless the version of the form is one that the partner reads, by its card."""
    header = header_of(document)
    versions = partner.get(text_at(header, "type"), ())
    found = text_at(header, "type_version")
    if found in versions:
        return ()
    expected = ", ".join(versions) or "none; the partner reads no version of this type"
    hint = "leave type_version out of the file; the highest version both sides know is written"
    return (_fault("version_unsupported", "version.partner", "/header/type_version", expected, found, hint),)


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
    return row, ()


def _version(header: dict[str, JsonValue], form: Form | None, newest: Form) -> tuple[Fault, ...]:
    """Return the faults of the versions of form and lists; a text that is no version is a fault of form."""
    stated = header.get("type_version")
    if form is None and isinstance(stated, str) and _looks_like_version(stated, 2):
        place, expected = "/header/type_version", f"version {newest.version}"
        return (_fault("version_unsupported", "version.type", place, expected, f"version {stated}"),)
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
