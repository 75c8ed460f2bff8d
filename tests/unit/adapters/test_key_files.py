# SPDX-License-Identifier: Apache-2.0
"""Private keys lie in sealed files that nobody else can read and that are never overwritten."""

import json
import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from exchange.adapters.keys.container import CEILING_KIB, FLOOR_KIB, Cost, KeyContainer
from exchange.adapters.keys.files import KEYS_NAME, RECOVERY_NAME, KeyFiles
from exchange.adapters.keys.material import (
    NodeKeys,
    make_keys,
    read_node_keys,
    read_recovery_key,
    write_node_keys,
)
from exchange.errors import (
    ConfigurationError,
    ExchangeError,
    FileModeError,
    PassphraseError,
    StoreDamagedError,
    StoreError,
)
from exchange.ids import b64url, unb64url
from exchange.protocol.suites import Algorithm, KeyUse
from tests.support.identity import NOW
from tests.support.keys import seeded_random

PASSPHRASE = "correct horse"
CHEAP = Cost(memory_kib=64, iterations=1, lanes=1)
Change = Callable[[dict[str, Any]], object]


def cheap() -> KeyContainer:
    return KeyContainer(CHEAP, floor_kib=64)


def files_in(folder: Path) -> KeyFiles:
    return KeyFiles(folder / "data", cheap())


def keys() -> NodeKeys:
    return make_keys(seeded_random("key files"), NOW)


def created(folder: Path) -> KeyFiles:
    files = files_in(folder)
    files.create(keys(), PASSPHRASE, random=seeded_random("create"))
    return files


# --- the container -----------------------------------------------------------------------------------


def test_what_was_locked_at_the_full_cost_is_unlocked() -> None:
    container = KeyContainer()

    raw = container.lock(b"secret", PASSPHRASE, kind="node", random=seeded_random("full"))

    assert container.unlock(raw, PASSPHRASE, kind="node") == b"secret"
    kdf = {"name": "argon2id", "memory_kib": 65536, "iterations": 3, "lanes": 4}
    assert json.loads(raw)["kdf"] == kdf


def test_one_passphrase_has_one_spelling() -> None:
    raw = cheap().lock(b"secret", "mật khẩu dài", kind="node", random=seeded_random("a"))

    assert cheap().unlock(raw, "ma\u0323\u0302t kha\u0302\u0309u da\u0300i", kind="node") == b"secret"


@pytest.mark.parametrize("passphrase", ["", "correct hors", "correct horse ", "Correct horse"])
def test_another_passphrase_does_not_unlock(passphrase: str) -> None:
    raw = cheap().lock(b"secret", PASSPHRASE, kind="node", random=seeded_random("b"))

    with pytest.raises(PassphraseError) as caught:
        cheap().unlock(raw, passphrase, kind="node")

    assert "type it again" in (caught.value.hint or "")


@pytest.mark.parametrize("passphrase", ["", "short", "1234567"])
def test_a_short_passphrase_locks_nothing(passphrase: str) -> None:
    with pytest.raises(PassphraseError):
        cheap().lock(b"secret", passphrase, kind="node", random=seeded_random("c"))


def test_the_container_shows_nothing_of_its_content() -> None:
    raw = cheap().lock(b"secret", PASSPHRASE, kind="node", random=seeded_random("d"))

    assert b"secret" not in raw


@pytest.mark.parametrize("memory_kib", [FLOOR_KIB - 1, 8, CEILING_KIB + 1])
def test_below_64_mib_and_above_the_ceiling_no_container_is_made(memory_kib: int) -> None:
    with pytest.raises(ConfigurationError, match="Argon2id"):
        KeyContainer(Cost(memory_kib=memory_kib))


@pytest.mark.parametrize("cost", [Cost(iterations=0), Cost(iterations=33), Cost(lanes=0), Cost(lanes=17)])
def test_passes_and_lanes_have_bounds(cost: Cost) -> None:
    with pytest.raises(ConfigurationError, match="passes or lanes"):
        KeyContainer(cost)


def test_a_cheap_container_is_not_opened_and_the_passphrase_is_not_tried() -> None:
    raw = cheap().lock(b"secret", PASSPHRASE, kind="node", random=seeded_random("e"))

    with pytest.raises(ConfigurationError) as caught:
        KeyContainer().unlock(raw, PASSPHRASE, kind="node")

    assert "do not type the passphrase" in (caught.value.hint or "")


def kdf(name: str, content: object) -> Change:
    return lambda value: value["kdf"].__setitem__(name, content)


def put(name: str, content: object) -> Change:
    return lambda value: value.__setitem__(name, content)


def flip(name: str) -> Change:
    def change(value: dict[str, Any]) -> None:
        raw = bytearray(unb64url(value[name]))
        raw[0] ^= 1
        value[name] = b64url(bytes(raw))

    return change


