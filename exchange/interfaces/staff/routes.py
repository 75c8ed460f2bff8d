# SPDX-License-Identifier: Apache-2.0
"""The one table of routes of the staff API. The door checks by it, the description is made from it.

To add a route: an act in `acts`, the forms in `forms`, a row here, `make pages`.
"""

from typing import Final

from exchange.interfaces.staff import acts
from exchange.interfaces.staff.call import Answer, Call, Parameter, Route, Schema, absent
from exchange.interfaces.staff.description import describe
from exchange.interfaces.staff.forms import AGENCY, CODE, MESSAGE_ID, file_name
from exchange.messages.catalog import FORMS
from exchange.messages.codelists import codelist
from exchange.messages.schemas import schemas

MAX_MESSAGE_BYTES: Final = 8 * 1024 * 1024
"""A notice with 1,000 persons is about 6 MiB."""
MAX_PAGE: Final = 200
"""A page of cases is read in one unit, which should hold the store at most 20 ms."""

EVERY_ROLE: Final = frozenset(codelist("staff-roles").codes)
OFFICER: Final = frozenset({"officer"})
RELEASER: Final = frozenset({"releaser"})
PREPARES: Final = OFFICER | RELEASER
AT_THE_BORDER: Final = OFFICER | {"handover"}
AT_THE_DESK: Final = PREPARES | AT_THE_BORDER
COUNTS: Final = OFFICER | {"auditor", "administrator"}

_PURPOSES: Final = ["case_work", *codelist("purposes").codes]
PURPOSE: Final = Parameter(
    "purpose", "query", {"enum": _PURPOSES}, "Why it is opened; it is recorded.", required=True
)
LIMIT: Final = Parameter(
    "limit",
    "query",
    {"type": "integer", "minimum": 1, "maximum": MAX_PAGE},
    "How many; 100 if it is not said.",
)
AFTER: Final = Parameter(
    "after", "query", {"type": "string", "pattern": "^[0-9]{1,15}$"}, "`after` of the page before."
)
AFTER_MESSAGE: Final = Parameter(
    "after", "query", {"type": "string", "pattern": f"{MESSAGE_ID['pattern'][:-1]}\\.[0-9]{{1,15}}$"},
    "`after` of the page before.",
)  # fmt: skip
OF_PARTNER: Final = Parameter("partner", "query", AGENCY, "Only of this partner.")
THE_PARTNER: Final = Parameter("partner", "query", AGENCY, "Of this partner.", required=True)
DIRECTION: Final = Parameter(
    "direction", "query", {"enum": ["in", "out"]}, "Only received, or only sent ones."
)
OVERDUE: Final = Parameter("overdue", "query", {"enum": ["true", "false"]}, "Only what is late.")
OPEN_ONES: Final = Parameter("open", "query", {"enum": ["true", "false"]}, "Only what is not finished.")
SCHEMA: Final[Schema] = {"type": "string", "pattern": "^[a-z]{3,10}-[0-9]{1,2}\\.[0-9]{1,2}\\.json$"}


def in_path(name: str, schema: Schema, description: str) -> Parameter:
    return Parameter(name, "path", schema, description, required=True)


PARTNER: Final = in_path("partner", AGENCY, "Code of the partner.")
MESSAGE: Final = in_path("message", MESSAGE_ID, "Number of the message.")
DRAFT: Final = in_path("draft", MESSAGE_ID, "Number of the draft.")
CASE: Final = in_path("case", CODE, "Code of the case.")
ACT: Final = in_path("act", {"enum": ["erase", "hold", "unhold"]}, "What was proposed.")
MOVEMENT: Final = in_path("movement", CODE, "Code of the movement.")
NAME: Final = in_path("name", SCHEMA, "File name of the schema.")

CHANGES: Final = frozenset({409, 422})


async def show_description(_: Call) -> Answer:
    return describe(ROUTES)


async def list_schemas(_: Call) -> Answer:
    types = {form.schema: code for code, form in FORMS.items()}
    return {
        "schemas": [
            {"name": file_name(id), "title": str(body.get("title", "")), "type": types.get(id, "")}
            for id, body in sorted(schemas().items())
        ]
    }


async def show_schema(call: Call) -> Answer:
    found = [body for id, body in schemas().items() if file_name(id) == call.path["name"]]
    if not found:
        raise absent()
    return dict(found[0])


