# SPDX-License-Identifier: Apache-2.0
"""The long form of the made-up requests to the staff API: `make fuzz-api`."""

import argparse
import sys
from collections import Counter
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.support.api_fuzz import NOBODY, description, play, rounds
from tests.support.staff_api import ROLES, LiveStaffApi


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--examples", type=int, default=50, help="requests in each round")
    parser.add_argument("--seed", type=int, default=0)
    asked = parser.parse_args()
    total: Counter[int] = Counter()
    with TemporaryDirectory() as folder, LiveStaffApi(Path(folder)) as api:
        schema = description(api)
        for one in (one for client in (*ROLES, NOBODY) for one in rounds(schema, client)):
            total.update(play(api, one, examples=asked.examples, number=asked.seed))
    told = ", ".join(f"{count} of {status}" for status, count in sorted(total.items()))
    print(f"{total.total()} requests, every answer as described: {told}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
