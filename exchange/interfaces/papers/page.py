# SPDX-License-Identifier: Apache-2.0
"""The whole paper: band, title, facts of the message, what it says, places to sign, foot of each page.

1. The foot of every page has the number of the message, its commitment, a QR code of both, what the code is,
   and the page. For minutes and departures the code is the handover token, so that the other officer can
   compare it. Nothing stands behind the places to sign, so that no page is needed for a remark alone.
2. A training node prints a striped band on every page.
3. While a language is a machine draft, the paper says so under its title.
4. What was rejected or given up says so under its title: the paper looks like that of a message that counts.
   What is left out (class S4), and letters that no font here can show, are told on the first page. The JSON
   that is attached to the file has the same content as the paper, letter by letter.
5. The same message gives the same bytes: times are those of the message, never of the printing. All of them
   are given in the zone of the agency that sent it, so both sides print the same.

Layouts of their own: minutes and final list (`handover`), statement (`balance`). Every other type is printed
member by member in the order of its form.
"""

import io
import json
import re
from collections.abc import Iterator
from html import escape
from importlib.resources import files
from typing import Final

from exchange.errors import UsageError
from exchange.i18n import draft_note, is_available, label, marked
from exchange.i18n.fonts import families, without_glyph
from exchange.i18n.languages import demand_language
from exchange.interfaces.papers import balance, handover
from exchange.interfaces.papers.members import facts_of, form_of, person_sections
from exchange.interfaces.papers.said import Around, agency_name
from exchange.interfaces.papers.sheet import Sheet, Texts, code, shown
from exchange.messages.document import content_of, header_of
from exchange.messages.form_titles import titled_form
from exchange.service.papers import DEPARTURE, RECORD, Opened, Paper, Printed
from exchange.service.rows import MessageState

MAX_LANGUAGES: Final = 2
"""Side by side on A4; a third one would leave no room for a name."""
_HEADER: Final = (
    "urgency", "movement_code", "in_reply_to", "refers_to", "event_at", "entered_at", "officer",
    "released_by", "official_reference", "handling", "language", "remark",
)  # fmt: skip
_AT_THE_CROSSING: Final = ("movement_code", "official_reference", "remark")
"""Members of the header that two officers at a bridge need."""
_STATEMENT: Final = "STM"
_GONE: Final = frozenset({MessageState.REJECTED, MessageState.VOIDED})
_NO_EFFECT: Final = marked("This message has no effect: it was rejected, or its number was given up.")
_PLACES: Final = re.compile(r"\{(page|pages)\}")
_PAGE_OF: Final = marked("Page {page} of {pages}")
_BAND: Final = marked("Training. Not a real person.")


def paper_of(opened: Opened, languages: tuple[str, ...]) -> Paper:
    """Return the paper of a message in one or two languages.

    Raises:
        UsageError: a language without texts, the same one twice, or more than two.
    """
    sheet = Sheet(demand_languages(languages), Around(opened.zone, opened.named))
    body = "\n".join((*_head(sheet, opened), *_content(sheet, opened)))
    row = opened.main.row
    missing = without_glyph(body)
    body = _missing_letters(sheet, missing) + body if missing else body
    return Paper(
        html=_page(sheet, opened, body),
        created_at=row.created_at,
        attached_name=f"{row.type.lower()}-{row.id}.json",
        attached=_attached(opened),
        attached_description=f"{row.type} {row.id} {row.commitment}",
    )


def demand_languages(languages: tuple[str, ...]) -> tuple[str, ...]:
    """Return the languages of a paper; asked before anything is opened and recorded.

    Raises:
        UsageError: a language without texts, the same one twice, none, or more than two.
    """
    if not 1 <= len(languages) <= MAX_LANGUAGES or len(set(languages)) < len(languages):
        raise UsageError("a paper has one or two different languages", hint="for example --lang km,en")
    for language in languages:
        if not is_available(demand_language(language)):
            raise UsageError(
                f"texts in {language} need the package Babel, which is not installed with this node",
                hint='run in the folder of the source: pip install ".[desk]"',
            )
    return languages


