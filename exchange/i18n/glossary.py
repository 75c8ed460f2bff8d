# SPDX-License-Identifier: Apache-2.0
"""The words of the exchange, one for one thing, with what each means: for the pages and the docs.

In code, forms, pages and papers each thing has the word that stands here. A word that people of an office
never meet (head, epoch, frame) does not stand here; engineers find it in docs/protocol.
"""

from dataclasses import dataclass
from typing import Final

from exchange.i18n.catalogues import marked


@dataclass(frozen=True)
class Word:
    """A word and what it means, in English; both are in the catalogues."""

    word: str
    meaning: str


GLOSSARY: Final[tuple[tuple[str, tuple[Word, ...]], ...]] = (
    (
        marked("People and sides"),
        (
            Word(marked("host side"), marked("state where the person was found; hands the person over")),
            Word(
                marked("origin side"),
                marked("state of nationality or permanent residence; takes the person over"),
            ),
            Word(marked("transit side"), marked("third state through which a group travels")),
            Word(marked("contact point"), marked("the agency through whose node a country speaks on a link")),
            Word(marked("partner"), marked("the agency at the other end of a link")),
            Word(marked("officer"), marked("a person in the directory who acts for an office")),
            Word(marked("releaser"), marked("the second person who lets a message go")),
            Word(
                marked("named reader"),
                marked("an officer whom two persons named to read health and other class S4 of a case"),
            ),
            Word(marked("auditor"), marked("compares ledgers; sees no name")),
            Word(marked("guardian"), marked("acts for a child by law or by order")),
            Word(marked("victim"), marked("identified, presumed or possible victim of trafficking")),
        ),
    ),
    (
        marked("Cases and movements"),
        (
            Word(
                marked("case"),
                marked(
                    "one person between one host side and one origin side; a family of four is four cases"
                ),
            ),
            Word(marked("movement"), marked("one handover appointment with its list of persons")),
            Word(
                marked("crossing"), marked("place where a handover can take place, also an airport or a port")
            ),
            Word(
                marked("notice"),
                marked("message RPN: announces a return and asks for a decision on each person"),
            ),
            Word(marked("decision"), marked("message RPD: the answer for each person")),
            Word(
                marked("final list"), marked("the persons who left, message HDP; afterwards nobody is added")
            ),
            Word(
                marked("handover"),
                marked("the moment at the crossing in which a person passes from one side to the other"),
            ),
            Word(
                marked("record, joint minutes"),
                marked("message HRC: one line for each person, signed by both sides"),
            ),
            Word(marked("countersignature"), marked("the HRC by which the other side signs a record")),
            Word(marked("reservation"), marked("what a side does not agree with in a record")),
            Word(marked("stop"), marked("CWD, HLD, CAN, INC, CKS: only forbids, acts on arrival")),
            Word(marked("hold"), marked("a pause of the return, with a day of review")),
            Word(marked("consent"), marked("what the person agreed to, scope by scope")),
            Word(
                marked("best-interests decision"),
                marked("the decision that a child's return is right for that child"),
            ),
            Word(marked("referral"), marked("passing a person on to a service")),
            Word(
                marked("keeper"),
                marked("the side whose log gives the order of effects in a case or movement"),
            ),
        ),
    ),
    (
        marked("Messages and proof"),
        (
            Word(marked("message"), marked("one thing that one side says to the other, of one type")),
            Word(marked("envelope"), marked("the signed part without personal data")),
            Word(
                marked("part"),
                marked("one piece of a sealed body: header, common content, one person, one attachment"),
            ),
            Word(marked("attachment"), marked("a picture, scan or text that travels with a message")),
            Word(
                marked("commitment"),
                marked("a value in the envelope that binds every part and tells nothing"),
            ),
            Word(marked("digest"), marked("fingerprint of bytes (SHA-256)")),
            Word(marked("link"), marked("what connects two agencies: an agreement, numbers, two logs")),
            Word(marked("ledger"), marked("the two logs of a link together")),
            Word(marked("entry"), marked("one signed line of a log")),
            Word(
                marked("verdict"),
                marked(
                    "entry of the recipient: accepted, or rejected with a reason; says nothing about the"
                    " matter itself"
                ),
            ),
            Word(
                marked("difference"),
                marked("something in which the two ledgers are not equal, named by its class"),
            ),
            Word(marked("statement"), marked("balance of both logs for a day or a month")),
            Word(marked("card"), marked("signed page of an agency with its keys and addresses")),
            Word(marked("key"), marked("what signs, seals or opens")),
        ),
    ),
)
"""Groups of words, each with its title."""
