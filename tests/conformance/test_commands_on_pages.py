# SPDX-License-Identifier: Apache-2.0
"""A command that a page tells to type exists, with the options that stand behind it and those that it needs.

The same holds for the commands in what the program itself says: hints, the doctor, next steps.
"""

import ast
import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer
from exchange.interfaces.cli.tree import app
from tests.support.command_line import run

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted(
    path.relative_to(ROOT).as_posix()
    for path in (
        *ROOT.glob("*.md"),
        *(ROOT / "docs").rglob("*.md"),
        *(ROOT / "keys").glob("*.md"),
        *(ROOT / "tests/interop").glob("*.md"),
    )
    if "adr" not in path.parts
)
SOURCES = sorted(path.relative_to(ROOT).as_posix() for path in (ROOT / "exchange").rglob("*.py"))
FENCE = re.compile(r"^ *```[a-z]*\n(.*?)^ *```", re.MULTILINE | re.DOTALL)
SPAN = re.compile(r"`(exchange\s(?!example )[a-z](?:[^`\n]|\n(?!\n))*)`")
"""Labels of example keys begin with `exchange example`."""
BEFORE = re.compile(r"(?:sudo -u exchange |(?:[\d*]+ ){2}\* \* \* )")
"""What may stand before a command in a block: another user, the time of a crontab."""
SAID = re.compile(r"(?<![\w/.-])exchange [a-z][a-z-]*(?: (?:--)?[a-z][a-z-]*| [A-Z<{][\w<>{}|-]*)*")
"""A command within a sentence of the program."""
WORD = re.compile(r"[a-z][a-z-]*")
ROOT_COMMAND = typer.main.get_command(app)


def commands_on(text: str) -> Iterator[str]:
    """Yield what a page says to type: lines of its blocks and spans of its sentences."""
    for block in FENCE.findall(text):
        for line in re.sub(r"\s*\\\n\s*", " ", block).splitlines():
            command = BEFORE.sub("", line.strip(), count=1)
            if command.startswith("exchange "):
                yield re.split(r"  {2,}|\s[#>]", command)[0]
    yield from (" ".join(span.split()) for span in SPAN.findall(FENCE.sub("", text)))


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


def lacking_in(typed: str) -> str:
    """Return what a whole command, as a block shows it, lacks; one with an ellipsis is not whole."""
    command, words = named_by(typed)
    if hasattr(command, "commands") or "…" in typed:
        return ""
    flags = {name for one in command.params if getattr(one, "is_flag", False) for name in one.opts}
    given = [word.split("=")[0] for word in words]
    values = {at + 1 for at, word in enumerate(words) if word[:1] == "-" and word not in flags | {"-"}}
    free = [word for at, word in enumerate(words) if at not in values and (word[:1] != "-" or word == "-")]
    needed = [one for one in command.params if one.required]
    missing = [
        one.opts[0] for one in needed if one.param_type_name == "option" and not {*one.opts} & {*given}
    ]
    missing += [one.name for one in needed if one.param_type_name == "argument"][len(free) :]
    return f"lacks {', '.join(missing)}: {typed}" if missing else ""


def said_in(source: str) -> Iterator[str]:
    """Yield the commands in the texts of a module; what is filled in is a value in capitals."""
    tree = ast.parse(source)
    filled = [node for node in ast.walk(tree) if isinstance(node, ast.JoinedStr)]
    parts = {id(part) for node in filled for part in node.values}
    texts = [
        "".join(str(getattr(part, "value", "")) if is_text(part) else "X" for part in node.values)
        for node in filled
    ]
    texts += [node.value for node in ast.walk(tree) if is_text(node) and id(node) not in parts]
    yield from (typed for text in texts for typed in SAID.findall(text))


def is_text(node: ast.AST) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, str)


def fault_of(typed: str) -> str:
    """Return what is wrong with a command, or nothing; what stands for a value is not looked at."""
    command, words = named_by(typed)
    if command is None:
        return f"no command: {typed}"
    if hasattr(command, "commands") and words:
        return ""
    known = options_of(command) | {"--help"}
    named = {word.split("=")[0].rstrip(",.") for word in words if re.match(r"--?[a-z]", word)}
    return "".join(f"no option {one}: {typed}" for one in sorted(named - known))


@pytest.mark.parametrize("page", PAGES)
def test_every_command_on_a_page_exists(page: str) -> None:
    text = (ROOT / page).read_text(encoding="utf-8")

    assert [fault for typed in commands_on(text) if (fault := fault_of(typed))] == []


@pytest.mark.parametrize("page", PAGES)
def test_every_command_in_a_block_has_what_it_needs(page: str) -> None:
    text = (ROOT / page).read_text(encoding="utf-8")
    blocks = "".join(f"```\n{block}```\n" for block in FENCE.findall(text))

    assert [lack for typed in commands_on(blocks) if (lack := lacking_in(typed))] == []


@pytest.mark.parametrize("source", SOURCES)
def test_every_command_that_the_program_names_exists(source: str) -> None:
    """Only what begins with a command of the tree is looked at: `exchange is …` is a sentence."""
    text = (ROOT / source).read_text(encoding="utf-8")
    named = [typed for typed in said_in(text) if typed.split()[1] in ROOT_COMMAND.commands]

    assert [fault for typed in named if (fault := fault_of(typed))] == []


@pytest.mark.parametrize("page", PAGES)
def test_every_form_and_list_that_a_page_tells_to_show_is_there(page: str) -> None:
    """The one kind of argument that can be tried without a node."""
    text = (ROOT / page).read_text(encoding="utf-8")
    shown = [typed for typed in commands_on(text) if re.match(r"exchange schema (show|codes) [a-z]", typed)]

    assert [typed for typed in shown if run(*typed.split()[1:]).code != 0] == []


@pytest.mark.parametrize(
    "typed",
    [
        "exchange key card",
        "exchange agreement sign --second P-0002",
        "exchange partner pause VN-MPS-IMM --officer P-0001",
        "exchange partner address --refuse VN-MPS-IMM",
    ],
)
def test_a_command_that_lacks_something_is_found(typed: str) -> None:
    assert (fault_of(typed), lacking_in(typed) != "") == ("", True)


@pytest.mark.parametrize("text", ["'run: exchange partner pausing X'", "f'exchange key rotate --date {x}'"])
def test_a_wrong_command_in_a_text_of_the_program_is_found(text: str) -> None:
    assert [fault_of(typed) != "" for typed in said_in(f"hint = {text}")] == [True]


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
    text = (
        "a `exchange due` b `exchange key\n  list` c\n```\nexchange init \\\n  --data kh\nls\n"
        "sudo -u exchange exchange doctor\n10 2 * * * exchange backup make -o x >/dev/null\n```\n"
    )

    assert list(commands_on(text)) == [
        "exchange init --data kh",
        "exchange doctor",
        "exchange backup make -o x",
        "exchange due",
        "exchange key list",
    ]
