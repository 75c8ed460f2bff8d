# SPDX-License-Identifier: Apache-2.0
"""What the reader of a pack gives beside it: keys of witnesses, certificates, places to write to.

All of it is looked at before a pack is opened, so that a mistake of the reader never looks like a fault of
the pack. Certificates are read here as far as a bare interpreter can: that the file holds some.
"""

from argparse import Namespace
from dataclasses import dataclass
from pathlib import Path

from exchange.verifier.forms import WrongFormError
from exchange.verifier.witnessed import read_witness_key

_CERTIFICATE = b"-----BEGIN CERTIFICATE-----"


class GivenError(Exception):
    """An option cannot be used; `hint` says what to give instead."""

    def __init__(self, words: str, hint: str) -> None:
        super().__init__(words)
        self.hint = hint


@dataclass(frozen=True)
class Given:
    """What the reader gave, looked at."""

    witnesses: list[str]
    roots: bytes | None
    """Certificates in PEM."""


def read_given(asked: Namespace) -> Given:
    """Return what the options of the command name.

    Raises:
        GivenError: a key has another form, a file cannot be read, or a place cannot be written to.
    """
    for key in asked.witness:
        _demand_key(key)
    roots = None if asked.tsa_roots is None else _certificates(asked.tsa_roots)
    if asked.html is not None and not asked.html.parent.is_dir():
        raise GivenError(
            f"--html: there is no folder {asked.html.parent}", "name a file in a folder that exists"
        )
    if asked.stamps is not None and asked.stamps.exists() and not asked.stamps.is_dir():
        raise GivenError(f"--stamps: {asked.stamps} is not a folder", "name a folder; it is made if need be")
    return Given(asked.witness, roots)


def _demand_key(key: str) -> None:
    try:
        read_witness_key(key)
    except WrongFormError as error:
        raise GivenError(f"--witness: {error}", "give the key as the witness tells it, not a file") from None


def _certificates(path: Path) -> bytes:
    hint = "give the file with the certificates of the authority, as PEM"
    try:
        raw = path.read_bytes()
        if _CERTIFICATE not in raw:
            raise GivenError(f"--tsa-roots: {path} holds no certificate", hint)
        _demand_certificates(raw)
    except OSError as error:
        raise GivenError(f"--tsa-roots: {path}: {error.strerror}", hint) from None
    except ValueError:
        raise GivenError(f"--tsa-roots: {path} holds a damaged certificate", hint) from None
    return raw


def _demand_certificates(raw: bytes) -> None:
    """Raise ValueError where the library that would use them cannot read them."""
    try:
        from cryptography.x509 import load_pem_x509_certificates
    except ImportError:
        return
    load_pem_x509_certificates(raw)