CHANGES: list[tuple[str, Change, type[ExchangeError]]] = [
    ("the cost in memory", kdf("memory_kib", 128), PassphraseError),
    ("the passes", kdf("iterations", 2), PassphraseError),
    ("the lanes", kdf("lanes", 2), PassphraseError),
    ("the salt", flip("salt"), PassphraseError),
    ("the nonce", flip("nonce"), PassphraseError),
    ("the ciphertext", flip("ciphertext"), PassphraseError),
    ("an empty ciphertext", put("ciphertext", b64url(b"0")), PassphraseError),
    ("the kind", put("kind", "recovery"), ConfigurationError),
    ("the format", put("format", "exchange-keys/2"), ConfigurationError),
    ("a huge cost", kdf("memory_kib", 2**40), ConfigurationError),
    ("endless passes", kdf("iterations", 10**9), ConfigurationError),
    ("another function", kdf("name", "pbkdf2"), StoreDamagedError),
    ("a cost as text", kdf("memory_kib", "64"), StoreDamagedError),
    ("an unknown member", put("x", 1), StoreDamagedError),
    ("a missing member", lambda value: value.pop("salt"), StoreDamagedError),
    ("a short salt", put("salt", b64url(bytes(8))), StoreDamagedError),
    ("a short nonce", put("nonce", b64url(bytes(8))), StoreDamagedError),
    ("a salt that is no base64url", put("salt", "!"), StoreDamagedError),
]


@pytest.mark.parametrize(("what", "change", "error"), CHANGES, ids=[row[0] for row in CHANGES])
def test_a_changed_container_does_not_open(what: str, change: Change, error: type[ExchangeError]) -> None:
    """Every parameter is bound to the ciphertext as additional data."""
    value = json.loads(cheap().lock(b"secret", PASSPHRASE, kind="node", random=seeded_random("f")))
    change(value)

    with pytest.raises(error):
        cheap().unlock(json.dumps(value).encode(), PASSPHRASE, kind="node")


def test_a_kind_cannot_be_rewritten() -> None:
    value = json.loads(cheap().lock(b"secret", PASSPHRASE, kind="node", random=seeded_random("g")))
    value["kind"] = "recovery"

    with pytest.raises(PassphraseError):
        cheap().unlock(json.dumps(value).encode(), PASSPHRASE, kind="recovery")


# --- the keys ----------------------------------------------------------------------------------------


def test_a_node_has_a_current_and_a_next_key_of_every_use() -> None:
    made = keys()

    counts = {use: len([own for own in made.keys if own.key.use is use]) for use in KeyUse}
    assert counts == {use: 0 if use is KeyUse.RECOVERY else 4 if use is KeyUse.SEAL else 2 for use in KeyUse}
    assert made.recovery is not None
    assert len(made.store_key) == 32


def test_the_next_key_follows_the_current_one_without_a_gap() -> None:
    for algorithm in (Algorithm.X25519, Algorithm.MLKEM768_X25519, Algorithm.P256):
        first, second = (own for own in keys().keys if own.key.algorithm is algorithm)
        assert first.valid_until == second.valid_from
        assert first.valid_from < NOW < first.valid_until


def test_sealing_keys_change_every_quarter() -> None:
    row = next(own for own in keys().keys if own.key.use is KeyUse.SEAL)

    assert (row.valid_until - row.valid_from).days == 90


def test_no_two_keys_are_the_same() -> None:
    made = keys()

    assert len({own.key.seed for own in made.keys} | {made.store_key}) == len(made.keys) + 1


def test_the_text_of_the_keys_shows_no_secret() -> None:
    made = keys()

    shown = repr(made)
    assert repr(made.store_key)[2:-1] not in shown
    assert all(repr(own.key.seed)[2:-1] not in shown for own in made.keys)


def test_destroyed_keys_are_gone() -> None:
    gone = keys().keys[0].key.kid

    assert gone not in {own.key.kid for own in keys().without([gone]).keys}


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"[]",
        b'{"v":1}',
        b'{"v":2,"store_key":"","keys":[]}',
        b'{"v":1,"store_key":"AAAA","keys":[]}',
        write_node_keys(keys()).replace(b'"Ed25519"', b'"RSA"', 1),
        write_node_keys(keys()).replace(b'"envelope"', b'"friend"', 1),
        write_node_keys(keys()).replace(b'"envelope"', b'"seal"', 1),
    ],
)
def test_a_plaintext_of_another_form_gives_no_keys(raw: bytes) -> None:
    with pytest.raises(ExchangeError):
        read_node_keys(raw)


def test_a_recovery_file_holds_a_recovery_key() -> None:
    seed = b64url(bytes(range(32)))

    with pytest.raises(StoreDamagedError, match="holds a key for head"):
        read_recovery_key(
            json.dumps({"v": 1, "key": {"use": "head", "alg": "Ed25519", "seed": seed}}).encode()
        )


