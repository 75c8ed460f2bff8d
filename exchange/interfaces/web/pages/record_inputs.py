# SPDX-License-Identifier: Apache-2.0
"""Between the inputs of the page of a handover record and the small file of the record, in both directions.

1. What is entered of a person stands under the place in the list: `p-0-outcome`.
2. A paper that an earlier message names is ticked; every other paper, and every belonging, is a line of its
   own. A line of belongings may begin with how many: `2 bags`.
3. A record that was written before fills the inputs: what it says is not asked again.
4. A person who was added to the list has no inputs here. What the earlier record says of such a person is
   written again as it was.
5. The record of the partner is agreed to, or it is said what is not agreed: never both.
6. What is ticked on the sheet is kept with the record. *Papers* there ticks the known papers of the person in
   the record; an outcome never follows from a tick.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from exchange.i18n import marked
from exchange.interfaces.web.asking import Values
from exchange.interfaces.web.desk import Answer
from exchange.interfaces.web.entering import LONGEST, Problem, inputs_of, read_field
from exchange.interfaces.web.languages import translations
from exchange.messages.document import (
    Document,
    JsonValue,
    content_of,
    object_at,
    objects_at,
    persons_of,
    text_at,
)
from exchange.messages.questions import Field, Kind

TIMES: Final = (
    Field("started_at", "When it began", "", Kind.INSTANT, needed=True),
    Field("ended_at", "When it ended", "", Kind.INSTANT, needed=True),
)
IS_RIGHT, NOT_AGREED = "Is this what happened?", "What is not agreed"
"""Titles of the page where the record of the partner is signed; the template has them, too."""
CONTRADICTION = marked(
    "You say that the record is right, and also what is not agreed. Choose one: delete the text, or sign with"
    " a reservation."
)
TITLES: Final = MappingProxyType(
    {
        "minutes_number": marked("Number of the minutes"),
        "started_at": marked("When it began"),
        "ended_at": marked("When it ended"),
        "outcome": marked("What happened"),
        "identity_check": marked("How the person was compared"),
        "condition": marked("Condition, if the person is here"),
        "reason": marked("Why not, if the person was not handed over"),
        "custody": marked("Who has custody of the child now"),
        "papers": marked("Papers handed over"),
        "belongings": marked("Belongings handed over"),
    }
)
"""Titles of the inputs as the page has them: what is wrong is told in the same words."""
OF_LINE: Final = frozenset(
    {
        "outcome", "reason", "condition", "identity_check", "custody", "receiver",
        "given", "papers", "belongings", "seen",
    }
)  # fmt: skip
"""What is entered of a person."""
NO_PAPER: Final = "none"
"""Code of `id-document-types` that says that there is no paper."""
SEEN: Final = ("here", "papers", "belongings")
"""What can be ticked on the sheet."""
OF_ALL: Final = frozenset({"minutes_number", "started_at", "ended_at", "reservations", "agreed"})
_TEXTS = ("outcome", "reason", "condition", "identity_check")
_KEPT = (*_TEXTS, "custody", "papers", "belongings", "consents")
"""What a line says itself; the rest of it is repeated from earlier messages."""
_INPUT = re.compile(r"p-[0-9]{1,4}-(?P<of_line>[a-z_]+)|(?P<of_all>[a-z_]+?)(_[dmyt])?", re.ASCII)
_COUNT = re.compile(r"([0-9]{1,4})\s+(\S.*)")


@dataclass(frozen=True)
class Entered:
    """The small file of a signature, and what cannot become one."""

    document: Document
    problems: tuple[Problem, ...] = ()


def kept_inputs(fields: Values) -> dict[str, tuple[str, ...]]:
    """Return the inputs of the record among the fields of a form, each as long as a text can be."""
    return {
        name: tuple(value[: LONGEST + 1] for value in values)
        for name, values in fields.items()
        if (match := _INPUT.fullmatch(name)) and (match["of_line"] in OF_LINE or match["of_all"] in OF_ALL)
    }


def with_page(inputs: Values, fields: Values, page: int, rows: int) -> dict[str, tuple[str, ...]]:
    """Return inputs with those of one page in place of what they were.

    What is said of all stands on the first page.
    """
    here = {f"p-{number}" for number in range((page - 1) * rows, page * rows)}

    def is_here(name: str) -> bool:
        place = "-".join(name.split("-")[:2]) if name.startswith("p-") else ""
        return place in here if place else page == 1

    kept = {name: tuple(values) for name, values in inputs.items() if not is_here(name)}
    return kept | {name: values for name, values in kept_inputs(fields).items() if is_here(name)}


def ticked(inputs: Values, fields: Values, persons: Sequence[Answer]) -> dict[str, tuple[str, ...]]:
    """Return inputs with what is ticked on the sheet, in place of what was ticked before (6)."""
    found = dict(inputs)
    for number, person in enumerate(persons):
        place = f"p-{number}-"
        seen = tuple(one for one in SEEN if one in fields.get(f"{place}seen", ()))
        newly = "papers" in seen and "papers" not in found.get(f"{place}seen", ())
        found[f"{place}seen"] = seen
        if newly and not found.get(f"{place}given"):
            found[f"{place}given"] = tuple(_known_papers(person))
    return found


def countersigned(inputs: Values, language: str) -> Entered:
    """Return the file of a signature on the record of the partner (5)."""
    agreed, reservations = _text(inputs, "agreed"), _text(inputs, "reservations")
    if agreed not in ("yes", "no"):
        return Entered({}, (Problem("agreed", "needed", IS_RIGHT),))
    if agreed == "yes":
        said = translations(language).gettext(CONTRADICTION)
        return Entered({"agreed": True}, (Problem("reservations", "fault", said),) if reservations else ())
    problems = () if reservations else (Problem("reservations", "needed", NOT_AGREED),)
    return Entered({"agreed": False, "reservations": reservations}, problems)


def first_record(inputs: Values, persons: Sequence[Answer], before: Document, *, zone: str) -> Entered:
    """Return the file of an own record; `before` is the record that was written before, or empty."""
    times = {field.name: read_field(field, inputs, zone=zone, place=field.name) for field in TIMES}
    said = {name: _text(inputs, name) for name in ("minutes_number", "reservations")}
    document: Document = {name: entered.value for name, entered in times.items()}
    document |= {name: value for name, value in said.items() if value}
    document |= {
        name: value for name, value in content_of(before).items() if name in ("checkpoint", "checkpoint_name")
    }
    earlier = {text_at(line, "case_code"): line for line in persons_of(before)}
    document["persons"] = [
        *(
            _line(inputs, f"p-{number}-", person, earlier.get(person["case"], {}))
            for number, person in enumerate(persons)
        ),
        *_added(before, persons),
    ]
    return Entered(document, tuple(problem for entered in times.values() for problem in entered.problems))


def inputs_of_record(record: Document, persons: Sequence[Answer], *, zone: str) -> dict[str, tuple[str, ...]]:
    """Return the inputs that a record written before fills (3)."""
    content, lines = content_of(record), {text_at(line, "case_code"): line for line in persons_of(record)}
    found: dict[str, tuple[str, ...]] = {}
    for field in TIMES:
        found |= inputs_of(field, content.get(field.name), zone=zone, place=field.name)
    for name in ("minutes_number", "reservations"):
        found |= {name: (text,)} if (text := text_at(content, name)) else {}
    for number, person in enumerate(persons):
        filled = _inputs_of_line(lines.get(person["case"], {}), person)
        found |= {f"p-{number}-{name}": values for name, values in filled.items() if any(values)}
    return found


def _line(inputs: Values, place: str, person: Answer, earlier: Document) -> Document:
    said = {name: _text(inputs, f"{place}{name}") for name in _TEXTS}
    line: Document = {"case_code": person["case"], **{name: value for name, value in said.items() if value}}
    given = inputs.get(f"{place}given", ())
    papers: list[JsonValue] = [one for number, one in _known_papers(person).items() if number in given]
    papers += [{"what": text} for text in _lines(inputs, f"{place}papers")]
    belongings: list[JsonValue] = [_thing(text) for text in _lines(inputs, f"{place}belongings")]
    line |= {"papers": papers} if papers else {}
    line |= {"belongings": belongings} if belongings else {}
    custody = _custody(inputs, place, object_at(earlier, "custody"))
    return {**line, "custody": custody} if custody else line


def _custody(inputs: Values, place: str, earlier: Document) -> Document:
    """Return who has custody: an authority, somebody of the family by name, or both.

    How somebody is related stays as it was said of the same name; the page does not ask for it.
    """
    agency, name = _text(inputs, f"{place}custody"), _text(inputs, f"{place}receiver")
    if not agency and not name:
        return {}
    related = text_at(earlier, "relationship") if name and name == text_at(earlier, "name") else ""
    said = {"agency": agency, "name": name, "relationship": related}
    kind = "agency" if agency else "person"
    return {"kind": kind, **{key: value for key, value in said.items() if value}}


def _added(before: Document, persons: Sequence[Answer]) -> list[JsonValue]:
    """Return the lines of who was added, as they were written before (4)."""
    listed = {person["case"] for person in persons}
    return [
        {"case_code": text_at(line, "case_code"), **{name: line[name] for name in _KEPT if name in line}}
        for line in persons_of(before)
        if text_at(line, "case_code") not in listed
    ]


def _inputs_of_line(line: Document, person: Answer) -> dict[str, tuple[str, ...]]:
    known = _known_papers(person)
    papers, custody = objects_at(line, "papers"), object_at(line, "custody")
    return {
        **{name: (text_at(line, name),) for name in _TEXTS},
        "custody": (text_at(custody, "agency"),),
        "receiver": (text_at(custody, "name"),),
        "given": tuple(number for number, one in known.items() if one in papers),
        "papers": ("\n".join(_words(one) for one in papers if one not in known.values()),),
        "belongings": ("\n".join(_words(one) for one in objects_at(line, "belongings")),),
    }


def _known_papers(person: Answer) -> dict[str, Document]:
    """Return the papers of a person by their place, named by the code of their kind, for every language."""
    return {
        str(at): {"what": one["type"], **({"number": one["number"]} if one["number"] else {})}
        for at, one in enumerate(person["documents"])
        if one["type"] != NO_PAPER
    }


def _thing(text: str) -> Document:
    match = _COUNT.fullmatch(text)
    count = int(match[1]) if match else 0
    return {"what": match[2], "count": count} if match and count else {"what": text, "count": 1}


def _words(thing: Document) -> str:
    count, what, number = thing.get("count"), text_at(thing, "what"), text_at(thing, "number")
    times = f"{count} " if isinstance(count, int) and count > 1 else ""
    return f"{times}{what}{f' {number}' if number else ''}"


def _lines(inputs: Values, place: str) -> list[str]:
    return [line.strip() for line in _text(inputs, place).splitlines() if line.strip()]


def _text(inputs: Values, place: str) -> str:
    return (inputs.get(place) or ("",))[0].strip()