ROUTES: Final[tuple[Route, ...]] = (
    Route(
        "GET", "/v1/openapi.json", "describe", "This description", EVERY_ROLE, show_description, "Description"
    ),
    Route("GET", "/v1/schemas", "listSchemas", "Forms of messages", EVERY_ROLE, list_schemas, "SchemaList"),
    Route(
        "GET",
        "/v1/schemas/{name}",
        "showSchema",
        "One form, as its file stands in schemas/",
        EVERY_ROLE,
        show_schema,
        "SchemaFile",
        (NAME,),
    ),
    Route(
        "GET",
        "/v1/partners",
        "listPartners",
        "Partners and how they stand",
        EVERY_ROLE,
        acts.list_partners,
        "PartnerList",
    ),
    Route(
        "GET",
        "/v1/partners/{partner}",
        "showPartner",
        "What is agreed with a partner",
        EVERY_ROLE,
        acts.show_partner,
        "Partner",
        (PARTNER,),
    ),
    Route(
        "GET",
        "/v1/partners/{partner}/reconciliation",
        "reconcile",
        "Both ledgers compared, without content",
        COUNTS,
        acts.reconcile,
        "Reconciliation",
        (PARTNER,),
    ),
    Route(
        "GET",
        "/v1/messages",
        "listMessages",
        "Messages without content, newest first",
        PREPARES,
        acts.list_messages,
        "MessagePage",
        (OF_PARTNER, DIRECTION, AFTER_MESSAGE, LIMIT),
        problems=frozenset({409}),
    ),
    Route(
        "POST",
        "/v1/messages",
        "sendMessage",
        "Send a message, or keep it for the second person",
        OFFICER,
        acts.send_message,
        "Sent",
        body="NewMessage",
        max_bytes=MAX_MESSAGE_BYTES,
        writes=True,
        problems=CHANGES,
    ),
    Route(
        "POST",
        "/v1/messages/validation",
        "checkMessage",
        "Every fault of a file; nothing is stored",
        OFFICER,
        acts.check_message,
        "Validation",
        body="DraftToCheck",
        max_bytes=MAX_MESSAGE_BYTES,
        problems=CHANGES,
    ),
    Route(
        "GET",
        "/v1/messages/{message}",
        "showMessage",
        "How a message stands, without content",
        PREPARES,
        acts.show_message,
        "MessageState",
        (MESSAGE,),
    ),
    Route(
        "GET",
        "/v1/messages/{message}/content",
        "openMessage",
        "What a message says; recorded",
        PREPARES,
        acts.open_message,
        "MessageContent",
        (MESSAGE, PURPOSE),
        opens=True,
        problems=frozenset({409}),
    ),
    Route(
        "POST",
        "/v1/messages/{message}/opened",
        "noteOpened",
        "Say that an officer read a message of the partner in your own system; recorded",
        PREPARES,
        acts.note_opened,
        "Read",
        (MESSAGE,),
        writes=True,
        problems=frozenset({409}),
    ),
    Route(
        "POST",
        "/v1/messages/{message}/void",
        "voidMessage",
        "Give up a message that has no verdict yet",
        OFFICER,
        acts.void_message,
        "Voided",
        (MESSAGE,),
        body="Void",
        writes=True,
        problems=CHANGES,
    ),
    Route(
        "POST",
        "/v1/messages/{message}/review",
        "reviewMessage",
        "Say what you think of what one person released in an emergency",
        RELEASER,
        acts.review_message,
        "Reviewed",
        (MESSAGE,),
        body="Review",
        writes=True,
        problems=CHANGES,
    ),
    Route(
        "GET",
        "/v1/drafts",
        "listDrafts",
        "Drafts that wait, without content",
        AT_THE_DESK,
        acts.list_drafts,
        "DraftList",
    ),
    Route(
        "GET",
        "/v1/drafts/{draft}/content",
        "openDraft",
        "What a draft says; recorded",
        AT_THE_DESK,
        acts.open_draft,
        "DraftContent",
        (DRAFT, PURPOSE),
        opens=True,
        problems=frozenset({409}),
    ),
    Route(
        "POST",
        "/v1/drafts/{draft}/release",
        "releaseDraft",
        "Release a draft as the second person",
        RELEASER,
        acts.release_draft,
        "Sent",
        (DRAFT,),
        body="Release",
        writes=True,
        problems=CHANGES,
    ),
    Route(
        "POST",
        "/v1/drafts/{draft}/return",
        "sendBackDraft",
        "Send a draft back to its author, with a reason",
        RELEASER,
        acts.send_back_draft,
        "DraftState",
        (DRAFT,),
        body="SendBack",
        writes=True,
        problems=CHANGES,
    ),
    Route(
        "POST",
        "/v1/drafts/{draft}/take-back",
        "takeBackDraft",
        "Take back the own draft, so that nobody releases it",
        AT_THE_BORDER,
        acts.take_back_draft,
        "DraftState",
        (DRAFT,),
        writes=True,
        problems=CHANGES,
    ),
    Route(
        "POST",
        "/v1/drafts/{draft}/change",
        "changeDraft",
        "Hand in another message in place of the own draft; it waits for a second person",
        AT_THE_BORDER,
        acts.change_draft,
        "Sent",
        (DRAFT,),
        body="ChangedDraft",
        max_bytes=MAX_MESSAGE_BYTES,
        writes=True,
        problems=CHANGES,
    ),
    Route(
        "POST",
        "/v1/drafts/{draft}/discard",
        "discardDraft",
        "Destroy the own draft, or as releaser one whose author has left",
        AT_THE_DESK,
        acts.discard_draft,
        "DraftState",
        (DRAFT,),
        writes=True,
        problems=CHANGES,
    ),
    Route(
        "GET",
        "/v1/cases",
        "listCases",
        "Cases of a partner without content, oldest first",
        OFFICER,
        acts.list_cases,
        "CasePage",
        (THE_PARTNER, AFTER, LIMIT),
        problems=frozenset({409}),
    ),
    Route(
        "GET",
        "/v1/cases/{case}",
        "showCase",
        "What happened in a case; recorded",
        OFFICER,
        acts.show_case,
        "Timeline",
        (CASE, PURPOSE),
        opens=True,
        problems=frozenset({409}),
    ),
    Route(
        "GET",
        "/v1/cases/{case}/export",
        "exportCase",
        "The file of one person; recorded",
        OFFICER,
        acts.export_case,
        "PersonalFile",
        (CASE, PURPOSE),
        opens=True,
        problems=frozenset({409}),
    ),
    Route(
        "GET",
        "/v1/retention",
        "listRetention",
        "What is due for erasure, what waits for a second person, and what is held back; without content",
        PREPARES,
        acts.list_retention,
        "Retention",
    ),
    Route(
        "POST",
        "/v1/cases/{case}/proposals",
        "proposeErasure",
        "Propose to erase a case, to hold it back, or to lift the hold",
        OFFICER,
        acts.propose_erasure,
        "Preview",
        (CASE,),
        body="Propose",
        writes=True,
        problems=CHANGES,
    ),
    Route(
        "GET",
        "/v1/cases/{case}/proposals/{act}",
        "showProposal",
        "What was proposed about a case, as things stand now; without content",
        PREPARES,
        acts.look_at_erasure,
        "Proposal",
        (CASE, ACT),
        problems=frozenset({409}),
    ),
    Route(
        "POST",
        "/v1/cases/{case}/proposals/{act}/confirmation",
        "confirmErasure",
        "Do what another person proposed about a case; an erasure cannot be undone",
        RELEASER,
        acts.confirm_erasure,
        "Erased",
        (CASE, ACT),
        body="Confirm",
        writes=True,
        problems=CHANGES,
    ),
    Route(
        "GET",
        "/v1/due",
        "listDue",
        "What must be done, by whom, until when",
        PREPARES,
        acts.list_due,
        "Due",
        (OVERDUE,),
    ),
    Route(
        "GET",
        "/v1/handovers",
        "listHandovers",
        "Movements without names, last changed first",
        AT_THE_BORDER,
        acts.list_handovers,
        "HandoverList",
        (OPEN_ONES, LIMIT),
    ),
    Route(
        "GET",
        "/v1/handovers/{movement}/sheet",
        "openSheet",
        "The sheet for the crossing; recorded",
        AT_THE_BORDER,
        acts.open_sheet,
        "Sheet",
        (MOVEMENT, PURPOSE),
        opens=True,
        problems=frozenset({409}),
    ),
)
"""Every route."""
