# SPDX-License-Identifier: Apache-2.0
"""The parcel: frames in a file that a courier carries, sealed to the partner and signed as a whole.

    exchange-parcel 1 LF                                    18 bytes; the version
    JWS, typ `exchange-parcel+jws`, by the `door` key       then spaces and LF up to 8,192 bytes
    sealed stream                                           Cobblestone-256, to the end of the file

The JWS says `{v, id, for, bytes, sha256, key}`: a random id, for whom, length and digest of the stream,
and the sealed manifest. It names no agency: `for` is a digest over link, sender, recipient and id, which
both sides can compute and nobody else, because the link id cannot be guessed. The signer's key id leads
the recipient to the link.

`key` is a compact JWE of the suite of the agreement, always of one size. It holds the content key of the
stream and the manifest: number, volume, when it was made, and how much is inside.

The plaintext of the stream is a row of records, each behind its length in four bytes: first the report of
the gate, as JSON; then what it says comes back to a restored reader; then frames; then the length 0 and
zeros up to the size class. Every record is whole
before it is looked at, and no longer than a frame.

Results inside a frame have no signature of their own, so the whole file is signed, and it is verified
before anything is opened. Nothing inside is a name of a file.

Source: docs/protocol/parcels.md.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256 as new_sha256
from typing import Final, NoReturn

from exchange.clock import instant_text
from exchange.errors import ParcelInvalidError, RejectedError, StrictJsonError
from exchange.ids import (
    AgencyCode,
    Digest,
    KeyId,
    LinkId,
    MessageId,
    b64url,
    parse_agency,
    parse_digest,
)
from exchange.protocol.frames import MAX_FRAME_BYTES, MAX_HEADER_BYTES
from exchange.protocol.jws import RawJws, read_compact, sign_compact, verify_jws
from exchange.protocol.members import Members
from exchange.protocol.parts import size_class
from exchange.protocol.seal import seal
from exchange.protocol.strictjson import JsonValue, Limits, encode, parse_object
from exchange.protocol.suites import (
    CONTENT_KEY_BYTES,
    CONTENT_TAG_BYTES,
    STREAM_CHUNK_BYTES,
    STREAM_HEAD_BYTES,
    PrivateKey,
    PublicKey,
    StreamOpener,
    StreamSealer,
    Suite,
)
from exchange.protocol.unseal import unseal

VERSION: Final = 1
MAGIC: Final = b"exchange-parcel "
PARCEL_TYP: Final = "exchange-parcel+jws"
HEADER_BYTES: Final = 8_192
"""Before the stream; the JWS of suite 2 has about 5,600 characters."""
MAX_PARCEL_BYTES: Final = 10**9
MAX_MESSAGES: Final = 10_000
"""Threat model section 7: courier file."""
MAX_VOLUMES: Final = 1_000
MAX_REPORT_BYTES: Final = 128 * 1024
"""A head, a signature and a card of at most 64 KiB."""
MAX_RECORD_BYTES: Final = MAX_FRAME_BYTES + MAX_HEADER_BYTES
MAX_BACK_BYTES: Final = 64 * 1024**2
"""What one parcel brings back to a restored node: it is held in memory until it is whole."""
MAX_BACK_RECORDS: Final = 2_000
ID_BYTES: Final = 16
_ID_CHARS: Final = 22
_LENGTH_BYTES: Final = 4
_END: Final = bytes(_LENGTH_BYTES)
_MANIFEST_BYTES: Final = 1_024
"""Plaintext of the sealed manifest, padded, so that its size says nothing."""
_MAX_KEY_CHARS: Final = 5_000
_HEADER_LIMITS: Final = Limits(max_bytes=HEADER_BYTES, max_depth=1, max_members=6, max_items=1, max_name=8)
_MANIFEST_LIMITS: Final = Limits(
    max_bytes=_MANIFEST_BYTES, max_depth=1, max_members=16, max_items=1, max_name=16
)
_REPORT_LIMITS: Final = Limits(
    max_bytes=MAX_REPORT_BYTES, max_depth=4, max_members=32, max_items=32, max_name=32
)
_BACK_LIMITS: Final = Limits(
    max_bytes=MAX_RECORD_BYTES, max_depth=5, max_members=8, max_items=2_000, max_name=32
)
_HEADER: Final = frozenset({"v", "id", "for", "bytes", "sha256", "key"})
_MANIFEST: Final = frozenset(
    {
        "v",
        "kind",
        "key",
        "number",
        "volume",
        "volumes",
        "made",
        "first",
        "size",
        "entries",
        "messages",
        "results",
    }
)


@dataclass(frozen=True)
class Way:
    """The link that a parcel belongs to, and its direction."""

    link: LinkId
    sender: AgencyCode
    recipient: AgencyCode
    suite: Suite


@dataclass(frozen=True)
class Manifest:
    """What a parcel says of itself under its seal."""

    number: int
    """Counts the parcels of the sender on this link, for people."""
    volume: int
    volumes: int
    made_at: datetime
    first: int
    """Index of the first leaf inside; its log up to there has to be held already."""
    size: int
    """Leaves of the sender's log when it was made."""
    entries: int
    messages: int
    results: int


