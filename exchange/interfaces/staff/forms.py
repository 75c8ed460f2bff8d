# SPDX-License-Identifier: Apache-2.0
"""Forms of the bodies and answers of the staff API, as JSON Schema 2020-12.

What is a message of the agreement is not described again: `document` refers to the files in `schemas/`,
which the API serves beside its description. Bodies are closed, answers are open: a client takes no notice of
members that it does not know, because later versions add some.
"""

from collections.abc import Mapping
from typing import Any, Final

from exchange.cases.readable import Why
from exchange.cases.retention import ErasureReason, HoldReason
from exchange.interfaces.staff.call import Schema
from exchange.messages.catalog import FORMS
from exchange.messages.codelists import codelist
from exchange.messages.form_tree import Sensitivity
from exchange.messages.schemas import HEADER
from exchange.service.returning import MOST_REASON

TEXT: Final[Schema] = {"type": "string"}
MAYBE: Final[Schema] = {"type": ["string", "null"]}
NUMBER: Final[Schema] = {"type": "integer"}
YES_NO: Final[Schema] = {"type": "boolean"}
OPEN: Final[Schema] = {"type": "object"}
NULLABLE: Final[Schema] = {"type": ["object", "null"]}
AGENCY: Final[Schema] = {"type": "string", "pattern": "^[A-Z]{2}(-[A-Z0-9]{1,12}){1,4}$"}
MESSAGE_ID: Final[Schema] = {
    "type": "string",
    "pattern": "^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$",
}
CODE: Final[Schema] = {
    "type": "string",
    "pattern": "^[0-9ABCDEFGHJKMNPQRSTVWXYZ]{4}(-[0-9ABCDEFGHJKMNPQRSTVWXYZ]{4}){2}$",
    "description": "Code of a case or a movement.",
}
DIGEST: Final[Schema] = {"type": "string", "pattern": "^[A-Za-z0-9_-]{43}$"}
MAX_FILES: Final = 5
MAX_FILE_TEXT: Final = 350_000
"""An attachment of 256 KiB in base64url."""


def file_name(schema: str) -> str:
    """Return the file of a schema: `rpn-1.0.json` of `urn:exchange:schema:rpn:1.0`."""
    return "-".join(schema.split(":")[-2:]) + ".json"


def whole(*, closed: bool = False, optional: tuple[str, ...] = (), **members: Schema) -> Schema:
    """Return the form of an object; every member that is not optional is required."""
    form: dict[str, Any] = {
        "type": "object",
        "required": [name for name in members if name not in optional],
        "properties": dict(members),
    }
    return form | ({"additionalProperties": False} if closed else {})


def many(item: Schema, most: int | None = None) -> Schema:
    return {"type": "array", "items": item} | ({"maxItems": most} if most else {})


def form(name: str) -> Schema:
    """Return a reference to a form of this page."""
    return {"$ref": f"#/components/schemas/{name}"}


def _documents() -> Schema:
    names = sorted({one.schema for one in FORMS.values()} - {HEADER})
    return {
        "description": "A complete message: header, content, persons. Its form is a file of `schemas/`.",
        "anyOf": [{"$ref": f"schemas/{file_name(name)}"} for name in names],
    }


