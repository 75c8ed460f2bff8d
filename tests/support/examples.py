# SPDX-License-Identifier: Apache-2.0
"""The published examples, and the world in which they are judged.

`schemas/examples/world.json` says when the messages are numbered, what the agreement allows, and which
earlier messages and cases are known; `<type>/valid` and `<type>/invalid` hold one document each. The file
name of an invalid one begins with the code of its first fault.
"""

import json
from datetime import date, datetime
from pathlib import Path
from typing import Any

from exchange.errors import Fault
from exchange.ids import AgencyCode
from exchange.messages.codelists import schema_root
from exchange.messages.validation import KnownFacts, RuleContext, check_form, check_rules

ROOT = schema_root() / "examples"
WORLD: dict[str, Any] = json.loads((ROOT / "world.json").read_text(encoding="utf-8"))


def files(kind: str) -> list[Path]:
    """Return the examples of `valid` or `invalid`, sorted."""
    return sorted(ROOT.glob(f"*/{kind}/*.json"))


def load(path: Path) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return document


def facts() -> KnownFacts:
    cases, messages = WORLD["cases"], WORLD["messages"]
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
        decisions={case["case_code"]: case["last_decision"] for case in cases if "last_decision" in case},
        authors={message["id"]: AgencyCode(message["by"]) for message in messages if "by" in message},
        documents={message["id"]: document for message in messages if (document := _sent(message))},
        flags={case["case_code"]: case["flags"] for case in cases if "flags" in case},
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
        "types_allowed": WORLD["agreed"],
        "checkpoints": frozenset(WORLD["checkpoints"]),
    }
    return RuleContext(**(given | changes))


def judged(document: dict[str, Any]) -> tuple[Fault, ...]:
    """Return the faults a recipient finds: form first, then the rules."""
    return check_form(document) or check_rules(document, context(document), facts())
