# SPDX-License-Identifier: Apache-2.0
"""The page of settings: what can stand in `exchange.toml`, what it means, its default, an example.

Names, limits and defaults come from the models of `exchange.config`, the meaning from the sentence below
each member there, the example from `exchange.toml` beside this module. A member without a sentence or
without an example stops the making of the page.
"""

import ast
import inspect
import json
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

from annotated_types import Ge, Le, MaxLen, MinLen
from exchange import config
from pydantic import BaseModel
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

EXAMPLE = Path("tools") / "pages" / "exchange.toml"
TOP = """# Settings

<!-- Made by `make pages` from exchange/config.py and tools/pages/exchange.toml; do not edit. -->

For administrators. Each node has one file of settings, `exchange.toml` in its data folder. `exchange init`
writes it; change it with an editor, then restart the service. `exchange doctor` says whether it is right.
Each section stands there once: change a setting where it is. A section in double brackets is added below
the rest.
A name that does not stand here is refused, so a mistyped one is never passed over. The file has at most
64 KiB and holds no passphrase.

A variable of the environment goes before the file: `EXCHANGE_DOOR__PORT=8443` stands for `port` in `[door]`,
so `EXCHANGE_`, the section, two underscores, the setting, in capitals. A section in double brackets may stand
several times; in the environment it is one list in JSON.

What is secret or about one command never stands in the file:

| Variable | What it is |
|---|---|
| `EXCHANGE_PASSPHRASE` | passphrase of the keys; else it is asked for |
| `EXCHANGE_PASSPHRASE_FILE` | a file with it |
| `EXCHANGE_RECOVERY_PASSPHRASE` | passphrase of the recovery key; else that of the keys, if it stands here |
| `EXCHANGE_RECOVERY_PASSPHRASE_FILE` | a file with it |
| `EXCHANGE_DATA` | the data folder, as `--data` |
| `EXCHANGE_OFFICER`, `EXCHANGE_SECOND` | officers of a command, as `--officer` and `--second` |
"""
HEADS = ("Setting", "What it means", "Value", "Default", "Example")
KINDS = {bool: "`true` or `false`", int: "number", str: "text"}


@dataclass(frozen=True)
class Table:
    """One section of the file."""

    name: str
    model: type[BaseModel]
    example: Mapping[str, Any]
    is_repeated: bool = False

    @property
    def heading(self) -> str:
        return f"[[{self.name}]]" if self.is_repeated else f"[{self.name}]"


def page(root: Path) -> str:
    """Return the whole page."""
    example = tomllib.loads((root / EXAMPLE).read_text("utf-8"))
    config.Settings.model_validate(example)
    return TOP + "".join(_section(table) for table in tables(config.Settings, example))


def tables(model: type[BaseModel], example: Mapping[str, Any], above: str = "") -> Iterator[Table]:
    """Yield every section in the order of the models, each before those within it."""
    for name, field in model.model_fields.items():
        section = _section_model(field.annotation)
        if section is None:
            continue
        several = section is not field.annotation
        given = example[name][0] if several else example[name]
        yield Table(above + name, section, given, several)
        yield from tables(section, given, f"{above}{name}.")


def meanings(model: type[BaseModel]) -> dict[str, str]:
    """Return the sentences that stand below the members of a model."""
    tree = ast.parse(inspect.getsource(model)).body[0]
    assert isinstance(tree, ast.ClassDef)
    found = {}
    for member, below in zip(tree.body, tree.body[1:], strict=False):
        match member, below:
            case ast.AnnAssign(target=ast.Name(id=name)), ast.Expr(value=ast.Constant(value=str(text))):
                found[name] = " ".join(text.split())
    return found


def _section(table: Table) -> str:
    said = meanings(table.model)
    rows = [
        (f"`{name}`", said[name], _kind(field), _default(field), _shown(table.example[name]))
        for name, field in table.model.model_fields.items()
        if _section_model(field.annotation) is None
    ]
    lines = [HEADS, ["---"] * len(HEADS), *rows]
    top = f"\n## `{table.heading}`\n\n{inspect.getdoc(table.model)}\n\n"
    return top + "".join(f"| {' | '.join(line)} |\n" for line in lines)


def _section_model(annotation: Any) -> type[BaseModel] | None:
    """Return the model of a section, or of each of several sections; None for a plain setting."""
    inner = next(iter(get_args(annotation)), annotation)
    return inner if isinstance(inner, type) and issubclass(inner, BaseModel) else None


def _kind(field: FieldInfo) -> str:
    annotation: Any = field.annotation
    if get_origin(annotation) is Literal:
        return " or ".join(f"`{one}`" for one in get_args(annotation))
    if get_origin(annotation) is dict:
        return "pairs of text" + _bounds(field)
    if get_origin(annotation) is tuple:
        return "list of text" + _bounds(field)
    return KINDS[annotation] + _bounds(field)


def _bounds(field: FieldInfo) -> str:
    """Return what a value is bounded by, in words."""
    least = next((one.ge for one in field.metadata if isinstance(one, Ge)), None)
    most = next((one.le for one in field.metadata if isinstance(one, Le)), None)
    if least is not None:
        return f", {least} to {most}"
    least = next((one.min_length for one in field.metadata if isinstance(one, MinLen)), None)
    most = next((one.max_length for one in field.metadata if isinstance(one, MaxLen)), None)
    said = [f"at least {least}" if least else "", f"at most {most}" if most else ""]
    unit = " characters" if field.annotation is str else ""
    return "".join(f", {one}{unit}" for one in said if one)


def _default(field: FieldInfo) -> str:
    if field.is_required():
        return "must be set"
    value = field.get_default(call_default_factory=True)
    assert value is not PydanticUndefined
    return _shown(value)


def _shown(value: bool | int | str | Sequence[str] | Mapping[str, str]) -> str:
    """Return a value as it is written in the file."""
    if isinstance(value, Mapping):
        inside = ", ".join(f'"{name}" = "{one}"' for name, one in value.items())
        return f"`{{ {inside} }}`" if inside else "`{}`"
    return f"`{json.dumps(value, ensure_ascii=False)}`"
