# SPDX-License-Identifier: Apache-2.0
"""A command that a page tells to type exists, with the options that stand behind it."""

import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer
from exchange.interfaces.cli.tree import app

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted(
    path.relative_to(ROOT).as_posix()
    for path in (ROOT / "README.md", *(ROOT / "docs").rglob("*.md"), *(ROOT / "tests/interop").glob("*.md"))
    if "adr" not in path.parts
)
FENCE = re.compile(r"^ *```[a-z]*\n(.*?)^ *```", re.MULTILINE | re.DOTALL)
SPAN = re.compile(r"`(exchange (?!example )[a-z][^`\n]*)`")
"""Labels of example keys begin with `exchange example`."""
WORD = re.compile(r"[a-z][a-z-]*")
ROOT_COMMAND = typer.main.get_command(app)


def commands_on(text: str) -> Iterator[str]:
    """Yield what a page says to type: lines of its blocks and spans of its sentences."""
    for block in FENCE.findall(text):
        for line in re.sub(r"\s*\\\n\s*", " ", block).splitlines():
            if line.strip().startswith("exchange "):
                yield re.split(r"  {2,}|\s#", line.strip())[0]
    yield from SPAN.findall(FENCE.sub("", text))


def named_by(typed: str) -> tuple[Any, list[str]]:
    """Return the command that is typed, None if there is none, and the words behind its name."""
    try:
        words = shlex.split(typed)[1:]
    except ValueError:
        words = typed.split()[1:]
    command: Any = ROOT_COMMAND
    while words and hasattr(command, "commands") and WORD.fullmatch(words[0]):
        command, words = command.commands.get(words[0]), words[1:]
    return command, words


def options_of(command: Any) -> set[str]:
    return {name for one in command.params for name in (*one.opts, *one.secondary_opts)}


def fault_of(typed: str) -> str:
    """Return what is wrong with a command, or nothing; what stands for a value is not looked at."""
    command, words = named_by(typed)
    if command is None:
        return f"no command: {typed}"
    known = options_of(command) | {"--help"}
    named = {word.split("=")[0].rstrip(",.") for word in words if re.match(r"--?[a-z]", word)}
    return "".join(f"no option {one}: {typed}" for one in sorted(named - known))


@pytest.mark.parametrize("page", PAGES)
def test_every_command_on_a_page_exists(page: str) -> None:
    text = (ROOT / page).read_text(encoding="utf-8")

    assert [fault for typed in commands_on(text) if (fault := fault_of(typed))] == []


@pytest.mark.parametrize(
    "typed", ["exchange difference resolve 1", "exchange init --recovery-key x", "exchange nothing"]
)
def test_a_command_that_does_not_exist_is_found(typed: str) -> None:
    assert fault_of(typed) != ""


def unsaid(text: str) -> set[str]:
    """Return what commands of a page need to be told and the page does not say how."""
    found = set()
    for typed in commands_on(text):
        command, _ = named_by(typed)
        options = options_of(command) if command is not None and command.name != "init" else set()
        found |= {"EXCHANGE_OFFICER"} if "--officer" in options and "--officer" not in typed else set()
        found |= {"--yes"} & options
    return {one for one in found if one not in text}


@pytest.mark.parametrize("page", [page for page in PAGES if page.startswith("docs/guides/")])
def test_a_guide_says_who_acts_and_what_is_asked(page: str) -> None:
    """As written, its commands work: the officer is named or set once; what asks is answered by --yes."""
    assert unsaid((ROOT / page).read_text(encoding="utf-8")) == set()


@pytest.mark.parametrize(
    ("text", "missing"),
    [
        ("`exchange message send x`", {"EXCHANGE_OFFICER"}),
        ("`exchange parcel read x --officer P-0001`", {"--yes"}),
        ("`exchange parcel read x`", {"EXCHANGE_OFFICER", "--yes"}),
        ("`exchange message send x`, after EXCHANGE_OFFICER=P-0001", set()),
        ("`exchange doctor`", set()),
    ],
)
def test_a_command_that_would_be_refused_as_written_is_found(text: str, missing: set[str]) -> None:
    assert unsaid(text) == missing


def test_blocks_and_sentences_are_looked_at() -> None:
    text = "a `exchange due` b\n```\nexchange init \\\n  --data kh\nls\n```\n"

    assert list(commands_on(text)) == ["exchange init --data kh", "exchange due"]
