# SPDX-License-Identifier: Apache-2.0
"""The annex of one version of an agreement as a single HTML page for A4, without script and outside files.

The fonts of its languages are inside: a machine without a Khmer font would print boxes.

Every sentence stands in English and below it in the languages of the two sides. The digest of the version
stands on every printed page: a footer that browsers repeat, with room kept free for it by the foot of the
table that holds the page. Texts that come from the agreement are text: escaped, each in a `bdi`.

    Path("annex.html").write_text(annex(agreement, signed={"own": True, "partner": True}, own=agency))

What the annex says is read from the agreement alone, so both sides print the same terms.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from importlib.resources import files

from exchange.i18n.fonts import faces_inside
from exchange.ids import AgencyCode
from exchange.interfaces.annex.texts import ENGLISH, LOCAL, Words, words_in
from exchange.messages.codelists import agencies, checkpoints
from exchange.protocol.agreement import Agreement, Party
from exchange.protocol.terms import Deadline, Span
from exchange.protocol.words import shown, words

_POLICY = "default-src 'none'; style-src 'unsafe-inline'; font-src data:"


@dataclass(frozen=True)
class _Sheet:
    """One annex: its agreement, its languages, and who has signed."""

    agreement: Agreement
    tongues: tuple[Words, ...]
    """English first."""
    signed: Mapping[AgencyCode, bool]
    training: bool

    def say(self, key: str) -> str:
        """Return a label in every language."""
        return _stacked([(words.language, words.labels[key]) for words in self.tongues])

    def name(self, kind: str, code: str) -> str:
        """Return the name of a code in every language; one that nobody named is its own name."""
        said = [(words.language, getattr(words, kind).get(code, "")) for words in self.tongues]
        return _stacked([(language, text) for language, text in said if text]) or _text(code)


def annex(
    agreement: Agreement,
    *,
    signed: Mapping[str, bool],
    own: AgencyCode,
    languages: Sequence[str] = (),
    training: bool = False,
) -> str:
    """Return the page; `languages` are those beside English, by default those of the two sides.

    Takes about two seconds: the fingerprints in words are slow on purpose.

    Raises:
        UsageError: a language without texts.
    """
    partner = agreement.other(own).agency
    sheet = _Sheet(
        agreement=agreement,
        tongues=tuple(words_in(code) for code in (ENGLISH, *(languages or _languages_of(agreement)))),
        signed={own: signed["own"], partner: signed["partner"]},
        training=training,
    )
    sections = (_head, _parties, _version, _types, _deadlines, _sides, _release, _keeping, _signatures)
    return _page(sheet, "\n".join(part for section in sections for part in section(sheet)))


def _languages_of(agreement: Agreement) -> tuple[str, ...]:
    spoken = [language for side in agreement.terms.sides for language in side.languages]
    return tuple(dict.fromkeys(language for language in spoken if language in LOCAL))


def _page(sheet: _Sheet, body: str) -> str:
    agreement = sheet.agreement
    fonts = faces_inside({words.language for words in sheet.tongues})
    style = (files("exchange.interfaces.annex") / "style.css").read_text("utf-8")
    title = f"{agreement.profile} {agreement.n} {agreement.digest}"
    both = ", ".join(party.agency for party in agreement.parties)
    foot = f"{_text(both)} · {sheet.tongues[0].labels['version']} {agreement.n} · {_code(agreement.digest)}"
    return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="{_POLICY}">
<title>{_text(title)}</title>
<style>
{fonts}
{style}</style>
</head>
<body>
<table class="sheet" role="presentation">
<tfoot><tr><td><div class="space"></div></td></tr></tfoot>
<tbody><tr><td>
<main>
{body}
</main>
</td></tr></tbody>
</table>
<div class="foot">{foot}</div>
</body>
</html>
"""


def _head(sheet: _Sheet) -> Iterator[str]:
    if sheet.training:
        yield f'<div class="band">{sheet.say("training")}</div>'
    yield f"<h1>{sheet.say('title')}</h1>"
    yield f'<p class="lead">{sheet.say("subject")}</p>'
    terms = sheet.agreement.terms
    yield f'<p class="lead"><strong><bdi>{_text(terms.title)}</bdi></strong></p>'
    if not all(sheet.signed.values()):
        yield f'<div class="band">{sheet.say("unsigned")}</div>'
    if any(words.is_draft for words in sheet.tongues):
        yield f'<div class="note">{sheet.say("draft")}</div>'
    yield f'<div class="note"><bdi>{_text(terms.note)}</bdi></div>'