@dataclass(frozen=True)
class ParcelHeader:
    """The header of a parcel; trusted only after `verify_header`."""

    id: str
    addressed: Digest
    stream_bytes: int
    digest: Digest
    key: bytes
    """The sealed manifest."""


def seal_header(
    manifest: Manifest,
    content_key: bytes,
    *,
    way: Way,
    id: str,
    stream_bytes: int,
    digest: Digest,
    seal_key: PublicKey,
    sign_key: PrivateKey,
) -> bytes:
    """Return the first bytes of a parcel, HEADER_BYTES long."""
    sealed = seal(
        _manifest_bytes(manifest, content_key),
        suite=way.suite,
        key=seal_key,
        sender=way.sender,
        recipient=way.recipient,
        message_id=_sealed_for(id),
    )
    members: dict[str, JsonValue] = {
        "v": VERSION,
        "id": id,
        "for": addressed(way, id),
        "bytes": stream_bytes,
        "sha256": digest,
        "key": sealed.decode("ascii"),
    }
    text = MAGIC + b"%d\n" % VERSION + sign_compact(encode(members), typ=PARCEL_TYP, key=sign_key)
    if len(text) >= HEADER_BYTES:
        raise ParcelInvalidError(f"a parcel header of {len(text)} bytes does not fit into {HEADER_BYTES}")
    return text.ljust(HEADER_BYTES - 1, b" ") + b"\n"


def addressed(way: Way, id: str) -> Digest:
    """Return `for`: who it is from and to, said to nobody who does not know the link."""
    names = (
        b"exchange/parcel/v1",
        way.link.encode(),
        way.sender.encode(),
        way.recipient.encode(),
        id.encode(),
    )
    return Digest(b64url(new_sha256(b"\x00".join(names)).digest()))


def read_header(block: bytes) -> RawJws:
    """Return the unverified header of a file from its first HEADER_BYTES; its `kid` names the signer.

    Raises:
        ParcelInvalidError: `not_a_parcel`, `parcel_version`, `parcel_cut`.
    """
    line, _, rest = block.partition(b"\n")
    version = line.removeprefix(MAGIC)
    if not line.startswith(MAGIC) or not version.isdigit() or len(version) > 4:
        raise ParcelInvalidError(
            "the file is no parcel", hint="is it another file? parcels are made by: exchange parcel write"
        )
    if int(version) != VERSION:
        raise ParcelInvalidError(
            f"the parcel has version {int(version)}, this program reads version {VERSION}",
            hint="install the present program on both sides, then let the partner write it again",
            reason="parcel_version",
        )
    if len(block) < HEADER_BYTES:
        raise _cut(len(block), HEADER_BYTES)
    if not rest.endswith(b"\n"):
        _changed()
    try:
        return read_compact(rest[:-1].rstrip(b" "), typ=PARCEL_TYP, max_bytes=HEADER_BYTES)
    except StrictJsonError:
        _changed()


def verify_header(raw: RawJws, key: PublicKey, way: Way) -> ParcelHeader:
    """Return the header after its signature, its form and its direction were checked.

    Raises:
        SignatureInvalidError: it is not signed by `key`.
        ParcelInvalidError: `parcel_changed`: not of the agreed form; `parcel_foreign`: another direction.
    """
    try:
        value = parse_object(verify_jws(raw, key), _HEADER_LIMITS)
        members = Members(value, _HEADER, kind="parcel header", error=ParcelInvalidError)
    except StrictJsonError:
        _changed()
    members.integer("v", low=VERSION, high=VERSION)
    header = ParcelHeader(
        id=members.text("id", min_chars=_ID_CHARS, max_chars=_ID_CHARS),
        addressed=members.identifier("for", parse_digest),
        stream_bytes=members.integer("bytes", low=STREAM_HEAD_BYTES, high=MAX_PARCEL_BYTES - HEADER_BYTES),
        digest=members.identifier("sha256", parse_digest),
        key=members.text("key", max_chars=_MAX_KEY_CHARS).encode("utf-8"),
    )
    if header.addressed != addressed(way, header.id):
        raise ParcelInvalidError(
            f"the parcel is signed by {way.sender}, but not for this node and link",
            hint=f"ask {way.sender} whom it was written for",
            reason="parcel_foreign",
        )
    return header