def _page(sheet: Sheet, opened: Opened, body: str) -> str:
    row = opened.main.row
    style = (files("exchange.interfaces.papers") / "style.css").read_text("utf-8")
    title = escape(f"{row.type} {row.id}")
    return f"""<!doctype html>
<html lang="{sheet.languages[0]}">
<head>
<meta charset="utf-8">
<title>{title}</title>
<meta name="generator" content="exchange">
<meta name="dcterms.created" content="{row.created_at:%Y-%m-%dT%H:%M:%SZ}">
<meta name="dcterms.modified" content="{row.created_at:%Y-%m-%dT%H:%M:%SZ}">
<style>
body {{ font-family: {families()}, sans-serif; }}
{style}</style>
</head>
<body>
{_running(sheet, opened)}
{body}
</body>
</html>
"""


def _running(sheet: Sheet, opened: Opened) -> str:
    """Return what stands on every page."""
    main = opened.main
    token = f"<div>{code(main.token)}</div>" if _is_compared(main) else ""
    about = sheet.paragraphs(_about_the_paper(sheet, main))
    foot = (
        f'<table class="foot"><tr><td class="qr" rowspan="2">{_qr(main)}</td>'
        f'<td class="numbers"><div>{escape(main.row.type)} {code(main.row.id)} '
        f"{code(main.row.commitment)}</div>{token}</td>"
        f'<td class="number">{_page_numbers(sheet)}</td></tr>'
        f'<tr><td class="about" colspan="2">{about}</td></tr></table>'
    )
    said = sheet.inline(sheet.words(_BAND))
    band = f'<div class="band"><div>{said}</div></div>' if opened.training else ""
    return f"{band}{foot}"


def _page_numbers(sheet: Sheet) -> str:
    def one(text: str) -> str:
        return "".join(
            f'<span class="{part}"></span>' if at % 2 else shown(part)
            for at, part in enumerate(_PLACES.split(text))
        )

    return "".join(f"<div>{one(text)}</div>" for text in dict.fromkeys(sheet.words(_PAGE_OF)))


def _about_the_paper(sheet: Sheet, main: Printed) -> Texts:
    """Return what the paper proves, and what its square code is, one after the other in each language."""
    said = (
        marked("The square code is the handover code. Either agency compares it with its own record.")
        if _is_compared(main)
        else marked("The square code holds the number of the message and its commitment, as at the foot.")
    )
    attached = marked(
        "The file of this paper has the same content attached as JSON. Paper is a copy; "
        "what proves the message is the ledger that both sides hold."
    )
    return [" ".join(texts) for texts in zip(sheet.words(attached), sheet.words(said), strict=True)]


def _is_compared(main: Printed) -> bool:
    return main.row.type in (RECORD, DEPARTURE)


def _qr(main: Printed) -> str:
    import segno  # a node prints seldom, and this is 2 MB

    text = main.token if _is_compared(main) else f"{main.row.id} {main.row.commitment}"
    drawn = io.BytesIO()
    segno.make_qr(text, error="m").save(
        drawn, kind="svg", border=0, xmldecl=False, svgns=True, omitsize=True, nl=False
    )
    return drawn.getvalue().decode("ascii")


def _head(sheet: Sheet, opened: Opened) -> Iterator[str]:
    yield sheet.beside(_title(sheet, opened), "h1")
    if opened.main.row.state in _GONE:
        yield f'<div class="note">{sheet.beside(sheet.words(_NO_EFFECT), "strong")}</div>'
    notes = tuple(draft_note(language) for language in sheet.languages)
    if any(notes):
        yield f'<div class="note">{sheet.beside(notes)}</div>'
    if opened.main.left_out:
        said = marked("Values of class S4 that are not on paper: {count}. Read them in the message itself.")
        yield f'<div class="note">{sheet.beside(sheet.filled(said, count=opened.main.left_out))}</div>'
    yield sheet.facts(list(_message_facts(sheet, opened)))