# --- the files ---------------------------------------------------------------------------------------


def test_keys_come_back_from_the_file_without_the_recovery_key(tmp_path: Path) -> None:
    files = created(tmp_path)

    assert files.read(PASSPHRASE) == replace(keys(), recovery=None)
    assert files.read_recovery(PASSPHRASE) == keys().recovery


def test_the_recovery_key_may_have_its_own_passphrase(tmp_path: Path) -> None:
    files = files_in(tmp_path)
    files.create(keys(), PASSPHRASE, random=seeded_random("x"), recovery_passphrase="kept in the safe")

    assert files.read_recovery("kept in the safe") == keys().recovery
    with pytest.raises(PassphraseError):
        files.read_recovery(PASSPHRASE)


def test_the_recovery_key_is_read_from_where_it_is_kept(tmp_path: Path) -> None:
    files = created(tmp_path)
    elsewhere = files.recovery_path.rename(tmp_path / "stick.key")

    assert files.read_recovery(PASSPHRASE, elsewhere) == keys().recovery
    with pytest.raises(ConfigurationError, match="cannot be read"):
        files.read_recovery(PASSPHRASE)


def test_files_and_folder_are_for_their_owner_alone(tmp_path: Path) -> None:
    files = created(tmp_path)

    assert files.keys_path.parent.stat().st_mode & 0o777 == 0o700
    assert files.keys_path.stat().st_mode & 0o777 == 0o600
    assert files.recovery_path.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o700])
def test_a_file_that_others_can_read_is_refused_with_the_command(tmp_path: Path, mode: int) -> None:
    files = created(tmp_path)
    files.keys_path.chmod(mode)

    with pytest.raises(FileModeError) as caught:
        files.read(PASSPHRASE)

    assert caught.value.hint == f"chmod 0600 {files.keys_path}"


@pytest.mark.parametrize("mode", [0o750, 0o755, 0o701])
def test_a_folder_that_others_can_enter_is_refused_with_the_command(tmp_path: Path, mode: int) -> None:
    files = created(tmp_path)
    files.keys_path.parent.chmod(mode)

    with pytest.raises(FileModeError) as caught:
        files.read(PASSPHRASE)

    assert caught.value.hint == f"chmod 0700 {files.keys_path.parent}"


