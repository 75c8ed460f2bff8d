# SPDX-License-Identifier: Apache-2.0
"""Values of a document as text in one language: codes by their labels, days with their calendar.

What a person or an officer wrote is given as it is. Names of countries and languages come from Unicode CLDR.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, tzinfo
from typing import Final

from exchange.i18n import label, marked, moment, translations, written_day
from exchange.i18n.places import country_name, language_of
from exchange.messages.document import JsonValue, text_at
from exchange.messages.form_titles import TitledNode
from exchange.messages.form_tree import CHANGED
from exchange.service.papers import NamedMessage

YES, NO, NONE = marked("yes"), marked("no"), marked("none")
_SIDES = frozenset({"host", "origin"})
_NAMED: Final = marked("{type}, sent {moment}, number …{end}")
_END: Final = 8
"""Characters of the number of a message by which it is found; commands take them, too."""
_ON_ONE_LINE = 2
"""Members of a group that are read at once; more stand one below the other."""


@dataclass(frozen=True)
class Around:
    """What a value on paper needs to be read: the zone of its times, and the messages it can name."""

    zone: tzinfo = UTC
    named: Mapping[str, NamedMessage] = field(default_factory=dict)


ALONE: Final = Around()


def said(node: TitledNode | None, value: JsonValue, language: str, around: Around = ALONE) -> str:
    """Return a value of a form as text; groups and lists get a line for each member or item.

    Times are given in the zone of the paper, with its offset. A message that is named is told by its type and
    when it was sent.
    """
    gettext = translations(language).gettext
    match value:
        case None:
            return ""
        case bool():
            return gettext(YES if value else NO)
        case int():
            return str(value)
        case str():
            return _text(node, value, language, around)
        case list():
            return _list(node, value, language, around) or gettext(NONE)
        case dict():
            return _group(node, value, language, around)


def title(node: TitledNode | None, name: str, language: str) -> str:
    """Return what a member is called; a member of a newer form by its name on the wire."""
    return translations(language).gettext(node.title) if node is not None and node.title else name


def agency_name(code: str, language: str) -> str:
    """Return the name of an agency with its code."""
    known = label("agencies", code, language)
    return code if known == code else f"{known} ({code})"


def choice(value: str, language: str) -> str:
    """Return a value of a closed set that is no code list, in words."""
    return translations(language).gettext(value.replace("_", " "))


def _text(node: TitledNode | None, value: str, language: str, around: Around) -> str:
    if node is None:
        return value
    if node.kind == "agency":
        return agency_name(value, language)
    if node.kind == "country":
        return country_name(value, language)
    if node.kind == "language" or node.code_list == "languages":
        return language_of(value, language)
    if node.code_list:
        return label(node.code_list, value, language)
    if value in node.choices:
        known = value in _SIDES
        return label("case-roles", value, language) if known else choice(value, language)
    if node.kind in ("instant", "message_id"):
        return _in_its_world(node, value, language, around)
    return written_day(value, language) if node.kind == "day" or node.title == "Year, month or day" else value


def _in_its_world(node: TitledNode, value: str, language: str, around: Around) -> str:
    """Return an instant in the zone of the paper, or a message that is named; one not here by its number."""
    if node.kind == "instant":
        return moment(datetime.fromisoformat(value), language, around.zone)
    return _message(value, language, around) if value in around.named else value


def _message(number: str, language: str, around: Around) -> str:
    """Return a message as people know it, with the end of its number; the attached file has the whole one."""
    named = around.named[number]
    return (
        translations(language)
        .gettext(_NAMED)
        .format(
            type=label("message-types", named.type, language),
            moment=moment(named.sent_at, language, around.zone),
            end=number[-_END:],
        )
    )


def _list(node: TitledNode | None, value: list[JsonValue], language: str, around: Around) -> str:
    items = node.items if node is not None else None
    texts = [said(items, item, language, around) for item in value]
    simple = not any(isinstance(item, dict | list) for item in value)
    return ("; " if simple else "\n").join(texts)


def _group(node: TitledNode | None, value: dict[str, JsonValue], language: str, around: Around) -> str:
    if isinstance(value.get("full"), str):
        return text_at(value, "full")
    if node is not None and node.kind == "exact_message" and text_at(value, "id") in around.named:
        return _message(text_at(value, "id"), language, around)
    titled = node.members if node is not None else {}
    formed, value = _placed(node, value, language)
    shown = [(name, item) for name, item in value.items() if item not in (None, "")]
    if not shown:
        return translations(language).gettext(NONE)
    texts = [
        f"{title(titled.get(name), name, language)}: {said(formed.get(name), item, language, around)}"
        for name, item in shown
    ]
    return "\n".join(texts) if len(texts) > _ON_ONE_LINE else "; ".join(texts)


def _placed(
    node: TitledNode | None, value: dict[str, JsonValue], language: str
) -> tuple[Mapping[str, TitledNode], dict[str, JsonValue]]:
    """Return the forms of the members of a group, and its values; a change says its place in words.

    What is changed has the form of its place. A place that only a newer form has stays a pointer.
    """
    if node is None or node.about is None:
        return (node.members if node else {}), value
    try:
        steps = node.about.steps_to(text_at(value, "pointer"))
    except KeyError:
        return node.members, value
    titles = [f"{title(step, '', language)} {entry or ''}".strip() for step, entry in steps]
    last, entry = steps[-1] if steps else (None, 0)
    end = last.items if last and entry else last
    formed = {**node.members, **{name: end for name in CHANGED if end}}
    return formed, {**value, "pointer": ", ".join(titles)}
