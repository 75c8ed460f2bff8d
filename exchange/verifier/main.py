# SPDX-License-Identifier: Apache-2.0
"""The command: `python verify.py FILE [FILE] [--json | --html FILE]`, for packs and for disclosures.

Exit 0: everything that can be checked holds. 1: something differs. 2: wrong usage. 3: not a whole pack.
"""

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path

from exchange.verifier.compare import compare_packs
from exchange.verifier.court import disclosed_as_json, disclosed_as_page, disclosed_as_text
from exchange.verifier.disclosure import Disclosed, is_disclosure, judge_given, verify_disclosure
from exchange.verifier.forms import WrongFormError
from exchange.verifier.given import Given, GivenError, read_given
from exchange.verifier.page import as_page
from exchange.verifier.report import as_json, as_text
from exchange.verifier.stamps import HeadStamp, write_out
from exchange.verifier.verify import Verified, judge_stamps, judge_witnesses, verify_pack


def main(arguments: Sequence[str] | None = None) -> int:
    """Verify what the command line names; return the exit code."""
    parser = argparse.ArgumentParser(
        prog="verify.py", description="verifies evidence packs and disclosures of exchange; needs only Python"
    )
    parser.add_argument(
        "packs", nargs="+", type=Path, metavar="PACK", help="one pack or disclosure, or two packs of one link"
    )
    parser.add_argument("--json", action="store_true", help="print the report as JSON")
    parser.add_argument("--html", type=Path, metavar="FILE", help="write a page that can be printed")
    parser.add_argument("--tsa-roots", type=Path, metavar="PEM", help="certificates that time stamps lead to")
    parser.add_argument("--stamps", type=Path, metavar="FOLDER", help="write time stamps out for openssl ts")
    parser.add_argument(
        "--witness",
        action="append",
        default=[],
        metavar="KEY",
        help="key of a witness, as it tells it itself",
    )
    asked = parser.parse_args(arguments)
    if len(asked.packs) > 2 or (asked.html and len(asked.packs) > 1):
        parser.error("give one pack, or two to compare; a page is made of one pack")
    try:
        given = read_given(asked)
    except GivenError as error:
        sys.stderr.write(f"error: {error}\nhint: {error.hint}\n")
        return 2
    return _verify(asked, given)


def _verify(asked: argparse.Namespace, given: Given) -> int:
    found = []
    for path in asked.packs:
        try:
            if len(asked.packs) == 1 and is_disclosure(path):
                return _disclosed(_verified_disclosure(path, given), asked)
            found.append(_verified(path, given))
        except (WrongFormError, OSError, KeyError, TypeError, AttributeError, ValueError) as error:
            return _refuse(path, error)
    between = compare_packs(*found) if len(found) == 2 else []
    _tell(found, between, is_json=asked.json)
    _write_stamps([stamp for one in found for log in one.logs.values() for stamp in log.stamps], asked)
    if asked.html:
        asked.html.write_text(as_page(found[0]), encoding="utf-8")
    return 0 if all(one.holds for one in found) and not between else 1


def _verified(path: Path, given: Given) -> Verified:
    found = verify_pack(path)
    if given.roots is not None:
        judge_stamps(found, given.roots)
    judge_witnesses(found, given.witnesses)
    return found


def _verified_disclosure(path: Path, given: Given) -> Disclosed:
    found = verify_disclosure(path)
    judge_given(found, given.roots, given.witnesses)
    return found


def _write_stamps(stamps: list[HeadStamp], asked: argparse.Namespace) -> None:
    """Write time stamps out if that is asked for, and say how to check them."""
    if asked.stamps:
        sys.stderr.write("".join(f"{command}\n" for command in write_out(stamps, asked.stamps)))


def _disclosed(found: Disclosed, asked: argparse.Namespace) -> int:
    """Tell what the disclosure of one message proves."""
    sys.stdout.write(disclosed_as_json(found) if asked.json else disclosed_as_text(found))
    _write_stamps(found.attested.stamps, asked)
    if asked.html:
        asked.html.write_text(disclosed_as_page(found), encoding="utf-8")
    return 0 if found.holds else 1


def _refuse(path: Path, error: Exception) -> int:
    """Say why a file cannot be used; what is in it is never quoted."""
    reason = error.strerror if isinstance(error, OSError) else str(error)
    known = isinstance(error, WrongFormError | OSError)
    words = reason if known else "a member has another form than agreed"
    sys.stderr.write(f"error: {path}: {words}\nhint: ask for the pack again; nothing in it was used\n")
    return 3


def _tell(found: Sequence[Verified], between: Sequence[str], *, is_json: bool) -> None:
    if is_json:
        report = {"packs": [as_json(one) for one in found], "between": list(between)}
        sys.stdout.write(json.dumps(report, indent=2, sort_keys=True) + "\n")
        return
    sys.stdout.write("\n\n".join(as_text(one) for one in found) + "\n")
    if len(found) == 2:
        sys.stdout.write("\nboth packs: " + ("; ".join(between) or "the same histories") + "\n")


if __name__ == "__main__":
    sys.exit(main())
