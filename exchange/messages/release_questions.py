# SPDX-License-Identifier: Apache-2.0
"""What only a person can decide about a message, as questions before its release.

A program sees that a member may not travel; it does not see what a sentence, a picture or a scan means. So
whoever releases a message is asked, and the code says what the message would be refused for if the answer is
no. Who finds it after opening does not reject: there is the incident `disclosure`, or a reservation.

No list of forbidden words stands here: it would find the harmless and miss the harmful.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from exchange.messages.document import (
    Document,
    JsonValue,
    content_of,
    header_of,
    objects_at,
    persons_of,
    pointer,
    text_at,
)
from exchange.messages.fillers import is_latin
from exchange.messages.form_tree import FormNode, form_tree
from exchange.messages.nationalities import OTHER_COUNTRY, not_of

TEXT = "does it say only what the next step needs: no account, no offence, no health, no shelter, nobody else"
PAPER = "is it about this person alone, and no answer of another state"
EVERYBODY = "is everybody who travels a person of the list, also a child without papers"
EACH_LINE = "does each line say what happened to that very person"
COUNTRY = "does it go to the right country, of which this person is not said to be a national"
LATIN = "is the name really not known in Latin letters, with which the partner compares the travel document"
SETTLED = "is it corrected by a message or an entry, and not in a table of one side"


@dataclass(frozen=True)
class ReleaseQuestion:
    """One question about one place; `code` is the rejection that a no stands for."""

    code: str
    pointer: str
    text: str


def release_questions(document: Document, *, to: str = "") -> tuple[ReleaseQuestion, ...]:
    """Return what whoever releases a draft or a message has to look at; none if nothing needs a person.

    `to` is the country that it goes to, "" if that is not known.
    """
    about_persons = (*_country(document, to), *_of_the_type(document), *_names(document))
    return (*about_persons, *_papers(document), *_texts(document))


def _country(document: Document, to: str) -> Iterator[ReleaseQuestion]:
    for number in not_of(document, to) if to else ():
        yield ReleaseQuestion(OTHER_COUNTRY, pointer("persons", number, "nationality"), COUNTRY)


def _of_the_type(document: Document) -> Iterator[ReleaseQuestion]:
    match text_at(header_of(document), "type"):
        case "RPN":
            yield ReleaseQuestion("form_invalid", "/persons", EVERYBODY)
        case "HRC" if persons_of(document):
            yield ReleaseQuestion("form_invalid", "/persons", EACH_LINE)
        case "DRS" if content_of(document).get("settled") is True:
            yield ReleaseQuestion("form_invalid", "/content/settled", SETTLED)


def _names(document: Document) -> Iterator[ReleaseQuestion]:
    """Yield a question for each person whose names are in other letters only."""
    for index, person in enumerate(persons_of(document)):
        names = objects_at(person, "names")
        if names and not any(is_latin(name) for name in names):
            yield ReleaseQuestion("form_invalid", pointer("persons", index, "names"), LATIN)


def _papers(document: Document) -> Iterator[ReleaseQuestion]:
    for index, _ in enumerate(objects_at(header_of(document), "attachments")):
        yield ReleaseQuestion("over_disclosure", pointer("header", "attachments", index), PAPER)


def _texts(document: Document) -> Iterator[ReleaseQuestion]:
    tree = form_tree(text_at(header_of(document), "type"))
    for steps in _notes(document, tree, ()) if tree else ():
        yield ReleaseQuestion("over_disclosure", pointer(*steps), TEXT)


def _notes(
    value: JsonValue, node: FormNode | None, steps: tuple[str | int, ...]
) -> Iterator[tuple[str | int, ...]]:
    """Yield the place of every text in which anything can be written."""
    if node is None:
        return
    if isinstance(value, str) and node.is_note:
        yield steps
    elif isinstance(value, dict):
        for name, below in node.members.items():
            yield from _notes(value.get(name), below, (*steps, name))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _notes(item, node.items, (*steps, index))
