# SPDX-License-Identifier: Apache-2.0
"""`exchange key retire` and `revoke`: who is said to need the card by hand, before anything is written."""

import asyncio
from pathlib import Path

import pytest
from exchange.bootstrap import open_node, set_up
from exchange.config import AgencySection, DoorSection, Settings
from exchange.protocol.cards import Card
from exchange.protocol.suites import KeyUse
from tests.support.command_line import Outcome, run
from tests.support.local_service import LocalService

PASSPHRASE = "a passphrase of the node"
CALLS_US = {"partner": "VN-MPS-IMM", "calls_us": True}
IS_CALLED = {"partner": "TH-MSDHS-DATIP", "calls_us": False}
ALL = "VN-MPS-IMM, TH-MSDHS-DATIP"
ADDRESS = "https://exchange.example:8443"


@pytest.fixture(scope="module", params=[ADDRESS, ""], ids=["has an address", "only calls"])
def founded(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Card]:
    """Set up a node, and return its folder and its card."""
    folder = tmp_path_factory.mktemp("changes") / "data"
    agency = AgencySection(code="KH-MOSVY-DAHT", node="0" * 16, names={"en": "One"}, office="KH-MOSVY-DAHT")
    settings = Settings(agency=agency, door=DoorSection(address=request.param))
    set_up(folder, settings, PASSPHRASE, officers={})

    async def card() -> Card:
        async with open_node(folder, lambda: PASSPHRASE) as opened:
            return opened.card

    return folder, asyncio.run(card())


def _broken_off(founded: tuple[Path, Card], *kids: str) -> Outcome:
    """Begin to retire keys, and fail at the passphrase of the recovery key."""
    folder, card = founded
    (folder / "run" / "control.sock").unlink(missing_ok=True)
    prepared = {"card": card.raw.decode("ascii"), "partners": [CALLS_US, IS_CALLED]}
    secrets = {"PASSPHRASE": PASSPHRASE, "RECOVERY_PASSPHRASE": "not this one"}
    with LocalService(folder, {"key.prepare": prepared}):
        return run("key", "retire", *kids, "--data", folder, OFFICER="P-0001", SECOND="P-0002", **secrets)


@pytest.mark.parametrize(
    ("use", "place", "called", "calling"),
    [
        (KeyUse.DOOR, 0, ALL, ALL),
        (KeyUse.DOOR, 1, "", ""),
        (KeyUse.TLS, 0, "VN-MPS-IMM", ""),
        (KeyUse.TLS, 1, "", ""),
        (KeyUse.HEAD, 0, "", ""),
        (KeyUse.SEAL, 0, "", ""),
    ],
)
def test_partners_that_cannot_learn_of_a_new_key_are_named_before_anything_is_written(
    founded: tuple[Path, Card], use: KeyUse, place: int, called: str, calling: str
) -> None:
    """A key whose time has not begun is shown to nobody; one for TLS counts where there is an address."""
    folder, card = founded
    named = called if card.addresses else calling

    done = _broken_off(founded, card.keys_for(use)[place].kid)

    assert done.code == 6
    assert ("need the new card by hand" in done.out) is bool(named)
    assert named in done.out
    assert "the other copy of the recovery key" in done.err
    assert not (folder / "keys" / "card.json").exists()


def test_the_worst_of_several_keys_counts(founded: tuple[Path, Card]) -> None:
    _, card = founded

    done = _broken_off(
        founded, *(card.keys_for(use)[0].kid for use in (KeyUse.HEAD, KeyUse.TLS, KeyUse.DOOR))
    )

    assert f"telephone them first: {ALL}" in done.out


@pytest.mark.parametrize("kids", [(), ("no key",), ("0123456789abcdeg",)])
def test_a_key_id_of_another_form_asks_nobody_for_anything(
    founded: tuple[Path, Card], kids: tuple[str, ...]
) -> None:
    done = _broken_off(founded, *kids)

    assert done.code in {2, 3}
    assert "by hand" not in done.out
