# SPDX-License-Identifier: Apache-2.0
"""`exchange schema …`: which forms are installed, what stands in them, and whether a file keeps them.

Two kinds of forms are listed and shown: those of messages, and those of the objects on the wire. The code
lists that both name are shown by `codes`.

`check FILE` looks at a complete message (`exchange message fill` prints one) without any node: version, form,
codes, then the rules that need no earlier message. Of a draft it says that no rule was judged. What a rule
may only find with the case at hand is left out: `exchange message validate` asks the node for that. `check`
without a file looks at the installation.
"""

import json
from datetime import UTC, datetime
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Final

import typer

from exchange.errors import InputError, UsageError
from exchange.interfaces.cli.installed import check_installed, document_faults, missing_for_rules
from exchange.interfaces.cli.options import Json, read_document
from exchange.interfaces.cli.output import say, say_json, say_table
from exchange.messages.catalog import FORMS, message_type
from exchange.messages.codelists import codelist, list_versions, raw_list
from exchange.messages.schemas import schemas
from exchange.protocol.wireforms import wire_schemas

group = typer.Typer(
    help="Forms of messages and of the wire: list, show, check; their code lists.", no_args_is_help=True
)

DIFFERENCES: Final = 1


@group.command("list")
def list_forms(as_json: Json = False) -> None:
    """Show every type with its installed version, and every object on the wire."""
    rows = [(code, form.version, message_type(code), form.schema) for code, form in FORMS.items()]
    if as_json:
        say_json(
            {
                "types": [
                    {"type": code, "name": row.slug if row else "", "version": version, "schema": name}
                    for code, version, row, name in rows
                ],
                "objects": [
                    {"object": name, "schema": schema["$id"]} for name, schema in wire_schemas().items()
                ],
            }
        )
        return
    table = [(code, version, row.slug if row else "") for code, version, row, _ in rows]
    say_table(("type", "version", "name"), table, empty="no form is installed")
    say("")
    objects = [(name, schema["title"]) for name, schema in wire_schemas().items()]
    say_table(("object", "on the wire"), objects, empty="no form is installed")


@group.command("show")
def show(
    type_name: Annotated[
        str, typer.Argument(metavar="TYPE", help="A code or a name, header, person, or an object.")
    ],
    as_json: Json = False,
) -> None:
    """Print the schema of a type or object: it is JSON with and without --json."""
    found = wire_schemas().get(type_name) or schemas()[_schema_of(type_name)]
    say_json(json.loads(json.dumps(found)))


@group.command("codes")
def codes(
    name: Annotated[str, typer.Argument(metavar="LIST", help="Name of a code list; none: all of them.")] = "",
    as_json: Json = False,
) -> None:
    """Show the code lists, or the codes of one; with --json its whole file, with every rule in it."""
    if not name:
        _say_lists(as_json=as_json)
        return
    if name not in list_versions():
        near = get_close_matches(name, list_versions(), n=3, cutoff=0.5) or sorted(list_versions())
        raise UsageError(f"{name[:40]} is no code list", hint=f"did you mean {', '.join(near)}")
    if as_json:
        say_json(raw_list(name))
        return
    found = codelist(name)
    say(f"{name} {found.version}: {found.title}")
    rows = [(one.code, f"{one.label}, retired" if one.retired else one.label) for one in found.codes.values()]
    say_table(("code", "means"), rows, empty="no codes")


def _say_lists(*, as_json: bool) -> None:
    if as_json:
        say_json({"lists": [{"list": name, "version": of} for name, of in list_versions().items()]})
        return
    rows = [(name, version, codelist(name).title) for name, version in list_versions().items()]
    say_table(("code list", "version", "title"), rows, empty="no code list is installed")


@group.command("check")
def check(
    file: Annotated[Path | None, typer.Argument(help="A complete message; none: the installation.")] = None,
    as_json: Json = False,
) -> None:
    """Check a file against its form and rules, or what is installed. Exit 1 if the installation differs."""
    if file is None:
        _check_installation(as_json=as_json)
        return
    document = read_document(file)
    faults, missing = document_faults(document, now=datetime.now(UTC)), missing_for_rules(document)
    if faults:
        raise InputError("the message is not right", faults=faults)
    if as_json:
        say_json({"file": str(file), "faults": [], "rules_judged": not missing, "missing": list(missing)})
        return
    if missing:
        say(f"{file}: form and codes hold; rules were not judged: {missing[0]} is missing")
        say(f"a complete message has also {', '.join(missing[1:])}; exchange message fill prints one")
        return
    say(f"{file}: form, codes and rules hold, as far as no earlier message is needed")


def _check_installation(*, as_json: bool) -> None:
    findings = check_installed()
    if as_json:
        say_json({"holds": not findings, "types": len(FORMS), "findings": findings})
    else:
        for finding in findings:
            say(f"differs: {finding}")
        if not findings:
            say(f"{len(FORMS)} forms: schemas, lists, models and examples agree")
    if findings:
        raise typer.Exit(DIFFERENCES)


def _schema_of(type_name: str) -> str:
    """Return the name of the schema of a type, or of one of the parts that all types share.

    Raises:
        UsageError: no such type, or one without a form.
    """
    row = message_type(type_name)
    if row is not None and row.form is not None:
        return row.form.schema
    shared = f"urn:exchange:schema:{type_name.lower()}:1.0"
    if shared in schemas():
        return shared
    raise UsageError(
        f"{type_name[:40]} has no installed form",
        hint=f"forms: {', '.join((*FORMS, 'header', 'person', *wire_schemas()))}",
    )
