# SPDX-License-Identifier: Apache-2.0
"""`exchange due`: what must be done, by whom, until when, in the time of both countries.

The first line says it in words; each row ends with the one command to type next. Always exit 0: a late
answer is a matter for people, not an error of this command.
"""

from datetime import datetime
from typing import Annotated

import typer

from exchange.interfaces.cli.access import emergency_line, stop_line
from exchange.interfaces.cli.client import Service
from exchange.interfaces.cli.options import DATA, Data, Json
from exchange.interfaces.cli.output import Answer, say, say_json, say_table, warn
from exchange.interfaces.cli.pausing import due_line as paused_words
from exchange.interfaces.cli.retaining import owed_lines, proposal_line
from exchange.interfaces.cli.sending import short

NOTHING = "nothing is waiting; start a notice: exchange message new RPN"
NOTHING_LATE = "nothing is overdue"
HEADINGS = ("what", "message", "case", "persons", "who", "until", "state", "next")
SHOWN = 100
"""Tasks in one table; who has more to do begins with the first ones."""
_CASE_SHOWN = 9
"""Two groups of a code, as they are read out on the telephone."""
_NEXT_ACTS = {
    "answer": ("answer the change that {partner} proposes", "{partner} has to answer our change"),
    "depart": ("send the departure notice when the group leaves", "{partner} says when the group has left"),
    "call_off": ("nobody on the list may travel any more, call it off",) * 2,
    "countersign": ("sign the record of {partner}", "{partner} has to sign our record"),
    "record_anew": ("signed with a reservation, write the record anew",) * 2,
    "record": ("the group has left, sign the record",) * 2,
}
"""What comes next in a handover: when we do it, and when only the partner can."""
_STATES = {"open": "open", "due_today": "due today", "overdue": "overdue", "stopped": "stopped by a hold"}


def register(app: typer.Typer) -> None:
    app.command("due")(due)


def due(
    overdue: Annotated[bool, typer.Option("--overdue", help="Only what is late.")] = False,
    limit: Annotated[int, typer.Option("--limit", help="How many are shown at most, up to 1,000.")] = SHOWN,
    data: Data = DATA,
    as_json: Json = False,
) -> None:
    """Show what must be done, by whom, until when, in both countries' time."""
    found = Service(data).ask("due", overdue=overdue, limit=limit)
    if found.get("calendar_fault"):
        warn(f"deadlines are counted without announced days: {found['calendar_fault']}")
    if as_json:
        say_json(found)
        return
    first = [paused_words(each) for each in found.get("paused", [])]
    first += [f"STOP not opened: {arrival_words(each)}" for each in found["stops"]]
    first += [second_look_line(each) for each in found["second_looks"]]
    first += [withdrawal_line(each) for each in found["withdrawals"]]
    first += [proposal_line(each) for each in found["erasures"]["proposals"]]
    first += owed_lines(found["erasures"]["owed"])
    first += [emergency_line(each) for each in found["emergency_openings"]]
    first += [stop_line(each) for each in found["reading_stops"]]
    first += [handover_line(each) for each in found["handovers"]]
    first += [reception_line(each) for each in found["receptions"]]
    first += [f"not opened: {arrival_words(each)}" for each in found["arrived"]]
    first += left_line(found)
    for line in first:
        say(line)
    if not (found["to_answer"] or found["answers_on_their_way"] or found["waiting"]):
        say(NOTHING if not first else "nothing else is waiting")
        return
    say(in_words(found))
    say()
    say_table(HEADINGS, [_row(task) for task in found["tasks"]], empty=NOTHING_LATE)
    if found.get("more"):
        say(f"only the first {len(found['tasks'])} are shown; more of them: exchange due --limit 1000")


def left_line(found: Answer) -> list[str]:
    """Return how many messages that nobody has opened have no line of their own, if there are any."""
    left = found["stops_unopened"] + found["unopened"] - len(found["stops"]) - len(found["arrived"])
    return [f"{left} more that arrived are not opened: exchange message list"] if left else []


def arrival_words(each: Answer) -> str:
    """Return a message that nobody has opened, and the command that opens it."""
    number, cases = short(each["id"]), each["cases"]
    about = f", case {cases[0]}" if len(cases) == 1 else f", {len(cases)} persons" if cases else ""
    what = f"{each['type']} {each['what'].lower()} from {each['partner']}, {each['verdict']}{about}"
    return f"{what}: exchange message show {number}"


