# SPDX-License-Identifier: Apache-2.0
"""Attachments that travel as parts of the sealed body: added to a draft, and compared with their list.

At most five of up to 256 KiB each follow the persons, one part for each. The list in the header says of
each the number, type, size, digest and class; the part holds the bytes. Both sides compare them, and look
into the bytes (`media.py`), before anything of the message takes effect.

The photograph and the fingerprints of a person are named by the part of the person as well, where its form
has a place for them: that they need a consent of their own is judged there.

    attached = attach(draft, [FileToAttach(data, type="photograph", case_code=case)])
    attached.document, attached.parts
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from exchange.errors import Fault, InputError
from exchange.ids import sha256
from exchange.messages.codelists import codelist
from exchange.messages.document import Document, JsonValue, header_of, object_at, objects_at, pointer, text_at
from exchange.messages.form_tree import form_tree
from exchange.messages.header_rules import INLINE_MEDIA, MAX_INLINE, MAX_INLINE_BYTES, NOT_EXCHANGED
from exchange.messages.media import Carried, media_type_of, strip, trouble_with
from exchange.messages.wording import fault

OF_A_PERSON = ("photograph", "fingerprints")
"""Types of attachments that the part of a person names under the same name."""
_FIRST_PERSON = 2
_LATER_CODES = frozenset(
    {"over_disclosure", "purpose_missing", "safeguard_missing", "consent_missing", "state_conflict"}
)
"""Codes of the steps after the attachments."""


@dataclass(frozen=True)
class FileToAttach:
    """What an officer attaches; what is None is taken from the file, the list of types, or the draft."""

    data: bytes
    type: str
    """Code of `attachment-types`."""
    case_code: str | None = None
    language: str | None = None
    class_: str | None = None
    readers: tuple[str, ...] = ()
    strip: bool = False
    """Take out of a picture what says where and with what it was made."""


@dataclass(frozen=True)
class Attached:
    """The draft with its attachment list, and the parts that follow the persons."""

    document: Document
    parts: tuple[Carried, ...]


def attach(document: Document, files: Sequence[FileToAttach]) -> Attached:
    """Return a draft with files attached; the draft is not changed and has no attachments yet.

    Raises:
        InputError: a file is too large, of another kind than allowed, or carries what may not travel; or
            there are more than five.
    """
    if objects_at(header_of(document), "attachments"):
        raise InputError("the draft has attachments already", hint="attach all files at once")
    if len(files) > MAX_INLINE:
        hint = f"send at most {MAX_INLINE} files with one message, the others with a second one"
        raise InputError(f"{len(files)} files; at most {MAX_INLINE} travel with one message", hint=hint)
    persons = document.get("persons")
    first = _FIRST_PERSON + (len(persons) if isinstance(persons, list) else 0)
    entries: list[JsonValue] = []
    parts: list[Carried] = []
    for index, file in enumerate(files):
        entry, data = _entry(document, file, index)
        entries.append({"number": index + 1, "part": first + index, **entry})
        parts.append(Carried(first + index, index + 1, data))
    header: Document = {**object_at(document, "header"), "attachments": entries}
    stated = text_at(header, "sensitivity")
    classes = [text_at(entry, "class") for entry in entries if isinstance(entry, dict)]
    if stated:
        header["sensitivity"] = max([stated, *classes])
    named = {**document, "header": header}
    if isinstance(persons, list):
        listed = objects_at(header, "attachments")
        named["persons"] = [_naming(document, person, listed) for person in persons]
    return Attached(named, tuple(parts))


def _naming(document: Document, person: JsonValue, entries: Sequence[Document]) -> JsonValue:
    """Return the part of a person with the numbers of its own picture and fingerprints, if it names none."""
    tree = form_tree(text_at(header_of(document), "type"))
    line = tree.place("/persons/0") if tree else None
    if line is None or not isinstance(person, dict) or "case_code" not in person:
        return person
    own = [entry for entry in entries if entry.get("case_code") == person["case_code"]]
    found = {
        name: next((entry["number"] for entry in own if entry["type"] == name), None)
        for name in OF_A_PERSON
        if name in line.members and name not in person
    }
    return person | {name: number for name, number in found.items() if number is not None}


def attachment_faults(document: Document, parts: Sequence[Carried]) -> tuple[Fault, ...]:
    """Return what is wrong with the bytes of the attachments; requires a document of good form."""
    faults: list[Fault] = []
    waiting = {carried.part: carried for carried in parts}
    for index, entry in enumerate(objects_at(header_of(document), "attachments")):
        number = entry.get("part")
        if not isinstance(number, int):
            continue
        carried = waiting.pop(number, None)
        if carried is None:
            faults.append(_mismatch("attachment.not_there", index, "part", "a part with its bytes", "none"))
        else:
            faults += _entry_faults(entry, carried, index)
    if waiting:
        expected, found = "an entry for each part", f"{len(waiting)} more parts"
        faults.append(
            fault(
                "attachment_mismatch",
                "attachment.unlisted",
                "/header/attachments",
                expected=expected,
                found=found,
            )
        )
    return tuple(faults)


def with_attachment_faults(faults: tuple[Fault, ...], more: tuple[Fault, ...]) -> tuple[Fault, ...]:
    """Return the faults of the rules with those of the attachments in the place of their step."""
    if not more:
        return faults
    later = (
        place
        for place, found in enumerate(faults)
        if found.code in _LATER_CODES or found.rule == "sensitivity.low"
    )
    place = next(later, len(faults))
    return faults[:place] + more + faults[place:]


def _entry(document: Document, file: FileToAttach, index: int) -> tuple[Document, bytes]:
    """Return the entry of one file without its numbers, and the bytes that travel."""
    place = pointer("header", "attachments", index)
    known = codelist("attachment-types").codes.get(file.type)
    if known is None or file.type in NOT_EXCHANGED:
        code = "code_unknown" if known is None else "over_disclosure"
        rule = "code.unknown" if known is None else "attachment.forbidden"
        raise _refused(
            code, rule, place, "a type that may be sent", "another", "see the list attachment-types"
        )
    media_type = media_type_of(file.data) or "unknown"
    data = strip(file.data, media_type) if file.strip else file.data
    trouble = trouble_with(data, media_type) if media_type in INLINE_MEDIA else None
    if media_type not in INLINE_MEDIA or trouble is not None:
        found, hint = media_type, "make a PDF of it, or a JPEG or PNG picture"
        rule = trouble.rule if trouble else "attachment.inline"
        if trouble is not None:
            found, hint = trouble.found, trouble.hint
        raise _refused(_code_of(rule), rule, place, "a plain JPEG, PNG or PDF", found, hint)
    if len(data) > MAX_INLINE_BYTES:
        expected = f"at most {MAX_INLINE_BYTES // 1024} KiB"
        hint = "scan with 150 dots per inch in grey, make the picture smaller, or split the PDF into files"
        raise _refused(
            "attachment_mismatch", "attachment.inline", place, expected, f"{len(data)} bytes", hint
        )
    least = str(known.extra["sensitivity"])
    language = file.language or text_at(header_of(document), "language") or "en"
    entry: Document = {"type": file.type}
    entry |= {"case_code": file.case_code} if file.case_code else {}
    entry |= {"media_type": media_type, "size": len(data), "hash": sha256(data), "language": language}
    entry["class"] = max(least, file.class_ or least)
    return entry | ({"readers": list(file.readers)} if file.readers else {}), data


def _entry_faults(entry: Document, carried: Carried, index: int) -> list[Fault]:
    data = carried.data
    if carried.number != entry.get("number"):
        found = "the bytes of another attachment"
        return [_mismatch("attachment.not_there", index, "part", "the bytes of this attachment", found)]
    if len(data) > MAX_INLINE_BYTES:
        expected = f"at most {MAX_INLINE_BYTES} bytes"
        return [_mismatch("attachment.inline", index, "size", expected, f"{len(data)} bytes")]
    if len(data) != entry.get("size"):
        return [_mismatch("attachment.size", index, "size", f"{len(data)}", f"{entry.get('size')}")]
    if sha256(data) != entry.get("hash"):
        return [_mismatch("attachment.digest", index, "hash", "the digest of the bytes", "another digest")]
    trouble = trouble_with(data, text_at(entry, "media_type"))
    if trouble is None:
        return []
    place = pointer("header", "attachments", index, "media_type")
    expected = f"a plain {text_at(entry, 'media_type')}"
    return [
        replace(
            fault(_code_of(trouble.rule), trouble.rule, place, expected=expected, found=trouble.found),
            hint=trouble.hint,
        )
    ]


def _code_of(rule: str) -> str:
    return "over_disclosure" if rule == "attachment.metadata" else "attachment_mismatch"


def _mismatch(rule: str, index: int, member: str, expected: str, found: str) -> Fault:
    place = pointer("header", "attachments", index, member)
    return fault("attachment_mismatch", rule, place, expected=expected, found=found)


def _refused(code: str, rule: str, place: str, expected: str, found: str, hint: str) -> InputError:
    problem = fault(code, rule, place, expected=expected, found=found, hint=hint)
    return InputError(f"a file cannot be attached: {found}", hint=hint, faults=(problem,))
