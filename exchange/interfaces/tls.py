# SPDX-License-Identifier: Apache-2.0
"""The TLS context of a listener, from a certificate and a key that live in memory."""

import secrets
import ssl
import tempfile
from pathlib import Path

from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    PrivateFormat,
    load_pem_private_key,
)


def server_tls(certificate_pem: bytes, key_pem: bytes, *, folder: Path | None = None) -> ssl.SSLContext:
    """Return the TLS context of a listener: TLS 1.3 only, no tickets, so each connection proves the key.

    Python's `ssl` reads certificate and key from a file only. The key is written encrypted under a
    passphrase of 32 random bytes that is forgotten on return, into a new file of mode 0600 in `folder`
    that is removed at once: what a disk, a snapshot or a crash may keep of it opens nothing.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = context.maximum_version = ssl.TLSVersion.TLSv1_3
    context.num_tickets = 0
    passphrase = secrets.token_hex(32).encode()
    key = load_pem_private_key(key_pem, password=None)
    locked = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(passphrase))
    with tempfile.NamedTemporaryFile(dir=folder, prefix="tls-", suffix=".tmp") as file:
        file.write(certificate_pem + b"\n" + locked)
        file.flush()
        context.load_cert_chain(file.name, password=passphrase)
    return context
