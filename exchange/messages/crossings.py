# SPDX-License-Identifier: Apache-2.0
"""Whether a crossing leads from the host side to the origin side (message-fields section 11, rule 8).

A crossing fits when it connects the two countries, is an airport or a seaport of the origin side, connects
the origin side with a transit state that agreed, or is `OTHER` with a description. It is also one of the
agreement. Whether it is open is another question; that changes from day to day.

The decision of a transit state is sent to the host side alone. Where it cannot be seen, at the node of the
origin side, a crossing with a third state fits only if the agreement names it.

`crossings_between` lists what can fit, for whoever has to choose: the nearest first.
"""

from collections.abc import Iterator

from exchange.errors import Fault
from exchange.ids import AgencyCode
from exchange.messages.codelists import Checkpoint, checkpoints, codelist
from exchange.messages.context import RuleContext, country_of
from exchange.messages.document import pointer
from exchange.messages.wording import fault

_PORTS = frozenset({"air", "sea"})
_OTHER = "other"


def crossing_faults(
    code: str,
    context: RuleContext,
    *place: str | int,
    host: AgencyCode,
    origin: AgencyCode,
    transit: frozenset[str] | None = frozenset(),
) -> Iterator[Fault]:
    """Yield what speaks against a crossing of the list for a way from `host` to `origin`.

    `transit` are the third states that agreed; None where that cannot be seen.
    """
    crossing = checkpoints()[code]
    if crossing.kind == _OTHER:
        return
    if not _connects(crossing, context, transit, host=country_of(host), origin=country_of(origin)):
        countries = f"{country_of(host)} and {country_of(origin)}"
        expected = f"a crossing between {countries}, or a port of {country_of(origin)}"
        found = "a crossing of " + " and ".join(sorted(crossing.countries))
        yield fault("form_invalid", "reference.crossing", pointer(*place), expected=expected, found=found)
    elif context.checkpoints is not None and code not in context.checkpoints:
        expected = "a crossing of the agreement"
        yield fault(
            "form_invalid", "reference.crossing_agreed", pointer(*place), expected=expected, found=code
        )


def crossings_between(host: str, origin: str, agreed: frozenset[str] | None) -> tuple[str, ...]:
    """Return the crossings that can fit a way between two countries, those between the two first.

    Then come the ports of the origin side, its crossings with third states, and another place. `agreed` are
    the crossings of the agreement, None if it names none.
    """

    def rank(crossing: Checkpoint) -> int:
        if crossing.kind == _OTHER:
            return 3
        if crossing.countries == {host, origin}:
            return 0
        return 1 if crossing.kind in _PORTS else 2

    def fits(crossing: Checkpoint) -> bool:
        of_agreement = agreed is None or crossing.code in agreed
        is_used = not codelist("checkpoints").codes[crossing.code].retired
        return crossing.kind == _OTHER or (origin in crossing.countries and of_agreement and is_used)

    fitting = filter(fits, checkpoints().values())
    return tuple(one.code for one in sorted(fitting, key=rank))


def _connects(
    crossing: Checkpoint, context: RuleContext, transit: frozenset[str] | None, *, host: str, origin: str
) -> bool:
    if crossing.kind in _PORTS or origin not in crossing.countries:
        return origin in crossing.countries
    if crossing.countries == {origin, host}:
        return True
    if transit is None:
        return context.checkpoints is not None and crossing.code in context.checkpoints
    return bool(crossing.countries - {origin} <= transit)