def handover_line(each: Answer) -> str:
    """Return what has to be done next for a handover of today or tomorrow, or one that is late."""
    at = each["own_time"]["at"] or "no window"
    words = _NEXT_ACTS[each["act"]][0 if each["ours"] else 1].format(partner=each["partner"])
    if each["act"] == "depart" and each["staying"]:
        words += f" ({each['staying']} of {each['persons']} persons do not travel)"
    late = ", overdue" if each["overdue"] else ""
    named = f"handover {each['movement']} ({each['crossing']}, {at})"
    return f"{named}: {words}{late}: exchange handover sheet {each['movement']}"


def reception_line(each: Answer) -> str:
    """Return which reception has to be confirmed, and until when."""
    until_day = f" until {each['own_time']['at']}" if each["own_time"]["at"] else ""
    late = ", overdue" if each["state"] == "overdue" else ""
    command = f": exchange message answer {short(each['record'])} --as RCV" if each["record"] else ""
    about = f"{each['persons']} persons of handover {each['movement']}"
    return f"confirm the reception of {about}{until_day}{late}{command}"


def second_look_line(each: Answer) -> str:
    """Return what a second officer has to do for a message that one released alone in an emergency."""
    number, late = short(each["message"]), ", overdue" if each["overdue"] else ""
    return (
        f"{each['type']} {number} was released by {each['released_by']} alone ({each['act']}): a second "
        f"officer looks until {each['until']}{late}: exchange message review {number}"
    )


def withdrawal_line(each: Answer) -> str:
    """Return what to do for a person who withdrew a consent with one partner while another has data, too."""
    scopes = ", ".join(each["scopes"])
    return (
        f"{each['partner']} has data of a person who withdrew {scopes} with {each['told']}: "
        f"ask the person, then send CWD in case {each['case']}"
    )


def in_words(found: Answer) -> str:
    """Return `3 to answer, 1 overdue, 2 waiting for VN-MPS-IMM (1 overdue)`."""
    parts = [f"{found['to_answer']} to answer"]
    if found["overdue"]:
        parts.append(f"{found['overdue']} overdue")
    if found["answers_on_their_way"]:
        parts.append(f"{found['answers_on_their_way']} answered and not confirmed yet")
    for each in found["waiting"]:
        late = f" ({each['overdue']} overdue)" if each["overdue"] else ""
        parts.append(f"{each['count']} waiting for {each['partner']}{late}")
    return ", ".join(parts)


def until(task: Answer) -> str:
    """Return `Mon 11 Oct 2027 16:00 Phnom Penh / 16:00 Ho Chi Minh`; the other day only if it differs."""
    own, partner = task["own_time"], task["partner_time"]
    if own["at"] is None:
        return "no day" if task["state"] == "stopped" else "no deadline agreed"
    here, there = datetime.fromisoformat(own["at"]), datetime.fromisoformat(partner["at"])
    other = f"{there:%H:%M}" if there.date() == here.date() else f"{there:%a %d %b %H:%M}"
    return f"{here:%a %d %b %Y %H:%M} {city(own['zone'])} / {other} {city(partner['zone'])}"


def city(zone: str) -> str:
    """Return the place a time zone is named after."""
    return zone.rsplit("/", 1)[-1].replace("_", " ")


def next_command(task: Answer) -> str:
    """Return the one command to type next."""
    number = short(task["message"])
    if task["ours"] and not task["answering"] and task["can_reply"]:
        return f"exchange message answer {number}"
    if not task["ours"] and task["reminder"] and task["reminder"]["may_be_sent"]:
        return f"exchange message remind {number}"
    return f"exchange message show {number}"


def _row(task: Answer) -> tuple[object, ...]:
    cases = task["cases"]
    return (
        f"{task['type']} {task['what'].lower()}",
        short(task["message"]),
        cases[0][:_CASE_SHOWN] if len(cases) == 1 else "",
        task["persons"] or "",
        "we" if task["ours"] else task["by"],
        until(task),
        _state(task),
        next_command(task),
    )


def _state(task: Answer) -> str:
    if task["answering"]:
        return "answered, not confirmed yet"
    state = _STATES[task["state"]]
    if task["reminded"]:
        state += f", reminded: {', '.join(task['reminded'])}"
    reminder = task["reminder"]
    if reminder:
        state += f", {reminder['level']} reminder from {reminder['on']}"
    return state
