# SPDX-License-Identifier: Apache-2.0
"""The wire of the floor: one message packed by its sender and unpacked by its recipient, and signed heads.

The bytes are those of this project's wire (docs/protocol/objects.md): salted parts, commitment, padding,
suite 2, signed envelope, leaves, heads, cosignatures. The fastest known library does each step, and nothing
is checked that cryptography and schema do not check by themselves: no limits, no duplicate names, no trust.
"""

import hashlib
import os
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

import orjson
import pybase64
from cryptography.hazmat.primitives import hpke
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.mlkem import MLKEM768PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from exchange.ids import new_message_id
from exchange.messages.catalog import message_types
from exchange.messages.schemas import gate

PADDED: Final = 4_096
LINK: Final = "L" * 22
_HPKE: Final = hpke.Suite(hpke.KEM.MLKEM768_X25519, hpke.KDF.SHAKE256, hpke.AEAD.AES_256_GCM)
_ENCAPSULATED: Final = 1_120
_WORD: Final = b"\x00exchange/part/v1\x00"
_NOTICE: Final = "RPN"
_NOW: Final = datetime(2027, 1, 1, tzinfo=UTC)
"""An instant for every message; reading the clock is not what is measured here."""

Document = dict[str, Any]


@dataclass(frozen=True)
class Keys:
    """The keys of one end."""

    envelope: Ed25519PrivateKey
    head: Ed25519PrivateKey
    cosign: Ed25519PrivateKey
    opener: hpke.MLKEM768X25519PrivateKey

    @classmethod
    def new(cls) -> "Keys":
        one, two, three = (Ed25519PrivateKey.generate() for _ in range(3))
        halves = MLKEM768PrivateKey.generate(), X25519PrivateKey.generate()
        return cls(one, two, three, hpke.MLKEM768X25519PrivateKey(*halves))


@dataclass(frozen=True)
class Public:
    """What the other end knows of them."""

    envelope: Ed25519PublicKey
    head: Ed25519PublicKey
    cosign: Ed25519PublicKey
    sealer: hpke.MLKEM768X25519PublicKey

    @classmethod
    def of(cls, keys: Keys) -> "Public":
        signing = keys.envelope.public_key(), keys.head.public_key(), keys.cosign.public_key()
        return cls(*signing, keys.opener.public_key())


@dataclass(frozen=True)
class Packed:
    """A message with everything that its rows and leaves need."""

    id: bytes
    envelope: bytes
    body: bytes
    parts: tuple[bytes, ...]
    eh: bytes
    cd: bytes
    pc: bytes
    case: str


def is_valid(document: Document, *, draft: bool) -> bool:
    form = message_types()[_NOTICE].form
    return form is not None and gate(form.schema, draft=draft).is_valid(document)


def pack(document: Document, seq: int, keys: Keys, to: Public) -> Packed:
    """Return a message, sealed to its recipient and signed."""
    id = new_message_id(_NOW, os.urandom).encode()
    filled = {"message_id": id.decode(), "sender": "KH-MOSVY-DAHT", "recipient": "VN-MPS-IMM", "link": LINK}
    header = document["header"] | filled | {"agreement": 1}
    parts = tuple(_salted(each) for each in (header, document["content"], *document["persons"]))
    body = _seal(b"\n".join(parts) + b"\n", id, to)
    cd, pc = hashlib.sha256(body).digest(), _commitment(id, parts)
    claims = {
        "v": 1,
        "id": id.decode(),
        "link": LINK,
        "agr": 1,
        "from": "KH-MOSVY-DAHT",
        "to": "VN-MPS-IMM",
        "seq": seq,
        "created": "2027-01-01T00:00:00.000Z",
        "expires": "2027-01-31T00:00:00.000Z",
        "suite": 2,
        "body": {"sha256": _text(cd), "size": len(body)},
        "pc": _text(pc),
    }
    signed = _coded(b'{"alg":"Ed25519","kid":"0000000000000000","typ":"exchange-envelope+jws"}') + b"."
    signed += _coded(orjson.dumps(claims))
    envelope = signed + b"." + _coded(keys.envelope.sign(signed))
    case: str = document["persons"][0]["case_code"]
    return Packed(
        uuid.UUID(id.decode()).bytes, envelope, body, parts, hashlib.sha256(envelope).digest(), cd, pc, case
    )


def unpack(line: bytes, keys: Keys, sender: Public) -> tuple[Packed, Document]:
    """Return a message of a line, verified and opened, and its document."""
    envelope, _, body = line.partition(b"~")
    signed, _, signature = envelope.rpartition(b".")
    sender.envelope.verify(_decoded(signature), signed)
    claims = orjson.loads(_decoded(signed.partition(b".")[2]))
    cd = hashlib.sha256(body).digest()
    if _text(cd) != claims["body"]["sha256"]:
        raise ValueError("another body")
    id = claims["id"].encode()
    plaintext = _open(body, id, keys)
    parts = tuple(plaintext[: plaintext.rindex(b"\n")].split(b"\n"))
    pc = _commitment(id, parts)
    if _text(pc) != claims["pc"]:
        raise ValueError("other parts")
    header, content, *persons = map(orjson.loads, parts)
    for each in (header, content, *persons):
        del each["salt"]
    document = {"header": header, "content": content, "persons": persons}
    eh = hashlib.sha256(envelope).digest()
    case = persons[0]["case_code"]
    return Packed(uuid.UUID(id.decode()).bytes, envelope, body, parts, eh, cd, pc, case), document


