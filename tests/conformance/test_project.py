# SPDX-License-Identifier: Apache-2.0
"""The rules of the project hold, and each check can fail."""

from collections.abc import Callable
from pathlib import Path

import pytest
from tools import checks
from tools.checks import keymaterial, lengths, loosened, names, openings, paths, queries
from tools.checks.tree import Finding, Tree, read_tree

ROOT = Path(__file__).resolve().parents[2]
OPENING = '# SPDX-License-Identifier: Apache-2.0\n"""A module of a test."""\n'
QUERY = "-- name: due\n-- All due messages.\nSELECT 1;\n"
SEED = "0123456789abcdef" * 4
DIGEST = "A" * 43

Check = Callable[[Tree], list[Finding]]
Plant = Callable[[str, str], Tree]


@pytest.fixture
def plant(tmp_path: Path) -> Plant:
    """Return a function that writes one file and gives the tree that holds only it."""

    def write(path: str, text: str) -> Tree:
        target = tmp_path / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(text.encode("latin-1"))
        return Tree(tmp_path, (path,))

    return write


def test_the_project_keeps_every_rule() -> None:
    found = checks.findings(read_tree(ROOT))

    assert found == []


def test_the_tree_holds_this_file_and_nothing_that_git_ignores() -> None:
    tree = read_tree(ROOT)

    assert "tests/conformance/test_project.py" in tree.paths
    assert not [path for path in tree.paths if path.startswith(".venv/") or "__pycache__" in path]


def test_an_unpacked_archive_is_walked_without_what_python_writes(tmp_path: Path) -> None:
    for path in ("exchange/ids.py", "exchange/__pycache__/ids.pyc", ".venv/lib/other.py", ".ci/run"):
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).touch()

    assert read_tree(tmp_path).paths == (".ci/run", "exchange/ids.py")


def test_two_files_of_tests_with_one_name_are_found(tmp_path: Path) -> None:
    tree = Tree(
        tmp_path, ("tests/unit/a/test_door.py", "tests/unit/b/test_door.py", "tests/unit/test_own.py")
    )

    found = names.check(tree)

    assert [finding.path for finding in found] == ["tests/unit/b/test_door.py"]


def function_of(lines: int, *, docstring_lines: int = 0) -> str:
    doc = ['    """A sentence.', *["    more"] * (docstring_lines - 2), '    """'] if docstring_lines else []
    return "\n".join(["def long() -> None:", *doc, *["    pass"] * (lines - 1)]) + "\n"


