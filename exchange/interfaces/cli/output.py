# SPDX-License-Identifier: Apache-2.0
"""What the command line says, and how.

1. Answers go to stdout, errors to stderr: `error: …`, then `hint: …`, lower case, no full stop.
2. With `--json` the answer is one JSON object on stdout; so is an error.
3. A colour only repeats what a word says: accepted, refused, differs. `NO_COLOR` turns colours off.
4. An error quotes identifiers, codes and file names; never a value of a person.
"""

import json
import sys
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from typing import Any, Final

from rich.console import Console
from rich.text import Text

from exchange.errors import ExchangeError, Fault, InputError
from exchange.messages.wording import SENTENCES

Answer = dict[str, Any]

MAX_FAULTS: Final = 20
"""More lines of faults than this nobody reads at once; `--json` has all of them."""
GOOD: Final = "green"
BAD: Final = "red"
DOUBTFUL: Final = "yellow"
_STYLES: Final = {
    "accepted": GOOD,
    "matched": GOOD,
    "holds": GOOD,
    "same": GOOD,
    "open": GOOD,
    "rejected": BAD,
    "refused": BAD,
    "stopped": BAD,
    "frozen": BAD,
    "paused": BAD,
    "differs": DOUBTFUL,
    "agreed": GOOD,
    "green": GOOD,
    "amber": DOUBTFUL,
    "red": BAD,
    "queued": DOUBTFUL,
    "held": DOUBTFUL,
    "closed": DOUBTFUL,
}


def say(text: str = "", *, style: str = "") -> None:
    """Print a line of the answer; nothing in it is taken as markup, and it is never folded."""
    _console(sys.stdout).print(Text(text, style=style), soft_wrap=True)


def say_marked(text: str, word: str) -> None:
    """Print a line in which the first occurrence of `word` has the colour of what it means."""
    line = Text(text)
    start = text.find(word)
    if word and start >= 0:
        line.stylize(_STYLES.get(word, ""), start, start + len(word))
    _console(sys.stdout).print(line, soft_wrap=True)


def warn(text: str) -> None:
    """Print a line beside the answer, so that the answer can go into a file."""
    _console(sys.stderr).print(Text(text), soft_wrap=True)


def say_json(value: Any) -> None:
    """Print a value as JSON for programs."""
    print(as_json_text(value))


def as_json_text(value: Any) -> str:
    """Return a value as indented JSON."""
    return json.dumps(value, indent=2, ensure_ascii=False)


def say_table(headings: Sequence[str], rows: Iterable[Sequence[object]], *, empty: str) -> None:
    """Print rows under headings, or one sentence when there are none."""
    lines = [[str(cell if cell is not None else "") for cell in row] for row in rows]
    if not lines:
        say(empty)
        return
    widths = [max(len(row[column]) for row in (headings, *lines)) for column in range(len(headings))]
    for row in (headings, *lines):
        text = "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        say_marked(text, next((cell for cell in row if cell in _STYLES), ""))


def show_error(error: ExchangeError, *, as_json: bool) -> None:
    """Print an error with what to do."""
    if as_json:
        say_json({"error": problem_of(error)})
        return
    for line in error_lines(error):
        _console(sys.stderr).print(Text(line), soft_wrap=True)


def problem_of(error: ExchangeError) -> Answer:
    """Return an error as programs read it; equal to the form of the local socket."""
    return {
        "reason": error.reason,
        "message": str(error),
        "hint": error.hint or "",
        "exit": error.exit_code,
        "faults": [asdict(fault) for fault in faults_of(error)],
    }


def error_lines(error: ExchangeError) -> list[str]:
    """Return the lines of an error: each fault, or the message, then the hints that were not said yet."""
    faults = faults_of(error)
    lines = [] if faults else [f"error: {_plain(str(error))}"]
    for fault in faults[:MAX_FAULTS]:
        lines.append(f"error: {fault_line(fault)}")
        if fault.hint:
            lines.append(f"hint: {_plain(fault.hint)}")
    if len(faults) > MAX_FAULTS:
        lines.append(f"hint: {len(faults) - MAX_FAULTS} more; all of them with --json")
    if error.hint:
        hints = [f"hint: {_plain(hint)}" for hint in error.hint.split("\n")]
        lines += [line for line in hints if line not in lines]
    return lines


def fault_line(fault: Fault) -> str:
    """Return where something is wrong, what, what was found and what was expected."""
    place = fault.pointer or "the document"
    sentence = SENTENCES.get(fault.rule, f"is not allowed ({fault.code})")
    return f"{place} {sentence}; found: {fault.found}; expected: {fault.expected}"


def faults_of(error: ExchangeError) -> tuple[Fault, ...]:
    return error.faults if isinstance(error, InputError) else ()


def _plain(text: str) -> str:
    """Return a sentence as the command line writes it: lower case at its start, no full stop, one line.

    A first word that is no plain word, like the name of a file or of a time zone, stays as it is.
    """
    plain = text.rstrip(".").replace("\n", " ")
    first = plain.partition(" ")[0].rstrip(",:;").replace("'", "")
    is_word = first.isalpha() and (len(first) == 1 or first[1:].islower())
    return plain[:1].lower() + plain[1:] if is_word else plain


def _console(file: Any) -> Console:
    return Console(file=file, highlight=False, markup=False, emoji=False, legacy_windows=False)
