# SPDX-License-Identifier: Apache-2.0
"""The tree of commands, and the one place where errors become text and exit codes."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from exchange import __version__
from exchange.errors import IdentifierError, InputError, NodeError, StrictJsonError
from exchange.interfaces.cli.tree import app
from tests.support.command_line import run
from tests.support.local_service import LocalService
from typer.main import get_command

WRITES = frozenset({"demo", "serve", "message new", "witness serve"})
"""Commands that print no answer of the service."""


def _leaves(command: object, *path: str) -> Iterator[tuple[str, object]]:
    commands = getattr(command, "commands", None)
    if commands is None:
        yield " ".join(path), command
        return
    for name, child in commands.items():
        yield from _leaves(child, *path, name)


COMMANDS = dict(_leaves(get_command(app)))


@pytest.mark.parametrize(
    ("words", "error", "hint"),
    [
        (("frobnicate",), "error: no such command 'frobnicate'", "hint: exchange --help"),
        (
            ("message", "frobnicate"),
            "error: no such command 'frobnicate'",
            "hint: exchange message frobnicate --help",
        ),
        (("message", "send"), "error: missing argument 'file'", "hint: exchange message send --help"),
        (("serve", "--frob"), "error: no such option: --frob", "hint: exchange serve --help"),
        (
            ("ledger", "show", "x"),
            "error: invalid value for 'entry': it should be a valid integer\n",
            "hint: exchange ledger show --help",
        ),
        (("ledger", "list", "--limit", "0"), "error: invalid value", "hint: exchange ledger list --help"),
    ],
)
def test_wrong_usage_is_exit_2_with_the_page_to_read(words: tuple[str, ...], error: str, hint: str) -> None:
    done = run(*words)

    assert (done.code, done.out) == (2, "")
    assert done.err.startswith(error)
    assert done.err.splitlines()[-1].startswith(hint.removesuffix(" frobnicate --help"))


def test_wrong_usage_with_json_is_json() -> None:
    done = run("partner", "show", "--json", "--frob")

    assert (done.code, done.err) == (2, "")
    assert json.loads(done.out)["error"]["exit"] == 2


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (NodeError("x"), 6),
        (InputError("x"), 3),
        (StrictJsonError("x"), 3),
        (IdentifierError("x"), 2),
    ],
)
def test_an_error_of_the_service_keeps_its_exit_code(tmp_path: Path, error: Exception, code: int) -> None:
    with LocalService(tmp_path, {"partner.list": error}):  # type: ignore[dict-item]
        done = run("partner", "list", "--data", tmp_path)

    assert (done.code, done.err) == (code, "error: x\n")


def test_a_wrong_identifier_is_wrong_usage(tmp_path: Path) -> None:
    done = run("partner", "invite", "VN-MPS-IMM", "-o", tmp_path / "x", "--data", tmp_path, OFFICER="p 1")

    assert done.code == 2
    assert "officer number" in done.err


@pytest.mark.parametrize("name", sorted(set(COMMANDS) - WRITES))
def test_every_command_that_answers_has_json(name: str) -> None:
    options = [option for parameter in COMMANDS[name].params for option in parameter.opts]  # type: ignore[attr-defined]

    assert "--json" in options


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_no_passphrase_is_ever_an_option(name: str) -> None:
    options = [option for parameter in COMMANDS[name].params for option in parameter.opts]  # type: ignore[attr-defined]

    assert not [option for option in options if "pass" in option or "secret" in option]


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_every_command_has_a_help_page(name: str) -> None:
    done = run(*name.split(), "--help")

    assert done.code == 0
    assert f"Usage: exchange {name}" in done.out


@pytest.mark.parametrize(("words", "shown"), [((), "demo"), (("partner",), "invite"), (("key",), "rotate")])
def test_without_a_command_the_commands_are_shown_line_by_line(words: tuple[str, ...], shown: str) -> None:
    done = run(*words)

    assert (done.code, done.err) == (2, "")
    assert done.out == run(*words, "--help").out
    assert any(line.strip().startswith(f"{shown} ") for line in done.out.splitlines())


def test_a_question_without_a_terminal_says_how_to_answer_it(tmp_path: Path) -> None:
    """It ended with 130 and not a word, in a job as well."""
    row = {"act": "hold", "case": "7KQ2", "partner": "VN", "state": "open", "closed_on": "", "waits": []}
    shown = {**row, "proposed_by": "P-0001", "digest": "d"}
    with LocalService(tmp_path, {"erasure.look": shown}):
        done = run("case", "hold", "7KQ2", "--confirm", "--data", tmp_path, OFFICER="P-0002")

    assert done.code == 130
    assert "error: the question was not answered with yes\nhint: where nobody can be asked" in done.err


def test_the_version_is_said_for_the_ceremony() -> None:
    done = run("--version")

    assert (done.code, done.out, done.err) == (0, f"exchange {__version__}\n", "")


@pytest.mark.parametrize("words", [("--verson",), ("doctor", "--version"), ("serve", "--version")])
def test_the_version_is_an_option_of_the_program_alone(words: tuple[str, ...]) -> None:
    done = run(*words)

    assert (done.code, done.out) == (2, "")


@pytest.mark.parametrize(("typed", "said"), [("p 1", "officer number"), ("", "who acts")])
def test_an_error_about_an_officer_shows_the_form(tmp_path: Path, typed: str, said: str) -> None:
    done = run("partner", "invite", "VN-MPS-IMM", "-o", tmp_path / "x", "--data", tmp_path, OFFICER=typed)

    assert done.code == 2
    assert said in done.err
    assert "P-0001" in done.err
    assert " a officer" not in done.err
