# SPDX-License-Identifier: Apache-2.0
"""The page of deadlines: what is counted from when, how long, in whose calendar, and how.

Made from the code lists `deadlines` and `message-types` and from the profiles.
"""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

Row = dict[str, Any]

TOP = """# Deadlines

<!-- Made by `make pages` from schemas/codelists and schemas/profiles; do not edit. -->

For officers and engineers of both sides. An agreement holds these deadlines as data; the pair may have
changed a value before it signed. **Silence is never acceptance:** a missed deadline leads to a reminder
and to people, never to a state ([decision 10](../adr/0010-silence-is-never-acceptance.md)).
`exchange due` shows what is open, by whom, until when.

## How it is counted

1. Working days are those of the side that has to act: its week, its public holidays, its announced days
   ([holidays](../guides/holidays.md)). So are its hours and its midnight.
2. The day of arrival is not counted. A message counts as arrived when the recipient accepted it, at the
   instant of the verdict in the log of the recipient: both sides hold that entry. `exchange due` counts
   `DL-HRC` from there, too, and so asks for the record a little before the window has ended for a day.
3. What arrives after {cut_off}:00 local time, or on a free day, counts as arrived on the next working day.
4. Calendar days and months run from the same day of arrival and may end on a free day. A month ends on the
   day of the same number, or on the last day of a shorter month: 31 January, one month, 28 February.
5. A deadline in the calendar of nobody knows no offices: its days run from the local day of arrival.
6. Hours and minutes run from the instant of arrival, day and night.
7. A deadline in days is shown with the hour {cut_off}:00 of its last day, and is met until that day is over
   in the country that acts. On the last day nothing is overdue.
8. Steps follow one another: the next one begins on the last day of the one before.
9. The urgency of the message chooses the column. Without a value of its own the next less urgent one counts.
10. A hold stops the deadlines of the person. When it ends they start again, from its end. No hold stops a
    deadline that is marked *at most*.
11. A tolerance for a side without a line delays only the moment from which it is overdue.
12. A reminder waits for so many working days of the side that waits, after the last day. Levels are never
    left out.
13. What is decided at a fixed time cannot be answered later: a proposal of a handover is due at its go/no-go
    time (`go_no_go_at`), if that comes before the end of `DL-HRP`.

Rules 3 (free day), 4 to 7 and 10 (from its end) are this project's reading; partners are to confirm them.

## Which messages wait for an answer
"""

ALL = """
## All deadlines

*Basis:* A was read in a source, B is taken from a comparable system, *assumption* was chosen here and is
to be agreed with each partner. *Calendar:* whose working days count; *none* means nobody's.
"""

PAIRS = """
## What a profile has otherwise
"""


def page(root: Path) -> str:
    """Return the whole page."""
    folder = root / "schemas"
    deadlines = _read(folder / "codelists" / "deadlines.json")["codes"]
    types = _read(folder / "codelists" / "message-types.json")["codes"]
    profiles = [_read(path) for path in sorted((folder / "profiles").glob("*.json")) if _is_profile(path)]
    hours = {str(profile["cut_off_hour"]) for profile in profiles}
    text = TOP.format(cut_off="/".join(sorted(hours)))
    text += _table(("Message", "Answer", "Deadline"), [_asking(row) for row in types if _asks(row)])
    text += ALL
    heads = ("Code", "What", "From", "Until", "Routine", "Priority", "Emergency", "Calendar", "Basis")
    text += _table(heads, [_deadline(row) for row in deadlines])
    return text + PAIRS + "\n" + "\n".join(_otherwise(profile, deadlines) for profile in profiles)


def _read(path: Path) -> Row:
    found: Row = json.loads(path.read_text(encoding="utf-8"))
    return found


def _is_profile(path: Path) -> bool:
    return path.name != "profile.schema.json"


def _asks(row: Row) -> bool:
    return "expected_reply" in row


def _asking(row: Row) -> Sequence[str]:
    answers = " or ".join(f"`{code}`" for code in row["expected_reply"])
    return f"`{row['code']}` {row['label'].lower()}", answers, f"`{row['reply_deadline']}`"


def _deadline(row: Row) -> Sequence[str]:
    marks = [name for key, name in (("maximum", "at most"), ("internal", "internal")) if row.get(key)]
    if "offline_tolerance_hours" in row:
        marks.append(f"tolerance {row['offline_tolerance_hours']} hours")
    label = row["label"] + (f" ({', '.join(marks)})" if marks else "")
    spans = (_span(row), *(_span(row.get(name)) for name in ("priority", "emergency")))
    calendar = "none" if row["calendar_of"] == "none" else row["calendar_of"]
    return f"`{row['code']}`", label, row["from_event"], row["to_event"], *spans, calendar, row["basis"]


def _span(value: Row | None) -> str:
    if value is None:
        return ""
    unit = value["unit"].replace("_", " ")
    return f"{value['amount']} {unit}" + ("" if value["amount"] == 1 else "s")


def _otherwise(profile: Row, deadlines: Sequence[Row]) -> str:
    """Return one line for each thing in which a profile differs from the list."""
    listed = {row["code"]: row for row in deadlines}
    lines = [
        f"{_span(row)} for `{row['code']}`" for row in profile["deadlines"]
        if _values(row) != _values(listed[row["code"]])
    ]  # fmt: skip
    for rule in profile["instead"]:
        steps = ", then ".join(f"{_span(listed[step])} (`{step}`)" for step in rule["steps"])
        lines.append(f"`{rule['code']}` of {rule['country']}: {steps}")
    zones = ", ".join(f"{side['country']} {side['zone']}" for side in profile["sides"])
    said = "; ".join(lines) or "nothing"
    return f"* **{profile['profile']}** ({zones}): {said}.\n"


def _values(row: Row) -> Sequence[Any]:
    names = ("amount", "unit", "calendar_of", "priority", "emergency", "maximum", "offline_tolerance_hours")
    return [row.get(name) for name in names]


def _table(headings: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [headings, ["---"] * len(headings), *rows]
    return "\n" + "\n".join(f"| {' | '.join(line)} |" for line in lines) + "\n"
