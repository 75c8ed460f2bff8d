# SPDX-License-Identifier: Apache-2.0
"""`verify.py` is one file that runs with Python's standard library alone."""

import ast
import subprocess
import sys
from collections import Counter
from pathlib import Path

from exchange.verifier.onefile import one_file
from tests.support.packs import VN, TwoSides


def test_no_name_of_one_module_hides_that_of_another() -> None:
    names: Counter[str] = Counter()
    for node in ast.parse(one_file()).body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            names[node.name] += 1
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            names[node.target.id] += 1
        elif isinstance(node, ast.Assign):
            names.update(target.id for target in node.targets if isinstance(target, ast.Name))

    assert [name for name, times in names.items() if times > 1] == []


def test_it_names_nothing_of_the_program() -> None:
    assert "exchange.verifier" not in one_file()


def test_it_gives_the_same_report_without_any_library(tmp_path: Path) -> None:
    (tmp_path / "verify.py").write_text(one_file(), encoding="utf-8")
    pack = TwoSides().exchange(1).exchange(1, sender=VN).write(tmp_path / "a.pack")

    # -I -S: no folder of packages is looked at, so `cryptography` is not found.
    done = subprocess.run(
        [sys.executable, "-I", "-S", str(tmp_path / "verify.py"), str(pack)],
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stderr
    assert done.stdout.endswith("Everything that can be checked with this pack holds.\n")