_FAULT = whole(code=TEXT, pointer=TEXT, rule=TEXT, expected=TEXT, hint=TEXT)
_QUESTION = whole(code=TEXT, pointer=TEXT, text=TEXT)
_MESSAGE = whole(
    id=MESSAGE_ID, link=TEXT, partner=TEXT, direction={"enum": ["in", "out"]}, seq=NUMBER, type=TEXT,
    state=TEXT, code=TEXT, created=MAYBE, expires=MAYBE, logged=MAYBE, verdict=MAYBE, in_reply_to=MAYBE,
    pc=TEXT, officer=MAYBE, released_by=MAYBE, bytes=NUMBER,
)  # fmt: skip
_CASE = whole(
    code=TEXT, link=TEXT, host=TEXT, origin=TEXT, state=TEXT, shown=TEXT, provisional=NUMBER,
    opened=MAYBE, changed=MAYBE,
)  # fmt: skip
_EVENT = whole(
    message=TEXT, type=TEXT, direction=TEXT, seq=NUMBER, before=MAYBE, after=MAYBE, implied=many(TEXT),
    provisional=YES_NO, at=MAYBE, released=MAYBE, delivered=MAYBE, accepted=MAYBE, state=TEXT, code=MAYBE,
    answered=MAYBE, line=NULLABLE, withheld=many(form("Withheld")), opened=MAYBE,
)  # fmt: skip
_STEP = whole(type=TEXT, by=TEXT, state=TEXT, movement=MAYBE)
_MOVES = whole(
    sent=NUMBER, received=NUMBER, matched=NUMBER, accepted=NUMBER, rejected=NUMBER, held=NUMBER,
    voided=NUMBER, in_transit=NUMBER, missing=NUMBER, open=NUMBER,
)  # fmt: skip
_TASK = whole(
    message=TEXT, type=TEXT, what=TEXT, replies=many(TEXT), can_reply=YES_NO, cases=many(TEXT),
    persons=NUMBER, partner=TEXT, by=TEXT, ours=YES_NO, state=TEXT, urgency=TEXT, deadline=TEXT,
    until=MAYBE, last_day=MAYBE, late_from=MAYBE, own_time=OPEN, partner_time=OPEN, answering=YES_NO,
    reminded=many(TEXT), reminder=NULLABLE,
)  # fmt: skip
_ARRIVED = whole(
    id=MESSAGE_ID, partner=TEXT, type=TEXT, seq=NUMBER, created=MAYBE, verdict=MAYBE, what=TEXT,
    cases=many(TEXT),
)  # fmt: skip
_NEAR = whole(
    movement=TEXT, partner=TEXT, crossing=TEXT, persons=NUMBER, staying=NUMBER, state=TEXT, act=TEXT,
    ours=YES_NO, until=MAYBE, overdue=YES_NO, own_time=OPEN, partner_time=OPEN, after=MAYBE,
    reserved_by_us=YES_NO,
)  # fmt: skip
_RECEPTION = whole(
    movement=TEXT, partner=TEXT, persons=NUMBER, record=MAYBE, until=MAYBE, state=TEXT, own_time=OPEN,
    partner_time=OPEN,
)  # fmt: skip
_HANDOVER = whole(
    code=TEXT, link=TEXT, host=TEXT, origin=TEXT, we={"enum": ["host", "origin"]}, state=TEXT,
    provisional=YES_NO, persons=NUMBER, checkpoint=TEXT, crossing=TEXT, alternative=TEXT, place=TEXT,
    window=OPEN, record_form=TEXT, changed=MAYBE, next=many(OPEN),
)  # fmt: skip
_LISTED_HANDOVER = whole(
    **_HANDOVER["properties"],
    stay={**NUMBER, "description": "Persons of the list who do not travel any more."},
)
_PASSED = whole(
    message=TEXT, type=TEXT, sender=TEXT, acting_agency=TEXT, recipient=TEXT, created=MAYBE,
    delivered=MAYBE, state=TEXT,
)  # fmt: skip
_FILE = whole(
    closed=True, optional=("case_code", "readers", "strip"),
    data={"type": "string", "maxLength": MAX_FILE_TEXT, "description": "The bytes in base64url."},
    type=TEXT, case_code=CODE, readers=many(TEXT, 20), strip=YES_NO,
)  # fmt: skip
_WITHHELD: Mapping[str, Any] = {
    "pointer": TEXT, "class": {"enum": [str(one) for one in Sensitivity]}, "why": {"enum": list(Why)},
}  # fmt: skip
_READ: Schema = {
    "description": "The message as the officer of the client may read it; `withheld` names what is left out.",
    "anyOf": [form("Document"), {"type": "object", "description": "The same with places left out."}],
}
_REASONS: Final = (*ErasureReason, *HoldReason)
_TOLD = whole(message=MESSAGE_ID, direction={"enum": ["in", "out"]}, seq=NUMBER, type=TEXT, shared=YES_NO)
_PREVIEW = whole(
    act={"enum": ["erase", "hold", "unhold"]}, reason=TEXT, partner=TEXT, case=CODE, state=TEXT,
    closed_on=MAYBE, kept_until=MAYBE, for_a_child=YES_NO, messages=many(_TOLD), drafts=many(MESSAGE_ID),
    forms=NUMBER, register=NUMBER, movements=NUMBER, waits=many(TEXT), digest=DIGEST,
)  # fmt: skip
_PROPOSAL = whole(
    partner=TEXT, case=CODE, act=TEXT, reason=TEXT, proposed_by=TEXT, proposed=MAYBE, digest=DIGEST
)  # fmt: skip
_OWED = whole(partner=TEXT, entry=NUMBER, count=NUMBER, erased=MAYBE, until=MAYBE, cases=many(CODE))
_HOLD = whole(partner=TEXT, case=MAYBE, reason=TEXT, placed_by=many(TEXT), placed=MAYBE)
_ERASURES = whole(owed=many(_OWED), proposals=many(_PROPOSAL))
_SMALL: Schema = {
    "type": "object",
    "description": "What an officer writes: the type and the members that the program cannot know, "
    "or a whole draft. The forms of all types are served under /v1/schemas.",
    "maxProperties": 200,
}

