# SPDX-License-Identifier: Apache-2.0
"""A damaged key file comes back from a backup; the store stays, and what does not fit changes nothing."""

import asyncio
import json
import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from exchange.bootstrap import (
    KeyAct,
    make_backup,
    open_node,
    prepare_keys,
    recovery_key,
    restore_keys,
    set_up,
)
from exchange.config import AgencySection, Settings
from exchange.errors import (
    ConfigurationError,
    ExchangeError,
    FileModeError,
    FolderInUseError,
    InputError,
    PassphraseError,
    StoreDamagedError,
    UsageError,
)
from exchange.ids import OfficerNumber
from tests.support.command_line import run

PASSPHRASE = "a passphrase of the node"
OFFICERS = (OfficerNumber("P-0001"), OfficerNumber("P-0002"))
NODE, OTHER = "0c5e1f8a7d3b4920", "8b7d20f3c6a1e954"


def _new_node(folder: Path, node: str = NODE) -> Path:
    agency = AgencySection(code="KH-MOSVY-DAHT", node=node, names={"en": "One"}, office="KH-MOSVY-DAHT")
    set_up(folder, Settings(agency=agency), PASSPHRASE, officers=dict.fromkeys(OFFICERS, "Sok"))
    return folder


def _backed_up(folder: Path, path: Path, *, with_data_keys: bool = True) -> Path:
    """Make a backup, and write something into the store afterwards."""

    async def work() -> None:
        async with open_node(folder, lambda: PASSPHRASE) as opened:
            await make_backup(opened, path, with_data_keys=with_data_keys)
            await opened.node.store.write(lambda uow: uow.settings.put("after", path.name))

    asyncio.run(work())
    return path


def _rotated(folder: Path) -> None:
    """Change the keys of a folder, and start it once."""

    async def held() -> None:
        async with open_node(folder, lambda: PASSPHRASE) as opened:
            prepare_keys(
                folder, PASSPHRASE, recovery_key(folder, PASSPHRASE), held=opened.card,
                act=KeyAct.ROTATE, officers=OFFICERS,
            )  # fmt: skip

    asyncio.run(held())
    asyncio.run(_opened(folder))


