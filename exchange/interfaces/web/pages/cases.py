# SPDX-License-Identifier: Apache-2.0
"""Cases: the list without names, one case as a timeline, one message with its content.

Opening a case or a message is recorded with its purpose by the command that gives it.
"""

from collections.abc import Mapping
from dataclasses import asdict, replace
from typing import Any

from exchange.cases.permissions import Act
from exchange.ids import CaseCode, LinkId
from exchange.interfaces.web.desk import Clerk
from exchange.interfaces.web.pages.acts_now import acts_of_case, acts_of_message
from exchange.interfaces.web.pages.asked_before import question_behind
from exchange.interfaces.web.pages.lines import files_of, shown_document
from exchange.interfaces.web.pages.naming import earlier_in_words
from exchange.interfaces.web.pages.returning import changes_of
from exchange.interfaces.web.pages.steps import changed_type
from exchange.interfaces.web.pages.whom_shown import Persons, with_persons
from exchange.interfaces.web.pages.writing import CHANGING, STOPS
from exchange.interfaces.web.paging import ROWS, asked_slice
from exchange.interfaces.web.paper_choices import OF_A_CASE, print_choices
from exchange.interfaces.web.replying import Page, Reply
from exchange.messages.compared import contradictions
from exchange.service.following import IDENTITY
from exchange.service.pairing import pairing_of

CASE_WORK = "case_work"
WITHDRAWAL = "CWD"
_WITHOUT_EFFECT = frozenset({"rejected", "voided", "stopped"})
"""States of messages that do not count."""
OF_PERSON = "RPN"
"""Type by whose form the members of a person are named."""
MOST_TOLD = 10
"""Contradictions that the page of a case tells; all of them stand in its messages."""
_COUNTS = frozenset({"accepted", "queued", "held"})


async def listed(clerk: Clerk) -> Reply:
    part = asked_slice(clerk.asked, ROWS)
    found = (await clerk.ask("case.list", limit=part.limit, skip=part.skip))["cases"]
    return Page("cases.html", {"cases": part.shown(found), "beside": part.ways(found)})


async def show(clerk: Clerk) -> Reply:
    """Return one case: what happened, who it is about, what may come next."""
    purpose = clerk.asked.said("purpose") or CASE_WORK
    found = await clerk.ask("case.show", code=clerk.asked.places["code"], purpose=purpose)
    events, link = found["events"], LinkId(found["case"]["link"])
    values = {
        "case": found["case"],
        "events": events,
        "person": _person(events),
        "withdrawn": _withdrawn(found["case"]["withdrawn_consents"], events),
        "conditions": _conditions(events),
        "acts": await acts_of_case(clerk, link, CaseCode(found["case"]["code"])),
        "next_theirs": _next_theirs(clerk, found),
        "otherwise": _said_otherwise(events),
        "last": _last_message(events),
        "stops": STOPS,
        "changing": await _agreed(clerk, link, CHANGING),
        "withheld": sum(len(event["withheld"]) for event in events),
    }
    return Page("case.html", values)


async def show_message(clerk: Clerk) -> Reply:
    """Return a message with its content, as it was sent or received."""
    purpose = clerk.asked.said("purpose") or CASE_WORK
    found = await clerk.ask("message.show", id=clerk.asked.places["id"], purpose=purpose)
    document, sent = found["document"], "message" in found
    changed = await changed_type(clerk, document)
    shown = shown_document(clerk.asked, document, found["withheld"], changed=changed)
    about = found.get("message") or found["draft"]
    if sent:
        shown = await earlier_in_words(clerk, LinkId(about["link"]), document, shown)
    persons = await with_persons(clerk, found, shown) if sent else Persons(shown)
    values = {
        "found": found,
        "about": about,
        "asked": await question_behind(clerk, about["type"], about.get("in_reply_to") or ""),
        "shown": persons.shown,
        "persons": persons,
        "files": files_of(document),
        "acts": await acts_of_message(clerk, found["message"]) if sent else None,
        "tasks": await _tasks(clerk, found) if sent else [],
        "review": await _to_review(clerk, found),
        "print": print_choices(clerk.language, OF_A_CASE) if sent else None,
    }
    return Page("message.html", values)


