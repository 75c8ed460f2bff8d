# SPDX-License-Identifier: Apache-2.0
"""The published schemas of the objects on the wire: `schemas/wire`.

They say to other programs what our readers demand of the form of an object: its members, their kinds and
bounds. Our readers are written by hand (`members`, `ledger.entries`) and do not use them, because a schema
says neither why nor with which code something is refused; a test compares the two.

A schema cannot say what joins two members, or needs a key, a log or a clock. The table of this stands in
docs/protocol/objects.md, "Schemas".
"""

import json
from collections.abc import Mapping
from functools import cache
from types import MappingProxyType
from typing import Any, Final

import jsonschema_rs

from exchange.messages.codelists import schema_root

_PREFIX: Final = "urn:exchange:wire:"
_VERSION: Final = ":1.0"
_PROFILE: Final = "profiles/profile.schema.json"
"""The form of the terms; a schema of the wire may refer to it, and to nothing else outside its folder."""


@cache
def wire_schemas() -> Mapping[str, Mapping[str, Any]]:
    """Return the schema files as they stand, by the name of the object."""
    files = sorted((schema_root() / "wire").glob("*.json"))
    loaded = (json.loads(file.read_text(encoding="utf-8")) for file in files)
    return MappingProxyType({_name_of(schema["$id"]): schema for schema in loaded})


@cache
def wire_form(name: str) -> jsonschema_rs.Draft202012Validator:
    """Return the validator of an object, or of a part of one: `frame`, `frame#/$defs/result`.

    Its patterns run in an engine of linear time; one that needs more does not compile.
    """
    whole, _, part = name.partition("#")
    profile = json.loads((schema_root() / _PROFILE).read_text(encoding="utf-8"))
    known = [(schema["$id"], dict(schema)) for schema in (profile, *wire_schemas().values())]
    return jsonschema_rs.Draft202012Validator(
        {"$ref": f"{_PREFIX}{whole}{_VERSION}#{part}"},
        registry=jsonschema_rs.Registry(known),
        pattern_options=jsonschema_rs.RegexOptions(),
        offline=True,
        validate_formats=False,
    )


def _name_of(identifier: str) -> str:
    return identifier.removeprefix(_PREFIX).removesuffix(_VERSION)
