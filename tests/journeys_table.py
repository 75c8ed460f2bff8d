# SPDX-License-Identifier: Apache-2.0
"""Scenarios as journeys over two real nodes, one row each: `python -m tests.journeys_table [NUMBER ...]`.

The columns: steps of the scenario, messages that were sent, states compared (persons and movements, on
both sides, after each step), rejections by the own node and by the recipient of a faulty partner, those
that a person decides, and those that only one end can see.
"""

import argparse
import json
import sys
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from tests.support.journey import Journey, Tally, WrongTurnError
from tests.support.journey_figures import FigureJourney
from tests.support.journey_wire import WireJourney

PLAYED = tuple(range(1, 20))
DATA = Path(__file__).parent / "data/scenarios.json"
COLUMNS = ("steps", "messages", "states", "own", "recipient", "persons", "one_end")
HEADS = ("scenario", "steps", "messages", "states", "own node", "recipient", "person", "one end")


@cache
def scenarios() -> Mapping[int, Any]:
    """Return the scenarios by their number."""
    data = json.loads(DATA.read_text(encoding="utf-8"))
    return {scenario["id"]: scenario for scenario in data["scenarios"]}


def journey(scenario: Any) -> Journey | WireJourney:
    """Return what plays a scenario: by its steps, by the numbers of one link, or by its figures."""
    if "figures" in scenario:
        return FigureJourney(scenario)
    return WireJourney(scenario) if "wire" in scenario else Journey(scenario)


def table(played: Mapping[int, Tally]) -> list[str]:
    """Return the rows of the table, then the notes."""
    total = Tally()
    for tally in played.values():
        total.add(tally)
    rows = [_row(["rejected by"], before=4), _row(HEADS)]
    rows += [_row([str(number), *_figures(tally)]) for number, tally in played.items()]
    rows += [_row(["sum", *_figures(total)]), ""]
    rows += [f"{number:2}: {note}" for number, tally in played.items() for note in tally.notes]
    return rows


def _figures(tally: Tally) -> list[str]:
    return [f"{getattr(tally, name):,}" for name in COLUMNS]


def _row(cells: Iterable[str], *, before: int = 0) -> str:
    return " " * 10 * before + "".join(f"{cell:>10}" for cell in cells)


def main() -> int:
    parser = argparse.ArgumentParser(description="scenarios as journeys over two real nodes")
    parser.add_argument("numbers", nargs="*", type=int, default=PLAYED, metavar="NUMBER")
    numbers = parser.parse_args().numbers
    if unknown := [number for number in numbers if number not in PLAYED]:
        parser.error(f"no such scenario: {unknown}; there are {PLAYED[0]} to {PLAYED[-1]}")
    played: dict[int, Tally] = {}
    wrong = []
    for number in numbers:
        try:
            played[number] = journey(scenarios()[number]).play()
        except WrongTurnError as error:
            wrong.append(f"{number:2}: {error}")
    print("\n".join([*table(played), *wrong]))
    print(f"{len(played)} of {len(numbers)} scenarios end as the reference says")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
