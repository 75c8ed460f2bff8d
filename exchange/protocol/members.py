# SPDX-License-Identifier: Apache-2.0
"""Takes the members of one JSON object, each with its exact kind and a bound.

For objects that partners sign: cards, agreements, invitations, joinings. The names are exactly those
expected: a missing and an unknown one are both refused, because a member that is not understood could
be one that matters. Errors name the object and the member, never the value.

    card = Members(value, {"serial", "node"}, kind="card", error=CardInvalidError)
    serial = card.integer("serial", low=1)
"""

from collections.abc import Callable, Collection
from datetime import datetime
from typing import TypeVar

from exchange.clock import parse_instant
from exchange.errors import ExchangeError, IdentifierError
from exchange.ids import unb64url
from exchange.protocol.strictjson import MAX_INT, JsonValue

T = TypeVar("T")


class Members:
    """The members of one object; every method raises the error given at making."""

    def __init__(
        self,
        value: JsonValue,
        names: Collection[str],
        *,
        kind: str,
        error: type[ExchangeError],
        optional: Collection[str] = (),
    ) -> None:
        self._kind = kind
        self._error = error
        if not isinstance(value, dict):
            raise error(f"the {kind} is not an object")
        self._value = value
        if not set(names) <= value.keys() <= {*names, *optional}:
            raise error(f"the {kind} does not have exactly its members: {', '.join(sorted(names))}")

    def has(self, name: str) -> bool:
        return name in self._value

    def text(self, name: str, *, max_chars: int, min_chars: int = 1) -> str:
        value = self._value[name]
        if not isinstance(value, str) or not min_chars <= len(value) <= max_chars:
            raise self.fault(name, f"{min_chars} to {max_chars} characters")
        return value

    def identifier(self, name: str, parse: Callable[[str], T]) -> T:
        """Return the member as an identifier of `ids`, or whatever `parse` makes of a text."""
        try:
            return parse(self.text(name, max_chars=64))
        except IdentifierError:
            raise self.fault(name, "an identifier of its kind") from None

    def integer(self, name: str, *, low: int = 0, high: int = MAX_INT) -> int:
        value = self._value[name]
        if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
            raise self.fault(name, f"an integer from {low} to {high}")
        return value

    def boolean(self, name: str) -> bool:
        value = self._value[name]
        if not isinstance(value, bool):
            raise self.fault(name, "true or false")
        return value

    def instant(self, name: str) -> datetime:
        return self.identifier(name, parse_instant)

    def octets(self, name: str, *, max_bytes: int) -> bytes:
        """Return the bytes of a member in base64url."""
        try:
            return unb64url(self.text(name, max_chars=(max_bytes * 4 + 2) // 3))
        except (IdentifierError, UnicodeEncodeError):
            raise self.fault(name, "base64url") from None

    def items(self, name: str, *, most: int, least: int = 0) -> list[JsonValue]:
        value = self._value[name]
        if not isinstance(value, list) or not least <= len(value) <= most:
            raise self.fault(name, f"a list of {least} to {most}")
        return value

    def texts(self, name: str, *, most: int, max_chars: int, least: int = 0) -> tuple[str, ...]:
        """Return a list of short texts, each of them once."""
        found = tuple(item for item in self.items(name, most=most, least=least) if isinstance(item, str))
        same = len(found) == len(set(found)) == len(self.items(name, most=most))
        if not same or any(not 1 <= len(text) <= max_chars for text in found):
            raise self.fault(name, f"different texts of 1 to {max_chars} characters")
        return found

    def integers(self, name: str, *, most: int, least: int = 0, low: int = 0) -> tuple[int, ...]:
        """Return a list of integers from `low`, each of them once."""
        items = self.items(name, most=most, least=least)
        found = tuple(item for item in items if type(item) is int and item >= low)
        if not len(found) == len(set(found)) == len(items):
            raise self.fault(name, f"different integers from {low}")
        return found

    def mapping(self, name: str, *, most: int) -> dict[str, JsonValue]:
        value = self._value[name]
        if not isinstance(value, dict) or len(value) > most:
            raise self.fault(name, f"an object of at most {most} members")
        return value

    def value(self, name: str) -> JsonValue:
        """Return a member that the caller judges by itself."""
        return self._value[name]

    def fault(self, name: str, expected: str) -> ExchangeError:
        return self._error(f"the {self._kind} has a wrong member {name}; expected {expected}")