async def _tasks(clerk: Clerk, found: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return who has to answer a message, until when; nothing once it is answered."""
    tasks: list[dict[str, Any]] = (await clerk.ask("message.tasks", id=found["message"]["id"]))["tasks"]
    return [task for task in tasks if not task["answering"]]


async def _to_review(clerk: Clerk, found: Mapping[str, Any]) -> str:
    """Return the digest of a message at which this person has to look as the second one, or ""."""
    if "message" not in found or not clerk.may(Act.RELEASE) or not clerk.may(Act.SEE_WORK):
        return ""
    about = found["message"]
    if about["direction"] != "out":
        return ""
    look = await clerk.node.store.read(lambda uow: uow.emergencies.of(LinkId(about["link"]), about["seq"]))
    waits = look is not None and look.seen_at is None and look.released_by != clerk.officer
    return str(found["digest"]) if waits else ""


def _person(events: list[dict[str, Any]]) -> dict[str, Any]:
    """Return what the newest messages say of the person: names, sex, birth, consents."""
    known: dict[str, Any] = {}
    consents: dict[tuple[str, str], dict[str, Any]] = {}
    for event in events:
        line = event["line"] if isinstance(event["line"], dict) else {}
        for name in ("names", "sex", "birth", "is_child", "nationality", "languages", "flags"):
            if line.get(name) not in (None, []):
                known[name] = line[name]
        for consent in line.get("consents") or []:
            consents[consent.get("scope", ""), consent.get("giver", "")] = consent
    return {**known, "consents": list(consents.values())}


def _withdrawn(days: dict[str, str], events: list[dict[str, Any]]) -> dict[str, str]:
    """Return when each scope was withdrawn: the moment of the message, else the day on which it counts.

    That day is one of UTC, for both sides order by it; at night it is the day before, here.
    """
    told = {
        event["released"][: len("2027-10-04")]: event["released"]
        for event in events
        if event["type"] == WITHDRAWAL and event["released"]
    }
    return {scope: told.get(on, on) for scope, on in days.items()}


def _conditions(events: list[dict[str, Any]]) -> list[str]:
    """Return under which conditions the newest notice was accepted, as far as they are shown."""
    found: list[str] = []
    for event in events:
        if event["type"] in ("RPN", "RPD") and event["state"] not in _WITHOUT_EFFECT:
            line = event["line"] if isinstance(event["line"], dict) else {}
            found = [str(code) for code in line.get("conditions") or ()]
    return found


def _said_otherwise(events: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return where a later message contradicts what an earlier one said of the person, the newest first."""
    known: dict[str, Any] = {}
    found: list[dict[str, Any]] = []
    for event in events:
        line = event["line"] if isinstance(event["line"], dict) else {}
        told = [asdict(one) for one in contradictions(known, line, 0, IDENTITY)]
        if told and event["state"] in _COUNTS:
            changes = [(replace(place, person=0), *lines) for place, *lines in changes_of(OF_PERSON, told)]
            found.append({"event": event, "changes": changes})
        known |= {name: line[name] for name in IDENTITY if line.get(name) not in (None, [])}
    return found[::-1][:MOST_TOLD]


async def _agreed(clerk: Clerk, link: LinkId, types: tuple[str, ...]) -> list[str]:
    """Return which types both sides agreed to exchange."""
    agreed = await clerk.node.store.read(lambda uow: pairing_of(uow, clerk.node, link).agreement.terms.types)
    return [code for code in types if code in agreed]


def _next_theirs(clerk: Clerk, found: dict[str, Any]) -> list[dict[str, Any]]:
    steps = [step for step in found["next"] if step["by"] != clerk.node.agency]
    return list({step["type"]: step for step in steps}.values())


def _last_message(events: list[dict[str, Any]]) -> str:
    """Return the newest message of a case that counts; the next one is written after it."""
    counting = [event for event in events if event["state"] not in _WITHOUT_EFFECT]
    return str(counting[-1]["message"]) if counting else ""
