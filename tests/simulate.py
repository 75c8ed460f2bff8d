# SPDX-License-Identifier: Apache-2.0
"""The long form of the simulation: `python -m tests.simulate --seeds 2000 [--first 0] [--plant FAULT]`.

Prints what was played, and the seed of each history that ended broken. With `--plant` the product is given
a fault on purpose and the run succeeds when the fault is found.
"""

import argparse
import sys
import time

from tests.support.history import BrokenInvariantError, History

PLANTS = ("answer_before_commit",)


def main() -> int:
    arguments = _arguments()
    began, released, crashes, broken = time.monotonic(), 0, 0, list[int]()
    for seed in range(arguments.first, arguments.first + arguments.seeds):
        history = History(seed, plant=arguments.plant)
        try:
            history.play()
        except BrokenInvariantError as error:
            print(error, flush=True)
            broken.append(seed)
        released += len(history.released)
        crashes += history.crashes
        if arguments.plant and broken:
            break
    seconds = time.monotonic() - began
    print(
        f"{seed - arguments.first + 1} histories from seed {arguments.first}: {released} messages released, "
        f"{crashes} crashes, {len(broken)} broken, {seconds:.0f} s"
    )
    if arguments.plant:
        print(f"planted fault {arguments.plant}: {'found' if broken else 'NOT found'} by seed {seed}")
        return 0 if broken else 1
    return 1 if broken else 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="random histories of two agencies, from seeds")
    parser.add_argument("--seeds", type=int, default=2_000)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--plant", choices=PLANTS, default="")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