def leaf(index: int, message: Packed, event: str) -> bytes:
    """Return a leaf about a message."""
    own = {
        "eh": _text(message.eh),
        "cd": _text(message.cd),
        "id": str(uuid.UUID(bytes=message.id)),
        "seq": index + 1,
    }
    own |= {"pc": _text(message.pc), "sz": PADDED} if event == "sent" else {"k": "accepted"}
    common = {"by": "KH-MOSVY-DAHT", "ep": 1, "ev": event, "i": index, "link": LINK, "v": 1}
    return orjson.dumps(common | own | {"t": "2027-01-01T00:00:00.000Z"}, option=orjson.OPT_SORT_KEYS)


def sign_head(size: int, root: bytes, keys: Keys) -> str:
    text = f"exchange/v1/{LINK}/KH-MOSVY-DAHT/1\n{size}\n{pybase64.b64encode(root).decode()}\n"
    return (
        text + "\n— KH-MOSVY-DAHT/head " + pybase64.b64encode(keys.head.sign(text.encode())).decode() + "\n"
    )


def verify_head(note: str, root: bytes, writer: Public) -> None:
    text, _, line = note.partition("\n\n")
    writer.head.verify(pybase64.b64decode(line.split()[2]), text.encode() + b"\n")
    if pybase64.b64decode(text.splitlines()[2]) != root:
        raise ValueError("another root")


def cosign(note: str, keys: Keys) -> str:
    return pybase64.b64encode(keys.cosign.sign(note.encode())).decode()


def verify_cosignature(note: str, line: str, cosigner: Public) -> None:
    cosigner.cosign.verify(pybase64.b64decode(line), note.encode())


def grown(peaks: list[tuple[int, bytes]], leaves: Sequence[bytes]) -> tuple[list[tuple[int, bytes]], bytes]:
    """Return the perfect trees of a log, as (leaves, hash), after more leaves, and its root."""
    trees = list(peaks)
    for raw in leaves:
        size, node = 1, hashlib.sha256(b"\x00" + raw).digest()
        while trees and trees[-1][0] == size:
            node = hashlib.sha256(b"\x01" + trees.pop()[1] + node).digest()
            size *= 2
        trees.append((size, node))
    root = trees[-1][1]
    for _, peak in reversed(trees[:-1]):
        root = hashlib.sha256(b"\x01" + peak + root).digest()
    return trees, root


def _salted(members: Document) -> bytes:
    return orjson.dumps({"salt": _text(os.urandom(32))} | members)


def _commitment(id: bytes, parts: Sequence[bytes]) -> bytes:
    """Return the Merkle root over salted parts; three of them in a notice about one person."""
    one, two, three = (
        hashlib.sha256(_WORD + id + b"\x00" + number.to_bytes(4, "big") + part).digest()
        for number, part in enumerate(parts)
    )
    pair = hashlib.sha256(b"\x01" + one + two).digest()
    return hashlib.sha256(b"\x01" + pair + three).digest()


def _seal(content: bytes, id: bytes, to: Public) -> bytes:
    key, iv = os.urandom(32), os.urandom(12)
    sealed_key = _HPKE.encrypt(key, to.sealer, info=_info(id))
    secret, wrapped = sealed_key[:_ENCAPSULATED], sealed_key[_ENCAPSULATED:]
    header = {"alg": "HPKE-9-KE", "enc": "A256GCM", "kid": "0" * 16, "ek": _text(secret)}
    protected = _coded(orjson.dumps(header))
    sealed = AESGCM(key).encrypt(iv, content.ljust(PADDED), protected)
    return b".".join((protected, *map(_coded, (wrapped, iv, sealed[:-16], sealed[-16:]))))


def _open(body: bytes, id: bytes, keys: Keys) -> bytes:
    protected, *segments = body.split(b".")
    wrapped, iv, ciphertext, tag = map(_decoded, segments)
    secret = _decoded(orjson.loads(_decoded(protected))["ek"].encode())
    key = _HPKE.decrypt(secret + wrapped, keys.opener, info=_info(id))
    return AESGCM(key).decrypt(iv, ciphertext + tag, protected)


def _info(id: bytes) -> bytes:
    return b"JOSE-HPKE rcpt\xffA256GCM\xffKH-MOSVY-DAHT|VN-MPS-IMM|" + id


def _coded(raw: bytes) -> bytes:
    return pybase64.urlsafe_b64encode(raw).rstrip(b"=")


def _decoded(segment: bytes) -> bytes:
    return pybase64.urlsafe_b64decode(segment + b"=" * (-len(segment) % 4))


def _text(raw: bytes) -> str:
    return _coded(raw).decode()
