# SPDX-License-Identifier: Apache-2.0
"""The page of message types: one section for each, with its members.

Made from the table of types (`exchange/messages/catalog.py`), the schema files and the code lists.
"""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from exchange.messages.catalog import Form, MessageType, message_types
from exchange.messages.codelists import codelist
from exchange.messages.schemas import schemas
from exchange.messages.versions import forms_of

TOP = """# Message types

<!-- Made by `make pages` from exchange/messages/catalog.py and schemas; do not edit. -->

For officers and engineers of both sides. Each type has a form (a [schema](../../schemas/README.md)),
rules that both sides check in the same order ([results](../protocol/results.md)), and examples. What a
message does to a case stands in the list `case-states`, what it does to an appointment in
`movement-states`.

The smallest file of a type: `exchange message new TYPE`. Members that the program adds are left out there.

*Needed*: **yes**, or no; "by a rule" where another member decides. *Class*: how harmful disclosure would
be, S0 to S4 (list `sensitivity-classes`); a value may raise it. A name that stands in no table is refused;
some are refused in every type: {reserved}.

A [stop](../adr/0012-stops-overtake.md) acts on arrival, needs one officer and only forbids. What a newer
version of a form means: [versions](../protocol/versioning.md#versions-of-forms).

## All types
"""
HEADER = "urn:exchange:schema:header:1.0"
ROLES = {"host": "host side", "origin": "origin side", "either": "either side", "transit": "third state"}
Row = Sequence[str]


def page(root: Path) -> str:
    """Return the whole page."""
    types = [row for row in message_types().values() if row.is_message]
    reserved = ", ".join(f"`{name}`" for name in sorted(_reserved(types)))
    text = TOP.format(reserved=reserved)
    text += _table(("Type", "Name", "Sent by", "About", "Answered with"), [_overview(row) for row in types])
    text += "".join(_section(row, root) for row in types)
    return text + _not_a_message()


def _reserved(types: Sequence[MessageType]) -> frozenset[str]:
    return frozenset.intersection(*(row.forbidden for row in types))


def _overview(row: MessageType) -> Row:
    replies = ", ".join(f"`{reply}`" for reply in row.replies) or "none"
    return f"[`{row.code}`](#{_anchor(row)})", row.label, _sender(row), row.scope, replies


def _anchor(row: MessageType) -> str:
    return f"{row.code}-{row.label}".lower().replace(" ", "-")


def _sender(row: MessageType) -> str:
    return ROLES.get(row.sent_by, row.sent_by)


def _section(row: MessageType, root: Path) -> str:
    entry = codelist("message-types").codes[row.code]
    forms = forms_of(row.code)
    text = f"\n## {row.code} {row.label}\n\n{entry.extra['definition']}\n\n"
    text += "".join(f"* {name}: {value}\n" for name, value in _facts(row, forms, root))
    newest = forms[-1]
    content = schemas()[newest.schema]["properties"]["content"]
    text += _members("Common content", content, newest)
    line = schemas()[newest.schema]["$defs"][newest.line]
    return text + _members("One part for each person or line", line, newest)


def _facts(row: MessageType, forms: Sequence[Form], root: Path) -> Iterator[tuple[str, str]]:
    yield "Sent by", _sender(row) + (" (a stop)" if row.is_stop else "")
    yield "Offices", "holds " + " or ".join(f"`{name}`" for name in sorted(row.functions))
    yield "Purpose", _one_of(row.purposes)
    needed = [f"`{scope}`" for scope in row.consents]
    needed += [f"`{scope}` ({side} side)" for side, scopes in row.consents_by.items() for scope in scopes]
    if needed:
        yield "Consent", ", ".join(needed)
    if row.safeguards:
        yield "Safeguards", "; ".join(row.safeguards)
    if row.deadline:
        yield "Answer due", f"`{row.deadline}` ([deadlines](deadlines.md))"
    yield "Highest class", row.max_sensitivity
    files = (f"[{form.version}](../../schemas/messages/{_file(form)})" for form in forms)
    yield "Form", ", ".join(files)
    folder = f"schemas/examples/{row.code.lower()}"
    counts = {kind: len(list((root / folder / kind).glob("*.json"))) for kind in ("valid", "invalid")}
    yield "Examples", f"[{counts['valid']} valid, {counts['invalid']} refused](../../{folder})"


def _one_of(purposes: frozenset[str]) -> str:
    if len(purposes) > 3:
        return "any but `reconciliation`"
    return " or ".join(f"`{name}`" for name in sorted(purposes))


def _file(form: Form) -> str:
    _, _, name = form.schema.rpartition("schema:")
    return f"{name.replace(':', '-')}.json"


def _members(title: str, group: Mapping[str, Any], form: Form) -> str:
    properties = group.get("properties", {})
    if not properties:
        return ""
    needed = set(group.get("required", ()))
    by_rule = set(_conditional(group))
    rows = [
        _member(name, part, form, "yes" if name in needed else "by a rule" if name in by_rule else "no")
        for name, part in properties.items()
    ]
    return f"\n{title}:\n" + _table(("Member", "Meaning", "Value", "Needed", "Class"), rows)


def _conditional(group: Mapping[str, Any]) -> Iterator[str]:
    for rule in group.get("allOf", ()):
        for branch in ("then", "else"):
            yield from rule.get(branch, {}).get("required", ())


def _member(name: str, part: Mapping[str, Any], form: Form, needed: str) -> Row:
    whole = _followed(part, form.schema)
    meaning = whole.get("title", "") + (f". {whole['description']}" if "description" in part else "")
    return f"`{name}`", meaning, _value(whole), needed, whole.get("x-class", "S2")


def _value(part: Mapping[str, Any]) -> str:
    if "x-list" in part:
        return f"code of `{part['x-list']}`"
    items = part.get("items", {})
    if part.get("type") == "array" and "x-list" in items:
        return f"codes of `{items['x-list']}`"
    words = {"array": "list", "object": "group", "string": "text", "integer": "whole number"}
    kind = part.get("type", "text or group")
    return words.get(kind, "true or false") if isinstance(kind, str) else "any value"


def _followed(part: Mapping[str, Any], base: str) -> dict[str, Any]:
    """Return a member with its reference followed; what stands beside the reference wins."""
    if "$ref" not in part:
        return dict(part)
    name, _, steps = str(part["$ref"]).partition("#")
    base = name or base
    target: Any = schemas()[base]
    for step in steps.split("/")[1:]:
        target = target[step]
    return {**_followed(target, base), **{key: value for key, value in part.items() if key != "$ref"}}


def _not_a_message() -> str:
    leaves = [row for row in message_types().values() if not row.is_message]
    text = "\n## What is no message\n"
    for row in leaves:
        text += (
            f"\n`{row.code}` {row.label}: {codelist('message-types').codes[row.code].extra['definition']}\n"
        )
    return text


def _table(headings: Row, rows: Sequence[Row]) -> str:
    lines = [headings, ["---"] * len(headings), *rows]
    escaped = ([cell.replace("|", "\\|") for cell in line] for line in lines)
    return "\n" + "\n".join(f"| {' | '.join(line)} |" for line in escaped) + "\n"
