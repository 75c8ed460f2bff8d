# SPDX-License-Identifier: Apache-2.0
"""The form of a backup file: a card that everybody may read, and one sealed stream.

    {"agency": …, "destroy_by": …, "format": "exchange-backup/1", "keys": …, …}   one line, the card
    Cobblestone-256 stream of:
        {"parts": [{"name": …, "size": …}, …]}                                 one line
        the bytes of each part, one behind the other

1. The card holds the key file of the node as it is: sealed under the passphrase. Inside is the store key; the
   key of the stream is derived from it and a salt of this backup. So a backup opens with the passphrase that
   the node had when it was made, and with nothing else.
2. The stream is bound to the digest of the card: a changed card opens nothing.
3. Parts have the names of `Part` and no others, each once, in that order. No name from a file becomes a path.
4. A backup that holds the data keys brings erased persons back if it is kept. So it lives `LIFE`, says so in
   its card (`destroy_by`), and its name ends in `SHORT_LIVED`. One without them may be kept: it proves what
   was sent and received, and opens no content without the data keys of a younger backup.
5. Nothing is written over. What was written of a file that failed is removed.

Not here: how the databases are copied (`sqlite`), and where parts come from and go (`bootstrap.backups`).
"""

import hashlib
import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import BinaryIO, Final

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from exchange.clock import instant_text, parse_instant
from exchange.errors import InputError, ProtocolError, StoreDamagedError, StoreError, StrictJsonError
from exchange.ids import AgencyCode, NodeId, RandomSource, b64url, parse_agency, parse_node
from exchange.protocol.members import Members
from exchange.protocol.strictjson import JsonValue, Limits, encode_canonical, parse_object
from exchange.protocol.suites import StreamOpener, StreamSealer

FORMAT: Final = "exchange-backup/1"
LIFE: Final = timedelta(days=7)
"""Design: erased means gone from backups within 7 days."""
SUFFIX: Final = ".backup"
SHORT_LIVED: Final = f".7-days{SUFFIX}"
"""How the name of a backup with data keys ends."""
KEY_BYTES: Final = 32
SALT_BYTES: Final = 32
PIECE: Final = 256 * 1024
"""Bytes sealed and written at once."""
MAX_CARD_BYTES: Final = 512 * 1024
"""The key file may have 256 KiB, a third more in base64."""
MAX_LIST_BYTES: Final = 4_096
_LIMITS: Final = Limits(max_bytes=MAX_CARD_BYTES, max_depth=3, max_members=12, max_items=8, max_name=32)
_CARD: Final = ("agency", "destroy_by", "format", "keys", "made", "migration", "node", "salt")
_LABEL: Final = b"exchange/backup/1"
_DAMAGED = "cut or changed: try another backup, or copy it again from where it is kept"


class Part(StrEnum):
    """What a backup may hold, in its order."""

    SETTINGS = "exchange.toml"
    CALENDAR = "calendar.toml"
    CARD = "card.json"
    """The newest own card, prepared with its keys."""
    STORE = "store.db"
    DATA_KEYS = "datakeys.db"


@dataclass(frozen=True)
class BackupCard:
    """What a backup says of itself to everybody."""

    agency: AgencyCode
    node: NodeId
    made_at: datetime
    migration: int
    """Number of the newest migration of its store."""
    destroy_by: datetime | None
    """When it has to be destroyed; None for one without data keys."""
    keys: bytes
    """The key file, sealed under the passphrase."""
    salt: bytes

    @property
    def has_data_keys(self) -> bool:
        return self.destroy_by is not None

    def raw(self) -> bytes:
        """Return the line of the card."""
        members: dict[str, JsonValue] = {
            "agency": self.agency,
            "destroy_by": instant_text(self.destroy_by) if self.destroy_by else "",
            "format": FORMAT,
            "keys": b64url(self.keys),
            "made": instant_text(self.made_at),
            "migration": self.migration,
            "node": self.node,
            "salt": b64url(self.salt),
        }
        return encode_canonical(members) + b"\n"


def new_card(
    *, agency: AgencyCode, node: NodeId, at: datetime, migration: int, keys: bytes, with_data_keys: bool,
    random: RandomSource,
) -> BackupCard:  # fmt: skip
    """Return the card of a backup that is about to be made."""
    destroy_by = at + LIFE if with_data_keys else None
    return BackupCard(agency, node, at, migration, destroy_by, keys, random(SALT_BYTES))


def write_backup(path: Path, card: BackupCard, parts: Mapping[Part, Path], *, store_key: bytes) -> int:
    """Write a new backup file of mode 0600, to the disk, and return its size.

    Raises:
        InputError: the file exists, or its folder cannot be written to.
        StoreError: the disk is full or failed; nothing of the file stays.
    """
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    try:
        handle = os.open(path, flags, 0o600)
    except FileExistsError as error:
        raise InputError(f"{path} exists", hint="choose another name; nothing is written over") from error
    except OSError as error:
        raise InputError(f"{path} cannot be written", hint="name a folder that is there") from error
    try:
        with os.fdopen(handle, "wb") as file:
            for piece in _sealed(card, parts, store_key):
                file.write(piece)
            file.flush()
            os.fsync(handle)
            return file.tell()
    except OSError as error:
        path.unlink(missing_ok=True)
        raise StoreError(f"{path} cannot be written whole", hint="free some space there") from error
    except BaseException:
        path.unlink(missing_ok=True)
        raise


