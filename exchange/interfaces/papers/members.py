# SPDX-License-Identifier: Apache-2.0
"""Members of a document as rows: those of a group in the order of its form, a section for each person."""

from collections.abc import Iterable, Iterator, Mapping
from types import MappingProxyType
from typing import Final

from exchange.i18n import marked
from exchange.interfaces.papers.sheet import Sheet, Texts, code, written
from exchange.messages.document import Document, JsonValue, objects_at, persons_of, text_at
from exchange.messages.form_titles import TitledNode, form_with_changes, titled_form
from exchange.service.papers import Printed

_HEADINGS = frozenset({"case_code"})
"""Members that stand in the heading of a person."""
_CUT: Final = marked("Not on paper: {count}. Read the message itself.")
_WHOLE: Final[Mapping[str, int]] = MappingProxyType({})


def facts_of(
    sheet: Sheet,
    form: TitledNode,
    group: Mapping[str, JsonValue],
    names: Iterable[str] | None = None,
    *,
    cut: Mapping[str, int] = _WHOLE,
) -> Iterator[str]:
    """Yield a row for each member that is present; those of a newer form come last.

    A list of which entries are `cut` says so: one without an entry on paper is not said to be empty.
    """
    known = list(form.members) if names is None else list(names)
    late = [] if names is not None else [name for name in group if name not in form.members]
    for name in (*known, *late):
        if name in group:
            node = form.members.get(name)
            yield sheet.row(sheet.title(node, name), _said(sheet, node, group[name], cut.get(name, 0)))


def _said(sheet: Sheet, node: TitledNode | None, value: JsonValue, cut: int) -> Texts:
    if not cut:
        return sheet.value(node, value)
    texts = sheet.value(node, value) if value else [""] * len(sheet.languages)
    return ["\n".join(filter(None, pair)) for pair in zip(texts, cut_words(sheet, cut), strict=True)]


def cut_words(sheet: Sheet, count: int) -> Texts:
    """Return that some entries of a list are not on paper."""
    return sheet.filled(_CUT, count=count)


def form_of(main: Printed) -> TitledNode:
    """Return the tree of a message; its changes know what they change."""
    return form_with_changes(main.row.type, main.changed) if main.changed else titled_form(main.row.type)


def person_sections(sheet: Sheet, main: Printed) -> Iterator[str]:
    """Yield each person or line of a message with all that is said of it, the name on each page of it."""
    form = form_of(main).at("persons")
    line = form.items or form
    for number, person in enumerate(persons_of(main.document), start=1):
        rest = {name: value for name, value in person.items() if name not in _HEADINGS}
        cut = main.cut_in(f"/persons/{number - 1}")
        heading = f"<h2>{number}. {heading_of(person)}</h2>"
        rows = sheet.facts(list(facts_of(sheet, line, rest, cut=cut)), over=heading)
        yield f'<section class="person">{rows}</section>'


def heading_of(person: Document) -> str:
    """Return name and case code of a person as mark-up."""
    names = [text_at(name, "full") for name in objects_at(person, "names")]
    said = f"{written(names[0])} " if names else ""
    return f"{said}{code(text_at(person, 'case_code'))}"