COMPONENTS: Final[Mapping[str, Schema]] = {
    "Problem": whole(
        status=NUMBER,
        reason={"type": "string", "pattern": "^[a-z][a-z0-9_]{0,39}$"},
        request={"type": "string", "description": "Number of the request, to tell an administrator."},
        faults=many(form("Fault")),
        optional=("faults",),
    ),
    "Fault": _FAULT,
    "Question": _QUESTION,
    "Change": whole(pointer=TEXT, before={}, after={}),
    "Document": _documents(),
    "SmallFile": _SMALL,
    "Message": _MESSAGE,
    "MessagePage": whole(messages=many(form("Message")), after=TEXT),
    "MessageState": whole(message=form("Message"), entries=whole(own=NUMBER, partner=NUMBER)),
    "Withheld": whole(**_WITHHELD),
    "MessageContent": whole(
        message=form("Message"), document=_READ, withheld=many(form("Withheld")), digest=DIGEST,
        not_understood=many(TEXT),
    ),
    "Draft": whole(
        id=TEXT, type=TEXT, partner=TEXT, prepared_by=TEXT, created=MAYBE, waiting=YES_NO, digest=TEXT,
        returned=NULLABLE, from_before_restore=YES_NO, author_left=YES_NO,
    ),
    "DraftState": whole(id=TEXT, type=TEXT),
    "DraftList": whole(drafts=many(form("Draft"))),
    "DraftContent": whole(
        draft=whole(
            id=TEXT, type=TEXT, partner=TEXT, prepared_by=TEXT, digest=TEXT, returned=NULLABLE,
            sent_back=NULLABLE, from_before_restore=YES_NO, author_left=YES_NO,
        ),
        document=form("SmallFile"),
        withheld=many(form("Withheld")),
        questions=many(form("Question")),
        changes=many(form("Change")),
    ),
    "Validation": whole(partner=TEXT, faults=many(form("Fault")), questions=many(form("Question"))),
    "Sent": whole(
        fate={"enum": ["released", "needs_second", "waiting"]},
        partner=TEXT, link=TEXT, id=TEXT, type=TEXT, seq=NUMBER, digest=TEXT, reason=TEXT,
    ),
    "Read": whole(id=TEXT, type=TEXT),
    "Voided": whole(id=TEXT, seq=NUMBER),
    "Reviewed": whole(id=TEXT, type=TEXT, act=TEXT, agrees=YES_NO),
    "PartnerList": whole(
        partners=many(
            whole(partner=TEXT, link=MAYBE, state=TEXT, reason=TEXT, by_files=YES_NO, pause=NULLABLE)
        )
    ),
    "Partner": whole(
        partner=TEXT, link=TEXT, state=TEXT, reason=TEXT, agreement=NUMBER, profile=TEXT, suite=NUMBER,
        card_serial=NUMBER, unknown_uses=many(TEXT), by_files=YES_NO, address=TEXT, moved=NULLABLE,
        entries=whole(own=NUMBER, partner=NUMBER), signed_by_partner=NUMBER, pause=NULLABLE,
    ),
    "Reconciliation": whole(
        partner=TEXT, link=TEXT, at=MAYBE, sent=NUMBER, received=NUMBER, matched=NUMBER, in_transit=NUMBER,
        outgoing=_MOVES, incoming=_MOVES, entries=whole(own=NUMBER, partner=NUMBER),
        cosigned=whole(own=NUMBER, partner=NUMBER), roots=whole(own=TEXT, partner=TEXT), faults=many(TEXT),
        differences=many(OPEN), light=TEXT, counted=OPEN, period=NULLABLE, behind=NULLABLE,
    ),
    "CasePage": whole(cases=many(_CASE), after=TEXT),
    "Timeline": whole(
        case=OPEN, events=many(_EVENT), next=many(_STEP), readers=many(OPEN), desks=many(TEXT),
    ),
    "PersonalFile": whole(
        case=TEXT, host=TEXT, origin=TEXT, state=TEXT, opened=MAYBE, changed=MAYBE, recipients=many(_PASSED),
        received_from=many(_PASSED), content=many(OPEN), register=many(OPEN),
    ),
    "Due": whole(
        now=MAYBE, to_answer=NUMBER, overdue=NUMBER, answers_on_their_way=NUMBER,
        waiting=many(whole(partner=TEXT, count=NUMBER, overdue=NUMBER)), tasks=many(_TASK), more=YES_NO,
        second_looks=many(OPEN), withdrawals=many(OPEN), reading_stops=many(OPEN),
        emergency_openings=many(OPEN), erasures=_ERASURES, stops_unopened=NUMBER, unopened=NUMBER,
        stops=many(_ARRIVED), arrived=many(_ARRIVED), handovers=many(_NEAR), receptions=many(_RECEPTION),
        paused=many(whole(partner=TEXT, since=MAYBE, waiting=NUMBER, drafts=NUMBER)),
    ),
    "Retention": whole(
        now=MAYBE, due=many(form("Preview")), owed=many(_OWED), proposals=many(_PROPOSAL), holds=many(_HOLD),
        complete=YES_NO, again=NUMBER,
    ),
    "Preview": _PREVIEW,
    "Proposal": whole(proposed_by=TEXT, proposed=MAYBE, shown=form("Preview")),
    "Erased": whole(act=TEXT, messages=NUMBER, proposed_by=TEXT, confirmed_by=TEXT),
    "HandoverList": whole(handovers=many(_LISTED_HANDOVER)),
    "Sheet": whole(handover=_HANDOVER, persons=many(OPEN), stop_officers=many(OPEN), departure=OPEN),
    "SchemaList": whole(schemas=many(whole(name=TEXT, title=TEXT, type=TEXT))),
    "SchemaFile": OPEN,
    "Description": OPEN,
    "NewMessage": whole(
        closed=True, optional=("partner", "emergency", "files"),
        partner=AGENCY, document=form("SmallFile"), emergency=YES_NO, files=many(_FILE, MAX_FILES),
    ),
    "DraftToCheck": whole(
        closed=True, optional=("partner",), partner=AGENCY, document=form("SmallFile")
    ),
    "SendBack": whole(
        closed=True,
        digest={**DIGEST, "description": "Of the draft as it was shown."},
        reason={
            "type": "string", "minLength": 1, "maxLength": MOST_REASON,
            "description": "What has to be changed; its author reads it.",
        },
    ),
    "ChangedDraft": whole(
        closed=True, optional=("files",), document=form("SmallFile"), files=many(_FILE, MAX_FILES)
    ),
    "Release": whole(closed=True, digest={**DIGEST, "description": "Of the draft as it was shown."}),
    "Void": whole(closed=True, code={"enum": list(codelist("void-reasons").codes)}),
    "Propose": whole(
        closed=True, act={"enum": ["erase", "hold", "unhold"]}, reason={"enum": ["", *_REASONS]}
    ),
    "Confirm": whole(closed=True, digest={**DIGEST, "description": "Of the act as it was shown."}),
    "Review": whole(closed=True, digest=DIGEST, agrees=YES_NO),
}  # fmt: skip
"""Every form by its name."""
