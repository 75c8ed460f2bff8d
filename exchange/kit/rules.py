# SPDX-License-Identifier: Apache-2.0
"""THE table of rules that the kit checks; every case and every vector names one of them.

An id is `<thing>.<rule>`. The steps of receiving a line come in the order of docs/protocol/results.md,
because the first fault is the one that is reported. `source` says where the rule stands.
"""

from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

OBJECTS: Final = "docs/protocol/objects.md"
RESULTS: Final = "docs/protocol/results.md"
LOG: Final = "docs/protocol/log.md"
DOOR: Final = "docs/protocol/door.md"
GATE: Final = "docs/protocol/gate.md"
ENROLMENT: Final = "docs/protocol/enrolment.md"
WITNESS: Final = "docs/protocol/witness.md"
THREATS: Final = "docs/explanation/threat-model.md"


@dataclass(frozen=True)
class Rule:
    """One rule of the protocol, in a sentence."""

    id: str
    sentence: str
    source: str


@dataclass(frozen=True)
class Finding:
    """What one case of a rule gave: what was due, what was found."""

    rule: str
    name: str
    description: str
    expected: str
    found: str

    @property
    def holds(self) -> bool:
        return self.expected == self.found


_TABLE: Final = (
    # JSON and signatures, wherever they stand
    ("json.form", "JSON is one whole value in UTF-8 without a byte order mark", f"{THREATS} rule 1"),
    ("json.names", "a name stands once in an object, in whatever spelling", f"{THREATS} rule 1"),
    ("json.numbers", "a number is an integer in its plain form, at most 2^53-1", f"{THREATS} rule 1"),
    ("json.text", "a text holds no NUL and no half of a surrogate pair", f"{THREATS} rule 1"),
    ("json.limits", "depth, members, items and names have their limits", f"{THREATS} rule 2"),
    (
        "jws.form",
        "a JWS has three segments of base64url that re-encode to themselves",
        f"{OBJECTS} Signed objects",
    ),
    (
        "jws.header",
        "a JWS header has exactly alg, kid and typ, with the values due",
        f"{OBJECTS} Signed objects",
    ),
    # receiving a line, step by step
    ("line.form", "a line is an envelope, one tilde and a body, in ASCII", f"{RESULTS} envelope form"),
    ("envelope.json", "the envelope is strict JSON of at most 4 kB", f"{RESULTS} envelope form"),
    ("envelope.members", "the envelope has exactly its members", f"{RESULTS} envelope form"),
    (
        "envelope.values",
        "each member of the envelope has its kind and its bounds",
        f"{RESULTS} envelope form",
    ),
    ("envelope.body", "the envelope names size and SHA-256 of the body", f"{RESULTS} envelope form"),
    ("line.recipient", "a line is for this node and this link", f"{RESULTS} recipient"),
    ("line.signer", "the key is in the card of the partner, for this use", f"{RESULTS} signer and key"),
    ("line.key_place", "the key counts at the place of the sent leaf", f"{RESULTS} signer and key"),
    ("line.signature", "the signature verifies under the key that is named", f"{RESULTS} signature"),
    (
        "line.duplicate",
        "the same bytes again are answered by the same entry",
        f"{RESULTS} duplicate or conflict",
    ),
    ("line.conflict", "an id and a number are used once, for ever", f"{RESULTS} duplicate or conflict"),
    ("line.tail", "a line is taken after its sent leaf, which says the same", f"{RESULTS} tail"),
    ("line.window", "at most 256 numbers ahead of the first missing one are held", f"{RESULTS} window"),
    ("line.held", "a line behind a missing number waits for it, a stop does not", f"{RESULTS} window"),
    ("line.failure", "what cannot be handled is held, and rejected after ten minutes", f"{RESULTS} state"),
    ("line.again", "a result of a partner never ends a message; only a leaf does", f"{RESULTS} Again"),
    ("line.time", "a line from the future waits", f"{RESULTS} window"),
    ("line.expiry", "a line after its end, or given up, has no effect", f"{RESULTS} expiry"),
    ("body.suite", "the suite is that of the agreement", f"{RESULTS} header equality"),
    ("body.form", "a body is a JWE of five segments with exact lengths", f"{RESULTS} decryption"),
    ("body.header", "the JWE header has exactly the members of its suite", f"{RESULTS} decryption"),
    ("body.opens", "a body opens for its sender, recipient and message alone", f"{RESULTS} decryption"),
    ("parts.padding", "the plaintext is padded with spaces to its size class", f"{RESULTS} commitment"),
    ("parts.commitment", "the parts give the commitment of the envelope", f"{RESULTS} commitment"),
    ("parts.salt", "each part begins with its own new salt", f"{OBJECTS} Parts"),
    ("parts.json", "each part is one strict JSON object", f"{OBJECTS} Parts"),
    ("parts.header", "the header equals the envelope", f"{RESULTS} header equality"),
    ("content.version", "type, form and lists are installed", f"{RESULTS} version"),
    ("content.form", "the document has the form of its type", f"{RESULTS} form"),
    ("content.disclosure", "nothing is sent that the recipient must not get", f"{RESULTS} form"),
    ("content.codes", "every code is in its list", f"{RESULTS} codes"),
    ("content.agreed", "the type is one of the agreement", f"{RESULTS} catalogue rules"),
    ("content.office", "side, office and officer may send this", f"{RESULTS} catalogue rules"),
    ("content.references", "what is referred to is known", f"{RESULTS} catalogue rules"),
    ("content.dates", "dates are possible and in order", f"{RESULTS} catalogue rules"),
    ("content.counts", "counts match the list", f"{RESULTS} catalogue rules"),
    ("content.attachments", "attachments are those that the header lists", f"{RESULTS} catalogue rules"),
    ("content.purpose", "the purpose is one of the type", f"{RESULTS} catalogue rules"),
    ("content.safeguards", "a child has its safeguards", f"{RESULTS} catalogue rules"),
    ("content.consent", "the consent needed is given by somebody entitled", f"{RESULTS} consent"),
    ("content.state", "the case is in a state that allows it", f"{RESULTS} state"),
    # ledger
    ("leaf.form", "a leaf has its one canonical form and its common members", f"{LOG} Leaf"),
    ("leaf.members", "an event has exactly its own members", f"{LOG} Leaf"),
    (
        "log.order",
        "numbers, verdicts and voids follow each other legally",
        f"{LOG} What is judged after storing",
    ),
    ("head.form", "a head has exactly three lines and one signature", f"{LOG} Head"),
    ("head.signature", "a head is signed by the head key of its writer", f"{LOG} Head"),
    (
        "head.second",
        "a second signature of a known key verifies, one of another key is left alone",
        f"{LOG} Second signature",
    ),
    (
        "tail.root",
        "a tail is taken when it gives the signed root, and is cosigned",
        f"{LOG} What a cosigner checks",
    ),
    ("tail.growth", "a log never shrinks and never changes", f"{THREATS} rule 26"),
    ("cosignature.form", "a cosignature is one line over time and head", f"{LOG} Cosignature"),
    ("cosignature.signature", "a cosignature is by the cosign key", f"{LOG} Cosignature"),
    (
        "witness.form",
        "a witness takes a request of the exact form and size",
        f"{WITNESS} Witnesses",
    ),
    ("witness.log", "a witness answers for the logs that its policy knows", f"{WITNESS} Witnesses"),
    (
        "witness.signature",
        "a trusted key signed the head; lines of unknown keys are ignored",
        f"{WITNESS} Witnesses",
    ),
    (
        "witness.growth",
        "a witness cosigns what extends the head that it cosigned last, and nothing else",
        f"{WITNESS} Witnesses",
    ),
    ("eras.digest", "both sides compute the same digest over what was erased", f"{LOG} What was erased"),
    # frames, door, gate
    ("frame.form", "a frame holds what its header counts, and nothing else", f"{OBJECTS} Frame"),
    ("frame.limits", "a frame keeps its limits", f"{OBJECTS} Frame"),
    ("frame.address", "a frame names the link and the two agencies of its address", f"{OBJECTS} Frame"),
    ("frame.results", "each line gets one result, in order", f"{OBJECTS} Frame"),
    ("door.card", "the current card is given to everybody", f"{DOOR} Request"),
    ("door.request", "only the requests of the table exist", f"{DOOR} Request"),
    (
        "door.signature",
        "a request is signed as agreed by the door key of the partner",
        f"{DOOR} Signature",
    ),
    ("door.age", "a request is at most 300 s old or early", f"{DOOR} The order at the door"),
    ("door.nonce", "a nonce counts once", f"{DOOR} The order at the door"),
    ("door.body", "the body is the one that was signed", f"{DOOR} Signature"),
    ("gate.statement", "a statement is signed by the door key and of this link", f"{GATE} Word"),
    ("gate.nonce", "an answer names the nonce of its question", f"{GATE} Word"),
    ("gate.clock", "both clocks agree within 300 s", f"{GATE} Decision"),
    (
        "gate.prefix",
        "the gate opens when all that is known of a log is a prefix of it",
        f"{GATE} Decision",
    ),
    ("gate.epoch", "a new epoch begins when both sides have decided the same one", f"{GATE} A new epoch"),
    # enrolment
    ("card.form", "a card has exactly its members", f"{ENROLMENT} Card"),
    ("card.keys", "keys are sound, of one use, and listed once", f"{ENROLMENT} Card"),
    ("card.signature", "a card is signed by the pinned recovery key", f"{ENROLMENT} Card"),
    ("card.serial", "a newer card replaces an older one, never the reverse", f"{ENROLMENT} Card"),
    ("agreement.form", "an agreement has exactly its members and two parties", f"{ENROLMENT} Agreement"),
    ("agreement.signature", "both recovery keys have signed the exact bytes", f"{ENROLMENT} Agreement"),
    (
        "agreement.successor",
        "version n+1 names link, number and digest of version n",
        f"{ENROLMENT} Agreement",
    ),
    (
        "agreement.renewed",
        "a version may have a new recovery key of one side, and then changes nothing else",
        f"{ENROLMENT} Agreement",
    ),
    ("agreement.in_force", "a message is judged by the version at its number", f"{ENROLMENT} Agreement"),
    ("keys.history", "a key counts by its place in the log", f"{LOG} Where a key counts"),
)

RULES: Final = MappingProxyType({row[0]: Rule(*row) for row in _TABLE})
"""Every rule by its id, in the order of the table."""
