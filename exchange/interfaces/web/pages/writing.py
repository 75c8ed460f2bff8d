# SPDX-License-Identifier: Apache-2.0
"""Writing a message: choose, begin, one question a page, look at everything, send.

Every step is saved. What the program knows (earlier messages of the case, agreement, office) is filled each
time the whole is looked at, by the same commands as on the command line; so a form can wait for days.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from exchange.cases.permissions import Act
from exchange.errors import StaleFormError, UsageError
from exchange.ids import LinkId, MessageId, new_case_code, parse_message_id
from exchange.interfaces.web.choices import countries_of
from exchange.interfaces.web.desk import Clerk
from exchange.interfaces.web.entering import (
    TOP,
    Entered,
    Problem,
    as_understood,
    groups_in,
    in_common_era,
    inputs_of,
    read_field,
)
from exchange.interfaces.web.pages import changing, proposing
from exchange.interfaces.web.pages.acts_now import NOTHING_SAID, acts_of_message, said_before
from exchange.interfaces.web.pages.after_sending import is_urgent, sentences
from exchange.interfaces.web.pages.asked_before import question_behind
from exchange.interfaces.web.pages.at_once import has_room_for_latin, told_at_once
from exchange.interfaces.web.pages.doubts import doubts_about
from exchange.interfaces.web.pages.fitting import fitted
from exchange.interfaces.web.pages.left_out import asks_who_stays, left_out
from exchange.interfaces.web.pages.lines import Shown, files_of
from exchange.interfaces.web.pages.naming import Offered, begun, closed_by, in_words, offered, put_named
from exchange.interfaces.web.pages.offices import step_with_offices
from exchange.interfaces.web.pages.proposing import around, ticked
from exchange.interfaces.web.pages.returning import became, names_of
from exchange.interfaces.web.pages.steps import (
    Step,
    Whole,
    demanded_next,
    next_step,
    step_at,
    whole_of,
)
from exchange.interfaces.web.pages.whom import MOST_BESIDE, persons_beside, with_persons
from exchange.interfaces.web.replying import Page, Redirect, Reply
from exchange.messages.catalog import message_type, message_types
from exchange.messages.document import JsonValue
from exchange.messages.questions import Question
from exchange.service.appointments import Doubt
from exchange.service.contradictions import known_to, tell_known
from exchange.service.effects import effect_of
from exchange.service.following import IDENTITY
from exchange.service.forms import Form, begin_form, drop_form, open_form, save_step, send_form
from exchange.service.ports import UnitOfWork
from exchange.service.reading import Reader
from exchange.service.record_forms import movement_of_form
from exchange.service.rows import DraftRow, MessageRow
from exchange.service.steering import CHILDREN, asks_of_children
from exchange.service.whom import children_among

OPENING = ("RPN", "IDN", "VRQ")
"""Types that may be the first about a person, the most usual one first."""
CANCELLATION = "CAN"
STOPS = (CANCELLATION, "INC", "HLD", "CWD")
"""Stops that are about persons, as their pages offer them; a closed crossing concerns nobody by name."""
CHANGING = ("AMD", "COR")
"""What changes or corrects what was said before: no next step, so the page of a case offers it apart."""
LISTED = "RPN"
"""Type whose persons may come from a list."""
MOST_TOLD = 20
"""Faults that one page tells; the others follow when these are put right."""
WAIT_S = 3
"""How long the page after sending waits for the proof before it says that it is on its way."""


async def choose(clerk: Clerk) -> Reply:
    """Ask what is to be written, and to whom."""
    found = await clerk.ask("partner.list")
    partners = [row["partner"] for row in found["partners"] if row["link"]]
    types = [message_types()[code] for code in OPENING]
    return Page("write.html", {"partners": partners, "types": types})


async def offer(clerk: Clerk) -> Reply:
    """Show with what a message can be answered now."""
    found = await clerk.ask("message.offer", id=clerk.asked.places["id"])
    acts = await acts_of_message(clerk, found["message"])
    return Page("offer.html", {"message": found["message"], "acts": acts})


async def begin(clerk: Clerk) -> Reply:
    """Begin a form, and go to its first question."""
    row = message_type(clerk.asked.text("type"))
    if row is None or row.form is None:
        raise UsageError("choose what is to be written", hint="go back and choose one")
    clerk.demand_writing(row.code)
    after, cases = clerk.asked.text("after"), clerk.asked.texts("case")
    if after:
        clerk.demand(Act.OPEN_MESSAGE)
        form = await form_after(clerk, row.code, after, cases, said=said_before(row.code, clerk.asked))
    else:
        form = await _first(clerk, row.code)
    return Redirect(f"/form/{form.id}")


async def _first(clerk: Clerk, type_code: str) -> Form:
    """Begin the first message about a person."""
    partner = (await clerk.ask("partner.show", partner=clerk.asked.text("partner")))["partner"]
    link = await clerk.node.store.read(lambda uow: uow.links.of_partner(partner))
    if link is None or type_code not in OPENING:
        raise UsageError("this message follows another one", hint="begin in the case")
    persons = [{"case_code": new_case_code(clerk.node.random)}]
    given = {"header": {}, "content": {}, "persons": persons, "known": []}
    return await begin_form(clerk.node, link.link, type_code, clerk.officer, given=given)


async def form_after(
    clerk: Clerk,
    type_code: str,
    after: str,
    cases: tuple[str, ...],
    *,
    movement: str = "",
    said: Mapping[str, Any] = NOTHING_SAID,
) -> Form:
    """Begin a message that answers or follows another one.

    `movement` is what it cancels, if it is known; `said` what its content says from the beginning.

    Raises:
        OtherDeskError: it names an earlier message, and the case is given to another office.
    """
    header: dict[str, Any] = {"case_codes": list(cases)} if cases else {}
    content: dict[str, Any] = {**said}
    if movement:
        header, content = {**header, "movement_code": movement}, {"target": movement}
    small: dict[str, Any] = {"type": type_code, **header, **content}
    asked = {"id": after, "as": type_code, "send": False}
    document = (await clerk.ask("message.answer", document=small, **asked))["document"]
    found = await clerk.node.store.read(lambda uow: uow.messages.find(after))
    persons = [{"case_code": line["case_code"]} for line in document["persons"] if "case_code" in line]
    chosen = [line for line in persons if not cases or line["case_code"] in cases]
    known = [f"{part}/{name}" for part in ("header", "content") for name in document[part]]
    known += [f"persons/{name}" for name in _known_of_all(document["persons"])]
    whole = {"header": header, "content": content, "persons": chosen, "known": known}
    whole |= await _children(clerk, found[0].link, type_code, chosen)
    first = await begun(clerk, found[0].link, type_code, whole)
    return await begin_form(
        clerk.node,
        found[0].link,
        type_code,
        clerk.officer,
        given=first.given,
        after=found[0].id,
        answered=first.answered,
    )


def _known_of_all(persons: list[dict[str, Any]]) -> list[str]:
    """Return what is known of every person: what is not known of one of them is asked."""
    return [name for name in (persons or [{}])[0] if all(name in person for person in persons)]


async def _children(
    clerk: Clerk, link: LinkId, type_code: str, persons: list[dict[str, Any]]
) -> dict[str, list[str]]:
    """Return who of the persons is a child, where a form asks something for children only."""
    if not asks_of_children(type_code):
        return {}
    codes = [str(line["case_code"]) for line in persons]
    found = await clerk.node.store.read(lambda uow: children_among(uow, clerk.node, link, codes))
    return {CHILDREN: found}


async def go_on(clerk: Clerk) -> Reply:
    """Go to the first question without an answer, or to the whole; a handover record has pages of its own."""
    if await is_gone(clerk):
        return await became(clerk, _id(clerk))
    if movement := movement_of_form(await open_form(clerk.node, _id(clerk), clerk.officer)):
        return Redirect(f"/handover/{movement}/sign")
    form = await form_of(clerk)
    step = next_step(form)
    return Redirect(step.address(form.id) if step else f"/form/{form.id}/check")


async def ask(clerk: Clerk) -> Reply:
    """Ask one question."""
    if await is_gone(clerk):
        return await became(clerk, _id(clerk))
    form, step = await _at(clerk)
    if changing.asks_for_changes(form.row.type, step):
        return await changing.ask(clerk, form, step)
    named = await offered(clerk, form, step)
    field, value = step.question.field, await _value(clerk, form, step)
    inputs = named.inputs(value) if named else inputs_of(field, value, zone=clerk.house.zone)
    problems: tuple[Any, ...] = ()
    if clerk.asked.said("back") == "check":
        whole = await _whole(clerk, form)
        problems = whole.at(step, clerk.language)
        problems = tuple(replace(one, place=TOP) for one in problems) if named else problems
    back = clerk.asked.said("back")
    return await _question(clerk, form, step, inputs, named=named, problems=problems, back=back)


async def _value(clerk: Clerk, form: Form, step: Step) -> JsonValue:
    """Return what a question shows as its answer: what was entered, or else what the case knows; recorded."""
    entered = step.value(form)
    if entered is None and asks_who_stays(form, step):
        return [*await left_out(clerk, form)] or None
    name = step.question.name
    if entered is not None or step.question.part != "persons" or name not in IDENTITY:
        return entered
    code = form.given["persons"][step.number].get("case_code", "")
    reader, link = Reader(clerk.officer, clerk.session.roles), form.row.link
    node, store = clerk.node, clerk.node.store
    if name not in await store.read(lambda uow: known_to(uow, node, reader, link, code)):
        return None
    return (await store.write(lambda uow: tell_known(uow, node, reader, link, code, name))).get(name)


async def take(clerk: Clerk) -> Reply:
    """Save the answer to one question."""
    if await is_gone(clerk):
        raise StaleFormError("this form was sent or discarded meanwhile", hint="look at your work")
    form, step = await _at(clerk)
    if changing.asks_for_changes(form.row.type, step):
        return await changing.take(clerk, form, step)
    named = await offered(clerk, form, step)
    back, inputs = clerk.asked.text("back"), in_common_era(clerk.asked.fields, clerk.language)
    entered = read_field(named.field if named else step.question.field, inputs, zone=clerk.house.zone)
    entered = _not_empty(step, entered)
    problems = entered.problems or (() if named else await told_at_once(clerk, form, step, entered))
    if problems:
        shown = as_understood(inputs, problems)
        return await _question(
            clerk, form, step, shown, named=named, problems=problems, back=back, status=400
        )
    try:
        form = await _saved(clerk, form, step, entered, named)
    except StaleFormError:
        return await _question(clerk, form, step, inputs, named=named, back=back, is_stale=True, status=409)
    if clerk.asked.text("another"):
        return Redirect(f"{step.address(form.id)}?another=1")
    following = demanded_next(form, step) if back == "check" else next_step(form, step)
    return Redirect(following.address(form.id) if following else f"/form/{form.id}/check")


async def check(clerk: Clerk) -> Reply:
    """Show everything that the partner would see, and what is still wrong."""
    if await is_gone(clerk):
        return await became(clerk, _id(clerk))
    form = await form_of(clerk)
    return await _whole_page(clerk, form, await _whole(clerk, form))


async def send(clerk: Clerk) -> Reply:
    """Send what was shown, once."""
    id = _id(clerk)
    async with clerk.house.sendings.one_at_a_time(id) as became:
        if became is not None:
            return Redirect(f"/sent/{became}")
        form = await open_or_stale(clerk)
        whole = await _whole(clerk, form)
        if whole.faults or whole.document is None:
            return await _whole_page(clerk, form, whole, status=400)
        said = await ticked(clerk, form, whole.document)
        if said.unsure:
            return await _whole_page(clerk, form, whole, status=400, unsure=said.unsure)
        if (await doubts_about(clerk, form.row.link, whole.document)).stop:
            return await _whole_page(clerk, form, whole, status=400, unconfirmed=True)
        version = clerk.asked.number("version")
        sent = await send_form(
            clerk.node,
            id,
            clerk.officer,
            version=version,
            document=whole.document,
            attachments=whole.parts,
            ticked=said.kinds,
        )
        clerk.house.sendings.note(id, sent.id)
    return Redirect(f"/sent/{sent.id}")


async def ask_to_drop(clerk: Clerk) -> Reply:
    """Ask once before a message that is being written is destroyed."""
    if await is_gone(clerk):
        return await became(clerk, _id(clerk))
    form = await form_of(clerk)
    return Page("drop.html", {"form": form, "type": form.row.type, "persons": len(form.given["persons"])})


async def drop(clerk: Clerk) -> Reply:
    """Destroy a message that is being written."""
    form = await form_of(clerk)
    await drop_form(clerk.node, form.id, clerk.officer)
    return Redirect("/")


async def add_person(clerk: Clerk) -> Reply:
    """Add one more person to a message that opens cases."""
    form = await form_of(clerk)
    if form.after or form.row.type not in OPENING:
        raise UsageError("persons are added to a first message only")
    persons = [*form.given["persons"], {"case_code": new_case_code(clerk.node.random)}]
    given = {**form.given, "persons": persons}
    version = clerk.asked.number("version")
    await save_step(clerk.node, form.id, clerk.officer, version=version, given=given, answered=())
    return Redirect(f"/form/{form.id}")


async def remind(clerk: Clerk) -> Reply:
    """Remind the partner of a message that it has not answered in time."""
    sent = await clerk.ask("message.remind", id=clerk.asked.places["id"])
    return Redirect(f"/sent/{sent['id']}")


async def sent(clerk: Clerk) -> Reply:
    """Say what became of a message: delivered and proved, on its way, or waiting for somebody."""
    id = parse_message_id(clerk.asked.places["id"])

    def unit(uow: UnitOfWork) -> tuple[DraftRow | None, list[MessageRow]]:
        return uow.drafts.get(id), uow.messages.find(id)

    draft, rows = await clerk.node.store.read(unit)
    if draft is not None:
        held = draft.link is not None and clerk.node.presence.of(draft.link).pause is not None
        kept = {"draft": draft, "type": draft.type, "held": held, "urgent": is_urgent(draft.type)}
        return Page("sent.html", kept)
    if not rows:
        return await became(clerk, id)
    row, partner = rows[0], await _partner(clerk, rows[0])
    told = await clerk.ask("message.wait", link=row.link, seq=row.seq, timeout_s=WAIT_S)
    effect = await clerk.node.store.read(lambda uow: effect_of(uow, clerk.node, row))
    values = {"draft": None, "id": row.id, "told": told, "partner": partner, "type": row.type}
    said = {"sentences": sentences(row.type, effect), "urgent": is_urgent(row.type)}
    return Page("sent.html", {**values, **said})


async def open_or_stale(clerk: Clerk) -> Form:
    """Return the form; one that is gone was sent or discarded meanwhile."""
    try:
        return await form_of(clerk)
    except UsageError as error:
        raise StaleFormError("this form was sent or discarded meanwhile", hint="look at your work") from error


async def _partner(clerk: Clerk, row: MessageRow) -> str:
    link = await clerk.node.store.read(lambda uow: uow.links.get(row.link))
    return link.partner if link else ""


async def _whole(clerk: Clerk, form: Form) -> Whole:
    whole = await in_words(clerk, form, await whole_of(clerk, form))
    told = proposing.in_words(form, await changing.in_words(clerk, form, whole))
    return await with_persons(clerk, form, told)


def _not_empty(step: Step, entered: Entered) -> Entered:
    """Return what was entered; an empty list is no answer where the form or another answer demands one."""
    field = step.question.field
    if entered.value == [] and field.needed and field.least:
        return Entered(None, (Problem(TOP, "needed", field.title),))
    return entered


async def _saved(clerk: Clerk, form: Form, step: Step, entered: Entered, named: Offered | None) -> Form:
    everybody = clerk.asked.text("all") == "yes" and named is None
    steps = step.for_everybody(form) if everybody else (step,)
    given = form.given
    for each in steps:
        given = each.put(given, entered.value)
    places = [each.place for each in steps]
    if named is not None:
        given = put_named(given, form.row.type, named, entered.value)
        places += closed_by(form.row.type, named, entered.value, len(given["persons"]))
    return await save_step(
        clerk.node,
        form.id,
        clerk.officer,
        version=clerk.asked.number("version"),
        given=given,
        answered=places,
    )


async def form_of(clerk: Clerk) -> Form:
    """Return the form at an address, for whoever may write its type."""
    form = await open_form(clerk.node, _id(clerk), clerk.officer)
    clerk.demand_writing(form.row.type)
    if movement_of_form(form):
        raise UsageError("the record of a handover is written at its sheet", hint="go on from there")
    return form


async def is_gone(clerk: Clerk) -> bool:
    """Return whether nobody writes the form of an address any more: it was sent or discarded."""
    id = _id(clerk)
    return await clerk.node.store.read(lambda uow: uow.staff.forms.get(id)) is None


def _id(clerk: Clerk) -> MessageId:
    return parse_message_id(clerk.asked.places["id"])


async def _at(clerk: Clerk) -> tuple[Form, Step]:
    form, places = await form_of(clerk), clerk.asked.places
    step = step_at(form, places["part"], places["n"], places["name"])
    return form, await fitted(clerk, form, await step_with_offices(clerk, form, step))


async def _question(
    clerk: Clerk,
    form: Form,
    step: Step,
    inputs: Any,
    *,
    named: Offered | None = None,
    problems: tuple[Any, ...] = (),
    back: str = "",
    is_stale: bool = False,
    status: int = 200,
) -> Page:
    question: Question = step.question
    another = 1 if clerk.asked.said("another") or has_room_for_latin(problems) else 0
    values = {
        "form": form,
        "step": step,
        "question": question,
        "whom": await persons_beside(clerk, form, step),
        "most_beside": MOST_BESIDE,
        "inputs": inputs,
        "named": named,
        "problems": problems,
        "errors": {problem.place: problem for problem in reversed(problems)},
        "groups": lambda place: groups_in(inputs, place) + (another if place == TOP else 0),
        "back": "check" if back == "check" else "",
        "is_stale": is_stale,
        "around": await around(clerk, form),
        "asked": await question_behind(clerk, form.row.type, form.after),
        "type": form.row.type,
        "persons": len(form.given["persons"]),
        "top": TOP,
        "countries": await countries_of(clerk, form),
    }
    return Page("question.html", values, status=status)


def _is_shown(shown: Shown, step: Step) -> bool:
    """Return whether a step stands on the page: of many persons only those of the one it is about."""
    if shown.person:
        return step.question.part == "persons" and step.number == shown.person - 1
    return not shown.rows or step.question.part != "persons"


async def _whole_page(
    clerk: Clerk,
    form: Form,
    whole: Whole,
    *,
    status: int = 200,
    unsure: tuple[Doubt, ...] = (),
    unconfirmed: bool = False,
) -> Page:
    back, doubts = form.story.sent_back, await doubts_about(clerk, form.row.link, whole.document)
    values = {
        "form": form,
        "around": await around(clerk, form, whole.document),
        "asked": await question_behind(clerk, form.row.type, form.after),
        "unsure": unsure,
        "doubts": replace(doubts, unconfirmed=unconfirmed),
        "sent_back": back,
        "names": await names_of(clerk, {back.by} if back else set()),
        "needs_second": bool(whole.second) or form.story.is_for_two,
        "whole": whole,
        "step_is_shown": lambda step: _is_shown(whole.shown, step),
        "most_told": MOST_TOLD,
        "files": files_of(whole.document) if whole.document else [],
        "type": form.row.type,
        "may_list": not form.after and form.row.type == LISTED,
        "may_add": not form.after and form.row.type in OPENING,
    }
    return Page("check.html", values, status=status)
