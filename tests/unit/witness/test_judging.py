# SPDX-License-Identifier: Apache-2.0
"""What a witness cosigns: a signed head that extends the one before, and nothing else."""

import base64
import hashlib

import pytest
from exchange.errors import ConfigurationError, NoteInvalidError
from exchange.ids import AgencyCode, LinkId, b64url
from exchange.ledger.merkle import leaf_hash
from exchange.ledger.notes import Head, sign_head
from exchange.ledger.proofs import ProofMaker
from exchange.ledger.witnessing import (
    MAX_SIGNATURE_LINES,
    WitnessRequest,
    read_request,
    witness_line,
    write_request,
)
from exchange.protocol.suites import Algorithm, KeyUse, PrivateKey
from exchange.witness.judging import Known, Status, judge, only_trusted
from exchange.witness.policy import POLICY_NAME, read_policy
from tests.support.witness import AT, witness_key

LINK = LinkId("kQ9w7VtR0aLh4uJp6ZxC1g")
BY = AgencyCode("KH-MOSVY-DAHT")
HEAD_KEY = PrivateKey(KeyUse.HEAD, Algorithm.ED25519, hashlib.sha256(b"exchange test head").digest())
OTHER_KEY = PrivateKey(KeyUse.HEAD, Algorithm.ED25519, hashlib.sha256(b"exchange test other").digest())
LEAVES = [leaf_hash(str(i).encode()) for i in range(40)]
FORK = [*LEAVES[:5], leaf_hash(b"another"), *LEAVES[6:]]


def request(
    size: int, old: int, *, leaves: list[bytes] = LEAVES, key: PrivateKey = HEAD_KEY, proof: bool = True
) -> WitnessRequest:
    maker = ProofMaker(leaves[:size])
    note = sign_head(Head(LINK, BY, 1, size, maker.root()), key, by=BY)
    hashes = tuple(maker.consistency(old)) if proof and 0 < old < size else ()
    return read_request(write_request(note, old_size=old, proof=hashes))


def verdict(asked: WitnessRequest, known: Known) -> Status:
    trusted = only_trusted(asked, [HEAD_KEY.public])
    assert trusted
    return judge(trusted, trusted.head.claimed, known).status


def known(size: int, leaves: list[bytes] = LEAVES) -> Known:
    return Known(size, ProofMaker(leaves[:size]).root()) if size else Known()


def test_every_extension_of_every_log_is_cosigned() -> None:
    for old in range(1, 40):
        for size in range(old, 41):
            assert verdict(request(size, old), known(old)) is Status.COSIGNED


def test_the_first_head_needs_no_proof() -> None:
    assert verdict(request(7, 0), known(0)) is Status.COSIGNED


@pytest.mark.parametrize(
    ("asked", "before", "expected", "evidence"),
    [
        (request(7, 9, proof=False), known(9), Status.WRONG_FORM, False),
        (request(9, 5), known(7), Status.CONFLICT, False),
        (request(9, 0), known(7), Status.CONFLICT, False),
        (request(5, 5), known(7), Status.CONFLICT, False),
        (request(9, 7, leaves=FORK), known(7), Status.NOT_PROVED, True),
        (request(9, 7, proof=False), known(7), Status.NOT_PROVED, True),
        (request(7, 7, leaves=FORK), known(7), Status.CONFLICT, True),
    ],
    ids=[
        "the old size is above the new one",
        "an old size that is behind",
        "asks what is known",
        "a smaller head",
        "another history",
        "without its proof",
        "another root at the same size",
    ],
)
def test_what_is_not_cosigned(asked: WitnessRequest, before: Known, expected: Status, evidence: bool) -> None:
    found = judge(asked, asked.head.claimed, before)

    assert (found.status, found.is_evidence) == (expected, evidence)
    assert found.known_size == (before.size if expected is Status.CONFLICT else 0)


def test_a_first_head_with_hashes_or_without_entries_is_not_cosigned() -> None:
    first = request(7, 0)
    padded = WitnessRequest(0, (bytes(32),), first.head, first.note)

    assert verdict(padded, known(0)) is Status.NOT_PROVED
    assert verdict(request(0, 0), known(0)) is Status.NOT_PROVED


def test_every_changed_bit_of_a_proof_is_refused() -> None:
    asked = request(23, 9)
    for i, each in enumerate(asked.proof):
        for byte in range(32):
            changed = each[:byte] + bytes([each[byte] ^ 1]) + each[byte + 1 :]
            proof = (*asked.proof[:i], changed, *asked.proof[i + 1 :])
            again = WitnessRequest(9, proof, asked.head, asked.note)
            assert judge(again, again.head.claimed, known(9)).status is Status.NOT_PROVED


def test_a_head_that_no_trusted_key_signed_is_none() -> None:
    assert only_trusted(request(7, 0, key=OTHER_KEY), [HEAD_KEY.public]) is None
    assert only_trusted(request(7, 0), []) is None
    assert only_trusted(request(7, 0), [OTHER_KEY.public, HEAD_KEY.public])


