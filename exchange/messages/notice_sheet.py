# SPDX-License-Identifier: Apache-2.0
"""The columns in which the persons of repatriation notices are listed, one row a person and a notice.

A row is what an officer would write in a file (`filling`): what the program can know may be left out, and
what only people can know is never added. Consent, identification and everything about a child's decision are
columns like the others, and empty cells are missing members; `none` is an empty list.
"""

from exchange.errors import Fault
from exchange.messages.document import Document, JsonValue
from exchange.messages.sheets import Column, Kind, SheetRow, read_row

_PERSON = ("persons", 0)
_CONSENT = (*_PERSON, "consents", 0)
_ASSENT = (*_PERSON, "consents", 1)


def _person(heading: str, *place: str | int, kind: Kind = Kind.TEXT) -> Column:
    return Column(heading, (*_PERSON, *place), kind)


COLUMNS = (
    _person("name", "names", 0, "full"),
    _person("name script", "names", 0, "script"),
    _person("name kind", "names", 0, "kind"),
    _person("second name", "names", 1, "full"),
    _person("second name script", "names", 1, "script"),
    _person("second name kind", "names", 1, "kind"),
    _person("sex", "sex"),
    _person("born", "birth", "value", kind=Kind.DAY),
    _person("born precision", "birth", "precision"),
    _person("born basis", "birth", "basis"),
    _person("born calendar", "birth", "calendar"),
    _person("child", "is_child", kind=Kind.YES_NO),
    _person("nationality", "nationality", 0, "country"),
    _person("document type", "documents", 0, "type"),
    _person("document number", "documents", 0, "number"),
    _person("document country", "documents", 0, "country"),
    _person("document expires", "documents", 0, "expires", kind=Kind.DAY),
    _person("identification", "identification", "status"),
    _person("identified on", "identification", "on", kind=Kind.DAY),
    Column("consent giver", (*_CONSENT, "giver")),
    Column("consent on", (*_CONSENT, "on"), Kind.DAY),
    Column("child assent on", (*_ASSENT, "on"), Kind.DAY),
    _person("return mode", "return_mode"),
    _person("proceedings", "proceedings", "needed", kind=Kind.YES_NO),
    _person("proceedings note", "proceedings", "text"),
    _person("needs on arrival", "needs_on_arrival", kind=Kind.LIST),
    _person("flags", "flags", kind=Kind.LIST),
    _person("languages spoken", "languages", "spoken", kind=Kind.LIST),
    _person("languages understood", "languages", "understood", kind=Kind.LIST),
    _person("guardian kind", "guardian", "kind"),
    _person("guardian agency", "guardian", "agency"),
    _person("guardian name", "guardian", "name"),
    _person("guardian from", "guardian", "from", kind=Kind.DAY),
    _person("guardian order", "guardian", "order_number"),
    _person("decision", "best_interests", "decision"),
    _person("decision body", "best_interests", "body"),
    _person("decision on", "best_interests", "on", kind=Kind.DAY),
    _person("decision summary", "best_interests", "summary"),
    _person("tracing result", "tracing_result"),
    _person("case", "case_code"),
    Column("proposed from", ("proposed_from",), Kind.DAY),
    Column("proposed to", ("proposed_to",), Kind.DAY),
    Column("checkpoint", ("proposed_checkpoint",)),
    Column("funding", ("funding",)),
    Column("urgency", ("urgency",)),
)
ONE_OF_EACH = ("case", "document number")
"""Columns whose values may not repeat: one case is one person."""
_SCOPE = "return"


def notice_of(row: SheetRow) -> tuple[Document, list[Fault]]:
    """Return the small notice in a row, and what is wrong with its cells.

    A consent stands in the row by who gave it and when: its scope is the return, its state given.
    """
    document, faults = read_row(row, COLUMNS)
    persons = document.get("persons")
    for person in persons if isinstance(persons, list) else ():
        given = person.get("consents") if isinstance(person, dict) else None
        if isinstance(person, dict) and isinstance(given, list):
            person["consents"] = _consents(given)
    return {"type": "RPN", **document}, faults


def _consents(given: list[JsonValue]) -> list[JsonValue]:
    assent: Document = {"giver": "child_assent"}
    return [
        {"scope": _SCOPE, "state": "given", **(assent if at else {}), **one}
        for at, one in enumerate(given)
        if isinstance(one, dict) and one
    ]
