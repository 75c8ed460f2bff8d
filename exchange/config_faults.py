# SPDX-License-Identifier: Apache-2.0
"""Says in our own words what is wrong in the settings of a node, and what would be right.

1. A file that is no TOML: the line, never its text, because a secret may stand there. A section that stands
   above already is told as that: whoever copies one from a guide does not see the one that is there.
2. A setting: its line, or the variable that sets it, its section and name, and what it should be. The first
   fault only; the next start finds the next one.
3. A name that does not exist: the nearest name of that section.

No value of a setting is quoted, and no text of a library is shown but the ones of our own validators.
"""

import os
import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from types import MappingProxyType
from typing import Final, get_args

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

TOML_HINT: Final = (
    'a section is [name], a setting is name = value, and a text stands in quotes: address = ""\n'
    "the fault may stand at the end of the line before"
)
TWICE_HINT: Final = (
    "each section and each setting stands once: write it where it stands above\n"
    "[[staff.webhook]] needs that the line webhook = [] in [staff] goes"
)
_TWICE: Final = re.compile(r"Cannot (?:declare|overwrite|mutate) ", re.ASCII)
"""How the library begins to say that a name has its value already."""
_LINE: Final = re.compile(r"at line (?P<line>[0-9]+)", re.ASCII)
_HEADING: Final = re.compile(r"\s*\[\s*(?P<name>[a-z_]+)\s*\]")
_OWN: Final = "Value error, "
"""What the library puts before a sentence of our own."""
_SENTENCES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "missing": "missing",
        "int_type": "not a whole number",
        "int_parsing": "not a whole number",
        "int_from_float": "not a whole number",
        "bool_type": "not true or false",
        "bool_parsing": "not true or false",
        "string_type": "not a text in quotes",
        "list_type": "not a list in square brackets",
        "tuple_type": "not a list in square brackets",
        "dict_type": "not a section",
        "model_type": "not a section",
        "greater_than_equal": "smaller than {ge}",
        "less_than_equal": "larger than {le}",
        "string_too_short": "fewer than {min_length} characters",
        "string_too_long": "more than {max_length} characters",
        "too_short": "fewer than {min_length} entries",
        "too_long": "more than {max_length} entries",
        "literal_error": "not one of {expected}",
    }
)
_OTHER: Final = "not in the form of this setting"


@dataclass(frozen=True)
class SettingFault:
    """What is wrong with one setting."""

    steps: tuple[str, ...]
    """Section, then name; a number for one of several sections of a name."""
    sentence: str
    hint: str = ""

    @property
    def name(self) -> str:
        """The setting as people say it: `door.port`, or `tsa.url, number 2`."""
        names = ".".join(step for step in self.steps if not step.isdigit())
        place = next((f", number {int(step) + 1}" for step in self.steps if step.isdigit()), "")
        return f"{names or 'settings'}{place}"


def toml_fault(error: tomllib.TOMLDecodeError) -> SettingFault:
    """Return where a text stops being TOML, and why if it is known."""
    found = _LINE.search(str(error))
    place = f"line {found['line']}" if found else "its last line"
    if _TWICE.match(str(error)):
        return SettingFault((), f"{place} says a second time what stands above", TWICE_HINT)
    return SettingFault((), f"{place} is not TOML", TOML_HINT)


def first_fault(error: ValidationError, settings: type[BaseModel]) -> SettingFault:
    """Return the first fault of settings, in words of this project."""
    first = error.errors(include_input=False, include_url=False)[0]
    steps = tuple(str(step) for step in first["loc"])
    if first["type"] == "extra_forbidden":
        return _unknown(steps, settings)
    return SettingFault(steps, _sentence(first))


def place_of(fault: SettingFault, text: str) -> str:
    """Return `, line 7` for a setting of a section that stands once, or the variable that sets it."""
    if len(fault.steps) != 2:
        return ""
    section, name = fault.steps
    variable = f"EXCHANGE_{section}__{name}".upper()
    if variable in {each.upper() for each in os.environ}:
        return f", but set by {variable}"
    within = ""
    for number, line in enumerate(text.splitlines(), start=1):
        if found := _HEADING.match(line):
            within = found["name"]
        elif within == section and line.partition("=")[0].strip() == name:
            return f", line {number}"
    return ""


def _sentence(first: ErrorDetails) -> str:
    if first["type"] == "value_error":
        return first["msg"].removeprefix(_OWN)
    return _SENTENCES.get(first["type"], _OTHER).format_map(first.get("ctx", {}))


def _unknown(steps: tuple[str, ...], settings: type[BaseModel]) -> SettingFault:
    *above, name = steps
    known = _names(settings, above)
    near = get_close_matches(name, known, n=1, cutoff=0.6)
    hint = f"did you mean {near[0]}" if near else f"known: {', '.join(known)}"
    return SettingFault(steps, "there is no such setting" if above else "there is no such section", hint)


def _names(model: type[BaseModel], above: Sequence[str]) -> list[str]:
    """Return the names that may stand in a section."""
    for step in (one for one in above if not one.isdigit()):
        annotation = model.model_fields[step].annotation
        inner = next((one for one in (annotation, *get_args(annotation)) if _is_model(one)), None)
        if inner is None:
            return []
        model = inner
    return list(model.model_fields)


def _is_model(kind: object) -> bool:
    return isinstance(kind, type) and issubclass(kind, BaseModel)
