# SPDX-License-Identifier: Apache-2.0
"""The questions of an amendment and a correction: what is changed, field by field; nobody types a pointer.

1. The page of a question lists what is changed already, and every field that can be changed with what it
   says now (`messages.changing`). Each leads to a page of its own, where the new value is entered as in the
   message itself, or the field is taken out; a correction also says how it is known.
2. The page of a field carries a digest of what the field said when it was shown. If it says something else
   now, nothing is saved: the page shows what stands now, with what was typed.
3. A field that is gone has no page to save; a place that the form does not know leads back to the list. Both
   say so, and both show what was typed.
4. What was changed before and does not fit what stands now is told in the list, and can be undone there.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Final
from urllib.parse import quote

from exchange.errors import StaleFormError
from exchange.ids import sha256
from exchange.interfaces.web.choices import countries_of
from exchange.interfaces.web.desk import Clerk
from exchange.interfaces.web.entering import (
    LONGEST,
    TOP,
    Entered,
    Problem,
    as_understood,
    groups_in,
    in_common_era,
    inputs_of,
    read_field,
)
from exchange.interfaces.web.pages.fitting import with_crossings
from exchange.interfaces.web.pages.lines import Line, value_lines
from exchange.interfaces.web.pages.naming import cases_about
from exchange.interfaces.web.pages.offices import fields_with_offices
from exchange.interfaces.web.pages.steps import Step, Trouble, Whole, next_step, steps_for
from exchange.interfaces.web.replying import Page, Redirect, Reply
from exchange.messages.amending import LIST_OF_THE_MOVEMENT, same_value
from exchange.messages.changing import (
    CORRECTION,
    Edit,
    Member,
    edits_in,
    field_at,
    fits,
    members_of,
    value_at,
    with_edit,
    without,
    written,
)
from exchange.messages.document import JsonValue
from exchange.messages.questions import Field, Kind, fields_of_part, fields_of_person_block
from exchange.protocol.strictjson import encode_canonical
from exchange.service.changeable import (
    Listed,
    Standing,
    persons_listed,
    standing_part,
    standing_person,
    with_changes,
)
from exchange.service.forms import Form, save_step
from exchange.service.nameable import AMENDMENT
from exchange.service.ports import UnitOfWork
from exchange.service.reading import Reader

CHANGES: Final = "changes"
BASIS: Final = "basis"
IN_THE_CHANGED: Final = "in the changed message at "
"""How a fault of the changed message says where it is (`validation`)."""


@dataclass(frozen=True)
class Row:
    """One field in the list: its place, what it says, and how it is changed."""

    member: Member
    now: tuple[Line, ...]
    edit: Edit | None = None
    before: tuple[Line, ...] = ()
    after: tuple[Line, ...] = ()
    is_stale: bool = False
    """What the change says of the message is not what stands there now."""
    is_gone: bool = False


@dataclass(frozen=True)
class Found:
    """A question about changes, with what can be changed now."""

    form: Form
    step: Step
    standing: Standing
    fields: tuple[Field, ...]
    edits: tuple[Edit, ...]
    members: tuple[Member, ...]
    listed: tuple[Listed, ...] = ()
    """Persons of the movement, by whom its list is chosen."""
    countries: tuple[str, ...] = ()

    @property
    def part(self) -> str:
        return "persons" if self.step.question.part == "persons" else "content"

    @property
    def is_correction(self) -> bool:
        return self.form.row.type == CORRECTION

    def member(self, place: str) -> Member | None:
        return next((one for one in self.members if one.pointer == place), None)

    def edit(self, place: str) -> Edit | None:
        return next((one for one in self.edits if one.pointer == place), None)

    def lines(self, place: str, value: JsonValue) -> tuple[Line, ...]:
        if value is None:
            return ()
        return tuple(value_lines(self.standing.type, self.part, place, value))


def asks_for_changes(type_code: str, step: Step) -> bool:
    """Return whether a question is about the fields of an earlier message."""
    return type_code in (AMENDMENT, CORRECTION) and step.question.name == CHANGES


async def ask(clerk: Clerk, form: Form, step: Step, problems: Sequence[Problem] = ()) -> Reply:
    """Show the list of fields, or the page of one of them."""
    found = await _found(clerk, form, step)
    if found is None:
        return _nothing(form, step)
    place = clerk.asked.said("at")
    if not place:
        return _list(clerk, found, problems=problems)
    member = found.member(place)
    if member is None:
        return _not_there(clerk, found, place)
    return _field(clerk, found, member, _inputs(clerk, found, member))


async def take(clerk: Clerk, form: Form, step: Step) -> Reply:
    """Save one change, take one back, or go on with the next question."""
    found = await _found(clerk, form, step)
    if found is None:
        return _nothing(form, step, status=400)
    asked = clerk.asked
    if not asked.text("at"):
        return await _from_the_list(clerk, found)
    member = found.member(asked.text("at"))
    if member is None:
        return _not_there(clerk, found, asked.text("at"))
    edit = _entered(clerk, found, member)
    if isinstance(edit, tuple):
        status = 409 if any(one.code == "changed" for one in edit) else 400
        inputs = as_understood(in_common_era(asked.fields, clerk.language), edit)
        return _field(clerk, found, member, inputs, problems=edit, status=status)
    try:
        await _save(clerk, found, with_edit(found.edits, edit))
    except StaleFormError:
        return _field(clerk, found, member, asked.fields, is_stale=True, status=409)
    if asked.text("another"):
        return Redirect(_with(found, f"at={quote(member.pointer)}&another=1", _back(clerk)))
    return Redirect(_address(clerk, found))


async def in_words(clerk: Clerk, form: Form, whole: Whole) -> Whole:
    """Return the whole with its faults at the fields that they are about."""
    found: dict[str, Found] = {}
    for step in {fault.step for fault in whole.faults if _is_about_changes(form, fault)}:
        for each in steps_for(form.row.type, len(form.given["persons"])):
            if step is not None and asks_for_changes(form.row.type, each) and each.place not in found:
                one = await _found(clerk, form, each)
                found |= {each.place: one} if one is not None else {}
    return replace(whole, faults=tuple(_told(form, fault, found) for fault in whole.faults))


def _is_about_changes(form: Form, fault: Trouble) -> bool:
    return fault.step is not None and asks_for_changes(form.row.type, fault.step)


def _told(form: Form, fault: Trouble, found: dict[str, Found]) -> Trouble:
    """Return a fault with the field that it is about, as far as it is one of these."""
    if not _is_about_changes(form, fault) or fault.step is None:
        return fault
    if fault.hint.startswith(IN_THE_CHANGED):
        return _told_of_the_changed(fault, fault.hint.removeprefix(IN_THE_CHANGED), found)
    about, steps = found.get(fault.step.place), fault.pointer.split("/")
    at = steps[steps.index(CHANGES) + 1 :][:1]
    if about is None or not at or not at[0].isdigit() or int(at[0]) >= len(about.edits):
        return fault
    member = field_at(about.fields, about.edits[int(at[0])].pointer)
    return fault if member is None else replace(fault, titles=tuple(one.text for one in member.titles))


def _told_of_the_changed(fault: Trouble, place: str, found: dict[str, Found]) -> Trouble:
    """Return a fault of the changed message at the change that makes it."""
    for about in found.values():
        begin = f"/persons/{about.standing.number}" if about.part == "persons" else "/content"
        below = place.removeprefix(begin)
        if below == place or not below.startswith("/"):
            continue
        member = field_at(about.fields, below)
        if member is not None:
            titles = tuple(one.text for one in member.titles)
            return replace(fault, step=about.step, titles=titles, hint="")
    return replace(fault, hint="")


async def _found(clerk: Clerk, form: Form, step: Step) -> Found | None:
    """Return what can be changed; None while no message is chosen, or none of it is kept."""
    reader = Reader(clerk.officer, clerk.session.roles)
    link, node = form.row.link, clerk.node
    of_person = step.question.part == "persons"

    def unit(uow: UnitOfWork) -> tuple[Standing | None, tuple[Listed, ...]]:
        case = cases_about(form.given, step)[0]
        if form.row.type == CORRECTION:
            return standing_person(uow, node, reader, link, case), ()
        target = str(form.given["content"].get("target") or "")
        standing = standing_part(uow, node, reader, link, target, case if of_person else None)
        codes = standing.part.get("case_list") if standing is not None else None
        listed = persons_listed(uow, node, reader, link, map(str, codes)) if isinstance(codes, list) else ()
        return standing, listed

    standing, listed = await node.store.write(unit)
    if standing is None:
        return None
    edits = edits_in(step_group(form, step))
    correction = form.row.type == CORRECTION
    fields = (
        fields_of_person_block()
        if correction
        else fields_of_part(standing.type, "persons" if of_person else "content")
    )
    fields = await with_crossings(clerk, form, fields)
    fields = await fields_with_offices(clerk, form, step, fields)
    members = members_of(fields, standing.part, edits=edits, may_add=not correction)
    shown = tuple(_member(one, listed) for one in members if not standing.hides(one.pointer))
    countries = await countries_of(clerk, form)
    return Found(form, step, standing, fields, edits, shown, listed, countries)


def step_group(form: Form, step: Step) -> dict[str, Any]:
    """Return what was entered in the part of a question."""
    if step.question.part == "persons":
        return dict(form.given["persons"][step.number])
    return dict(form.given[step.question.part])


def _member(member: Member, listed: tuple[Listed, ...]) -> Member:
    """Return a member as it is asked for: the list of a movement by its persons."""
    if member.pointer != LIST_OF_THE_MOVEMENT:
        return member
    codes = tuple(one.case for one in listed)
    return replace(member, field=replace(member.field, kind=Kind.CODES, choices=codes))


def _entered(clerk: Clerk, found: Found, member: Member) -> Edit | tuple[Problem, ...]:
    """Return the change that was entered, or what is wrong with it."""
    asked, title = clerk.asked, member.field.title
    if asked.text("was") != _digest(member.value):
        return (Problem(TOP, "changed", title),)
    goes = member.may_go and (member.only_out or asked.text("out") == "yes")
    entered = Entered(None) if goes else _value(clerk, member)
    problems = list(entered.problems)
    if not goes and not problems and same_value(entered.value, member.value):
        problems.append(Problem(TOP, "same", title))
    if found.is_correction:
        problems += _wrong_basis(asked.text(BASIS))
    basis = asked.text(BASIS) if found.is_correction else ""
    return tuple(problems) or Edit(member.pointer, member.value, entered.value, basis)


def _value(clerk: Clerk, member: Member) -> Entered:
    field = replace(member.field, needed=True)
    inputs = in_common_era(clerk.asked.fields, clerk.language)
    entered = read_field(field, inputs, zone=clerk.house.zone)
    if entered.value == [] and member.field.kind is Kind.GROUPS:
        return Entered(None, (Problem(TOP, "needed", field.title),))
    return entered


def _wrong_basis(text: str) -> list[Problem]:
    title = next(one.title for one in _correction_fields() if one.name == BASIS)
    if not text:
        return [Problem(BASIS, "needed", title)]
    return [Problem(BASIS, "too_long", title, str(LONGEST))] if len(text) > LONGEST else []


def _correction_fields() -> tuple[Field, ...]:
    (step,) = (one for one in steps_for(CORRECTION, 1) if one.question.name == CHANGES)
    return step.question.field.fields


async def _from_the_list(clerk: Clerk, found: Found) -> Reply:
    """Take one change back, or go on."""
    undo = clerk.asked.text("undo")
    if undo:
        edits = without(found.edits, undo)
    elif found.is_correction and not found.edits:
        return _list(clerk, found, problems=(Problem(TOP, "none", ""),), status=400)
    else:
        edits = found.edits
    try:
        form = await _save(clerk, found, edits)
    except StaleFormError:
        return _list(clerk, found, is_stale=True, status=409)
    if undo:
        return Redirect(_address(clerk, found))
    following = None if _back(clerk) else next_step(form, found.step)
    return Redirect(following.address(form.id) if following else f"/form/{form.id}/check")


async def _save(clerk: Clerk, found: Found, edits: Sequence[Edit]) -> Form:
    type_code = found.form.row.type
    value: JsonValue = written(edits, type_code) or None
    given = with_changes(found.step.put(found.form.given, value), type_code, found.standing.type)
    return await save_step(
        clerk.node,
        found.form.id,
        clerk.officer,
        version=clerk.asked.number("version"),
        given=given,
        answered=(found.step.place,),
    )


def _inputs(clerk: Clerk, found: Found, member: Member) -> dict[str, tuple[str, ...]]:
    """Return the inputs of a field: what was entered for it, else what it says now."""
    edit = found.edit(member.pointer)
    value = edit.after if edit is not None and edit.after is not None else member.value
    inputs = inputs_of(member.field, value, zone=clerk.house.zone)
    if edit is not None:
        inputs |= {BASIS: (edit.basis,), "out": ("yes" if edit.after is None else "",)}
    return inputs


def _list(
    clerk: Clerk, found: Found, *, problems: Sequence[Problem] = (), is_stale: bool = False, status: int = 200
) -> Page:
    changed = [_changed_row(found, edit) for edit in found.edits]
    own = {edit.pointer for edit in found.edits}
    rows = [Row(one, found.lines(one.pointer, one.value)) for one in found.members if one.pointer not in own]
    rows = [row for row in rows if row.now or not row.member.only_out]
    unsaid_only = clerk.asked.said("more") == "yes"
    values = {
        "changed": changed,
        "rows": [row for row in rows if (row.member.value is None) == unsaid_only],
        "unsaid_only": unsaid_only,
        "has_more": any(row.member.value is None for row in rows),
        "more": _with(found, "more=yes", _back(clerk)),
        "way": lambda member: _with(found, f"at={quote(member.pointer)}", _back(clerk)),
        "problems": tuple(problems),
        "typed": _typed(clerk) if problems else [],
    }
    return Page("changes.html", _values(clerk, found) | values | {"is_stale": is_stale}, status=status)


def _changed_row(found: Found, edit: Edit) -> Row:
    known = field_at(found.fields, edit.pointer)
    member = (
        found.member(edit.pointer) or known or Member(edit.pointer, (), Field("", "", "", Kind.LINE, False))
    )
    now = value_at(found.standing.part, edit.pointer)
    return Row(
        member,
        found.lines(edit.pointer, now),
        edit,
        found.lines(edit.pointer, edit.before),
        found.lines(edit.pointer, edit.after),
        is_stale=not fits(edit, found.standing.part),
        is_gone=found.member(edit.pointer) is None,
    )


def _field(
    clerk: Clerk,
    found: Found,
    member: Member,
    inputs: Any,
    *,
    problems: Sequence[Problem] = (),
    is_stale: bool = False,
    is_gone: bool = False,
    status: int = 200,
) -> Page:
    another = 1 if clerk.asked.said("another") else 0
    values = {
        "member": member,
        "field": replace(member.field, explanation="") if member.only_out else member.field,
        "now": found.lines(member.pointer, member.value),
        "was": _digest(member.value),
        "inputs": inputs,
        "problems": tuple(problems),
        "errors": {problem.place: problem for problem in reversed(problems)},
        "groups": lambda place: groups_in(inputs, place) + (another if place == TOP else 0),
        "basis": next(one for one in _correction_fields() if one.name == BASIS),
        "listed": found.listed if member.pointer == LIST_OF_THE_MOVEMENT else (),
        "is_stale": is_stale,
        "is_gone": is_gone,
    }
    return Page("change.html", _values(clerk, found) | values, status=status)


def _not_there(clerk: Clerk, found: Found, place: str) -> Page:
    """Say that a field is not there any more, or that there is no such field (3)."""
    known = field_at(found.fields, place) if not found.standing.hides(place) else None
    if known is None:
        return _list(clerk, found, problems=(Problem(TOP, "place", ""),), status=400)
    problems = (Problem(TOP, "gone", known.field.title),)
    inputs = clerk.asked.fields
    return _field(clerk, found, known, inputs, problems=problems, is_gone=True, status=409)


def _nothing(form: Form, step: Step, *, status: int = 200) -> Page:
    """Say that the message has to be chosen first."""
    steps = steps_for(form.row.type, len(form.given["persons"]))
    target = next((one for one in steps if one.question.name == "target"), None)
    values = {"form": form, "step": step, "type": form.row.type, "target": target}
    return Page("changes_of_nothing.html", values, status=status)


def _values(clerk: Clerk, found: Found) -> dict[str, Any]:
    """Return what both pages show."""
    return {
        "form": found.form,
        "step": found.step,
        "type": found.form.row.type,
        "persons": len(found.form.given["persons"]),
        "names": found.standing.names if found.part == "persons" else (),
        "is_correction": found.is_correction,
        "address": _address(clerk, found),
        "back": _back(clerk),
        "top": TOP,
        "countries": found.countries,
    }


def _typed(clerk: Clerk) -> list[str]:
    """Return what was typed into a page whose field is not known, so that nothing of it is lost."""
    own = (f"{TOP}-", f"{TOP}_")
    names = [name for name in clerk.asked.fields if name in (BASIS, TOP) or name.startswith(own)]
    return [text for name in names for text in clerk.asked.texts(name) if text.strip()]


def _address(clerk: Clerk, found: Found) -> str:
    return _with(found, "", _back(clerk))


def _with(found: Found, query: str, back: str) -> str:
    """Return the address of the question with a query; whoever came from the whole goes back to it."""
    query = "&".join(one for one in (query, f"back={back}" if back else "") if one)
    return f"{found.step.address(found.form.id)}{'?' if query else ''}{query}"


def _back(clerk: Clerk) -> str:
    return "check" if "check" in (clerk.asked.said("back"), clerk.asked.text("back")) else ""


def _digest(value: JsonValue) -> str:
    return sha256(encode_canonical(value))
