# SPDX-License-Identifier: Apache-2.0
"""A generated year of 1,000 cases with three partners: every equation closes, both sides count the same.

make year                       1,000 cases
make year ARGS="--cases 300 --seed 4"
"""

import argparse
import sys
import time

from tests.support.generated_year import GeneratedYear


def main() -> int:
    parser = argparse.ArgumentParser(prog="make year", description=__doc__)
    parser.add_argument("--cases", type=int, default=1_000)
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    began = time.monotonic()
    year = GeneratedYear(asked.seed, asked.cases)
    year.play()
    faults = year.faults()
    took = time.monotonic() - began
    print(f"{asked.cases} cases, {len(year.pairs)} partners, {year.messages} messages, {took:.0f} s")
    print("\n".join(faults) if faults else "every equation closes, and both sides count the same")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
