# SPDX-License-Identifier: Apache-2.0
"""Verifying an evidence pack off line: the verifier as one file, in a process of its own.

The pack is a real one in form and signatures: two logs, both countersigned, and an envelope for each message.
"""

import os
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from exchange.verifier.onefile import one_file
from tests.support.packs import TwoSides


@dataclass(frozen=True)
class VerifiedPack:
    """What verifying a pack with so many messages took."""

    messages: int
    wall_s: float
    cpu_s: float
    most_mib: float
    """Resident memory, at most, of the largest process."""


_RUN: Final = """
import re, runpy, sys
sys.argv = sys.argv[1:]
try:
    runpy.run_path(sys.argv[0], run_name="__main__")
finally:
    print(re.search("VmHWM:\\s+(\\d+)", open("/proc/self/status").read())[1], file=sys.stderr)
"""
"""Runs a program, then says how much memory it held at most, in KiB; what its parent held does not count."""


def measure_evidence(folder: Path, messages: int) -> VerifiedPack:
    """Return what the verifier takes for a pack of so many messages; it has to prove each of them."""
    pack, program = folder / f"{messages}.pack", folder / "verify.py"
    TwoSides().exchange(messages).write(pack)
    program.write_text(one_file(), encoding="utf-8")
    began_s, before = time.monotonic(), os.times()
    done = subprocess.run(
        [sys.executable, "-c", _RUN, str(program), str(pack)], capture_output=True, text=True, check=True
    )
    wall_s, after = time.monotonic() - began_s, os.times()
    assert f"proved by both sides: {messages}\n" in done.stdout, done.stdout
    cpu_s = after.children_user + after.children_system - before.children_user - before.children_system
    return VerifiedPack(messages, wall_s, cpu_s, int(done.stderr.split()[-1]) / 1024)
