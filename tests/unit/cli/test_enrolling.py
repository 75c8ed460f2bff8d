# SPDX-License-Identifier: Apache-2.0
"""Enrolment from the command line: two services, two files, eight words."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from exchange.adapters.keys.material import make_keys
from exchange.errors import AgreementInvalidError, CardInvalidError, UsageError
from exchange.ids import AgencyCode, OfficerNumber, b64url, unb64url
from exchange.interfaces.cli import enrolling
from exchange.interfaces.cli.client import Service
from exchange.interfaces.cli.enrolling import Officers
from exchange.protocol.agreement import read_agreement, verify_agreement
from tests.support.identity import DIRECTORY, KH, VN, Agency, agency
from tests.support.keys import seeded_random
from tests.support.local_service import LocalService

FIRST = OfficerNumber("P-0001")
OFFICERS = Officers(FIRST, OfficerNumber("P-0002"))


def _today(code: AgencyCode) -> Agency:
    """Return an agency of tests whose keys are valid now: the command line asks the real clock."""
    now = datetime.now(UTC) - timedelta(hours=1)
    random = seeded_random(f"enrolling/{code}")
    keys = make_keys(random, now)
    fields = replace(agency(code).fields, keys=keys.entries(), issued_at=now.replace(microsecond=0))
    return Agency(keys, fields)


@dataclass
class Side:
    """One side of the enrolment: its agency, and what its service was told."""

    own: Agency
    folder: Path
    told: LocalService
    memory: dict[str, Any]

    @property
    def service(self) -> Service:
        return Service(self.folder)


@contextmanager
def _side(own: Agency, folder: Path) -> Iterator[Side]:
    """Run a service that remembers the invitation and stores nothing else."""
    memory: dict[str, Any] = {}

    def note(members: dict[str, Any]) -> dict[str, Any]:
        memory["invitation"] = members["invitation"]
        return {}

    replies = {
        "partner.here": {
            "card": own.card.raw.decode("ascii"), "known_keys": [], "known_agencies": list(DIRECTORY),
        },
        "partner.note_invitation": note,
        "partner.invitation": lambda _: {"invitation": memory["invitation"]},
        "partner.enrol": {},
        "partner.confirm_words": {},
    }  # fmt: skip
    with LocalService(folder, replies) as told:
        yield Side(own, folder, told, memory)


@pytest.fixture
def sides(tmp_path: Path) -> Iterator[tuple[Side, Side]]:
    with _side(_today(KH), tmp_path / "kh") as inviter, _side(_today(VN), tmp_path / "vn") as joiner:
        yield inviter, joiner


def _invite(side: Side, partner: str = VN, profile: str = "") -> bytes:
    return enrolling.invite(
        side.service, side.own.recovery, partner, profile=profile, answer_to="", officer=FIRST
    )


def _join(side: Side, invitation: bytes) -> enrolling.Joined:
    return enrolling.join(side.service, side.own.recovery, invitation, officers=OFFICERS)


def test_two_files_and_eight_words_make_one_agreement_signed_by_both(sides: tuple[Side, Side]) -> None:
    inviter, joiner = sides

    joined = _join(joiner, _invite(inviter))
    judged = enrolling.judge(inviter.service, joined.file)
    enrolling.countersign(
        inviter.service, inviter.own.recovery, judged, spoken=joined.words, officers=OFFICERS
    )
    enrolling.confirm_as_joiner(joiner.service, KH, spoken=judged.words, officers=OFFICERS)

    stored, theirs = inviter.told.members("partner.enrol"), joiner.told.members("partner.enrol")
    assert stored["agreement"] == theirs["agreement"]
    raw = read_agreement(unb64url(stored["agreement"])).raw
    verify_agreement(raw, stored["own"], inviter.own.card.recovery)
    verify_agreement(raw, stored["partner"], joiner.own.card.recovery)
    assert stored["partner"] == theirs["own"]
    assert len(judged.words) == 8
    assert joiner.told.members("partner.confirm_words")["words"] == list(judged.words)


def test_no_private_key_reaches_the_service(sides: tuple[Side, Side]) -> None:
    inviter, joiner = sides

    judged = enrolling.judge(inviter.service, _join(joiner, _invite(inviter)).file)
    enrolling.countersign(
        inviter.service, inviter.own.recovery, judged, spoken=judged.words, officers=OFFICERS
    )

    told = repr(inviter.told.asked) + repr(joiner.told.asked)
    for side in sides:
        assert b64url(side.own.recovery.seed) not in told


@pytest.mark.parametrize("place", range(8))
def test_one_wrong_word_stops_the_enrolment(sides: tuple[Side, Side], place: int) -> None:
    inviter, joiner = sides
    judged = enrolling.judge(inviter.service, _join(joiner, _invite(inviter)).file)
    spoken = list(judged.words)
    spoken[place] = "zoo" if spoken[place] != "zoo" else "abandon"

    with pytest.raises(UsageError, match="not the same on both sides"):
        enrolling.countersign(inviter.service, inviter.own.recovery, judged, spoken=spoken, officers=OFFICERS)

    assert "partner.enrol" not in inviter.told.names()


def test_words_may_be_typed_in_capitals(sides: tuple[Side, Side]) -> None:
    enrolling.demand_same(("river", "lamp"), ["River", "LAMP"])

    with pytest.raises(UsageError):
        enrolling.demand_same(("river", "lamp"), ["river"])


def test_a_joining_for_another_invitation_is_refused(sides: tuple[Side, Side]) -> None:
    inviter, joiner = sides
    joined = _join(joiner, _invite(inviter))
    _invite(inviter)

    with pytest.raises(AgreementInvalidError, match="another invitation"):
        enrolling.judge(inviter.service, joined.file)


def test_the_inviter_cannot_join_its_own_invitation(sides: tuple[Side, Side]) -> None:
    inviter, _ = sides

    with pytest.raises(CardInvalidError, match="our own card"):
        _join(inviter, _invite(inviter))

    assert "partner.enrol" not in inviter.told.names()


@pytest.mark.parametrize("partner", ["VN-MPS-IMN", "KH-PTC"])
def test_nobody_outside_the_directory_is_invited(sides: tuple[Side, Side], partner: str) -> None:
    with pytest.raises(UsageError, match="is no contact point") as raised:
        _invite(sides[0], partner)

    assert VN in str(raised.value.hint)
    assert "partner.note_invitation" not in sides[0].told.names()


@pytest.mark.parametrize(
    ("partner", "wanted", "profile"),
    [("VN-MPS-IMM", "", "kh-vn"), ("TH-MSDHS-DATIP", "", "kh-th"), ("LA-MPS-ATD", "", "kh-la"),
     ("MM-DSW", "", "neutral"),
     ("VN-MPS-IMM", "neutral", "neutral")],
)  # fmt: skip
def test_the_profile_is_that_of_the_pair_unless_another_is_wanted(
    partner: str, wanted: str, profile: str
) -> None:
    assert enrolling.profile_for(KH, AgencyCode(partner), wanted) == profile


@pytest.mark.parametrize(
    ("partner", "wanted"), [(VN, "kh-th"), ("TH-MSDHS-DATIP", "kh-vn"), ("KH-MOSVY-DAHT", "neutral")]
)
def test_a_profile_without_one_of_the_two_sides_is_refused(
    sides: tuple[Side, Side], partner: str, wanted: str
) -> None:
    with pytest.raises(UsageError, match=f"profile {wanted} is not for {KH} and {partner}") as raised:
        enrolling.profile_for(KH, AgencyCode(partner), wanted)

    assert wanted not in str(raised.value.hint)
    if partner == VN:
        assert raised.value.hint == "profiles for both: kh-vn, neutral"
        with pytest.raises(UsageError):
            _invite(sides[0], partner, wanted)
        assert "partner.note_invitation" not in sides[0].told.names()


def test_an_invitation_with_a_profile_of_other_countries_is_refused(sides: tuple[Side, Side]) -> None:
    """An inviter that does not look leaves it to the joiner, who stores nothing."""
    inviter, joiner = sides
    raw = enrolling.enrolment.write_invitation(
        inviter.own.card,
        profile="kh-th",
        answer_to="",
        created_at=datetime.now(UTC),
        random=seeded_random("another profile"),
        key=inviter.own.recovery,
    )

    with pytest.raises(AgreementInvalidError, match="profile kh-th has no side for country VN") as raised:
        _join(joiner, raw)

    assert raised.value.hint == "choose the profile of this pair, or neutral"
    assert "partner.enrol" not in joiner.told.names()


def test_a_profile_that_is_not_there_is_refused() -> None:
    with pytest.raises(UsageError, match="there is no profile") as raised:
        enrolling.profile_for(KH, VN, "../../etc/passwd")

    assert "kh-vn" in str(raised.value.hint)