BROKEN = [
    ("file of 501 lines", lengths.check_files, "exchange/long.py", "#\n" * 501),
    ("function of 51 lines", lengths.check_functions, "exchange/long.py", function_of(51)),
    ("coroutine of 51 lines", lengths.check_functions, "exchange/long.py", "async " + function_of(51)),
    ("method of 51 lines", lengths.check_functions, "exchange/long.py",
     "class A:\n" + "".join(f"    {line}\n" for line in function_of(51).splitlines())),
    ("no licence line", openings.check, "exchange/a.py", '"""A module."""\n'),
    ("another licence", openings.check, "exchange/a.py", '# SPDX-License-Identifier: MIT\n"""A module."""\n'),
    ("licence on the second line", openings.check, "tests/test_a.py", "\n" + OPENING),
    ("no docstring", openings.check, "tools/a.py", "# SPDX-License-Identifier: Apache-2.0\nx = 1\n"),
    ("empty docstring", openings.check, "exchange/a.py", '# SPDX-License-Identifier: Apache-2.0\n""""""\n'),
    ("key in PEM", keymaterial.check, "keys/a.txt", "-----BEGIN " + "PRIVATE KEY-----\n"),
    ("key of a tool in PEM", keymaterial.check, "docs/a.md", "-----BEGIN OPENSSH " + "PRIVATE KEY-----"),
    ("key of age", keymaterial.check, "a.txt", "AGE-SECRET-" + "KEY-1QQQQQQQQQQQQ"),
    ("member d of a web key", keymaterial.check, "tests/unit/a.json", '{"d"' + f': "{DIGEST}"}}'),
    ("member d in Python", keymaterial.check, "tests/unit/test_a.py", "{'d'" + f":'{DIGEST}'}}"),
    ("member priv of a web key", keymaterial.check, "a.json", '{"priv"' + f':"{DIGEST}"}}'),
    ("seed in digits", keymaterial.check, "tests/test_a.py", "SEED" + f' = "{SEED}"'),
    ("secret in a configuration", keymaterial.check, "node.toml", "head_secret" + f' = "{SEED}"'),
    ("container of a node", keymaterial.check, "keys/a.json", '{"format"' + ':"exchange-keys/1"}'),
    ("Ed25519 key in base64", keymaterial.check, "a.txt", "MC4CAQAwBQYDK2V" + "wBCIEIAAA"),
    ("P-256 key in base64", keymaterial.check, "a.txt", "MIGHAgEAMBMGByqGSM" + "49AgEG"),
    ("X25519 key in DER", keymaterial.check, "a.bin",
     "\x30\x2e\x02\x01\x00\x30\x05\x06\x03" + "\x2b\x65\x6e\x04\x22\x04\x20"),
    ("name of a key file", keymaterial.check, "keys/node.key", "public"),
    ("place of the author", paths.check, "docs/a.md", "see /" + "work/main/a.py"),
    ("place of the author without a file", paths.check, "a.toml", 'root = "/' + 'work"'),
    ("another place", paths.check, "exchange/a.py", "open('/" + "farm/a')"),
    ("folder beside the project", paths.check, "docs/a.md", "../" + "shared/design.md"),
    ("module utils", names.check, "exchange/service/utils.py", OPENING),
    ("package common", names.check, "exchange/common/ids.py", OPENING),
    ("module helpers of tests", names.check, "tests/helpers.py", OPENING),
    ("query without a sentence", queries.check, "exchange/a.sql", "-- name: due\nSELECT 1;\n"),
    ("query before the first name", queries.check, "exchange/a.sql", "SELECT 1;\n" + QUERY),
    ("query without a name", queries.check, "exchange/a.sql", "-- All due.\nSELECT 1;\n"),
    ("name in place of the sentence", queries.check, "exchange/a.sql", "-- name: late\n" + QUERY),
    ("name given twice", queries.check, "exchange/a.sql", QUERY * 2),
    ("empty file of queries", queries.check, "exchange/a.sql", ""),
    ("migration without a sentence", queries.check, "exchange/sql/0001_a.sql", "CREATE TABLE a (b);\n"),
    ("migration with a licence only", queries.check, "exchange/0001.sql", "-- SPDX-License-Identifier: A\n"),
    ("skipped test", loosened.check, "tests/test_a.py", "pytest" + ".skip('later')"),
    ("marked as skipped", loosened.check, "tests/test_a.py", "@pytest.mark" + ".skipif(True)"),
    ("expected to fail", loosened.check, "tests/test_a.py", "@pytest.mark" + ".xfail"),
    ("skipped when something is missing", loosened.check, "tests/test_a.py", "pytest" + ".importorskip('x')"),
    ("note to oneself", loosened.check, "exchange/a.py", "# TO" + "DO: later"),
    ("note to oneself in a query", loosened.check, "exchange/a.sql", "-- FIX" + "ME"),
    ("unfinished function", loosened.check, "exchange/a.py", "    raise NotImplemented" + "Error"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("check", "path", "text"), [row[1:] for row in BROKEN], ids=[row[0] for row in BROKEN]
)
def test_a_check_finds_what_it_looks_for(check: Check, path: str, text: str, plant: Plant) -> None:
    tree = plant(path, text)

    found = check(tree)

    assert [finding.path for finding in found] == [path]
    assert found[0].line >= 1


SOUND = [
    ("file of 500 lines", lengths.check_files, "exchange/long.py", "#\n" * 500),
    ("long test file", lengths.check_files, "tests/test_long.py", "#\n" * 501),
    ("function of 50 lines", lengths.check_functions, "exchange/long.py", function_of(50)),
    ("long docstring", lengths.check_functions, "exchange/long.py", function_of(50, docstring_lines=20)),
    ("module with its opening", openings.check, "exchange/a.py", OPENING),
    ("empty package", openings.check, "tests/__init__.py", ""),
    ("published test key", keymaterial.check, "tests/vectors/jose.json", '{"d"' + f': "{DIGEST}"}}'),
    ("public key", keymaterial.check, "keys/a.pem", "-----BEGIN PUBLIC KEY-----\n"),
    ("digest", keymaterial.check, "docs/a.md", f'{{"sha256": "{DIGEST}"}}'),
    ("hash of a public thing", keymaterial.check, "requirements.lock", f"--hash=sha256:{SEED}"),
    ("a word that only begins alike", paths.check, "docs/a.md", "/workers and networks/work"),
    ("route that goes on", paths.check, "docs/a.md", "GET /worklist"),
    ("module with a concept", names.check, "exchange/protocol/suites.py", OPENING),
    ("named query", queries.check, "exchange/a.sql", QUERY),
    ("framed name", queries.check, "exchange/a.sql", "-- Queries.\n\n-- due --\n-- All due.\nSELECT 1;"),
    ("migration with a sentence", queries.check, "exchange/sql/0001_a.sql", "-- Add a.\nCREATE TABLE a (b);"),
    ("put off with an issue", loosened.check, "exchange/a.py", "# TO" + "DO #12: after the change"),
]  # fmt: skip


@pytest.mark.parametrize(("check", "path", "text"), [row[1:] for row in SOUND], ids=[row[0] for row in SOUND])
def test_a_check_lets_pass_what_is_right(check: Check, path: str, text: str, plant: Plant) -> None:
    tree = plant(path, text)

    assert check(tree) == []


def test_every_check_is_run_and_shown_to_fail() -> None:
    shown = {row[1] for row in BROKEN}

    assert set(checks.ALL) == shown
