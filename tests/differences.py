# SPDX-License-Identifier: Apache-2.0
"""The long form of the planted differences: `python -m tests.differences --seeds 200 [--first 0]`.

Each history plants one or two differences into the ledgers of two real nodes over a bad network, and both
sides must name exactly these. Prints how often each class was planted, and the seed of each history that was
named wrongly.
"""

import argparse
import sys
import time
from collections import Counter

from tests.support.planting import Planted, WrongNamesError


def main() -> int:
    """Play the histories and print what came of them."""
    parser = argparse.ArgumentParser(description="random differences in the ledgers of two nodes, from seeds")
    parser.add_argument("--seeds", type=int, default=100)
    parser.add_argument("--first", type=int, default=0)
    arguments = parser.parse_args()
    began, planted, wrong = time.monotonic(), Counter[str](), 0
    for seed in range(arguments.first, arguments.first + arguments.seeds):
        history = Planted(seed)
        try:
            history.play()
        except WrongNamesError as error:
            wrong += 1
            print(error, flush=True)
        planted.update(history.plants)
    counts = ", ".join(f"{name} {count}" for name, count in sorted(planted.items()))
    took = time.monotonic() - began
    print(f"{arguments.seeds} histories from seed {arguments.first}: {counts}; {wrong} wrong, {took:.0f} s")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
