# SPDX-License-Identifier: Apache-2.0
"""Papers of the crossing: the final list with boxes to tick, the joint minutes, and places to sign by hand.

Minutes have one line for each person. Where the record is not there yet, each person has a box under every
outcome and a line to write on, so that both officers can fill it in by hand; the record follows from it. The
words of the outcomes stand once a page, in the head of the table: fifty persons take twelve pages and not
twenty-seven. Who signed electronically stands above the places for handwriting.

A final list and minutes to be filled in also say crossing, window and escorts as they were agreed, how old
everybody is on that day, and who acts for a child. Before the departure the persons of the confirmed list
stand on the minutes, with a note: they are compared with the final list.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime

from exchange.i18n import label, marked
from exchange.interfaces.papers.members import cut_words, facts_of
from exchange.interfaces.papers.said import agency_name
from exchange.interfaces.papers.sheet import Sheet, Texts, code, shown
from exchange.messages.codelists import codelist
from exchange.messages.document import (
    Document,
    JsonValue,
    content_of,
    object_at,
    objects_at,
    persons_of,
    text_at,
)
from exchange.messages.form_titles import TitledNode, titled_form
from exchange.service.meetings import PLACE_AND_TIME
from exchange.service.papers import DEPARTURE, Opened

_TICK = '<div class="tick"><span class="box"></span></div>'
_PLACE = '<div class="line"></div>'
_WIDTHS = (5, 24)
"""Shares of the page for number and person of a line to be filled in; the outcomes share what is left."""
_RECORD, PROPOSAL = "HRC", "HPR"
_PAPERS = "id-document-types"
_OF_RECORD = ("minutes_number", "checkpoint", "checkpoint_name", "started_at", "ended_at")
_OF_DEPARTURE = ("departed_at", "expected_at", "vehicle", "escort_contact")
_OF_PROPOSAL = ("checkpoint", "checkpoint_name", "place_detail", "window_from", "window_to")
"""What minutes to be filled in say of the proposal: no more, so that fifty persons stay on few pages."""
_NUMBER, _PERSON = marked("No."), marked("Person")
_CHECKED = marked("Compared with photograph or paper")
_OUTCOME, _THINGS = marked("Outcome"), marked("Papers and belongings handed over")
_CUSTODY, _STAMP = marked("Custody, remarks"), marked("Stamp")
_SIGNATURES = marked("Signatures")
_PLACES = (marked("Signature"), marked("Name"), marked("Function"), marked("Place and date"))
_AGE = marked("Age: {age}")
_NOT_LEFT = marked("Printed before the departure. Compare the persons with the final list.")
_NOT_SIGNED, _CHILD = marked("Not signed electronically yet."), marked("child")


def minutes(sheet: Sheet, opened: Opened) -> Iterator[str]:
    """Yield the joint minutes of a handover, or the same to be filled in by hand."""
    main, form = opened.main, titled_form(_RECORD)
    content = content_of(main.document)
    if opened.blank:
        left = titled_form(DEPARTURE).members["content"]
        yield from _meeting(sheet, opened)
        yield sheet.facts([*facts_of(sheet, left, content, _OF_DEPARTURE), *_empty_facts(sheet, form)])
    else:
        yield sheet.facts(list(facts_of(sheet, form.members["content"], content, _OF_RECORD)))
    persons = persons_of(main.document)
    if opened.blank:
        yield _by_hand(sheet, form.at("content", "totals"), opened)
    elif persons:
        heads = [sheet.words(text) for text in (_NUMBER, _PERSON, _OUTCOME, _CHECKED, _THINGS, _CUSTODY)]
        rows = [
            _line(sheet, form.at("persons"), number, person) for number, person in enumerate(persons, start=1)
        ]
        yield sheet.table(heads, rows, (5, 22, 21, 16, 18, 18))
    if not opened.blank:
        yield f'<section class="totals">{sheet.facts(list(_totals(sheet, form, content)))}</section>'
    yield from signature_lines(sheet, _sides(sheet, opened))


def final_list(sheet: Sheet, opened: Opened) -> Iterator[str]:
    """Yield the list of those who left, with boxes to tick at the crossing."""
    main, form = opened.main, titled_form(DEPARTURE)
    yield from _meeting(sheet, opened)
    yield sheet.facts(list(facts_of(sheet, form.members["content"], content_of(main.document))))
    here = (marked("here"), marked("papers"), marked("belongings"))
    line = form.at("persons")
    titles = [sheet.title(_below(line, name), name) for name in ("documents", "flags", "languages")]
    heads = [sheet.words(_NUMBER), sheet.words(_PERSON), *titles, *(sheet.words(text) for text in here)]
    rows = [
        [
            str(number),
            _who(sheet, person, known=_known(opened, person)),
            _papers(sheet, objects_at(person, "documents")),
            _to_do(sheet, line, person, main.cut_in(f"/persons/{number - 1}").get("flags", 0)),
            _each(
                sheet,
                _below(line, "languages", "understood"),
                object_at(person, "languages").get("understood"),
            ),
            *[_TICK] * len(here),
        ]
        for number, person in enumerate(persons_of(main.document), start=1)
    ]
    yield sheet.table(
        heads, rows, (5, 22, 22, 20, 9, 6, 7, 9), over=sheet.words(marked("At the crossing")), last=3
    )


def signature_lines(sheet: Sheet, signers: Sequence[tuple[str, Sequence[str]]]) -> Iterator[str]:
    """Yield a block for each agency: what is signed already, as mark-up, and the places for handwriting.

    Two agencies sign side by side, each with two places in a line. One alone has its places and its stamp
    side by side, and its name beside the heading. Both save a page. A block that does not fit on the page
    takes the last line of the paper with it, so that nobody signs a page on which nothing stands.
    """
    lines = [f"{_PLACE}{sheet.inline(sheet.words(place))}" for place in _PLACES]
    stamp = f'<div class="stamp">{sheet.inline(sheet.words(_STAMP))}</div>'
    heads = [
        f"<strong>{sheet.stacked([agency_name(agency, each) for each in sheet.languages])}</strong>"
        f"{''.join(signed)}"
        for agency, signed in signers
    ]
    if len(heads) == 1:
        parts = ("".join(lines[:2]), "".join(lines[2:]), stamp)
        cells = "".join(f'<td colspan="2">{part}</td>' for part in parts)
        title = f"<h2>{sheet.stacked(sheet.words(_SIGNATURES))}</h2>"
        rows = f'<tr><td>{title}</td><td colspan="5">{heads[0]}</td></tr><tr class="alone">{cells}</tr>'
        yield f'<section class="whole"><table class="sign">{rows}</table></section>'
        return
    pairs = "".join(f"<tr><td>{left}</td><td>{right}</td></tr>" for left, right in (lines[:2], lines[2:]))
    places = f'<table class="places">{pairs}</table>{stamp}'
    rows = f"<tr>{''.join(f'<td>{head}{places}</td>' for head in heads)}</tr>"
    heading = sheet.heading(_SIGNATURES)
    yield f'<section class="whole">{heading}<table class="sign">{rows}</table></section>'


def _meeting(sheet: Sheet, opened: Opened) -> Iterator[str]:
    """Yield where and when it was agreed to meet; before the departure also what the persons are."""
    if opened.meeting is None:
        return
    form = titled_form(PROPOSAL).members["content"]
    names = _OF_PROPOSAL if opened.blank else PLACE_AND_TIME
    yield sheet.facts(list(facts_of(sheet, form, opened.meeting.terms, names)))
    if opened.main.row.type == PROPOSAL:
        yield f'<div class="note">{sheet.beside(sheet.words(_NOT_LEFT))}</div>'


def _expected(opened: Opened) -> Sequence[Document]:
    """Return whom the minutes have a line for: those who left, before the departure those who are agreed."""
    if opened.main.row.type == PROPOSAL and opened.meeting is not None:
        return opened.meeting.persons
    return persons_of(opened.main.document)


def _empty_facts(sheet: Sheet, form: TitledNode) -> Iterator[str]:
    for name in _OF_RECORD[:2] + _OF_RECORD[3:]:
        row = sheet.row(sheet.title(form.at("content", name), name), [""] * len(sheet.languages))
        yield row.replace("<tr>", '<tr class="empty">', 1)


def _by_hand(sheet: Sheet, outcomes: TitledNode, opened: Opened) -> str:
    """Return a table with a box for each outcome, in the short words of the totals, and room to write."""
    said = [sheet.stacked(sheet.title(node, name)) for name, node in outcomes.members.items()]
    number, person, checked, things, custody = (
        sheet.stacked(sheet.words(text)) for text in (_NUMBER, _PERSON, _CHECKED, _THINGS, _CUSTODY)
    )
    persons = [_who(sheet, one, known=_known(opened, one)) for one in _expected(opened)]
    half, rest = len(said) // 2, len(said) - len(said) // 2
    head = (
        f'<tr><th rowspan="2">{number}</th><th>{person}</th>{"".join(f"<th>{one}</th>" for one in said)}</tr>'
        f'<tr><th>{checked}</th><th colspan="{half}">{things}</th><th colspan="{rest}">{custody}</th></tr>'
    )
    boxes = f"<td>{_TICK}</td>" * len(said)
    room = f'<tr class="room"><td></td><td colspan="{half}"></td><td colspan="{rest}"></td></tr>'
    rows = "".join(
        f'<tr class="ticks"><td rowspan="2">{place}</td><td>{one}</td>{boxes}</tr>{room}'
        for place, one in enumerate(persons, start=1)
    )
    widths = (_WIDTHS[0], _WIDTHS[1], *[(100 - sum(_WIDTHS)) / len(said)] * len(said))
    columns = "".join(f'<col style="width:{width:.2f}%">' for width in widths)
    body = f"<thead>{head}</thead><tbody>{rows}</tbody>"
    return f'<table class="list"><colgroup>{columns}</colgroup>{body}</table>'


def _line(sheet: Sheet, form: TitledNode, number: int, person: Document) -> list[str]:
    outcome = "\n".join(
        sheet.stacked(sheet.value(_below(form, name), person[name]))
        for name in ("outcome", "reason", "condition")
        if name in person
    )
    papers = [_paper_given(sheet, paper) for paper in objects_at(person, "papers")]
    things = [*papers, *(_thing(thing) for thing in objects_at(person, "belongings"))]
    custody = person.get("custody")
    return [
        str(number),
        _who(sheet, person),
        outcome,
        shown(text_at(person, "identity_check")),
        "\n".join(things),
        sheet.stacked(_receiver(sheet, custody)) if isinstance(custody, dict) else "",
    ]


def _receiver(sheet: Sheet, custody: Document) -> list[str]:
    """Return who has custody: an agency, a person, or both."""
    name, agency = text_at(custody, "name"), text_at(custody, "agency")
    return [
        "\n".join(text for text in (agency_name(agency, each) if agency else "", name) if text)
        for each in sheet.languages
    ]


def _who(sheet: Sheet, person: Document, *, known: Document | None = None) -> str:
    """Return name, sex and case of a person; with what else is known also age and guardian."""
    names = "\n".join(shown(text_at(name, "full")) for name in objects_at(person, "names"))
    sex = [label("sexes", text_at(person, "sex"), language) for language in sheet.languages]
    child = [sheet.inline(sheet.words(_CHILD))] if person.get("is_child") is True else []
    lines = [f"<strong>{names}</strong>", sheet.inline(sex), *child]
    if known is not None:
        lines += [*_age(sheet, known), *_acts_for(sheet, known | person)]
    return "\n".join((*lines, code(text_at(person, "case_code"))))


def _known(opened: Opened, person: Document) -> Document:
    return opened.meeting.of(text_at(person, "case_code")) if opened.meeting else {}


def _age(sheet: Sheet, known: Document) -> list[str]:
    """Return the age on the day of the window, two if the birth is not exact, nothing if it is not known."""
    ages = known.get("ages")
    said = "-".join(map(str, ages)) if isinstance(ages, list) else ""
    return [sheet.inline(sheet.filled(_AGE, age=said))] if said else []


def _acts_for(sheet: Sheet, person: Document) -> list[str]:
    """Return who acts for a child: an agency, a person, or both."""
    guardian = object_at(person, "guardian")
    if not guardian:
        return []
    title = sheet.inline(sheet.title(titled_form(DEPARTURE).at("persons", "guardian"), "guardian"))
    return [f"{title}: {sheet.stacked(_receiver(sheet, guardian))}"]


def _papers(sheet: Sheet, papers: Sequence[Document]) -> str:
    return "\n".join(
        sheet.stacked([label(_PAPERS, text_at(paper, "type"), each) for each in sheet.languages])
        + f"\n{shown(text_at(paper, 'number'))}"
        for paper in papers
    )


def _paper_given(sheet: Sheet, paper: Document) -> str:
    """Return a paper as it was written; one that is named by the code of its kind, in every language."""
    what, number = text_at(paper, "what"), text_at(paper, "number")
    if what not in codelist(_PAPERS).codes:
        return _thing(paper)
    named = sheet.stacked([label(_PAPERS, what, language) for language in sheet.languages])
    return f"{named}\n{shown(number)}" if number else named


def _thing(thing: Document) -> str:
    number, count = text_at(thing, "number"), thing.get("count")
    times = f"{count} " if isinstance(count, int) else ""
    return shown(f"{times}{text_at(thing, 'what')}{f' {number}' if number else ''}")


def _to_do(sheet: Sheet, line: TitledNode, person: Document, cut: int) -> str:
    """Return what must be done or avoided, and how much of it stands in the message only."""
    flags = _each(sheet, _below(line, "flags"), person.get("flags"))
    return "\n".join(filter(None, (flags, sheet.stacked(cut_words(sheet, cut)) if cut else "")))


def _each(sheet: Sheet, node: TitledNode | None, value: JsonValue) -> str:
    """Return a list of codes, one below the other in every language."""
    items = node.items if node is not None else None
    each = value if isinstance(value, list) else []
    return "\n".join(sheet.stacked(sheet.value(items, item)) for item in each)


def _below(node: TitledNode, *names: str) -> TitledNode | None:
    try:
        return node.at(*names)
    except KeyError:
        return None


def _totals(sheet: Sheet, form: TitledNode, content: Document) -> Iterator[str]:
    node = form.at("content", "totals")
    for name, number in object_at(content, "totals").items():
        yield sheet.row(sheet.title(node.members.get(name), name), sheet.value(None, number))


def _sides(sheet: Sheet, opened: Opened) -> list[tuple[str, list[str]]]:
    """Return the two agencies, the one that wrote first, each with its electronic signature."""
    main = opened.main
    if opened.blank:
        return [(main.sender, []), (main.recipient, [])]
    first = _signed(sheet, content_of(main.document))
    others = [
        _signed(sheet, content_of(one.document)) for one in opened.signatures if one.sender == main.recipient
    ]
    missing = f"<p>{sheet.stacked(sheet.words(_NOT_SIGNED))}</p>"
    return [(main.sender, [first]), (main.recipient, others[-1:] or [missing])]


def _signed(sheet: Sheet, content: Document) -> str:
    by = object_at(content, "signatory")
    said = marked("Signed electronically by officer {officer}: {moment}")
    kind = [label("attendance-types", text_at(by, "kind"), language) for language in sheet.languages]
    at = text_at(by, "at")
    moments = sheet.moment(datetime.fromisoformat(at)) if at else [""] * len(kind)
    lines: list[Texts] = [
        [
            text.format(officer=text_at(by, "officer"), moment=moment)
            for text, moment in zip(sheet.words(said), moments, strict=True)
        ],
        kind,
    ]
    if content.get("agreed") is True:
        lines.append(sheet.words(marked("Agreed as it stands")))
    if content.get("reservations"):
        lines.append(sheet.filled(marked("Reservation: {text}"), text=text_at(content, "reservations")))
    return "".join(f"<p>{sheet.stacked(texts)}</p>" for texts in lines)