def lines_of(*notes: str) -> str:
    """Return the signature lines of some notes."""
    return "".join(note.partition("\n\n")[2] for note in notes)


FIRST = request(7, 0).note
LATTICE = "— KH-MOSVY-DAHT/head " + base64.b64encode(bytes(2_432)).decode() + "\n"
COSIGNED = witness_line(FIRST, witness_key("other"), name="other.example/w", at=AT)


def with_lines(*lines: str) -> WitnessRequest:
    """Return a request for the first head under these signature lines."""
    note = FIRST.partition("\n\n")[0] + "\n\n" + "".join(lines)
    return read_request(write_request(note, old_size=0, proof=()))


@pytest.mark.parametrize(
    "lines",
    [
        (lines_of(FIRST), COSIGNED),
        (COSIGNED, lines_of(FIRST)),
        (LATTICE, lines_of(FIRST)),
        (lines_of(request(7, 0, key=OTHER_KEY).note), lines_of(FIRST)),
        (lines_of(FIRST), *[COSIGNED] * (MAX_SIGNATURE_LINES - 1)),
    ],
    ids=["a cosignature behind", "a cosignature before", "ML-DSA-44", "an unknown key", "as many as can be"],
)
def test_lines_of_unknown_keys_are_ignored_and_not_kept(lines: tuple[str, ...]) -> None:
    found = only_trusted(with_lines(*lines), [HEAD_KEY.public])

    assert found
    assert (found.note, found.others) == (FIRST, ())
    assert judge(found, found.head.claimed, known(0)).status is Status.COSIGNED


def test_a_line_of_a_trusted_key_that_does_not_verify_is_not_ignored() -> None:
    wrong = lines_of(request(9, 0).note)

    assert only_trusted(with_lines(lines_of(FIRST), wrong), [HEAD_KEY.public]) is None
    assert only_trusted(with_lines(wrong, lines_of(FIRST)), [HEAD_KEY.public]) is None


@pytest.mark.parametrize(
    "lines",
    [
        (),
        (LATTICE,),
        (lines_of(FIRST), *[COSIGNED] * MAX_SIGNATURE_LINES),
        (lines_of(FIRST), *[LATTICE] * 3),
        (lines_of(FIRST), COSIGNED[:-1]),
        (lines_of(FIRST), "\n", COSIGNED),
    ],
    ids=["none", "only one too long", "too many", "too long together", "a cut one", "an empty line between"],
)
def test_other_lines_under_a_head_are_refused(lines: tuple[str, ...]) -> None:
    with pytest.raises(NoteInvalidError):
        with_lines(*lines)


RIGHT = f"""
name = "witness.example/w1"
[[log]]
agency = "{BY}"
keys = ["{b64url(HEAD_KEY.public.raw)}"]
links = ["{LINK}"]
"""


def test_the_policy_gives_the_keys_of_a_log_it_knows(tmp_path) -> None:  # type: ignore[no-untyped-def]
    (tmp_path / POLICY_NAME).write_text(RIGHT, encoding="utf-8")
    policy = read_policy(tmp_path)

    assert policy.keys_of(Head(LINK, BY, 1, 7, bytes(32))) == (HEAD_KEY.public,)
    assert policy.keys_of(Head(LinkId("A" * 22), BY, 1, 7, bytes(32))) == ()
    assert policy.keys_of(Head(LINK, AgencyCode("TH-MSDHS-DATIP"), 1, 7, bytes(32))) == ()


@pytest.mark.parametrize(
    ("change", "place"),
    [
        (("name = ", "nome = "), "name"),
        (("witness.example/w1", "Witness One"), "name"),
        ((str(BY), "kh"), "log.0.agency"),
        ((b64url(HEAD_KEY.public.raw), b64url(bytes(32))), "log.0.keys"),
        ((b64url(HEAD_KEY.public.raw), "x"), "log.0.keys"),
        ((f'"{LINK}"', '"x"'), "log.0.links"),
        (("[[log]]", "[[logs]]"), "logs"),
        (("[[log]]", "[[log]"), "TOML"),
    ],
    ids=[
        "no name",
        "a name that cannot be signed",
        "agency",
        "weak key",
        "no key",
        "link",
        "unknown",
        "TOML",
    ],
)
def test_a_wrong_policy_names_the_place(tmp_path, change, place) -> None:  # type: ignore[no-untyped-def]
    (tmp_path / POLICY_NAME).write_text(RIGHT.replace(*change), encoding="utf-8")

    with pytest.raises(ConfigurationError, match=place):
        read_policy(tmp_path)


def test_without_a_policy_the_command_to_make_one_is_told(tmp_path) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(ConfigurationError) as refused:
        read_policy(tmp_path)

    assert "witness init" in refused.value.hint
