# SPDX-License-Identifier: Apache-2.0
"""The questions of a form, one for each member, made from the schema files: for pages and paper.

1. First come the members that the smallest file of the type has (`blanks`), in its order; then, as `more`,
   every other member that the form allows. What the program fills by itself is never asked.
2. A question has one field: a line, a text, a code of a list, a day, a group of fields, a list of groups …
3. Inside a group what must be there comes first; the others are `rare`. `needed` is only what the program
   cannot fill.
4. Titles and explanations are those of the schema files, in English; whoever shows them translates them.
5. A text that is written in one way only has a `form`, with an example on the page; a country, a script and a
   language are chosen from a list, and a birth is a year, a month or a day.
6. The same fields, all of them and with every member that must stay, are what an amendment or a correction
   can change (`fields_of_part`, `fields_of_person_block`).

Nothing is judged here: what a value may be, `forms` and `validation` say.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import cache
from typing import Any, Literal

from exchange.messages.blanks import blank
from exchange.messages.catalog import FORMS, MessageType, message_types
from exchange.messages.document import RELEASE_FIELDS, Document, JsonValue
from exchange.messages.filling import usual_purpose
from exchange.messages.form_tree import PERSON
from exchange.messages.schemas import HEADER, schemas

Part = Literal["header", "content", "persons"]
_FILLED = frozenset(RELEASE_FIELDS) | {
    "type",
    "type_version",
    "list_versions",
    "attachments",
    "officer",
    "case_codes",
    "case_code",
    "batch",
    "persons_count",
    "children_count",
    "sensitivity",
    "signatory",
    "countersigns",
    "confirms",
    "photograph",
    "fingerprints",
    "attachment",
    "movement_code",
    "acting_agency",
    "in_reply_to",
}
"""Members that the program fills, or that name an attachment, a number or a commitment."""
_MAY_BE_URGENT = frozenset({"INC"})
"""Types of which the urgency is asked at once, because a life may hang on it."""
FILES = frozenset({"photograph", "fingerprints"})
"""Members of a person that stand for files: a correction can say that there should be none."""
_FILLED_BELOW = frozenset({"attachment"})
_NUMBER_PATTERN = "^[0-9a-f]{8}-"
_AT_ONCE = frozenset(
    {
        ("birth", "value"),
        ("guardian", "agency"),
        ("guardian", "name"),
        ("receiver", "agency"),
        ("receiver", "name"),
    }
)
"""Members, by their group, that are missed with a usual answer beside them: never closed at first."""
_FOLLOWS_FROM_VALUE = frozenset({("birth", "precision")})
"""Members that what is entered beside them shows."""
_FORMS_BY_PATTERN = (("^\\+", "telephone"), ("^([01][0-9]|2[0-3]):", "clock"), ("^[A-Z0-9-]{1,16}$", "ref"))
"""Beginnings of patterns that stand in one place of the schema files."""


class Kind(StrEnum):
    LINE = "line"
    NOTE = "note"
    CODE = "code"
    CODES = "codes"
    YES_NO = "yes_no"
    NUMBER = "number"
    DAY = "day"
    INSTANT = "instant"
    MESSAGE = "message"
    """The number of an earlier message."""
    LINES = "lines"
    """Several short texts, one in each line."""
    PART_DAY = "part_day"
    """A year, a month or a day."""
    COUNTRY = "country"
    SCRIPT = "script"
    LANGUAGE = "language"
    LANGUAGES = "languages"
    GROUP = "group"
    GROUPS = "groups"


@dataclass(frozen=True)
class Field:
    """One place where something is entered."""

    name: str
    title: str
    explanation: str
    kind: Kind
    needed: bool
    rare: bool = False
    """Shown after the others of its group, closed at first."""
    code_list: str = ""
    is_open: bool = False
    """Other values than the codes of the list are allowed."""
    choices: tuple[str, ...] = ()
    """Codes that stand in the form itself, or those of the list that are possible here."""
    words: tuple[tuple[str, str], ...] = ()
    """What stands for a choice where no list and no translation says it: the name of an officer."""
    longest: int = 0
    fields: tuple["Field", ...] = ()
    """Of a group, or of each group of a list."""
    most: int = 0
    least: int = 0
    """Entries of a list that are needed at least; with 0 an empty list is an answer."""
    pattern: str = ""
    """Of a text, or of each line."""
    form: str = ""
    """How it is written: `officer`, `case_code`, `telephone`, `clock`, `ref`, `other`; "" in words."""
    is_filled: bool = False
    """The form needs it, and the program can fill it."""

    def words_of(self, code: str) -> str:
        """Return what stands for a choice, "" if its list says it."""
        return dict(self.words).get(code, "")


@dataclass(frozen=True)
class Question:
    """One question: a member of the header, of the content, or of each person."""

    part: Part
    field: Field
    more: bool = False
    """It is asked only if somebody wants to say more."""

    @property
    def name(self) -> str:
        return self.field.name


@cache
def questions_of(type_code: str) -> tuple[Question, ...]:
    """Return the questions of an installed type, in the order in which they are asked."""
    form = FORMS[type_code]
    schema, least = schemas()[form.schema], blank(type_code)
    persons = least.get("persons")
    first = persons[0] if isinstance(persons, list) and persons else {}
    line = schema["$defs"].get(form.line, {})
    found = [
        *_questions("content", schema["properties"]["content"], form.schema, _inner(least, "content")),
        *_questions("persons", line, form.schema, first if isinstance(first, dict) else {}),
        *_questions(
            "header", schemas()[HEADER], HEADER, least, only={"purpose", "event_at", "urgency", "remark"}
        ),
    ]
    refused = _refused_header(schema)
    kept = [one for one in found if not (one.part == "header" and one.name in refused)]
    row = message_types()[type_code]
    shown = [_with_purposes(one, row) for one in kept if one.name != "purpose" or len(row.purposes) > 1]
    if type_code in _MAY_BE_URGENT:
        shown = [replace(one, more=one.more and one.name != "urgency") for one in shown]
    shown = [_with_consents(one, type_code) for one in shown]
    order = [*least, *(first if isinstance(first, dict) else ())]
    return tuple(sorted(shown, key=lambda one: (one.more, _place(order, one.name))))


@cache
def fields_of_part(type_code: str, part: Part) -> tuple[Field, ...]:
    """Return every field of the content, or of one person, of an installed type."""
    form = FORMS[type_code]
    schema = schemas()[form.schema]
    below = schema["properties"]["content"] if part == "content" else schema["$defs"].get(form.line, {})
    return _fields_below(below, form.schema)


@cache
def fields_of_person_block() -> tuple[Field, ...]:
    """Return every field of a person, whatever type speaks of it."""
    return _fields_below(schemas()[PERSON], PERSON, also=FILES)


def _fields_below(
    schema: Mapping[str, Any], base: str, *, also: frozenset[str] = frozenset()
) -> tuple[Field, ...]:
    return tuple(field for field in _below(schema, base, None, "") if field.name not in _FILLED - also)


def _inner(least: Document, part: str) -> Mapping[str, JsonValue]:
    inner = least.get(part)
    return {**least, **(inner if isinstance(inner, dict) else {})}


def _refused_header(schema: Mapping[str, Any]) -> set[str]:
    header = schema["properties"]["header"].get("properties", {})
    return {name for name, part in header.items() if part is False}


def _with_purposes(question: Question, row: MessageType) -> Question:
    """Return a question; that for the purpose with those of the type, and only if none is usual."""
    if question.name != "purpose":
        return question
    field, asked, choices = question.field, not usual_purpose(row), tuple(sorted(row.purposes))
    narrowed = Field(
        field.name, field.title, field.explanation, Kind.CODE, asked, code_list="purposes", choices=choices
    )
    return Question(question.part, narrowed, more=not asked)


def _with_consents(question: Question, type_code: str) -> Question:
    """Return the question about consents as one that needs an answer, where the type demands a consent."""
    if question.name != "consents" or question.more or not message_types()[type_code].consents:
        return question
    return replace(question, field=replace(question.field, needed=True))


def _place(order: list[str], name: str) -> int:
    return order.index(name) if name in order else len(order)


def _questions(
    part: Part,
    schema: Mapping[str, Any],
    base: str,
    least: Mapping[str, JsonValue],
    *,
    only: set[str] | None = None,
) -> Iterator[Question]:
    needed = set(schema.get("required", ()))
    for name, below in schema.get("properties", {}).items():
        if name in _FILLED or not isinstance(below, dict) or "const" in below or (only and name not in only):
            continue
        more = name not in least
        yield Question(
            part, _field(name, below, base, least.get(name), needed=name in needed and not more), more
        )


def _field(
    name: str,
    schema: Mapping[str, Any],
    base: str,
    least: JsonValue,
    *,
    needed: bool,
    rare: bool = False,
    is_filled: bool = False,
) -> Field:
    merged, base = _resolved(schema, base)
    kind = _kind(merged, base)
    below = merged.get("items", {}) if merged.get("type") == "array" else {}
    inner, inner_base = _resolved(below, base) if below else (merged, base)
    of_one = least[0] if isinstance(least, list) and least else least
    holder = inner if kind is Kind.GROUPS else merged
    return Field(
        name=name,
        title=str(merged.get("title") or name.replace("_", " ")),
        explanation=_explanation(merged),
        kind=kind,
        needed=needed,
        rare=rare,
        code_list=str(inner.get("x-list") or ""),
        is_open=inner.get("x-list-open") is True,
        choices=tuple(inner.get("enum", ())),
        longest=int(inner.get("maxLength", 0)),
        fields=_below(holder, inner_base, of_one, name) if kind in {Kind.GROUP, Kind.GROUPS} else (),
        most=int(merged.get("maxItems", 0)),
        least=int(merged.get("minItems", 0)),
        pattern=str(inner.get("pattern", "")) if kind in {Kind.LINE, Kind.LINES} else "",
        form=_form_of(str(inner.get("pattern", ""))) if kind in {Kind.LINE, Kind.LINES} else "",
        is_filled=is_filled,
    )


def _explanation(schema: Mapping[str, Any]) -> str:
    """Return what explains a member; what explains a kind of value in general is for programmers."""
    said = str(schema.get("description") or "")
    kinds: Mapping[str, Any] = schemas()[HEADER]["$defs"]
    return "" if said in {kind.get("description") for kind in kinds.values()} else said


def _below(schema: Mapping[str, Any], base: str, least: JsonValue, group: str) -> tuple[Field, ...]:
    known = least if isinstance(least, dict) else {}
    required = set(schema.get("required", ()))
    needed = {
        name for name in required if name in (known or required) and (group, name) not in _FOLLOWS_FROM_VALUE
    }
    at_once = {name for of, name in _AT_ONCE if of == group}
    found = [
        _field(
            name,
            below,
            base,
            known.get(name),
            needed=name in needed,
            rare=name not in known and name not in required | at_once,
            is_filled=name in required - needed,
        )
        for name, below in schema.get("properties", {}).items()
        if isinstance(below, dict) and name not in _FILLED_BELOW and "const" not in below
    ]
    return tuple(sorted(found, key=lambda field: (field.rare, field.name not in known)))


def _kind(schema: Mapping[str, Any], base: str) -> Kind:
    match schema.get("type"):
        case "boolean":
            return Kind.YES_NO
        case "integer":
            return Kind.NUMBER
        case "object":
            return Kind.GROUP
        case "array":
            inner, _ = _resolved(schema.get("items", {}), base)
            if inner.get("type") == "object":
                return Kind.GROUPS
            if _text_kind(inner) is Kind.LANGUAGE:
                return Kind.LANGUAGES
            return Kind.CODES if _is_code(inner) else Kind.LINES
    return _text_kind(schema)


def _text_kind(schema: Mapping[str, Any]) -> Kind:
    pattern = str(schema.get("pattern", ""))
    if _is_code(schema):
        return Kind.CODE
    if pattern.startswith(_NUMBER_PATTERN):
        return Kind.MESSAGE
    return _kinds_by_pattern().get(pattern, Kind.LINE)


@cache
def _kinds_by_pattern() -> Mapping[str, Kind]:
    """Return the kinds of text that their pattern shows."""
    person = schemas()[PERSON]["$defs"]
    return {
        _pattern("day"): Kind.DAY,
        _pattern("instant"): Kind.INSTANT,
        _pattern("note"): Kind.NOTE,
        _pattern("country"): Kind.COUNTRY,
        _pattern("language"): Kind.LANGUAGE,
        str(person["name"]["properties"]["script"]["pattern"]): Kind.SCRIPT,
        str(person["birth"]["properties"]["value"]["pattern"]): Kind.PART_DAY,
    }


def _form_of(pattern: str) -> str:
    """Return in which way a text is written, "" if in words."""
    if pattern in ("", _pattern("line"), _pattern("note")):
        return ""
    for name in ("officer", "case_code"):
        if pattern == _pattern(name):
            return name
    return next((form for begin, form in _FORMS_BY_PATTERN if pattern.startswith(begin)), "other")


def _is_code(schema: Mapping[str, Any]) -> bool:
    return "enum" in schema or ("x-list" in schema and not schema.get("x-list-open"))


def _pattern(name: str) -> str:
    return str(schemas()[HEADER]["$defs"][name]["pattern"])


def _resolved(schema: Mapping[str, Any], base: str) -> tuple[dict[str, Any], str]:
    """Return a schema with its references followed; what stands beside a reference wins."""
    if "anyOf" in schema and "$ref" not in schema and "type" not in schema:
        first, base = _resolved(schema["anyOf"][0], base)
        return {**first, **{key: value for key, value in schema.items() if key != "anyOf"}}, base
    if "$ref" not in schema:
        return dict(schema), base
    name, _, steps = str(schema["$ref"]).partition("#")
    base = name or base
    target: Any = schemas()[base]
    for step in steps.split("/")[1:]:
        target = target[step]
    found, base = _resolved(target, base)
    return {**found, **{key: value for key, value in schema.items() if key != "$ref"}}, base
