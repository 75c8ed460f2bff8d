# SPDX-License-Identifier: Apache-2.0
"""What the command line says: lower case, no full stop, no markup, a hint below an error."""

import pytest
from exchange.errors import ExchangeError, Fault, InputError, NodeError, PassphraseError
from exchange.interfaces.cli.output import MAX_FAULTS, error_lines, fault_line, say, say_marked, say_table

FAULT = Fault("count_invalid", "/content/persons_count", "count.persons", "1", "2")


@pytest.mark.parametrize(
    ("error", "lines"),
    [
        (NodeError("it failed"), ["error: it failed"]),
        (NodeError("It failed."), ["error: it failed"]),
        (PassphraseError(), ["error: the passphrase does not open the key file"]),
        (NodeError("VN-MPS-IMM is away"), ["error: VN-MPS-IMM is away"]),
        (NodeError("A file is missing"), ["error: a file is missing"]),
        (NodeError("Asia/Hanoi is no zone"), ["error: Asia/Hanoi is no zone"]),
        (NodeError("Notes.txt is empty"), ["error: Notes.txt is empty"]),
        (NodeError("Partner's card: old"), ["error: partner's card: old"]),
        (NodeError("x", hint="one\ntwo."), ["error: x", "hint: one", "hint: two"]),
        (InputError("x", hint="y"), ["error: x", "hint: y"]),
        (
            InputError("not said, the fault is", faults=(FAULT,)),
            ["error: /content/persons_count does not equal the list of persons; found: 2; expected: 1"],
        ),
    ],
)
def test_an_error_and_its_hints_are_lines(error: ExchangeError, lines: list[str]) -> None:
    assert error_lines(error) == lines


def test_a_hint_of_a_fault_is_not_said_again() -> None:
    fault = Fault(
        "attachment_mismatch", "/header/attachments/0", "attachment.inline", "a PDF", "x", "use one"
    )

    assert error_lines(InputError("x", faults=(fault,), hint="use one"))[1:] == ["hint: use one"]
    assert error_lines(InputError("x", faults=(fault,), hint="use one\nelse"))[1:] == [
        "hint: use one",
        "hint: else",
    ]


def test_many_faults_are_cut_and_counted() -> None:
    lines = error_lines(InputError("x", faults=(FAULT,) * (MAX_FAULTS + 3)))

    assert len(lines) == MAX_FAULTS + 1
    assert lines[-1] == "hint: 3 more; all of them with --json"


def test_a_rule_without_a_sentence_is_said_by_its_code() -> None:
    fault = Fault("state_conflict", "", "state", "a state that allows it", "another state")

    assert fault_line(fault).startswith("the document is not allowed (state_conflict); found: another")


def test_nothing_in_a_line_is_taken_as_markup(capsys: pytest.CaptureFixture[str]) -> None:
    say("[bold]NGUYEN[/bold] :smile: 10:00")

    assert capsys.readouterr().out == "[bold]NGUYEN[/bold] :smile: 10:00\n"


def test_a_long_line_is_never_folded(capsys: pytest.CaptureFixture[str]) -> None:
    say_marked("accepted " + "x" * 300, "accepted")

    assert capsys.readouterr().out.count("\n") == 1


def test_a_table_is_aligned_and_has_no_space_at_the_end(capsys: pytest.CaptureFixture[str]) -> None:
    say_table(("a", "long", "c"), [("xxx", 1, None), ("y", 22, "z")], empty="none")

    assert capsys.readouterr().out == "a    long  c\nxxx  1\ny    22    z\n"


def test_an_empty_table_is_a_sentence(capsys: pytest.CaptureFixture[str]) -> None:
    say_table(("a",), [], empty="none yet")

    assert capsys.readouterr().out == "none yet\n"


def test_a_colour_marks_the_word_and_no_color_turns_it_off(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("TERM", "xterm-256color")
    say_marked("it was rejected", "rejected")
    coloured = capsys.readouterr().out
    monkeypatch.setenv("NO_COLOR", "1")
    say_marked("it was rejected", "rejected")

    assert coloured == "it was \x1b[31mrejected\x1b[0m\n"
    assert capsys.readouterr().out == "it was rejected\n"