def _sealed(card: BackupCard, parts: Mapping[Part, Path], store_key: bytes) -> Iterator[bytes]:
    raw = card.raw()
    sealer = StreamSealer(_stream_key(store_key, card.salt), _context(raw))
    rows: list[JsonValue] = [
        {"name": part.value, "size": parts[part].stat().st_size} for part in Part if part in parts
    ]
    yield raw
    yield sealer.update(encode_canonical({"parts": rows}) + b"\n")
    for part in Part:
        if part in parts:
            with parts[part].open("rb") as file:
                while piece := file.read(PIECE):
                    yield sealer.update(piece)
    yield sealer.finish()


def read_card(file: BinaryIO) -> tuple[BackupCard, bytes]:
    """Return the card of an open file and its exact line; the stream stands behind it.

    Raises:
        InputError: no backup of this form.
    """
    raw = file.readline(MAX_CARD_BYTES + 1)
    try:
        return _card(raw), raw
    except (StrictJsonError, StoreDamagedError, ProtocolError) as error:
        raise InputError(
            f"this is no backup of the format {FORMAT}", hint="name a file that exchange backup make wrote"
        ) from error


def _card(raw: bytes) -> BackupCard:
    members = Members(parse_object(raw, _LIMITS), _CARD, kind="backup", error=StoreDamagedError)
    if not raw.endswith(b"\n") or members.text("format", max_chars=32) != FORMAT:
        raise members.fault("format", FORMAT)
    until = members.text("destroy_by", min_chars=0, max_chars=32)
    return BackupCard(
        agency=parse_agency(members.text("agency", max_chars=64)),
        node=parse_node(members.text("node", max_chars=64)),
        made_at=parse_instant(members.text("made", max_chars=32)),
        migration=members.integer("migration"),
        destroy_by=parse_instant(until) if until else None,
        keys=members.octets("keys", max_bytes=MAX_CARD_BYTES),
        salt=members.octets("salt", max_bytes=SALT_BYTES),
    )


def extract(
    file: BinaryIO, card: BackupCard, raw: bytes, places: Mapping[Part, Path], *, store_key: bytes
) -> frozenset[Part]:
    """Write the parts that `places` names into new files, read the stream to its end, return all parts in it.

    Requires a file whose card was just read. A piece is written only after it was authenticated.

    Raises:
        InputError: the file is cut, changed, or its store key is another one.
    """
    plain = _Plain(file, StreamOpener(_stream_key(store_key, card.salt), _context(raw)))
    rows = _listed(plain.line())
    for part, size in rows.items():
        with _place(places.get(part)) as target:
            for piece in plain.take(size):
                target.write(piece)
    plain.demand_end()
    return frozenset(rows)


def _place(path: Path | None) -> BinaryIO:
    """Open a new private file, or nothing for a part that nobody wants."""
    if path is None:
        return open(os.devnull, "wb")
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    return os.fdopen(os.open(path, flags, 0o600), "wb")


def _listed(raw: bytes) -> dict[Part, int]:
    """Return the parts in their order with their sizes; only known names, each once (3)."""
    try:
        rows = json.loads(raw)["parts"]
        found = {Part(row["name"]): int(row["size"]) for row in rows}
    except (ValueError, TypeError, KeyError) as error:
        raise InputError("the list of parts has another form", hint=_DAMAGED) from error
    if (
        list(found) != [part for part in Part if part in found]
        or len(found) != len(rows)
        or min(found.values()) < 0
    ):
        raise InputError("the parts of the backup stand in another order", hint=_DAMAGED)
    return found


class _Plain:
    """Reads the opened stream piece by piece."""

    def __init__(self, file: BinaryIO, opener: StreamOpener) -> None:
        self._file, self._opener = file, opener
        self._held = b""
        self._is_read = False

    def line(self) -> bytes:
        while b"\n" not in self._held and len(self._held) <= MAX_LIST_BYTES and self._more():
            pass
        line, feed, self._held = self._held.partition(b"\n")
        if not feed or len(line) > MAX_LIST_BYTES:
            raise _cut()
        return line

    def take(self, size: int) -> Iterator[bytes]:
        while size:
            if not self._held and not self._more():
                raise _cut()
            piece, self._held = self._held[:size], self._held[size:]
            size -= len(piece)
            yield piece

    def demand_end(self) -> None:
        while not self._held and self._more():
            pass
        if self._held:
            raise _cut()

    def _more(self) -> bool:
        """Open some more; return False at the proved end of the stream."""
        if self._is_read:
            return False
        sealed = self._file.read(PIECE)
        opened = self._opener.update(sealed) if sealed else self._opener.finish()
        if opened is None:
            raise _cut()
        self._is_read = not sealed
        self._held += opened
        return True


def _cut() -> InputError:
    return InputError("the backup does not open to its end", hint=_DAMAGED)


def _stream_key(store_key: bytes, salt: bytes) -> bytes:
    return HKDF(SHA256(), KEY_BYTES, salt=salt, info=_LABEL).derive(store_key)


def _context(raw_card: bytes) -> bytes:
    return b"|".join((_LABEL, hashlib.sha256(raw_card).digest()))
