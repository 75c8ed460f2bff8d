# SPDX-License-Identifier: Apache-2.0
"""Looks at what is installed, and at one complete message, without any node.

`check_installed` compares what has to agree in every installation; each finding is one sentence:

1. every form of the catalogue has its schema, every schema is one, and its lists are those of the index;
2. schema and model of a form have the same members, and need the same ones;
3. every valid example passes form and model, every invalid one that the form decides gets its code.

`document_faults` gives version, form, codes and rules. A rule that needs earlier messages cannot be judged
here. Which ones these are is read from the published examples: what a right example breaks when nothing is
known needs something to be known.
"""

import json
from collections.abc import Iterator
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any, get_args

import jsonschema_rs

from exchange.errors import Fault
from exchange.ids import AgencyCode
from exchange.messages.catalog import FORMS, Form, message_types
from exchange.messages.codelists import codelist, list_versions, schema_root
from exchange.messages.document import RELEASE_FIELDS, Document, header_of, pointer, text_at
from exchange.messages.schemas import gate, lists_used, schemas
from exchange.messages.validation import KnownFacts, RuleContext, check_form, check_rules
from exchange.messages.versions import form_of_version, understood
from exchange.protocol.wireforms import wire_schemas


def check_installed() -> list[str]:
    """Return what does not agree, one sentence each; nothing means all agrees."""
    return [*_schemas_and_lists(), *_models(), *_examples()]


def document_faults(document: Document, *, now: datetime) -> tuple[Fault, ...]:
    """Return the faults of a message, or of the form of a draft, the first one first."""
    is_draft = bool(missing_for_rules(document))
    faults = check_form(document, draft=is_draft)
    if faults or is_draft:
        return faults
    return tuple(
        fault
        for fault in check_rules(document, _context(document, now), KnownFacts())
        if fault.rule not in rules_of_earlier_messages(text_at(header_of(document), "type"))
    )


def missing_for_rules(document: Document) -> tuple[str, ...]:
    """Return the places that a draft leaves to its release, without which no rule can be judged.

    Nothing for a message that has one of them: what it lacks then is a fault of its form.
    """
    if header_of(document).keys() & set(RELEASE_FIELDS):
        return ()
    return tuple(pointer("header", name) for name in RELEASE_FIELDS)


@cache
def rules_of_earlier_messages(type_code: str) -> frozenset[str]:
    """Return the rules of a type that cannot be judged without earlier messages."""
    world = json.loads((_root() / "world.json").read_text(encoding="utf-8"))
    moment = datetime.fromisoformat(world["numbered_at"])
    examples = [_load(path) for path in _files("valid") if _type_of(path) == type_code]
    found = (check_rules(each, _context(each, moment), KnownFacts()) for each in examples)
    return frozenset(fault.rule for faults in found for fault in faults)


def _context(document: Document, now: datetime) -> RuleContext:
    header = header_of(document)
    both = (AgencyCode(text_at(header, "sender")), AgencyCode(text_at(header, "recipient")))
    return RuleContext(both[0], both[1], now, dict.fromkeys(message_types(), both))


def _schemas_and_lists() -> Iterator[str]:
    for code, form in FORMS.items():
        if form.schema not in schemas():
            yield f"{code} {form.version} has no schema file {form.schema}"
    for name, schema in (*schemas().items(), *wire_schemas().items()):
        if not jsonschema_rs.meta.is_valid(dict(schema)):
            yield f"{name} is no schema"
    for name in lists_used():
        if name not in list_versions() or codelist(name).version != list_versions()[name]:
            yield f"list {name} is not installed in the version of the index"


def _models() -> Iterator[str]:
    for code, form in FORMS.items():
        schema: Any = schemas().get(form.schema)
        if schema is None:
            continue
        fields = form.model.model_fields
        pairs: tuple[tuple[str, Any, Any], ...] = (
            ("content", schema["properties"]["content"], fields["content"].annotation),
            ("persons", schema["$defs"][form.line], _line_of(fields["persons"].annotation)),
        )
        for part, stated, model in pairs:
            if _members(stated) != _members(model.model_json_schema()):
                yield f"{code} {form.version}: the schema and the model have other members in {part}"


def _line_of(annotation: Any) -> Any:
    return next(part for part in get_args(annotation) if part is not Ellipsis)


def _members(schema: Any) -> tuple[list[str], list[str]]:
    return sorted(schema.get("properties", ())), sorted(schema.get("required", ()))


def _examples() -> Iterator[str]:
    for path in _files("valid"):
        document = understood(_load(path)).document
        form = form_of_version(_type_of(path), text_at(header_of(document), "type_version"))
        if form is None or not gate(form.schema, draft=False).is_valid(document):
            yield f"example {_name(path)} does not have its form"
        elif not _is_read(form, document):
            yield f"example {_name(path)} is not read by its model"
    for path in _files("invalid"):
        faults = check_form(_load(path))
        if faults and faults[0].code != path.stem.split("-")[0]:
            yield f"example {_name(path)} gets {faults[0].code}"


def _is_read(form: Form, document: Document) -> bool:
    try:
        form.model.model_validate(document)
    except ValueError:
        return False
    return True


def _type_of(path: Path) -> str:
    return path.parent.parent.name.upper()


def _root() -> Path:
    return schema_root() / "examples"


def _files(kind: str) -> list[Path]:
    return sorted(_root().glob(f"*/{kind}/*.json"))


def _load(path: Path) -> Document:
    document: Document = json.loads(path.read_text(encoding="utf-8"))
    return document


def _name(path: Path) -> str:
    return f"{path.parent.parent.name}/{path.stem}"
