# SPDX-License-Identifier: Apache-2.0
"""Cases: the list without names, one case as a timeline, one message with its content.

Opening a case or a message is recorded with its purpose by the command that gives it.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from exchange.cases.permissions import Act
from exchange.ids import LinkId
from exchange.interfaces.web.desk import Clerk
from exchange.interfaces.web.paging import ROWS, asked_slice
from exchange.interfaces.web.paper_choices import OF_A_CASE, print_choices
from exchange.interfaces.web.replying import Page, Reply
from exchange.messages.catalog import FORMS
from exchange.messages.document import Document, JsonValue, header_of, objects_at
from exchange.messages.form_tree import FormNode, form_tree
from exchange.messages.questions import Field, questions_of

CASE_WORK = "case_work"
_APART = frozenset({"salt", "list_versions", "attachments"})
"""Members that are not lines of a page."""


@dataclass(frozen=True)
class Line:
    """One value of a document, with what stands around it."""

    titles: tuple[str, ...]
    value: str
    code_list: str = ""
    why: str = ""
    """Why there is a value that is not shown, "" when it is shown."""


async def listed(clerk: Clerk) -> Reply:
    part = asked_slice(clerk.asked, ROWS)
    found = (await clerk.ask("case.list", limit=part.limit, skip=part.skip))["cases"]
    return Page("cases.html", {"cases": part.shown(found), "beside": part.ways(found)})


async def show(clerk: Clerk) -> Reply:
    """Return one case: what happened, who it is about, what may come next."""
    purpose = clerk.asked.said("purpose") or CASE_WORK
    found = await clerk.ask("case.show", code=clerk.asked.places["code"], purpose=purpose)
    events = found["events"]
    values = {
        "case": found["case"],
        "events": events,
        "person": _person(events),
        "next_own": _next(clerk, found, own=True),
        "next_theirs": _next(clerk, found, own=False),
        "last": _last_message(events),
        "withheld": sum(len(event["withheld"]) for event in events),
    }
    return Page("case.html", values)


async def show_message(clerk: Clerk) -> Reply:
    """Return a message with its content, as it was sent or received."""
    purpose = clerk.asked.said("purpose") or CASE_WORK
    found = await clerk.ask("message.show", id=clerk.asked.places["id"], purpose=purpose)
    document = found["document"]
    offered = []
    if clerk.may(Act.WRITE) and "message" in found:
        offered = (await clerk.ask("message.offer", id=found["message"]["id"]))["answers"]
    values = {
        "found": found,
        "about": found.get("message") or found["draft"],
        "groups": groups_of(document, found["withheld"]),
        "files": files_of(document),
        "offered": offered,
        "review": await _to_review(clerk, found),
        "print": print_choices(clerk.language, OF_A_CASE) if "message" in found else None,
    }
    return Page("message.html", values)


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


def files_of(document: Document) -> list[Document]:
    """Return the attachment list of a document."""
    return objects_at(header_of(document), "attachments")


def groups_of(
    document: Mapping[str, JsonValue], withheld: Sequence[Mapping[str, str]] = ()
) -> list[tuple[str, list[Line]]]:
    """Return a document in groups: one for each person, content, header; its files stand apart.

    What is not shown stands there as well, with why.
    """
    header = document.get("header")
    type_code = str(header.get("type", "")) if isinstance(header, dict) else ""
    tree, titles = form_tree(type_code), _titles(type_code)
    found: list[tuple[str, list[Line]]] = []
    for part in ("content", "header"):
        node = tree.members.get(part) if tree else None
        shown = [*_lines(document.get(part), node, titles.get(part, {}), ())]
        found.append((part, [*shown, *_withheld_lines(withheld, f"/{part}", titles.get(part, {}))]))
    persons, node = document.get("persons"), tree.members.get("persons") if tree else None
    fields, below = titles.get("persons", {}), node.items if node else None
    for at, person in persons_in_places(persons if isinstance(persons, list) else [], withheld):
        shown = [*_lines(person, below, fields, ())]
        found.append(("person", [*shown, *_withheld_lines(withheld, f"/persons/{at}", fields)]))
    return [(name, lines) for name, lines in (*found[2:], *found[:2]) if lines]


def persons_in_places(
    persons: Sequence[JsonValue], withheld: Sequence[Mapping[str, str]]
) -> list[tuple[int, JsonValue]]:
    """Return each person with its place in the whole message; None for one who is withheld as a whole."""
    places = [one["pointer"].split("/")[1:] for one in withheld]
    gone = {int(steps[1]) for steps in places if len(steps) == 2 and steps[0] == "persons"}
    shown = iter(persons)
    return [(at, None if at in gone else next(shown)) for at in range(len(persons) + len(gone))]


def _withheld_lines(
    withheld: Sequence[Mapping[str, str]], part: str, fields: Mapping[str, Field]
) -> Iterator[Line]:
    for one in withheld:
        if one["pointer"] == part or one["pointer"].startswith(f"{part}/"):
            steps = one["pointer"].removeprefix(part).split("/")[1:]
            yield Line(_titles_along(steps, fields), "", why=one["why"])


def _titles_along(steps: Sequence[str], fields: Mapping[str, Field]) -> tuple[str, ...]:
    found: list[str] = []
    for name in (step for step in steps if not step.isdigit()):
        field = fields.get(name)
        found.append(field.title if field else name.replace("_", " ").capitalize())
        fields = {one.name: one for one in field.fields} if field else {}
    return tuple(found)


def _lines(
    value: JsonValue, node: FormNode | None, fields: Mapping[str, Field], titles: tuple[str, ...]
) -> Iterator[Line]:
    if isinstance(value, dict):
        for name, inner in value.items():
            if name in _APART:
                continue
            field = fields.get(name)
            title = field.title if field else name.replace("_", " ").capitalize()
            below = {one.name: one for one in field.fields} if field else {}
            yield from _lines(inner, node.members.get(name) if node else None, below, (*titles, title))
    elif isinstance(value, list):
        for item in value:
            yield from _lines(item, node.items if node else None, fields, titles)
    elif value is not None:
        code_list = node.code_list or "" if node else ""
        yield Line(titles, str(value) if not isinstance(value, bool) else _yes_no(value), code_list)


def _yes_no(value: bool) -> str:
    return "yes" if value else "no"


def _titles(type_code: str) -> dict[str, dict[str, Field]]:
    found: dict[str, dict[str, Field]] = {}
    if type_code in FORMS:
        for question in questions_of(type_code):
            found.setdefault(question.part, {})[question.name] = question.field
    return found


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


def _next(clerk: Clerk, found: dict[str, Any], *, own: bool) -> list[dict[str, Any]]:
    steps = [step for step in found["next"] if (step["by"] == clerk.node.agency) is own]
    return list({step["type"]: step for step in steps}.values())


def _last_message(events: list[dict[str, Any]]) -> str:
    """Return the newest message of a case that counts; the next one is written after it."""
    counting = [event for event in events if event["state"] not in ("rejected", "voided", "stopped")]
    return str(counting[-1]["message"]) if counting else ""