def _parties(sheet: _Sheet) -> Iterator[str]:
    yield f"<h2>{sheet.say('parties')}</h2>"
    first, second = sheet.agreement.parties
    rows = [
        ("agency", *(_agency(party) for party in (first, second))),
        ("node", *(_code(party.node) for party in (first, second))),
        ("key", *(_code(party.recovery.kid) for party in (first, second))),
        ("key_words", *(_text(_key_words(sheet, party)) for party in (first, second))),
        ("signed_electronically", *(_signed(sheet, party) for party in (first, second))),
    ]
    yield _table((), [(sheet.say(key), one, other) for key, one, other in rows], widths=(24, 38, 38))


def _agency(party: Party) -> str:
    known = agencies().get(party.agency)
    return f"{_code(party.agency)}<br>{_text(known.label if known else '')}"


def _key_words(sheet: _Sheet, party: Party) -> str:
    return shown(words(party.recovery.raw, sheet.agreement.link_id))


def _signed(sheet: _Sheet, party: Party) -> str:
    return sheet.say("yes" if sheet.signed[party.agency] else "not_yet")


def _version(sheet: _Sheet) -> Iterator[str]:
    agreement = sheet.agreement
    rows = [
        ("version", str(agreement.n)),
        ("profile", f"{_text(agreement.profile)} {_text(agreement.terms.version)}"),
        ("link", _code(agreement.link_id)),
        ("suite", sheet.say(f"suite_{int(agreement.suite)}")),
        ("digest", _code(agreement.digest)),
        ("words", f"<strong>{_text(shown(words(agreement.raw, agreement.link_id)))}</strong>"),
        ("previous", _code(agreement.previous) if agreement.previous else sheet.say("none")),
    ]
    table = _table((), [(sheet.say(key), value) for key, value in rows], widths=(34, 66))
    yield f'<section class="whole"><h2>{sheet.say("version_section")}</h2>{table}</section>'


def _types(sheet: _Sheet) -> Iterator[str]:
    yield f"<h2>{sheet.say('types_section')}</h2>"
    rows = [
        (_code(code), sheet.name("types", code), sheet.say(f"role_{role}"))
        for code, role in sheet.agreement.terms.types.items()
    ]
    yield _table((sheet.say("code"), sheet.say("type"), sheet.say("sent_by")), rows, widths=(10, 55, 35))


def _deadlines(sheet: _Sheet) -> Iterator[str]:
    terms = sheet.agreement.terms
    yield f"<h2>{sheet.say('deadlines_section')}</h2>"
    yield f"<p>{sheet.say('silence')}</p>"
    rows = [
        (
            f"{sheet.name('deadlines', row.code)}{_code(row.code)}",
            _time(sheet, row),
            *(_span(sheet, span) if span else "" for span in (row.priority, row.emergency)),
            _calendar(sheet, row.calendar_of),
        )
        for row in terms.deadlines
    ]
    heads = tuple(sheet.say(key) for key in ("deadline", "time", "priority", "emergency", "calendar"))
    yield _table(heads, rows, widths=(36, 18, 14, 14, 18))
    for rule in terms.instead:
        steps = ", ".join(_code(step) for step in rule.steps)
        yield f"<p>{sheet.say('instead')}</p><p>{_text(rule.country)}, {_code(rule.code)}: {steps}</p>"


def _time(sheet: _Sheet, row: Deadline) -> str:
    marks = [sheet.say(key) for key, holds in (("at_most", row.maximum), ("internal", row.internal)) if holds]
    return _span(sheet, Span(row.amount, row.unit)) + "".join(marks)


def _span(sheet: _Sheet, span: Span) -> str:
    key = f"unit_{span.unit.value}"
    return _stacked([(words.language, f"{span.amount} {words.labels[key]}") for words in sheet.tongues])


def _calendar(sheet: _Sheet, calendar_of: str) -> str:
    return _text(calendar_of) if calendar_of.isupper() else sheet.say(f"of_{calendar_of}")


