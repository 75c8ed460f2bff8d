# SPDX-License-Identifier: Apache-2.0
"""`make translations`: bring the catalogues up to the texts of the tree.

make translations                           writes the .po files again and says what is missing
make translations ARGS="--missing FILE"     also writes what is missing as CSV, one column a language
make translations ARGS="--take FILE"        puts the translations of such a file into the catalogues
"""

import argparse
import sys
from pathlib import Path

from tools.translations.files import (
    TRANSLATED,
    missing,
    path_of,
    read_catalogue,
    take_sheet,
    updated,
    write_sheet,
    written,
)
from tools.translations.texts import template

ROOT = Path(__file__).resolve().parents[2]


def main() -> int:
    parser = argparse.ArgumentParser(prog="make translations", description=__doc__)
    parser.add_argument("--missing", type=Path, metavar="FILE", help="write what is missing as CSV")
    parser.add_argument("--take", type=Path, metavar="FILE", help="take translations from such a CSV")
    wanted, options = template(ROOT), parser.parse_args()
    if options.take:
        print(f"{take_sheet(options.take, ROOT, wanted)} translations taken from {options.take}")
    for language in TRANSLATED:
        catalogue = updated(read_catalogue(ROOT, language), wanted)
        path_of(ROOT, language).write_bytes(written(catalogue))
        print(f"{language}: {len(catalogue)} texts, {len(list(missing(catalogue)))} without translation")
    if options.missing:
        print(f"{write_sheet(options.missing, ROOT, wanted)} texts written to {options.missing}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
