# SPDX-License-Identifier: Apache-2.0
"""The published examples, and the world in which they are judged.

`schemas/examples/world.json` says when the messages are numbered, what the agreement allows, and which
earlier messages and cases are known, `handover.json` what the types of a handover need beside it, and
`exchange.json` what those types need that came last;
`<type>/valid` and `<type>/invalid` hold one document each. The file name of an invalid one begins with the
code of its first fault.
"""

import json
from datetime import date, datetime
from pathlib import Path
from typing import Any

from exchange.errors import Fault
from exchange.ids import AgencyCode, CaseCode, Digest, MessageId
from exchange.messages.codelists import schema_root
from exchange.messages.earlier import Announced, Appointment, EarlierMessage, OpenCrossing
from exchange.messages.validation import KnownFacts, RuleContext, check_form, check_rules

ROOT = schema_root() / "examples"
WORLD: dict[str, Any] = json.loads((ROOT / "world.json").read_text(encoding="utf-8"))
HANDOVER: dict[str, Any] = json.loads((ROOT / "handover.json").read_text(encoding="utf-8"))


EXCHANGE: dict[str, Any] = json.loads((ROOT / "exchange.json").read_text(encoding="utf-8"))
KNOWN = (WORLD, HANDOVER, EXCHANGE)


def files(kind: str) -> list[Path]:
    """Return the examples of `valid` or `invalid`, sorted."""
    return sorted(ROOT.glob(f"*/{kind}/*.json"))


def load(path: Path) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return document


def facts() -> KnownFacts:
    cases, notices = WORLD["cases"], HANDOVER["notices"]
    messages = [message for known in KNOWN for message in known["messages"]]
    decided = [case for case in (*cases, *notices, *EXCHANGE["decisions"]) if "last_decision" in case]
    return KnownFacts(
        hosts={case["case_code"]: AgencyCode(case["host"]) for case in cases},
        children=frozenset(case["case_code"] for case in cases if case.get("child")),
        types={message["id"]: message["type"] for message in messages},
        cases={message["id"]: message["cases"] for message in messages},
        answered_notices=frozenset(message["id"] for message in messages if message.get("answered")),
        verifications={
            case["case_code"]: case["last_verification"] for case in cases if "last_verification" in case
        },
        period_ends={
            case["case_code"]: date.fromisoformat(case["period_end"])
            for case in cases
            if "period_end" in case
        },
        decisions={case["case_code"]: case["last_decision"] for case in decided},
        authors={message["id"]: AgencyCode(message["by"]) for message in messages if "by" in message},
        documents={message["id"]: document for message in messages if (document := _sent(message))},
        flags={case["case_code"]: case["flags"] for case in cases if "flags" in case},
        messages={message["id"]: _earlier(message) for message in messages if "pc" in message},
        transit={},
        told={each["case_code"]: each["agencies"] for each in EXCHANGE["told"]},
        cards={(each["agency"], each["serial"]): Digest(each["digest"]) for each in EXCHANGE["cards"]},
        notices={notice["case_code"]: _announced(notice) for notice in notices},
        appointments={each["movement"]: _appointment(each) for each in HANDOVER["appointments"]},
        reports={notice["case_code"]: notice.get("reports", 0) for notice in notices},
        crossings={
            each["checkpoint"]: OpenCrossing(each.get("closed", False), each.get("per_session"))
            for each in HANDOVER["crossings"]
        },
    )


def _earlier(raw: dict[str, Any]) -> EarlierMessage:
    return EarlierMessage(
        type=raw["type"],
        sender=AgencyCode(raw.get("sender", raw.get("by"))),
        pc=Digest(raw["pc"]),
        cases=tuple(raw["cases"]),
        movement=raw["movement"],
        signs=raw.get("signs", False),
    )


def _announced(raw: dict[str, Any]) -> Announced:
    return Announced(
        flags=frozenset(raw["flags"]),
        links=tuple((link["kind"], CaseCode(link["case_code"])) for link in raw["links"]),
        funding=raw["funding"],
        valid_until=date.fromisoformat(raw["valid_until"]) if "valid_until" in raw else None,
    )


def _appointment(raw: dict[str, Any]) -> Appointment:
    return Appointment(
        last_change=MessageId(raw["last_change"]),
        terms=HANDOVER["terms"] | {"checkpoint": raw["checkpoint"]},
        listed=tuple(raw["listed"]),
        final=tuple(raw["final"]) if "final" in raw else None,
    )


def _sent(message: dict[str, Any]) -> dict[str, Any] | None:
    """Return the content of an earlier message: one of the examples, or written in the world itself."""
    document = load(ROOT / f"{message['example']}.json") if "example" in message else message.get("document")
    if document is not None:
        document["header"]["message_id"] = message["id"]
    return document


def context(document: dict[str, Any], **changes: Any) -> RuleContext:
    """Return the act of an example: sender and recipient are those of its header."""
    given: dict[str, Any] = {
        "sender": AgencyCode(document["header"]["sender"]),
        "recipient": AgencyCode(document["header"]["recipient"]),
        "numbered_at": datetime.fromisoformat(WORLD["numbered_at"]),
        "types_allowed": WORLD["agreed"] | HANDOVER["agreed"] | EXCHANGE["agreed"],
        "checkpoints": frozenset(WORLD["checkpoints"]),
    }
    return RuleContext(**(given | changes))


def judged(document: dict[str, Any]) -> tuple[Fault, ...]:
    """Return the faults a recipient finds: form first, then the rules."""
    return check_form(document) or check_rules(document, context(document), facts())
