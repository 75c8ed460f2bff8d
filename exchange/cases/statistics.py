# SPDX-License-Identifier: Apache-2.0
"""Statistics without persons: what is counted of one side's cases, and how it closes.

A case counts in the month in which its first notice was signed (without a notice: the record that added the
person), by the side where the person was found. Whatever happens to it later counts in that month, too, so
that the equations of the procedure (section 11, number 10) close for each month and for each sum of months:

    notices       = accepted + refused + deferred + cancelled + undecided = children + adults
    accepted once = handed over from lists + withdrawn + on hold + refused later + ended otherwise + open
                  = still accepted + not any more
    lists         = handed over + not presented + not taken over + returned to host + diverted + unsigned
    taken over    = handed over from lists + added = received + not yet confirmed = children + adults

What may be published of them is the business of `publication`.
"""

from exchange.cases.cell_suppression import Sum
from exchange.cases.publication import names_in

DECISIONS = ("accepted", "refused", "deferred", "cancelled", "undecided")
LISTED = (
    "handed_over",
    "not_presented",
    "not_taken_over",
    "returned_to_host",
    "diverted_medical",
    "unsigned",
)
AFTER = ("withdrawn", "on_hold", "refused_later", "ended_otherwise", "open")
"""What became of who was accepted once and not handed over."""
AGES = ("children", "adults")
HANDED_OVER = "lists/handed_over"
SUMS = (
    Sum("notices", tuple(f"notices/{each}" for each in DECISIONS)),
    Sum("notices", tuple(f"notices/{each}" for each in AGES)),
    Sum("accepted_once", (HANDED_OVER, *(f"accepted_once/{each}" for each in AFTER))),
    Sum("accepted_once", ("notices/accepted", "accepted_once/not_any_more")),
    Sum("lists", tuple(f"lists/{each}" for each in LISTED)),
    Sum("taken_over", (HANDED_OVER, "taken_over/added")),
    Sum("taken_over", ("taken_over/received", "taken_over/not_confirmed")),
    Sum("taken_over", tuple(f"taken_over/{each}" for each in AGES)),
)
CELLS = names_in(SUMS)
