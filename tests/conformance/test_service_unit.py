# SPDX-License-Identifier: Apache-2.0
"""The unit for systemd and the guide that installs it name the same user, folders and command.

No systemd is needed: the files are read, not run.
"""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
UNIT = (ROOT / "docs/guides/exchange.service").read_text(encoding="utf-8")
GUIDE = (ROOT / "docs/guides/install.md").read_text(encoding="utf-8")
SETTINGS = [
    (name, value)
    for name, _, value in (line.partition("=") for line in UNIT.splitlines() if not line.startswith("#"))
    if value or name == "CapabilityBoundingSet"
]


def of(name: str) -> list[str]:
    """Return what the unit says under a name, word by word."""
    return [word for found, value in SETTINGS if found == name for word in value.split()]


def test_the_service_runs_the_program_that_the_guide_installs() -> None:
    assert of("ExecStart") == [
        "/opt/exchange/current/bin/exchange",
        "serve",
        "--data",
        "/var/lib/exchange/node",
    ]
    assert "ln -sfn 2027-10-04 /opt/exchange/current" in GUIDE
    assert "EXCHANGE_DATA=/var/lib/exchange/node" in GUIDE


def test_the_service_is_the_user_of_the_guide_and_never_root() -> None:
    assert (of("User"), of("Group")) == (["exchange"], ["exchange"])
    assert re.search(r"^sudo useradd --system --user-group .* exchange$", GUIDE, re.MULTILINE)


def test_the_service_writes_only_where_the_guide_makes_folders() -> None:
    made = re.search(r"^sudo install -d -m 0700 -o exchange -g exchange (.+)$", GUIDE, re.MULTILINE)

    assert made is not None
    assert of("ProtectSystem") == ["strict"]
    assert sorted([*of("ReadWritePaths"), f"/var/lib/{of('StateDirectory')[0]}"]) == sorted(made[1].split())


def test_the_passphrase_comes_from_a_file_of_root_and_stands_nowhere_else() -> None:
    name, _, path = of("LoadCredential")[0].partition(":")

    assert f"EXCHANGE_PASSPHRASE_FILE=%d/{name}" in of("Environment")
    assert not [word for word in of("Environment") if word.startswith("EXCHANGE_PASSPHRASE=")]
    assert f"umask 077; cat > {path}" in GUIDE


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("NoNewPrivileges", "yes"),
        ("PrivateDevices", "yes"),
        ("PrivateTmp", "yes"),
        ("ProtectHome", "yes"),
        ("RestrictNamespaces", "yes"),
        ("UMask", "0077"),
        ("LimitCORE", "0"),
        ("SystemCallFilter", "@system-service"),
    ],
)
def test_the_service_has_no_more_than_it_needs(name: str, value: str) -> None:
    assert of(name) == [value]


def test_the_service_has_no_right_of_root() -> None:
    assert ("CapabilityBoundingSet", "") in SETTINGS
    assert of("AmbientCapabilities") == []