def check_length(header: ParcelHeader, file_bytes: int) -> None:
    """Return if a file is as long as its header says.

    Raises:
        ParcelInvalidError: `parcel_cut` or `parcel_changed`.
    """
    expected = HEADER_BYTES + header.stream_bytes
    if file_bytes < expected:
        raise _cut(file_bytes, expected)
    if file_bytes > expected:
        _changed()


def check_digest(header: ParcelHeader, digest: Digest) -> None:
    """Return if the stream of a file has the digest that was signed.

    Raises:
        ParcelInvalidError: `parcel_changed`.
    """
    if digest != header.digest:
        _changed()


def open_manifest(header: ParcelHeader, way: Way, keys: Mapping[KeyId, PrivateKey]) -> tuple[Manifest, bytes]:
    """Return the manifest and the content key of a verified header.

    Raises:
        ParcelInvalidError: `parcel_unopened`: it does not open with the keys of this node, or is not of the
            agreed form.
    """
    try:
        plain = unseal(
            header.key, suite=way.suite, keys=keys, sender=way.sender, recipient=way.recipient,
            message_id=_sealed_for(header.id),
        )  # fmt: skip
        return _read_manifest(parse_object(plain.rstrip(b" "), _MANIFEST_LIMITS))
    except (RejectedError, StrictJsonError) as error:
        raise ParcelInvalidError(
            f"the parcel of {way.sender} does not open with the keys of this node",
            hint=f"it may be too old; ask {way.sender} to write it again: exchange parcel write",
            reason="parcel_unopened",
        ) from error


def stream_sealer(content_key: bytes, way: Way, id: str) -> StreamSealer:
    return StreamSealer(content_key, _context(way, id))


def stream_opener(content_key: bytes, way: Way, id: str) -> StreamOpener:
    return StreamOpener(content_key, _context(way, id))


def record(raw: bytes) -> bytes:
    """Return a record of the stream; requires 0 < len(raw) <= MAX_RECORD_BYTES."""
    return len(raw).to_bytes(_LENGTH_BYTES, "big") + raw


def end_of_records(content_bytes: int) -> int:
    """Return how many zero bytes end a stream of so many bytes: the length 0, then the padding."""
    return size_class(content_bytes + _LENGTH_BYTES) - content_bytes


def sealed_bytes(content_bytes: int) -> int:
    """Return at most how many bytes a parcel has whose records have `content_bytes`."""
    padded = size_class(content_bytes + _LENGTH_BYTES)
    chunks = padded // STREAM_CHUNK_BYTES + 1
    return HEADER_BYTES + STREAM_HEAD_BYTES + padded + chunks * CONTENT_TAG_BYTES


class RecordReader:
    """Takes the plaintext of a stream piece by piece and gives out whole records."""

    def __init__(self) -> None:
        self._held = bytearray()
        self._ended = False

    def feed(self, plain: bytes) -> list[bytes]:
        """Return the records that became whole.

        Raises:
            ParcelInvalidError: `parcel_changed`: a record is too long, or something stands behind the end.
        """
        self._held += plain
        found: list[bytes] = []
        start = 0
        while not self._ended and len(self._held) >= start + _LENGTH_BYTES:
            length = int.from_bytes(self._held[start : start + _LENGTH_BYTES], "big")
            if length > MAX_RECORD_BYTES:
                _changed()
            if len(self._held) < start + _LENGTH_BYTES + length:
                break
            start += _LENGTH_BYTES + length
            self._ended = not length
            if length:
                found.append(bytes(self._held[start - length : start]))
        del self._held[:start]
        if self._ended:
            self._take_padding()
        return found

    def finish(self) -> None:
        """Return if the stream had its end.

        Raises:
            ParcelInvalidError: `parcel_changed`: it stops inside a record.
        """
        if not self._ended:
            _changed()

    def _take_padding(self) -> None:
        if any(self._held):
            _changed()
        self._held.clear()


