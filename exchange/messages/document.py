# SPDX-License-Identifier: Apache-2.0
"""A message document as parsed JSON: `{"header": …, "content": …, "persons": […]}`.

Everything in this package works on values that a strict parser has already read: objects, lists,
texts, whole numbers, true, false and null. Nothing here parses bytes.

A text is a plain string; its language is the `language` of the header. A name carries its own script
and language, and a translation is an attachment. So one member has one form, and nothing has to be
guessed.
"""

import json
from typing import TypeAlias

import orjson

from exchange.ids import Digest, sha256

JsonValue: TypeAlias = "dict[str, JsonValue] | list[JsonValue] | str | int | bool | None"
Document: TypeAlias = dict[str, JsonValue]

RELEASE_FIELDS = ("message_id", "sender", "recipient", "link", "agreement")
"""Header members that are filled when a message is released, and absent in a draft."""


_SORTED = json.JSONEncoder(sort_keys=True, ensure_ascii=True, separators=(",", ":"))
_GROUPS = (dict, list)
"""What JSON makes of groups and lists; nothing else is copied."""


def header_of(document: Document) -> dict[str, JsonValue]:
    """Return the header, or an empty one when there is none."""
    found = document.get("header")
    return found if isinstance(found, dict) else {}


def content_of(document: Document) -> dict[str, JsonValue]:
    found = document.get("content")
    return found if isinstance(found, dict) else {}


def persons_of(document: Document) -> list[dict[str, JsonValue]]:
    """Return the persons that are objects; anything else is a fault of form, found elsewhere."""
    return objects_at(document, "persons")


def object_at(value: dict[str, JsonValue], name: str) -> dict[str, JsonValue]:
    found = value.get(name)
    return found if isinstance(found, dict) else {}


def objects_at(value: dict[str, JsonValue], name: str) -> list[dict[str, JsonValue]]:
    found = value.get(name)
    if not found or not isinstance(found, list):
        return []
    return [item for item in found if isinstance(item, dict)]


def text_at(value: dict[str, JsonValue], name: str) -> str:
    found = value.get(name)
    return found if isinstance(found, str) else ""


def copied(value: JsonValue) -> JsonValue:
    """Return a value that shares no group and no list with `value`."""
    if isinstance(value, dict):
        group = dict(value)
        for name, item in value.items():
            if isinstance(item, _GROUPS):
                group[name] = copied(item)
        return group
    if isinstance(value, list):
        items = list(value)
        for index, item in enumerate(value):
            if isinstance(item, _GROUPS):
                items[index] = copied(item)
        return items
    return value


def pointer(*steps: str | int) -> str:
    """Return the JSON pointer (RFC 6901) of the steps from the root of the document."""
    return "".join("/" + str(step).replace("~", "~0").replace("/", "~1") for step in steps)


def digest(document: Document) -> Digest:
    """Return SHA-256 of the document with sorted names, no spaces, ASCII only.

    It names a draft inside one agency. On the wire nothing is verified by serialising again.
    """
    try:
        raw = orjson.dumps(document, option=orjson.OPT_SORT_KEYS)
    except TypeError:  # what only the slower way writes, and the form refuses
        return sha256(_SORTED.encode(document).encode("ascii"))
    return sha256(raw if raw.isascii() and b"\x7f" not in raw else _SORTED.encode(document).encode("ascii"))
