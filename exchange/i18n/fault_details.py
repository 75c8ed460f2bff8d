# SPDX-License-Identifier: Apache-2.0
"""What a fault expects and hints at, in the words of an officer: never a code, a member or a command.

1. A number stays; a day, a class, an office or a type of message is said by its name.
2. What the makers of faults write is recognised by its form (`_MEASURES`); what has no form is left out,
   because the sentence of the rule says what to do.
3. Codes of a list become the labels of the list: what is possible, for what a consent is needed, and which
   code is near.
4. A fault of a changed message says so; its place stands apart.

What is left out is told in full on the command line and in the answers to programs.
"""

import re
from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Final

from exchange.i18n.catalogues import marked, translations
from exchange.i18n.days import written_day
from exchange.i18n.labels import label
from exchange.messages.codelists import codelist, list_versions

_NUMBER = re.compile(r"[0-9]+")
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_NAMED_LISTS = ("sensitivity-classes", "agencies", "message-types")
"""Lists whose codes stand alone in what a fault expects."""
_LISTS_OF_RULES: Mapping[str, str] = MappingProxyType(
    {
        "office.function": "agency-functions",
        "office.officer": "agency-functions",
        "purpose.missing": "purposes",
        "purpose.type": "purposes",
        "safeguard.decision": "recommendations",
    }
)
"""Lists from which a rule names what is possible, with `or` between the codes."""
MOST_POSSIBLE: Final = 4
"""More than these are read at the question, which offers all."""
_CODE_OF = re.compile(r"a code of (?P<list>[a-z0-9-]+)")
_NEAREST = re.compile(r'did you mean "(?P<code>[^"]{1,64})"\?')
_WORD = re.compile(r"[a-z0-9_]+")
_SCOPE = re.compile(r'scope"?:? "(?P<scope>[a-z_]+)"')
_SCOPES: Final = "consent-scopes"
_SCOPED = frozenset(f"consent.{name}" for name in ("scope", "ended", "own", "child", "assent", "threat"))
"""Rules whose sentence does not say for what the consent is."""
_IN_CHANGED: Final = "in the changed message at "
_RIGHT_WOULD_BE: Final = marked("Right would be: {value}.")
_POSSIBLE: Final = marked("Possible: {values}.")
_CONSENT_FOR: Final = marked("The consent is for: {scope}.")
_DID_YOU_MEAN: Final = marked("Did you mean “{code}”?")
_AFTER_CHANGE: Final = marked("It is about the message as it would be after the change.")
_MEASURES = (
    (re.compile(r"at most (?P<limit>[0-9]+) characters"), marked("At most {limit} characters.")),
    (re.compile(r"at least 1 characters"), marked("At least one character.")),
    (re.compile(r"at least (?P<limit>[0-9]+) characters"), marked("At least {limit} characters.")),
    (re.compile(r"at most 0 (entries|members)"), marked("Nothing may stand here.")),
    (re.compile(r"at most 1 entries"), marked("At most one entry.")),
    (re.compile(r"at most (?P<limit>[0-9]+) entries"), marked("At most {limit} entries.")),
    (re.compile(r"at least 1 entries"), marked("At least one entry.")),
    (re.compile(r"at least (?P<limit>[0-9]+) entries"), marked("At least {limit} entries.")),
    (re.compile(r"at most 1 members"), marked("At most one field of it.")),
    (re.compile(r"at most (?P<limit>[0-9]+) members"), marked("At most {limit} fields of it.")),
    (re.compile(r"at least 1 members"), marked("At least one field of it.")),
    (re.compile(r"at least (?P<limit>[0-9]+) members"), marked("At least {limit} fields of it.")),
    (re.compile(r"at most (?P<limit>[0-9]+( KiB)?)"), marked("At most {limit}.")),
    (re.compile(r"at least (?P<limit>[0-9]+)"), marked("At least {limit}.")),
    (re.compile(r"(?P<first>[0-9]+) to (?P<last>[0-9]+)"), marked("From {first} to {last}.")),
    (
        re.compile(r"at most (?P<limit>[0-9]+) persons in a session"),
        marked("At most {limit} persons in a session."),
    ),
    (re.compile(r"yes or no"), marked("Enter yes or no.")),
)
"""What the makers of faults write, and how it is said; of two that fit, the first."""


def details(rule: str, *, expected: str, hint: str, language: str) -> Iterator[str]:
    """Yield the sentences that follow the one of the rule."""
    yield from _measure(expected, language)
    yield from _possible(rule, expected, language)
    yield from _scope(rule, f"{expected} {hint}", language)
    if near := _NEAREST.fullmatch(hint):
        yield _said(_DID_YOU_MEAN, language, code=_nearest(near["code"], expected, language))
    if hint.startswith(_IN_CHANGED):
        yield _said(_AFTER_CHANGE, language)


def _measure(expected: str, language: str) -> Iterator[str]:
    if value := _value(expected, language):
        yield _said(_RIGHT_WOULD_BE, language, value=value)
        return
    for pattern, text in _MEASURES:
        if found := pattern.fullmatch(expected):
            yield _said(text, language, **found.groupdict())
            return


def _value(expected: str, language: str) -> str:
    """Return a value that stands alone as it is read, or ""."""
    if _NUMBER.fullmatch(expected):
        return expected
    if _DAY.fullmatch(expected):
        return written_day(expected, language)
    found = next((name for name in _NAMED_LISTS if codelist(name).has(expected)), None)
    return label(found, expected, language) if found else ""


def _possible(rule: str, expected: str, language: str) -> Iterator[str]:
    name, codes = _LISTS_OF_RULES.get(rule), expected.split(" or ")
    if name and len(codes) <= MOST_POSSIBLE and all(codelist(name).has(code) for code in codes):
        labels = (label(name, code, language) for code in codes)
        yield _said(_POSSIBLE, language, values=", ".join(f"“{one}”" for one in labels))


def _scope(rule: str, told: str, language: str) -> Iterator[str]:
    found = _SCOPE.search(told) if rule in _SCOPED else None
    if found and codelist(_SCOPES).has(found["scope"]):
        yield _said(_CONSENT_FOR, language, scope=label(_SCOPES, found["scope"], language))


def _nearest(code: str, expected: str, language: str) -> str:
    """Return a near code as it is read: by its list, or as the words that it is made of."""
    named = _CODE_OF.fullmatch(expected)
    if named and named["list"] in list_versions() and codelist(named["list"]).has(code):
        return label(named["list"], code, language)
    words = code.replace("_", " ") if _WORD.fullmatch(code) else code
    return translations(language).gettext(words)


def _said(text: str, language: str, **values: str) -> str:
    return translations(language).gettext(text).format_map(values)