def test_no_keys_are_made_in_a_folder_that_others_can_enter(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir(mode=0o755)

    with pytest.raises(FileModeError):
        created(tmp_path)

    assert list((tmp_path / "data").iterdir()) == []


@pytest.mark.parametrize("name", [KEYS_NAME, RECOVERY_NAME])
def test_keys_are_never_overwritten(tmp_path: Path, name: str) -> None:
    folder = tmp_path / "data"
    folder.mkdir(mode=0o700)
    (folder / name).write_bytes(b"here before")

    with pytest.raises(ConfigurationError, match="exists"):
        created(tmp_path)

    assert [(path.name, path.read_bytes()) for path in folder.iterdir()] == [(name, b"here before")]


def test_a_link_in_the_place_of_a_new_file_is_not_followed(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    folder.mkdir(mode=0o700)
    (folder / KEYS_NAME).symlink_to(tmp_path / "elsewhere")

    with pytest.raises(ConfigurationError, match="exists"):
        created(tmp_path)

    assert not (tmp_path / "elsewhere").exists()


def test_a_link_in_the_place_of_the_keys_is_not_followed(tmp_path: Path) -> None:
    files = created(tmp_path)
    files.keys_path.rename(tmp_path / "elsewhere")
    files.keys_path.symlink_to(tmp_path / "elsewhere")

    with pytest.raises(ConfigurationError, match="cannot be read"):
        files.read(PASSPHRASE)


def test_a_pipe_in_the_place_of_the_keys_does_not_hang(tmp_path: Path) -> None:
    files = created(tmp_path)
    files.keys_path.unlink()
    os.mkfifo(files.keys_path, 0o600)

    with pytest.raises(ConfigurationError, match="is no file"):
        files.read(PASSPHRASE)


def test_a_folder_in_the_place_of_the_keys_is_refused_in_words(tmp_path: Path) -> None:
    files = created(tmp_path)

    with pytest.raises(ConfigurationError, match="is no file"):
        files.read_recovery(PASSPHRASE, tmp_path)


@pytest.mark.parametrize("content", [b"", b"x", b"{}", b'{"a":1,"a":1}', b"\x00" * 100, b"x" * 300_000])
def test_a_damaged_file_is_said_to_be_damaged(tmp_path: Path, content: bytes) -> None:
    files = created(tmp_path)
    files.keys_path.write_bytes(content)

    with pytest.raises(StoreDamagedError, match="damaged"):
        files.read(PASSPHRASE)


def test_the_recovery_file_is_not_taken_for_the_keys(tmp_path: Path) -> None:
    files = created(tmp_path)
    files.recovery_path.rename(files.keys_path)

    with pytest.raises(ConfigurationError, match="kind"):
        files.read(PASSPHRASE)


@pytest.mark.parametrize("begun", [False, True])
def test_a_folder_that_has_a_store_is_never_sent_to_init(tmp_path: Path, *, begun: bool) -> None:
    files = files_in(tmp_path / "node")
    files.keys_path.parent.mkdir(mode=0o700, parents=True)
    if begun:
        (tmp_path / "node" / "store").mkdir()

    with pytest.raises(ConfigurationError) as caught:
        files.read(PASSPHRASE)

    way_back = f"exchange backup restore FILE --keys-only --data {tmp_path / 'node'}"
    assert caught.value.hint == (way_back if begun else "exchange init")


def test_a_damaged_key_file_comes_from_the_backup_and_a_recovery_key_from_its_other_copy(
    tmp_path: Path,
) -> None:
    files = created(tmp_path)
    for path in (files.keys_path, files.recovery_path):
        path.write_bytes(b"{")

    with pytest.raises(StoreDamagedError) as damaged:
        files.read(PASSPHRASE)
    with pytest.raises(StoreDamagedError) as lost:
        files.read_recovery(PASSPHRASE)

    assert "--keys-only" in (damaged.value.hint or "")
    assert "other copy" in (lost.value.hint or "")
    assert "backup restore" not in (lost.value.hint or "")


def test_a_recovery_key_of_somebody_else_is_not_looked_for_in_a_backup(tmp_path: Path) -> None:
    theirs = files_in(tmp_path / "theirs")
    theirs.create(keys(), "their passphrase", random=seeded_random("theirs"))

    with pytest.raises(PassphraseError) as caught:
        created(tmp_path).read_recovery(PASSPHRASE, theirs.recovery_path)

    assert str(theirs.recovery_path) in str(caught.value)
    assert "of another agency" in (caught.value.hint or "")
    assert "it is in no backup" in (caught.value.hint or "")


def test_without_files_the_hint_says_how_to_begin(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError) as caught:
        files_in(tmp_path).read(PASSPHRASE)

    assert caught.value.hint == "exchange init"


def test_a_short_passphrase_writes_nothing(tmp_path: Path) -> None:
    with pytest.raises(PassphraseError):
        files_in(tmp_path).create(keys(), "short", random=seeded_random("x"))

    assert list(tmp_path.iterdir()) == []


def test_keys_without_a_recovery_key_are_not_new_keys(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="recovery"):
        files_in(tmp_path).create(replace(keys(), recovery=None), PASSPHRASE, random=seeded_random("x"))


def test_replaced_keys_are_the_new_ones_and_nothing_is_left_beside_them(tmp_path: Path) -> None:
    files = created(tmp_path)
    fewer = files.read(PASSPHRASE).without([keys().keys[0].key.kid])

    files.replace(fewer, PASSPHRASE, random=seeded_random("replace"))

    assert files.read(PASSPHRASE) == fewer
    assert files.read_recovery(PASSPHRASE) == keys().recovery
    assert sorted(path.name for path in files.keys_path.parent.iterdir()) == [KEYS_NAME, RECOVERY_NAME]
    assert files.keys_path.stat().st_mode & 0o777 == 0o600


def test_a_file_that_a_crash_left_beside_the_keys_does_not_stop_a_change(tmp_path: Path) -> None:
    files = created(tmp_path)
    files.keys_path.with_name(KEYS_NAME + ".new").write_bytes(b"half")

    files.replace(files.read(PASSPHRASE), PASSPHRASE, random=seeded_random("again"))

    assert files.read(PASSPHRASE) == replace(keys(), recovery=None)


def test_keys_are_not_replaced_with_a_wrong_passphrase(tmp_path: Path) -> None:
    files = created(tmp_path)
    before = files.keys_path.read_bytes()

    with pytest.raises(PassphraseError):
        files.replace(keys(), "another passphrase", random=seeded_random("x"))

    assert files.keys_path.read_bytes() == before


def test_there_is_nothing_to_replace_before_keys_were_made(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError):
        files_in(tmp_path).replace(keys(), PASSPHRASE, random=seeded_random("x"))


def test_a_second_file_that_cannot_be_written_takes_the_first_one_back(tmp_path: Path) -> None:
    files = files_in(tmp_path)
    files.keys_path = tmp_path / "no such folder" / KEYS_NAME

    with pytest.raises(StoreError, match="cannot be made"):
        files.create(keys(), PASSPHRASE, random=seeded_random("x"))

    assert not files.recovery_path.exists()