def encode_report(gives: dict[str, JsonValue], *, back: int = 0) -> bytes:
    """Return the first record: what a gate report tells, and how many records `back` follow it."""
    return encode({"v": VERSION, "back": back, "report": gives})


def decode_report(raw: bytes) -> tuple[dict[str, JsonValue], int]:
    """Return what the first record tells, and how many records `back` follow it.

    Raises:
        ParcelInvalidError: not of the agreed form.
    """
    try:
        value = parse_object(raw, _REPORT_LIMITS)
    except StrictJsonError as error:
        raise ParcelInvalidError("the report in the parcel does not have the agreed form") from error
    members = Members(value, {"v", "back", "report"}, kind="report of a parcel", error=ParcelInvalidError)
    members.integer("v", low=VERSION, high=VERSION)
    return members.mapping("report", most=32), members.integer("back", high=MAX_BACK_RECORDS)


def encode_back(op: str, of: AgencyCode, gives: dict[str, JsonValue]) -> bytes:
    """Return a record `back`: a page that the gate would give for a question of `leaves` or `lines`."""
    return encode({"v": VERSION, "op": op, "of": of, "gives": gives})


def decode_back(raw: bytes) -> tuple[str, AgencyCode, dict[str, JsonValue]]:
    """Return kind, author and content of a record `back`.

    Raises:
        ParcelInvalidError: not of the agreed form.
    """
    try:
        value = parse_object(raw, _BACK_LIMITS)
    except StrictJsonError as error:
        raise ParcelInvalidError("a record in the parcel does not have the agreed form") from error
    members = Members(value, {"v", "op", "of", "gives"}, kind="record of a parcel", error=ParcelInvalidError)
    members.integer("v", low=VERSION, high=VERSION)
    return (
        members.text("op", max_chars=16),
        members.identifier("of", parse_agency),
        members.mapping("gives", most=8),
    )


def _manifest_bytes(manifest: Manifest, content_key: bytes) -> bytes:
    members: dict[str, JsonValue] = {
        "v": VERSION,
        "kind": "parcel",
        "key": b64url(content_key),
        "number": manifest.number,
        "volume": manifest.volume,
        "volumes": manifest.volumes,
        "made": instant_text(manifest.made_at),
        "first": manifest.first,
        "size": manifest.size,
        "entries": manifest.entries,
        "messages": manifest.messages,
        "results": manifest.results,
    }
    return encode(members).ljust(_MANIFEST_BYTES, b" ")


def _read_manifest(value: JsonValue) -> tuple[Manifest, bytes]:
    members = Members(value, _MANIFEST, kind="manifest of the parcel", error=StrictJsonError)
    members.integer("v", low=VERSION, high=VERSION)
    if members.text("kind", max_chars=16) != "parcel":
        raise StrictJsonError("the sealed text is no manifest of a parcel")
    key = members.octets("key", max_bytes=CONTENT_KEY_BYTES)
    if len(key) != CONTENT_KEY_BYTES:
        raise members.fault("key", f"{CONTENT_KEY_BYTES} bytes")
    volumes = members.integer("volumes", low=1, high=MAX_VOLUMES)
    manifest = Manifest(
        number=members.integer("number", low=1),
        volume=members.integer("volume", low=1, high=volumes),
        volumes=volumes,
        made_at=members.instant("made"),
        first=members.integer("first"),
        size=members.integer("size"),
        entries=members.integer("entries"),
        messages=members.integer("messages", high=MAX_MESSAGES),
        results=members.integer("results"),
    )
    return manifest, key


def _sealed_for(id: str) -> MessageId:
    """Return what stands in the place of a message id, so that no body opens as a manifest."""
    return MessageId(f"parcel/{id}")


def _context(way: Way, id: str) -> bytes:
    return "|".join(("exchange/parcel/v1", way.link, way.sender, way.recipient, id)).encode("ascii")


def _cut(found: int, expected: int) -> ParcelInvalidError:
    return ParcelInvalidError(
        f"the parcel is cut: it has {found} bytes of {expected}",
        hint="copy it again from the medium it came on; nothing of it was taken",
        reason="parcel_cut",
    )


def _changed() -> NoReturn:
    raise ParcelInvalidError(
        "the parcel was changed or damaged on the way",
        hint="copy it again from the medium it came on, or ask the partner to write it again",
        reason="parcel_changed",
    )
