# SPDX-License-Identifier: Apache-2.0
"""The record of a handover as lines of text: what is signed, person by person, and what was not agreed."""

from collections.abc import Iterator

from exchange.interfaces.cli.output import Answer

_OF_ALL = ("minutes_number", "checkpoint", "started_at", "ended_at", "reservations")


def record_lines(document: Answer) -> Iterator[str]:
    """Yield what a record of the partner says of all, and one block for each person."""
    content = document.get("content", {})
    for name in _OF_ALL:
        if name in content:
            yield f"  {name.replace('_', ' ')}: {content[name]}"
    yield from persons_lines(document)


def persons_lines(document: Answer) -> Iterator[str]:
    """Yield one block for each person of a record."""
    for number, line in enumerate(document.get("persons", []), 1):
        yield from _person_lines(number, line)


def reservation_lines(now: Answer, own: str) -> Iterator[str]:
    """Yield what was not agreed, and what to do; nothing if no reservation stands."""
    reservation = now.get("reservation")
    if not reservation:
        return
    who = "our side" if reservation["sender"] == own else reservation["sender"]
    yield f"! {who} signed with a reservation: {reservation['document']['content'].get('reservations', '')}"
    yield "  the record does not stand until it is written anew and both sides have signed it"


def _person_lines(number: int, line: Answer) -> Iterator[str]:
    names = " / ".join(name.get("full", "") for name in line.get("names", [])) or "name not known"
    sex, child = line.get("sex", ""), ", child" if line.get("is_child") else ""
    said = [str(line[name]).replace("_", " ") for name in ("outcome", "reason", "condition") if name in line]
    compared = line.get("identity_check", "not said")
    yield f"  {number:>3}. {names} ({sex}{child})   {line['case_code']}"
    yield f"       {', '.join(said) or 'nothing is said'}; compared: {compared}"
    yield f"       papers: {_things(line, 'papers')}; belongings: {_things(line, 'belongings')}"
    if line.get("is_child") or "custody" in line:
        custody = line.get("custody", {})
        who = " ".join(custody[name] for name in ("agency", "name") if name in custody)
        yield f"       custody: {who or 'nobody is named'}"


def _things(line: Answer, name: str) -> str:
    return "; ".join(_thing(one) for one in line.get(name, [])) or "none"


def _thing(one: Answer) -> str:
    times = f"{one['count']} " if one.get("count", 1) > 1 else ""
    return f"{times}{one['what']}{' ' + one['number'] if 'number' in one else ''}"