def _title(sheet: Sheet, opened: Opened) -> Texts:
    if opened.blank:
        return sheet.words(marked("Joint minutes of a handover, to be filled in by hand"))
    if opened.main.row.type == RECORD:
        return sheet.words(marked("Joint minutes of a handover"))
    return tuple(label("message-types", opened.main.row.type, language) for language in sheet.languages)


def _message_facts(sheet: Sheet, opened: Opened) -> Iterator[str]:
    main = opened.main
    form, header = titled_form(main.row.type).members["header"], header_of(main.document)
    for english, agency in ((marked("From"), main.sender), (marked("To"), main.recipient)):
        yield sheet.row(sheet.words(english), [agency_name(agency, each) for each in sheet.languages])
    if header.get("acting_agency") != main.sender and main.row.type != RECORD:
        yield from facts_of(sheet, form, header, ("acting_agency",))
    sent = marked("Sent")
    yield sheet.row(sheet.words(sent), sheet.moment(main.row.created_at))
    number = str(main.row.seq)
    yield sheet.row(sheet.words(marked("Number on this link")), [number] * len(sheet.languages))
    at_the_crossing = _is_compared(main) or opened.blank
    yield from facts_of(sheet, form, header, _AT_THE_CROSSING if at_the_crossing else _HEADER)
    attachments = header.get("attachments")
    if isinstance(attachments, list) and attachments:
        kinds = [one.get("type") for one in attachments if isinstance(one, dict)]
        node = form.at("attachments", "type")
        yield sheet.row(
            sheet.title(form.members["attachments"], "attachments"),
            ["; ".join(texts) for texts in zip(*(sheet.value(node, kind) for kind in kinds), strict=True)],
        )


def _content(sheet: Sheet, opened: Opened) -> Iterator[str]:
    main, kind = opened.main, opened.main.row.type
    if kind == RECORD or opened.blank:
        yield from handover.minutes(sheet, opened)
        return
    form = form_of(main)
    special = {DEPARTURE: handover.final_list, _STATEMENT: balance.balance}.get(kind)
    if special is not None:
        yield from special(sheet, opened)
    else:
        content, cut = content_of(main.document), main.cut_in("/content")
        yield sheet.facts(list(facts_of(sheet, form.members["content"], content, cut=cut)))
        yield from person_sections(sheet, main)
    yield from handover.signature_lines(sheet, [(main.sender, ())])


def _missing_letters(sheet: Sheet, letters: tuple[str, ...]) -> str:
    points = " ".join(f"U+{ord(letter):04X}" for letter in letters)
    said = marked("Letters that this paper may not show rightly: {letters}. They are in the attached file.")
    return f'<div class="note">{sheet.beside(sheet.filled(said, letters=points))}</div>'


def _attached(opened: Opened) -> bytes:
    """Return the content of the paper as JSON, for programs and for whoever copies a name."""
    printed = [_as_json(one) for one in (opened.main, *opened.signatures)]
    value = {**printed[0], "signed_by": printed[1:]}
    if opened.meeting is not None:
        value["handover"] = {"proposal": opened.meeting.terms, "persons": opened.meeting.persons}
    return (json.dumps(value, ensure_ascii=False, indent=1) + "\n").encode("utf-8")


def _as_json(printed: Printed) -> dict[str, object]:
    row = printed.row
    about = {
        "id": row.id,
        "type": row.type,
        "link": row.link,
        "from": printed.sender,
        "to": printed.recipient,
        "seq": row.seq,
        "created": f"{row.created_at:%Y-%m-%dT%H:%M:%S.%fZ}",
        "pc": row.commitment,
    }
    left = {"left_out": printed.left_out, "left_out_of": dict(printed.cut)}
    return {"message": about, **left, "document": printed.document}