async def _opened(folder: Path) -> tuple[str | None, int]:
    """Return what was written last into the store, and the serial of the card; the node has to start."""
    async with open_node(folder, lambda: PASSPHRASE) as opened:
        return await opened.node.store.read(lambda uow: uow.settings.get("after")), opened.card.serial


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a node, its backups before and after its keys were changed, and one of another node."""
    home = tmp_path_factory.mktemp("keys back")
    folder, other = _new_node(home / "data"), _new_node(home / "other", OTHER)
    _backed_up(other, home / "other.7-days.backup")
    _backed_up(folder, home / "old.7-days.backup")
    _rotated(folder)
    _backed_up(folder, home / "archive.backup", with_data_keys=False)
    _backed_up(folder, home / "young.7-days.backup")
    return home


@pytest.fixture
def folder(home: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(home / "data", tmp_path / "data"))


def _damage(folder: Path) -> None:
    path = folder / "keys" / "keys.sealed"
    path.write_bytes(path.read_bytes()[:200])


def _change_a_byte(folder: Path) -> None:
    """Damage what only the passphrase notices."""
    path = folder / "keys" / "keys.sealed"
    sealed = json.loads(path.read_text())
    sealed["ciphertext"] = f"AAAA{sealed['ciphertext'][4:]}"
    path.write_text(json.dumps(sealed))


def _lose(folder: Path) -> None:
    (folder / "keys" / "keys.sealed").unlink()


def _lose_all(folder: Path) -> None:
    shutil.rmtree(folder / "keys")


def _damage_card(folder: Path) -> None:
    (folder / "keys" / "card.json").write_text("{")


def _contents(folder: Path) -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


@pytest.mark.parametrize(
    ("harm", "backup"),
    [
        (_damage, "young.7-days.backup"),
        (_damage, "archive.backup"),
        (_change_a_byte, "young.7-days.backup"),
        (_lose, "young.7-days.backup"),
        (_lose_all, "young.7-days.backup"),
        (_damage_card, "young.7-days.backup"),
    ],
)
def test_a_node_starts_again_with_today_s_store(
    home: Path, folder: Path, harm: Callable[[Path], None], backup: str
) -> None:
    harm(folder)
    with pytest.raises(ExchangeError):
        asyncio.run(_opened(folder))

    done = restore_keys(home / backup, folder, PASSPHRASE)

    assert asyncio.run(_opened(folder)) == ("young.7-days.backup", 2)
    assert [path.exists() for path in done.aside] == [True] * (harm not in (_lose, _lose_all))
    assert not list(folder.glob("restoring-*"))


def test_it_is_recorded(home: Path, folder: Path) -> None:
    _lose(folder)

    restore_keys(home / "young.7-days.backup", folder, PASSPHRASE)

    async def acts() -> list[str]:
        async with open_node(folder, lambda: PASSPHRASE) as opened:
            rows = await opened.node.store.read(lambda uow: uow.audit.list())
        return [row.act for row in rows]

    assert "keys_restored" in asyncio.run(acts())


@pytest.mark.parametrize(
    ("backup", "passphrase", "error", "words"),
    [
        ("old.7-days.backup", PASSPHRASE, ConfigurationError, "keys were changed after this backup"),
        ("other.7-days.backup", PASSPHRASE, ConfigurationError, "is of node"),
        ("young.7-days.backup", "another passphrase", PassphraseError, "does not open this backup"),
        ("none.7-days.backup", PASSPHRASE, InputError, "cannot be read"),
        ("cut.7-days.backup", PASSPHRASE, InputError, "does not open to its end"),
    ],
)
def test_what_does_not_fit_changes_nothing(
    home: Path, folder: Path, backup: str, passphrase: str, error: type[ExchangeError], words: str
) -> None:
    (home / "cut.7-days.backup").write_bytes((home / "young.7-days.backup").read_bytes()[:-100])
    _damage(folder)
    before = _contents(folder / "keys")

    with pytest.raises(error, match=words):
        restore_keys(home / backup, folder, passphrase)

    assert _contents(folder / "keys") == before
    assert not list(folder.glob("restoring-*"))


def test_a_backup_of_another_store_that_claims_to_be_this_node_is_refused(home: Path, folder: Path) -> None:
    """Somebody set up the same node twice: its keys do not open this store."""
    twin = _new_node(folder.parent / "twin")
    backup = _backed_up(twin, folder.parent / "twin.7-days.backup")
    _damage(folder)
    before = _contents(folder / "keys")

    with pytest.raises((ConfigurationError, StoreDamagedError)):
        restore_keys(backup, folder, PASSPHRASE)

    assert _contents(folder / "keys") == before


def test_a_kill_leaves_no_key_file_missing(tmp_path: Path) -> None:
    """A card that is missing is no damage: the first one is in no file, so nobody would know."""
    folder = tmp_path / "restored-here"
    program = (sys.executable, "-m", "tests.support.key_kills", str(folder))
    done = subprocess.run(program, capture_output=True, text=True, check=True)

    found = json.loads(done.stdout)

    assert len(found) > 3
    assert [each["killed"] for each in found] == [True] * (len(found) - 1) + [False]
    assert {text for each in found for text in each["said"]} == {"damaged", "whole"}
    assert found[-1]["said"] == ["whole", "whole"]


def test_keys_that_open_stay(home: Path, folder: Path) -> None:
    before = _contents(folder / "keys")

    with pytest.raises(UsageError, match="nothing is damaged"):
        restore_keys(home / "young.7-days.backup", folder, PASSPHRASE)

    assert _contents(folder / "keys") == before


def test_a_key_file_that_others_can_read_is_mended_by_its_mode(home: Path, folder: Path) -> None:
    (folder / "keys" / "keys.sealed").chmod(0o644)

    with pytest.raises(FileModeError):
        restore_keys(home / "young.7-days.backup", folder, PASSPHRASE)


@pytest.mark.parametrize("gone", ["store", "exchange.toml"])
def test_a_folder_without_a_store_or_settings_needs_the_whole_backup(
    home: Path, folder: Path, gone: str
) -> None:
    _lose(folder)
    path = folder / gone
    shutil.rmtree(path) if path.is_dir() else path.unlink()

    with pytest.raises(ConfigurationError) as caught:
        restore_keys(home / "young.7-days.backup", folder, PASSPHRASE)

    assert "without --keys-only" in (caught.value.hint or "")


def test_nothing_comes_back_while_a_service_runs(home: Path, folder: Path) -> None:
    async def work() -> None:
        async with open_node(folder, lambda: PASSPHRASE):
            _damage(folder)
            await asyncio.to_thread(restore_keys, home / "young.7-days.backup", folder, PASSPHRASE)

    with pytest.raises(FolderInUseError):
        asyncio.run(work())


@pytest.mark.parametrize("harm", [_damage, _change_a_byte, _lose, _lose_all, _damage_card])
def test_the_hint_of_a_damaged_or_missing_key_file_leads_to_a_node_that_starts(
    home: Path, folder: Path, harm: Callable[[Path], None]
) -> None:
    """Whoever follows the hint word by word has a node again; nobody is sent to `exchange init`."""
    harm(folder)

    doctor = run("doctor", "--data", folder, PASSPHRASE=PASSPHRASE)
    hint = next(line for line in doctor.out.splitlines() if "--keys-only" in line)
    words = shlex.split(hint[hint.index("backup restore") :])
    words[words.index("FILE")] = str(home / "young.7-days.backup")
    done = run(*words, PASSPHRASE=PASSPHRASE)

    assert "exchange init" not in doctor.out
    assert done.code == 0, done.err
    assert "the store is as it was" in done.out
    assert asyncio.run(_opened(folder))[0] == "young.7-days.backup"


@pytest.mark.parametrize("other", [("--replace",), ("--data-keys", "x.7-days.backup")])
def test_keys_only_goes_with_nothing_that_touches_the_store(
    home: Path, folder: Path, other: tuple[str, ...]
) -> None:
    words = ("backup", "restore", home / "young.7-days.backup", "--keys-only", "--data", folder)

    done = run(*words, *other, PASSPHRASE=PASSPHRASE)

    assert done.code == 2
    assert "the store stays" in done.err
