# SPDX-License-Identifier: Apache-2.0
"""THE table of message types: who may send what, with which members, for which purpose.

Direction, offices, stops and deadlines come from the code list `message-types`, purposes and names that never
travel from `message-rules`; the members a person block may carry and the installed forms stand here. A type
without a form in `FORMS` is known but cannot be sent or read yet.

Marks of the person block: R required, O optional, C conditional, `-` not allowed (over_disclosure).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType

from pydantic import BaseModel

from exchange.messages.aftercare import Closure, FollowUp, PlainFollowUp, Reception, Referral
from exchange.messages.appointment import Proposal, Response
from exchange.messages.changes import Amendment, Reminder, Resume
from exchange.messages.codelists import Code, codelist
from exchange.messages.departure import Departure
from exchange.messages.directory import CardNotice, DirectoryUpdate
from exchange.messages.identification import CheckRequest, CheckResult, FoundNotice
from exchange.messages.inquiry import Inquiry, Reply
from exchange.messages.personal_data import CorrectionNotice, DataRequest
from exchange.messages.record import Record
from exchange.messages.reopening import Reopening
from exchange.messages.returns import Decision, Notice
from exchange.messages.statements import Difference, PlainStatement, Resolution, Statement
from exchange.messages.stops import Cancellation, Crossing, Hold, Incident, Withdrawal
from exchange.messages.tracing import TracingRequest, TracingResult
from exchange.messages.transit import TransitDecision, TransitRequest
from exchange.messages.travel_documents import PaperRequest, PaperStatus

PERSON_COLUMNS = ("IDN", "VRQ", "TRQ", "RPN", "TDQ", "HDP", "HRC", "RCV", "RFN", "FUP")
PERSON_BLOCK: Mapping[str, str] = MappingProxyType(
    {
        "case_code": "RRRRRRRRRR",
        "names": "CRRRRRR---",
        "sex": "RRRRRRR---",
        "birth": "ORRRR-----",
        "is_child": "RRRRRRRROO",
        "nationality": "RRRRR-----",
        "residence_right": "-O--------",
        "documents": "-O-OROR---",
        "photograph": "-O-OOOO---",
        "fingerprints": "-C--C-----",
        "place_of_origin": "ORRCO-----",
        "relatives": "-OR-------",
        "identification": "ROOR------",
        "exploitation": "--O-------",
        "flags": "-ORR-RR---",
        "languages": "ORRR-RO---",
        "consents": "RRRRO-C-RR",
        "guardian": "OCCCCCCCCO",
        "best_interests": "---C------",
        "return_wishes": "--OR------",
        "links": "OOOR-RR---",
        "belongings": "------R---",
    }
)


def _texts(value: object) -> tuple[str, ...]:
    return tuple(str(item) for item in value) if isinstance(value, list) else ()


_RULES = codelist("message-rules")
RESERVED_NAMES = frozenset(_texts(_RULES.notes["reserved"]))
"""Names that are refused with over_disclosure in every type."""

RETURN_PERSON = frozenset({"return_mode", "needs_on_arrival", "proceedings", "tracing_result"})
"""Members of a notice that stand in the part of the person, beside the person block."""


@dataclass(frozen=True)
class Form:
    """An installed form: its schema file and the model that reads it."""

    version: str
    schema: str
    line: str
    """Name of the definition of one person or line."""
    model: type[BaseModel]


FORMS: Mapping[str, Form] = MappingProxyType(
    {
        "IDN": Form("1.0", "urn:exchange:schema:idn:1.0", "person", FoundNotice),
        "VRQ": Form("1.0", "urn:exchange:schema:vrq:1.0", "person", CheckRequest),
        "VRS": Form("1.0", "urn:exchange:schema:vrs:1.0", "line", CheckResult),
        "TRQ": Form("1.0", "urn:exchange:schema:trq:1.0", "person", TracingRequest),
        "TRS": Form("1.0", "urn:exchange:schema:trs:1.0", "line", TracingResult),
        "RPN": Form("1.0", "urn:exchange:schema:rpn:1.0", "person", Notice),
        "RPD": Form("1.0", "urn:exchange:schema:rpd:1.0", "line", Decision),
        "AMD": Form("1.0", "urn:exchange:schema:amd:1.0", "line", Amendment),
        "RMD": Form("1.0", "urn:exchange:schema:rmd:1.0", "line", Reminder),
        "RSM": Form("1.0", "urn:exchange:schema:rsm:1.0", "line", Resume),
        "CWD": Form("1.0", "urn:exchange:schema:cwd:1.0", "line", Withdrawal),
        "HLD": Form("1.0", "urn:exchange:schema:hld:1.0", "line", Hold),
        "CAN": Form("1.0", "urn:exchange:schema:can:1.0", "line", Cancellation),
        "INC": Form("1.0", "urn:exchange:schema:inc:1.0", "line", Incident),
        "CKS": Form("1.0", "urn:exchange:schema:cks:1.0", "line", Crossing),
        "TDQ": Form("1.0", "urn:exchange:schema:tdq:1.0", "person", PaperRequest),
        "TDS": Form("1.0", "urn:exchange:schema:tds:1.0", "line", PaperStatus),
        "HPR": Form("1.0", "urn:exchange:schema:hpr:1.0", "no_part", Proposal),
        "HRP": Form("1.0", "urn:exchange:schema:hrp:1.0", "no_part", Response),
        "HDP": Form("1.0", "urn:exchange:schema:hdp:1.0", "person", Departure),
        "HRC": Form("1.0", "urn:exchange:schema:hrc:1.0", "line", Record),
        "RCV": Form("1.0", "urn:exchange:schema:rcv:1.0", "line", Reception),
        "RFN": Form("1.0", "urn:exchange:schema:rfn:1.0", "line", Referral),
        "FUP": Form("1.1", "urn:exchange:schema:fup:1.1", "line", FollowUp),
        "CLO": Form("1.0", "urn:exchange:schema:clo:1.0", "line", Closure),
        "INQ": Form("1.0", "urn:exchange:schema:inq:1.0", "line", Inquiry),
        "INR": Form("1.0", "urn:exchange:schema:inr:1.0", "line", Reply),
        "COR": Form("1.0", "urn:exchange:schema:cor:1.0", "line", CorrectionNotice),
        "PDR": Form("1.0", "urn:exchange:schema:pdr:1.0", "line", DataRequest),
        "TRA": Form("1.0", "urn:exchange:schema:tra:1.0", "no_part", TransitRequest),
        "TRD": Form("1.0", "urn:exchange:schema:trd:1.0", "no_part", TransitDecision),
        "ROP": Form("1.0", "urn:exchange:schema:rop:1.0", "line", Reopening),
        "STM": Form("1.1", "urn:exchange:schema:stm:1.1", "no_part", Statement),
        "DSC": Form("1.0", "urn:exchange:schema:dsc:1.0", "no_part", Difference),
        "DRS": Form("1.0", "urn:exchange:schema:drs:1.0", "no_part", Resolution),
        "DIR": Form("1.0", "urn:exchange:schema:dir:1.0", "no_part", DirectoryUpdate),
        "KEY": Form("1.0", "urn:exchange:schema:key:1.0", "no_part", CardNotice),
    }
)


EARLIER_FORMS: Mapping[str, tuple[Form, ...]] = MappingProxyType(
    {
        "FUP": (Form("1.0", "urn:exchange:schema:fup:1.0", "line", PlainFollowUp),),
        "STM": (Form("1.0", "urn:exchange:schema:stm:1.0", "no_part", PlainStatement),),
    }
)
"""Forms that a newer minor version followed; messages of that version are read with them for ever."""


@dataclass(frozen=True)
class MessageType:
    """One row of the table."""

    code: str
    label: str
    slug: str
    """Name for the command line, for example `repatriation-notice`."""
    sent_by: str
    """`host`, `origin`, `either`, or in words for types that depend on an earlier message."""
    scope: str
    is_message: bool
    """False for ACK, which is a leaf and has no form."""
    is_stop: bool
    """Acts on arrival in every state and only forbids."""
    max_sensitivity: str
    """`S0` to `S4`; for an amendment or correction `S4`, because it has the class of what it changes."""
    functions: frozenset[str]
    """The acting office holds at least one of them."""
    purposes: frozenset[str]
    consents: tuple[str, ...]
    consents_by: Mapping[str, tuple[str, ...]]
    """Scopes that depend on the side that sends it."""
    safeguards: tuple[str, ...]
    replies: tuple[str, ...]
    deadline: str | None
    person_members: frozenset[str]
    """Members of the person block that may travel in this type."""
    forbidden: frozenset[str]
    """Names that are over_disclosure in this type, anywhere in the document."""
    form: Form | None
    """The newest form; earlier ones: `versions.py`."""


@cache
def message_types() -> Mapping[str, MessageType]:
    """Return the whole table, by code."""
    return MappingProxyType({code.code: _row(code) for code in codelist("message-types").codes.values()})


def message_type(name: str) -> MessageType | None:
    """Return a type by its code or its slug (`RPN`, `repatriation-notice`), or None."""
    found = message_types().get(name.upper())
    return found or next((row for row in message_types().values() if row.slug == name.lower()), None)


def two_person_acts(
    type_code: str, *, sensitivity: str, children: bool, consent_states: Iterable[str]
) -> tuple[str, ...]:
    """Return the acts of `two-person-acts` that releasing such a message is; a stop is none.

    The first one is what people are told first: whom it is about, before how secret it is.
    """
    row = message_types()[type_code]
    if row.is_stop or type_code == "HRC":
        return ()
    acts = {
        "rpn_child": type_code == "RPN" and children,
        "consent_override": "overridden" in set(consent_states),
        "s4_named_readers": sensitivity == "S4",
    }
    return tuple(act for act, needed in acts.items() if needed)


def _row(entry: Code) -> MessageType:
    extra = dict(entry.extra)
    highest = str(extra["max_sensitivity"])
    by_side = dict(raw) if isinstance(raw := extra.get("requires_consent_by"), dict) else {}
    rules = _RULES.codes[entry.code].extra if entry.code in _RULES.codes else {}
    return MessageType(
        code=entry.code,
        label=entry.label,
        slug=entry.label.lower().replace(" ", "-"),
        sent_by=str(extra["from"]),
        scope=str(extra["scope"]),
        is_message=extra["wire"] == "message",
        is_stop=extra.get("stop") is True,
        max_sensitivity="S4" if highest == "same" else highest,
        functions=frozenset(_texts(extra.get("functions"))),
        purposes=frozenset(_texts(rules.get("purposes"))),
        consents=_texts(extra.get("requires_consent")),
        consents_by=MappingProxyType({str(side): _texts(scopes) for side, scopes in by_side.items()}),
        safeguards=_texts(extra.get("safeguards")),
        replies=_texts(extra.get("expected_reply")),
        deadline=str(extra["reply_deadline"]) if "reply_deadline" in extra else None,
        person_members=_person_members(entry.code),
        forbidden=RESERVED_NAMES | frozenset(_texts(rules.get("reserved"))),
        form=FORMS.get(entry.code),
    )


def _person_members(code: str) -> frozenset[str]:
    if code not in PERSON_COLUMNS:
        return frozenset()
    column = PERSON_COLUMNS.index(code)
    return frozenset(name for name, marks in PERSON_BLOCK.items() if marks[column] != "-")