def _sides(sheet: _Sheet) -> Iterator[str]:
    terms = sheet.agreement.terms
    yield f"<h2>{sheet.say('sides_section')}</h2>"
    rows = [
        (
            _text(side.country),
            _text(", ".join(str(day) for day in side.days)),
            "<br>".join(_text(f"{hours.opens:%H:%M}-{hours.closes:%H:%M}") for hours in side.hours),
            _text(side.zone),
            _text(", ".join(side.languages)),
        )
        for side in terms.sides
    ]
    heads = tuple(sheet.say(key) for key in ("country", "days", "hours", "zone", "languages"))
    yield _table(heads, rows, widths=(14, 24, 22, 22, 18))
    known = checkpoints()
    crossings = [f"{code} {known[code].label if code in known else ''}".strip() for code in terms.checkpoints]
    facts = [
        (sheet.say("cut_off"), _text(f"{terms.cut_off_hour}:00")),
        (sheet.say("languages"), _text(", ".join(terms.languages))),
        (sheet.say("crossings"), "<br>".join(_text(crossing) for crossing in crossings)),
    ]
    yield _table((), facts, widths=(40, 60))


def _release(sheet: _Sheet) -> Iterator[str]:
    yield f"<h2>{sheet.say('release_section')}</h2>"
    rows = [
        (
            sheet.name("acts", rule.act),
            str(rule.persons),
            str(rule.emergency_hours) if rule.emergency_hours else sheet.say("never"),
        )
        for rule in sheet.agreement.terms.release
    ]
    heads = tuple(sheet.say(key) for key in ("act", "persons", "follow_hours"))
    yield _table(heads, rows, widths=(52, 16, 32))


def _keeping(sheet: _Sheet) -> Iterator[str]:
    terms = sheet.agreement.terms
    yield f"<h2>{sheet.say('keeping_section')}</h2>"
    rows = [(sheet.say(f"retention_{name}"), str(value)) for name, value in vars(terms.retention).items()]
    rows += [(sheet.say("expires_days"), str(terms.expires_days))]
    limits = ("notice_persons", "attachments", "attachment_bytes")
    rows += [(sheet.say(name), str(getattr(terms.limits, name))) for name in limits]
    rows += [(sheet.say("statistics_threshold"), str(terms.statistics_threshold))]
    rows += [(sheet.say("opened_leaf"), sheet.say("yes") if terms.opened_leaf else sheet.say("none"))]
    yield _table((), rows, widths=(72, 28))


def _signatures(sheet: _Sheet) -> Iterator[str]:
    lines = "".join(
        f'<div class="line"></div>{sheet.say(key)}'
        for key in ("signature", "full_name", "function", "place_date")
    )
    blocks = "".join(
        f"<div><strong>{sheet.say('for')}</strong><br>{_agency(party)}{lines}"
        f'<div class="seal">{sheet.say("seal")}</div></div>'
        for party in sheet.agreement.parties
    )
    heading = f"<h2>{sheet.say('signatures_section')}</h2>"
    yield f'<section class="whole">{heading}<div class="sign">{blocks}</div></section>'


def _table(heads: Sequence[str], rows: Sequence[Sequence[str]], *, widths: Sequence[int]) -> str:
    columns = "".join(f'<col style="width:{width}%">' for width in widths)
    head = "".join(f'<th scope="col">{cell}</th>' for cell in heads)
    lines = "\n".join(_row(row, named=not heads) for row in rows)
    top = f"<thead><tr>{head}</tr></thead>" if heads else ""
    return f'<table class="data"><colgroup>{columns}</colgroup>{top}<tbody>\n{lines}\n</tbody></table>'


def _row(cells: Sequence[str], *, named: bool) -> str:
    """Return a row; the first cell names it where no heading does."""
    first, *rest = cells
    name = f'<th scope="row">{first}</th>' if named else f"<td>{first}</td>"
    return f"<tr>{name}{''.join(f'<td>{cell}</td>' for cell in rest)}</tr>"


def _stacked(said: Sequence[tuple[str, str]]) -> str:
    """Return the same in several languages: English, the others below it; what is equal stands once."""
    lines: list[str] = []
    seen: set[str] = set()
    for language, text in said:
        if text in seen:
            continue
        seen.add(text)
        kind = "" if language == ENGLISH else ' class="local"'
        lines.append(f'<span lang="{language}"{kind}>{_text(text)}</span>')
    return "".join(lines)


def _code(text: str) -> str:
    return f'<bdi class="code">{_text(text)}</bdi>'


def _text(text: str) -> str:
    return escape(str(text), quote=True)
