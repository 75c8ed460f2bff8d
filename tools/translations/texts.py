# SPDX-License-Identifier: Apache-2.0
"""Every text that people read, found where it is written.

1. Templates and code: what Babel finds in calls of gettext, and in `marked(...)`.
2. Labels of the code lists.
3. Titles and explanations of the members of message forms, and words of closed sets that are no code list.

4. Words of packages that know no translation: the questions before a release, the headings of a
   list of persons, the acts of the audit record.

A text that stands in several places is one entry. A text of one word that needs another translation in one
list has an entry of its own in the catalogue, with the list as its context; such entries are kept.
"""

import ast
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from babel.messages.catalog import Catalog
from babel.messages.extract import DEFAULT_KEYWORDS, extract_from_dir

PAGES = "**/templates/**"
METHODS = ((PAGES, "jinja2"), ("**.py", "python"))
OPTIONS = {PAGES: {"silent": "false", "trimmed": "true", "extensions": "jinja2.ext.i18n,jinja2.ext.do"}}
KEYWORDS = {**DEFAULT_KEYWORDS, "marked": None}
COMMENTS = ("translators:",)
QUESTIONS = "exchange/messages/release_questions.py"
HEADINGS = "exchange/messages/notice_sheet.py"
_COLUMNS = frozenset({"Column", "_person"})
_RECORDING = {"AuditRow": 2, "_record": 3, "_saved": 4}
"""Calls that write a line of the audit record, and which argument names the act."""


@dataclass(frozen=True)
class Text:
    """One text and where it stands; `ids` has two for singular and plural."""

    ids: tuple[str, ...]
    place: str
    context: str | None = None
    comments: tuple[str, ...] = ()


def template(root: Path) -> Catalog:
    """Return a catalogue with every text and without translations."""
    found = Catalog(fuzzy=False)
    for text in sorted(texts(root), key=lambda text: text.place):
        one = text.ids[0] if len(text.ids) == 1 else text.ids
        found.add(one, locations=[(text.place, 0)], context=text.context, auto_comments=text.comments)
    return found


def texts(root: Path) -> Iterator[Text]:
    """Yield every text of a tree, the same text once for each place."""
    yield from _of_code(root)
    yield from _of_acts(root)
    yield from _of_questions(root)
    yield from _of_headings(root)
    for path in sorted((root / "schemas" / "codelists").glob("*.json")):
        place = path.relative_to(root).as_posix()
        yield from (Text((row["label"],), place) for row in _json(path).get("codes", []))
    for path in sorted((root / "schemas" / "messages").glob("*.json")):
        place = path.relative_to(root).as_posix()
        yield from (Text((said,), place) for said in dict.fromkeys(_said(_json(path))))


def _of_code(root: Path) -> Iterator[Text]:
    found = extract_from_dir(
        root / "exchange", METHODS, OPTIONS, keywords=KEYWORDS, comment_tags=COMMENTS, strip_comment_tags=True
    )
    for name, _, ids, comments, context in found:
        several = ids if isinstance(ids, tuple) else (ids,)
        yield Text(tuple(several), f"exchange/{name}", context, tuple(comments))


def _of_questions(root: Path) -> Iterator[Text]:
    """Yield the constants of the module that holds the questions."""
    path = root / QUESTIONS
    if path.exists():
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant):
                yield Text((str(node.value.value),), QUESTIONS)


def _of_headings(root: Path) -> Iterator[Text]:
    """Yield the headings of the columns in which persons are listed."""
    path = root / HEADINGS
    for call in ast.walk(ast.parse(path.read_text(encoding="utf-8"))) if path.exists() else ():
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id in _COLUMNS:
            heading = call.args[0]
            if isinstance(heading, ast.Constant) and isinstance(heading.value, str):
                yield Text((heading.value,), HEADINGS)


def _of_acts(root: Path) -> Iterator[Text]:
    """Yield each act in words, as pages show it: `message opened`."""
    for path in sorted((root / "exchange").rglob("*.py")):
        for call in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(call, ast.Call) and isinstance(call.func, ast.Name):
                place = _RECORDING.get(call.func.id, len(call.args))
                act = call.args[place] if place < len(call.args) else None
                named = [word.value for word in call.keywords if word.arg == "act"]
                for one in (act, *named):
                    if isinstance(one, ast.Constant) and isinstance(one.value, str):
                        yield Text((one.value.replace("_", " "),), path.relative_to(root).as_posix())


def _said(node: Any) -> Iterator[str]:
    """Yield titles, explanations and choices of a form, in its order; conditions say nothing to people."""
    if isinstance(node, list):
        for item in node:
            yield from _said(item)
    elif isinstance(node, dict):
        for name, value in node.items():
            if name in {"title", "description"} and isinstance(value, str):
                yield value
            elif name == "enum":
                yield from (
                    each.replace("_", " ") for each in value if isinstance(each, str) and "/" not in each
                )
            elif name not in {"allOf", "if", "then", "else"}:
                yield from _said(value)


def _json(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8"))
