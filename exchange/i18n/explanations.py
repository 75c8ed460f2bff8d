# SPDX-License-Identifier: Apache-2.0
"""Explanations of fields for officers, where those of the schema files speak to programmers.

The schema files are the contract, and who writes a program reads there with which code a message is
rejected. An officer reads here what to do. An explanation that is not listed is right for both.
"""

from collections.abc import Mapping
from types import MappingProxyType

from exchange.i18n.catalogues import marked

IN_PLAIN_WORDS: Mapping[str, str] = MappingProxyType(
    {
        "Needed in every message. A message without it is rejected with purpose_missing, like one with a"
        " purpose that its type does not allow.": marked("Needed in every message: why these data are sent."),
        "Each scope is asked separately. Of each giver the entry with the latest date counts. Where a type"
        " needs a consent, a message without it is rejected with consent_missing.": marked(
            "Each purpose is asked separately. Of each person who consents the entry with the latest date"
            " counts. Without a consent that it needs a message is not sent."
        ),
        "ISO 15924, for example Latn, Khmr, Thai.": marked(
            "Four letters, for example Latn for Latin, Khmr for Khmer, Thai for Thai."
        ),
        "The ref of `relatives`, or a number of its own.": marked(
            "The number that the relative has under “Relatives”, or a number of its own."
        ),
        "May be empty. A ref that also stands in `whom` is form_invalid.": marked(
            "May be empty. Nobody stands here who is to be traced."
        ),
        "The message TRS, or in words why there is none.": marked(
            "The result of the family tracing, or in words why there is none."
        ),
        "Needed with the code OTHER.": marked("Needed for a crossing that is not in the list."),
        "Needed for an accepted child; a message without it is rejected with safeguard_missing.": marked(
            "Needed for an accepted child."
        ),
        "JSON pointer into this part of the message that is changed: its content, or the part of this"
        " person.": marked("Which field of the message is changed, as it is written in programs."),
        "Left out if the member is taken out.": marked("Left empty if the value is taken out."),
        "Left out if the member was not there.": marked("Left empty if there was no value."),
        "Number of an own message, or code of a movement of either side.": marked(
            "A message of your own side, or a handover of either side."
        ),
        "Needed with paper_only.": marked("Needed if the record was signed on paper only."),
        "Number and commitment.": "",
        "Needed for a child; a record without it is rejected with safeguard_missing.": marked(
            "Needed for a child."
        ),
        "With lost_contact: the attempts that were made.": marked(
            "If contact was lost: the attempts that were made."
        ),
        "Needed with duplicate and re_trafficked.": marked(
            "Needed if there is another case of the person, or the person was trafficked again."
        ),
        "JSON pointer from the beginning of the person block, for example /birth/value.": marked(
            "Which field of the person is corrected, as it is written in programs, for example /birth/value."
        ),
        "Number by code of discrepancy-types.": marked("Number of each kind of difference."),
        "Flags of class S3 or lower, with a count for each. May be empty.": marked(
            "What must be done or avoided, with the number of persons for each. May be empty."
        ),
        "Local time of the crossing, with offset.": marked("Local time of the crossing."),
        "Needed with urgency emergency.": marked("Needed in an emergency."),
        "True only with a correction, or with an explanation that both sides signed.": marked(
            "Yes only with a correction, or with an explanation that both sides signed."
        ),
        "Since version 1.1.": marked("A partner with an older form does not read it."),
        "The class of each flag stands in the list.": "",
        "A number, a digest, a moment or a code; never a sentence.": marked(
            "A number or a time, as the ledgers have it; never a sentence."
        ),
    }
)
"""By the explanation of a schema file; "" shows none."""


def in_plain_words(explanation: str) -> str:
    """Return the English explanation of a field as an officer reads it."""
    return IN_PLAIN_WORDS.get(explanation, explanation)
