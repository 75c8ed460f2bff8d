# SPDX-License-Identifier: Apache-2.0
"""What `exchange doctor` says of agencies that are not partners yet: nobody, or whose answer is awaited."""

from collections.abc import Iterator

from exchange.interfaces.cli.doctor_outside import Finding
from exchange.interfaces.cli.output import Answer


def newcomers(status: Answer) -> Iterator[Finding]:
    """Yield each invitation that is out; without any, and without a partner, that there is none."""
    for row in status.get("invitations", []):
        partner = row["partner"]
        yield Finding(
            f"invitation to {partner}",
            True,
            f"of {row['created']}, not answered yet",
            "wait for the answer, then run: exchange partner confirm; a new invitation ends this one,"
            " and so does: exchange partner withdraw",
        )
    if not status["partners"] and not status.get("invitations"):
        yield Finding("partners", True, "none yet", "run: exchange partner invite, or exchange partner join")
