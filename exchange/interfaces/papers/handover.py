# SPDX-License-Identifier: Apache-2.0
"""Papers of the crossing: the final list with boxes to tick, the joint minutes, and places to sign by hand.

Minutes have one line for each person. Where the record is not there yet, each person has a box under every
outcome that is possible and places to write, so that both officers can fill it in by hand; the record follows
from it, so there is a place for each member that it needs, and a line for one person who is on no list. The
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
from exchange.interfaces.papers.said import NONE, agency_name
from exchange.interfaces.papers.sheet import Sheet, code, written
from exchange.messages.codelists import codelist
from exchange.messages.document import (
    Document,
    JsonValue,
    content_of,
    header_of,
    object_at,
    objects_at,
    persons_of,
    text_at,
)
from exchange.messages.form_titles import TitledNode, titled_form
from exchange.messages.on_paper import AT_THE_GATE
from exchange.service.meetings import PLACE_AND_TIME
from exchange.service.papers import DEPARTURE, Opened, Printed

_TICK = '<div class="tick"><span class="box"></span></div>'
_PLACE = '<div class="line"></div>'
_WIDTHS = (5, 24)
"""Shares of the page for number and person of a line to be filled in; the outcomes share what is left."""
_PARTS = 15
"""Parts of that rest: five outcomes in three each, above three places to write in five each."""
_RECORD, PROPOSAL, _ADDED = "HRC", "HPR", "added"
_AT_ONCE = "electronic"
"""How a record is signed if nothing else is said of it."""
_PAPERS, _LINKS = "id-document-types", "link-kinds"
_OF_RECORD = ("supplements", "minutes_number", "checkpoint", "checkpoint_name", "started_at", "ended_at")
_TO_FILL_IN = ("minutes_number", "checkpoint", "started_at", "ended_at")
_OF_DEPARTURE = ("departed_at", "expected_at", "vehicle", "escort_contact")
_OF_PROPOSAL = ("checkpoint", "checkpoint_name", "place_detail", "window_from", "window_to")
"""What minutes to be filled in say of the proposal: no more, so that fifty persons stay on few pages."""
_OF_A_CONSENT = ("scope", "state", "giver", "on", "valid_until")
_NUMBER, _PERSON = marked("No."), marked("Person")
_CHECKED = marked("Compared with photograph or paper")
_OUTCOME, _THINGS = marked("Outcome"), marked("Papers and belongings handed over")
_CUSTODY, _STAMP = marked("Custody, remarks"), marked("Stamp")
_SIGNATURES = marked("Signatures")
_PLACES = (marked("Signature"), marked("Name"), marked("Function"), marked("Place and date"))
_AGE, _NO_AGE = marked("Age: {age}"), marked("Age: not known")
_NOT_LEFT = marked("Printed before the departure. Compare the persons with the final list.")
_HANDS_OVER, _TAKES_OVER = marked("Host side: hands over"), marked("Origin side: takes over")
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
    if opened.blank:
        yield _by_hand(sheet, form.at("content", "totals"), opened)
    elif persons := persons_of(main.document):
        yield _written(sheet, form.at("persons"), persons)
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
            _papers(sheet, _below(line, "documents"), objects_at(person, "documents")),
            _to_do(sheet, main, number - 1, person),
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
        heads, rows, (5, 19, 21, 18, 10, 9, 7, 11), over=sheet.words(marked("At the crossing")), last=3
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
    for name in _TO_FILL_IN:
        row = sheet.row(sheet.title(form.at("content", name), name), [""] * len(sheet.languages))
        yield row.replace("<tr>", '<tr class="empty">', 1)


def _by_hand(sheet: Sheet, outcomes: TitledNode, opened: Opened) -> str:
    """Return a table with a box for each outcome of the list, and room for all that the record asks for.

    The outcomes stand there in the short words of the totals. Who is added is on no list: the last lines are
    for one such person, and keep the last one of the list with them on the page that is signed.
    """
    form = titled_form(_RECORD).at("persons")
    boxes = {name: sheet.stacked(sheet.title(node, name)) for name, node in outcomes.members.items()}
    added = boxes.pop(_ADDED)
    number, person, checked, things, custody = (
        sheet.stacked(sheet.words(text)) for text in (_NUMBER, _PERSON, _CHECKED, _THINGS, _CUSTODY)
    )
    why, state = (sheet.stacked(sheet.title(_below(form, name), name)) for name in ("reason", "condition"))
    wide, third = f'colspan="{_PARTS // len(boxes)}"', f'colspan="{_PARTS // 3}"'
    head = (
        f'<tr><th rowspan="2">{number}</th><th>{person}</th>'
        f"{''.join(f'<th {wide}>{one}</th>' for one in boxes.values())}</tr>"
        f"<tr><th>{checked}</th><th {third}>{things}</th><th {third}>{why}\n{state}</th>"
        f"<th {third}>{custody}</th></tr>"
    )
    room = f"<td></td>{f'<td {third}></td>' * 3}"
    ticks = f"<td {wide}>{_TICK}</td>" * len(boxes)
    known = [_who(sheet, one, known=_known(opened, one)) for one in _expected(opened)]
    rows = "".join(
        f'<tr class="ticks"><td rowspan="2">{place}</td><td>{one}</td>{ticks}</tr>'
        f'<tr class="{"room" if place < len(known) else "room ticks"}">{room}</tr>'
        for place, one in enumerate(known, start=1)
    )
    rows += f'{_by_hand_added(sheet, form, added)}<tr class="room">{room}</tr>'
    widths = (*_WIDTHS, *[(100 - sum(_WIDTHS)) / _PARTS] * _PARTS)
    columns = "".join(f'<col style="width:{width:.2f}%">' for width in widths)
    body = f"<thead>{head}</thead><tbody>{rows}</tbody>"
    return f'<table class="list"><colgroup>{columns}</colgroup>{body}</table>'


def _by_hand_added(sheet: Sheet, form: TitledNode, added: str) -> str:
    """Return the line of somebody who is on no list: places for who it is and what the person agrees to."""
    who = [sheet.stacked(sheet.title(_below(form, name), name)) for name in ("names", "sex", "consents")]
    cells = "".join(f'<td colspan="{_PARTS // 3}">{one}</td>' for one in who)
    return f'<tr class="ticks added"><td rowspan="2"></td><td><strong>{added}</strong></td>{cells}</tr>'


def _written(sheet: Sheet, form: TitledNode, persons: Sequence[Document]) -> str:
    """Return a table with the line of each person; papers and belongings below it have half the page each.

    However much somebody carries, a line then stays on its page, and an empty list says that it is empty.
    """
    number, *titles = (sheet.words(text) for text in (_NUMBER, _PERSON, _OUTCOME, _CHECKED, _CUSTODY))
    lists = [sheet.title(_below(form, name), name) for name in ("papers", "belongings")]
    above = f'<th rowspan="2">{sheet.stacked(number)}</th>'
    above += "".join(f"<th>{sheet.stacked(title)}</th>" for title in titles)
    below = "".join(f'<th colspan="2">{sheet.stacked(title)}</th>' for title in lists)
    rows = "".join(_line(sheet, form, number, person) for number, person in enumerate(persons, start=1))
    columns = "".join(f'<col style="width:{width}%">' for width in (5, 23, 24, 26, 22))
    head = f"<thead><tr>{above}</tr><tr>{below}</tr></thead>"
    return f'<table class="list"><colgroup>{columns}</colgroup>{head}<tbody>{rows}</tbody></table>'


def _line(sheet: Sheet, form: TitledNode, number: int, person: Document) -> str:
    outcome = "\n".join(
        sheet.stacked(sheet.value(_below(form, name), person[name]))
        for name in ("outcome", "reason", "condition")
        if name in person
    )
    custody = object_at(person, "custody")
    receiver = _receiver(sheet, custody) if custody else ""
    cells = (_who(sheet, person), outcome, written(text_at(person, "identity_check")), receiver)
    lists = (
        [_paper_given(sheet, paper) for paper in objects_at(person, "papers")],
        [_thing(thing) for thing in objects_at(person, "belongings")],
    )
    none, given = sheet.inline(sheet.words(NONE)), _consents(sheet, _below(form, "consents"), person)
    number_cell = f'<td rowspan="{3 if given else 2}">{number}</td>'
    below = "".join(f'<td colspan="2">{"; ".join(things) or none}</td>' for things in lists)
    rows = [number_cell + "".join(f"<td>{cell}</td>" for cell in cells), below]
    rows += [f'<td colspan="4">{given}</td>'] if given else []
    kept = "".join(f'<tr class="ticks">{row}</tr>' for row in rows[:-1])
    return f"{kept}<tr>{rows[-1]}</tr>"


def _consents(sheet: Sheet, node: TitledNode | None, person: Document) -> str:
    """Return the consents that only the record gives, of a person who was added: a line for each."""
    lines = [
        sheet.stacked([", ".join(words) for words in zip(*parts, strict=True)])
        for one in objects_at(person, "consents")
        if (parts := [sheet.value(_below(node, name), one[name]) for name in _OF_A_CONSENT if name in one])
    ]
    title = sheet.inline(sheet.title(node, "consents"))
    return "\n".join((f"{title}:", *lines)) if lines else ""


def _receiver(sheet: Sheet, custody: Document) -> str:
    """Return who has custody: an agency, a person with the relationship, or both; a name stands once."""
    name, agency, kind = (text_at(custody, member) for member in ("name", "agency", "relationship"))
    said = [sheet.stacked([agency_name(agency, each) for each in sheet.languages])] if agency else []
    said += [written(name)] if name else []
    said += [sheet.inline([label("relationships", kind, each) for each in sheet.languages])] if kind else []
    return "\n".join(said)


def _who(sheet: Sheet, person: Document, *, known: Document | None = None) -> str:
    """Return name, sex and case of a person; with what else is known also age and guardian."""
    names = "\n".join(written(text_at(name, "full")) for name in objects_at(person, "names"))
    sex = [label("sexes", text_at(person, "sex"), language) for language in sheet.languages]
    child = [sheet.inline(sheet.words(_CHILD))] if person.get("is_child") is True else []
    age, acts = (_age(sheet, known), _acts_for(sheet, known | person)) if known is not None else ([], [])
    facts = ", ".join((sheet.inline(sex), *child, *age))
    return "\n".join((f"<strong>{names}</strong>", facts, *acts, code(text_at(person, "case_code"))))


def _known(opened: Opened, person: Document) -> Document:
    return opened.meeting.of(text_at(person, "case_code")) if opened.meeting else {}


def _age(sheet: Sheet, known: Document) -> list[str]:
    """Return the age on the day of the window: two if the birth is not exact, that nobody knows it if so."""
    ages = known.get("ages")
    if not isinstance(ages, list):
        return []
    said = "-".join(map(str, ages))
    return [sheet.inline(sheet.filled(_AGE, age=said) if said else sheet.words(_NO_AGE))]


def _acts_for(sheet: Sheet, person: Document) -> list[str]:
    """Return who acts for a child: an agency, a person, or both."""
    guardian = object_at(person, "guardian")
    if not guardian:
        return []
    title = sheet.inline(sheet.title(titled_form(DEPARTURE).at("persons", "guardian"), "guardian"))
    return [f"{title}: {_receiver(sheet, guardian)}"]


def _papers(sheet: Sheet, node: TitledNode | None, papers: Sequence[Document]) -> str:
    """Return the papers of a person, each with the last day on which it is valid."""
    lines, until = [], _below(node, "expires")
    for paper in papers:
        lines += [sheet.stacked([label(_PAPERS, text_at(paper, "type"), each) for each in sheet.languages])]
        said = [written(text_at(paper, "number"))]
        if "expires" in paper:
            words = zip(sheet.title(until, "expires"), sheet.value(until, paper["expires"]), strict=True)
            said += [sheet.inline([f"{title}: {day}" for title, day in words])]
        lines += [", ".join(filter(None, said))]
    return "\n".join(filter(None, lines))


def _paper_given(sheet: Sheet, paper: Document) -> str:
    """Return a paper as it was written; one that is named by the code of its kind, in every language."""
    what, number = text_at(paper, "what"), text_at(paper, "number")
    if what not in codelist(_PAPERS).codes:
        return _thing(paper)
    named = sheet.inline([label(_PAPERS, what, language) for language in sheet.languages])
    return f"{named} {written(number)}" if number else named


def _thing(thing: Document) -> str:
    number, count = text_at(thing, "number"), thing.get("count")
    times = f"{count} " if isinstance(count, int) else ""
    return written(f"{times}{text_at(thing, 'what')}{f' {number}' if number else ''}")


def _to_do(sheet: Sheet, main: Printed, at: int, person: Document) -> str:
    """Return what must be done or avoided, with whom, and how much of it stands in the message only."""
    line, cut = titled_form(DEPARTURE).at("persons"), main.cut_in(f"/persons/{at}").get("flags", 0)
    flags = _each(sheet, _below(line, "flags"), person.get("flags"))
    said = sheet.stacked(cut_words(sheet, cut)) if cut else ""
    return "\n".join(filter(None, (flags, *_together(sheet, main, person), said)))


def _together(sheet: Sheet, main: Printed, person: Document) -> Iterator[str]:
    """Yield who belongs to a person and who must be kept apart, by the number on the list, else by code."""
    numbers = {text_at(one, "case_code"): at for at, one in enumerate(persons_of(main.document), start=1)}
    for link in objects_at(person, "links"):
        kind, other = text_at(link, "kind"), text_at(link, "case_code")
        if kind in AT_THE_GATE:
            names = [label(_LINKS, kind, language) for language in sheet.languages]
            signs = sheet.words(_NUMBER) if other in numbers else [""] * len(names)
            who = str(numbers.get(other, other))
            pairs = zip(names, signs, strict=True)
            yield sheet.stacked([f"{name}: {f'{sign} {who}'.strip()}" for name, sign in pairs])


def _each(sheet: Sheet, node: TitledNode | None, value: JsonValue) -> str:
    """Return a list of codes, one below the other in every language."""
    items = node.items if node is not None else None
    each = value if isinstance(value, list) else []
    return "\n".join(sheet.stacked(sheet.value(items, item)) for item in each)


def _below(node: TitledNode | None, *names: str) -> TitledNode | None:
    try:
        return node.at(*names) if node else None
    except KeyError:
        return None


def _totals(sheet: Sheet, form: TitledNode, content: Document) -> Iterator[str]:
    node = form.at("content", "totals")
    for name, number in object_at(content, "totals").items():
        yield sheet.row(sheet.title(node.members.get(name), name), sheet.value(None, number))


def _sides(sheet: Sheet, opened: Opened) -> Sequence[tuple[str, Sequence[str]]]:
    """Return the two agencies, the one that wrote first, each with what it does and its signature.

    Who sent a message is not who hands a person over: either side may write the record, or propose.
    """
    main = opened.main
    sides = [(code, [_role(sheet, opened, code)]) for code in (main.sender, main.recipient)]
    if opened.blank:
        return sides
    first = _signed(sheet, main)
    others = [_signed(sheet, one) for one in opened.signatures if one.sender == main.recipient]
    missing = f"<p>{sheet.stacked(sheet.words(_NOT_SIGNED))}</p>"
    signed = ([first], others[-1:] or [missing])
    return [(code, role + said) for (code, role), said in zip(sides, signed, strict=True)]


def _role(sheet: Sheet, opened: Opened, agency: str) -> str:
    """Return whether an agency hands over or takes over; nothing where neither is known."""
    host = _host(opened)
    said = sheet.words(_HANDS_OVER if agency == host else _TAKES_OVER)
    return f"<p>{sheet.inline(said)}</p>" if host else ""


def _host(opened: Opened) -> str:
    """Return the agency that hands over."""
    main = opened.main
    if main.row.type == _RECORD:
        signs = text_at(object_at(content_of(main.document), "signatory"), "side")
        return {"host": main.sender, "origin": main.recipient}.get(signs, "")
    if main.row.type == DEPARTURE:
        return main.sender
    return opened.meeting.host if opened.meeting else ""


def _signed(sheet: Sheet, one: Printed) -> str:
    content, office = content_of(one.document), text_at(header_of(one.document), "acting_agency")
    by = object_at(content, "signatory")
    said = marked("Signed electronically by officer {officer}: {moment}")
    kind = [label("attendance-types", text_at(by, "kind"), language) for language in sheet.languages]
    at = text_at(by, "at")
    moments = sheet.moment(datetime.fromisoformat(at)) if at else [""] * len(kind)
    signed = [
        text.format(officer=text_at(by, "officer"), moment=moment)
        for text, moment in zip(sheet.words(said), moments, strict=True)
    ]
    lines = [sheet.stacked(signed)]
    if text_at(by, "kind") != _AT_ONCE:
        lines.append(sheet.inline(kind))
    if office != one.sender:
        lines.insert(0, sheet.stacked([agency_name(office, language) for language in sheet.languages]))
    if content.get("agreed") is True:
        lines.append(sheet.inline(sheet.words(marked("Agreed as it stands"))))
    if content.get("reservations"):
        reserved = marked("Reservation: {text}")
        lines.append(sheet.stacked(sheet.filled(reserved, text=text_at(content, "reservations"))))
    return "".join(f"<p>{line}</p>" for line in lines)
