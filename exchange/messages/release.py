# SPDX-License-Identifier: Apache-2.0
"""The step from a draft to a message: five header members are filled, nothing else changes.

What a second person approves is the digest of the document without these five members and without
`released_by`, the number of that person. So the digest of the draft, and of the message that left, are
the same, and anybody who holds the message can compare it with the approval.
"""

from exchange.errors import InputError
from exchange.ids import AgencyCode, Digest, LinkId, MessageId, OfficerNumber
from exchange.messages.document import RELEASE_FIELDS, Document, JsonValue, digest, object_at
from exchange.messages.wording import fault

_NOT_APPROVED = frozenset({*RELEASE_FIELDS, "released_by"})


def released(
    document: Document,
    *,
    message_id: MessageId,
    sender: AgencyCode,
    recipient: AgencyCode,
    link: LinkId,
    agreement: int,
    officer: OfficerNumber | None = None,
    released_by: OfficerNumber | None = None,
) -> Document:
    """Return the message of a draft; `officer` fills a missing one and never replaces another.

    Raises:
        InputError: the draft names another officer, or has one of the five members with another value.
    """
    header = dict(object_at(document, "header"))
    filled: dict[str, JsonValue] = {
        "message_id": message_id,
        "sender": sender,
        "recipient": recipient,
        "link": link,
        "agreement": agreement,
        "officer": officer or header.get("officer"),
    }
    if released_by is not None:
        filled["released_by"] = released_by
    for name, value in filled.items():
        if header.get(name, value) != value:
            problem = fault(
                "header_mismatch",
                "release.differs",
                f"/header/{name}",
                expected="the value of this release",
                found="another",
            )
            raise InputError(f"the draft has another {name} than this release", faults=(problem,))
    first = ("type", "type_version", *RELEASE_FIELDS)
    merged = header | filled
    ordered = {name: merged[name] for name in first if name in merged} | merged
    return {**document, "header": ordered}


def release_digest(document: Document) -> Digest:
    """Return the digest that a second person approves; equal for a draft and for the message made of it."""
    header = object_at(document, "header")
    approved: dict[str, JsonValue] = {
        name: value for name, value in header.items() if name not in _NOT_APPROVED
    }
    return digest({**document, "header": approved})
