# SPDX-License-Identifier: Apache-2.0
"""Runs the demo once with every partner that behaves badly; `make demo-twins`, about three minutes.

Each run must end as the demo without a twin does: 21 messages, no difference, the persons balanced. With a
wrong key nothing of the partner may be taken, and that is no failure either.
"""

import os
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Final

from exchange.interfaces.cli.demo_twins import Twin

ROOT: Final = Path(__file__).resolve().parents[1]
LIMIT_S: Final = 300
WHOLE: Final = (
    r"^Story 2 .+ 8 messages, all accepted; 1 handed over, 1 not presented \(ill\)$",
    r"^Reconciliation .+ matched 21 +differences 0$",
    r"^Persons +on lists 3 = handed over 2 \+ not presented 1; +taken over 2 = received 2$",
    r"^All of it held\.",
)
REFUSED: Final = (r" VRS result: national +refused ", r", 0 taken by KH$", r"^All of it held\.")


def missing(twin: Twin, out: str) -> list[str]:
    """Return the lines that the output of a run does not have."""
    wanted = REFUSED if twin is Twin.WRONG_KEY else WHOLE
    lines = (*wanted, rf"^Twin {twin.value} ")
    return [line for line in lines if not re.search(line, out, re.M)]


def run(twin: Twin, folder: Path) -> list[str]:
    """Run the demo with one twin, print one line, and return what did not hold."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("EXCHANGE_")}
    command = [sys.executable, "-m", "exchange", "demo", "--folder", str(folder), "--twin", twin.value]
    began_s = time.monotonic()
    done = subprocess.run(
        command,
        cwd=ROOT,
        env=clean | {"NO_COLOR": "1"},
        capture_output=True,
        text=True,
        timeout=LIMIT_S,
        check=False,
    )
    lacking = missing(twin, done.stdout)
    broken = [*([f"exit {done.returncode}: {done.stderr.strip()}"] if done.returncode else []), *lacking]
    told = next((line for line in done.stdout.splitlines() if line.startswith("Twin ")), "")
    print(f"{time.monotonic() - began_s:5.1f} s  {told or twin.value}", flush=True)
    for line in broken:
        print(f"         did not hold: {line}", flush=True)
    return broken


def main() -> int:
    """Run every twin; return 1 if something did not hold."""
    with tempfile.TemporaryDirectory() as folder:
        broken = [line for twin in Twin for line in run(twin, Path(folder) / twin.value)]
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
