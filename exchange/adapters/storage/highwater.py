# SPDX-License-Identifier: Apache-2.0
"""The high-water files: one small file a link that remembers how far our log went.

They should lie on another volume than the store, so that a store put back from a backup is noticed even
when the partner is not reachable. Written after commits, whole or not at all; they may lag behind.
"""

import json
import os
import tempfile
from pathlib import Path
from typing import Final

from exchange.errors import ConfigurationError, IdentifierError
from exchange.ids import Digest, LinkId, parse_digest

UNUSABLE: Final = "high_water_unusable"
DAMAGED: Final = "high_water_damaged"


class HighWaterFiles:
    """The `HighWater` port over a folder."""

    def __init__(self, folder: Path, *, data: Path) -> None:
        self._folder = folder
        self._is_apart = not folder.resolve().is_relative_to(data.resolve())

    @property
    def is_apart(self) -> bool:
        return self._is_apart

    def read(self, link: LinkId) -> tuple[int, int, Digest, int] | None:
        """Return (epoch, size, root, next number), or None when there is no file.

        Raises:
            ConfigurationError: the file is not readable as such a file.
        """
        path = self._path(link)
        try:
            members = json.loads(path.read_bytes())
            numbers = [int(members[name]) for name in ("epoch", "size", "next_seq")]
            return numbers[0], numbers[1], parse_digest(members["root"]), numbers[2]
        except FileNotFoundError as error:
            if not self._folder.is_dir():
                raise _unusable(self._folder, error) from error
            return None
        except OSError as error:
            raise _unusable(path, error) from error
        except (ValueError, TypeError, KeyError, IdentifierError) as error:
            raise ConfigurationError(
                f"the high-water file {path} has another form",
                hint="keep it as it is and ask your security officer; two persons may confirm the start",
                reason=DAMAGED,
            ) from error

    def write(self, link: LinkId, *, epoch: int, size: int, root: Digest, next_seq: int) -> None:
        """Replace the file of a link in one step.

        Raises:
            ConfigurationError: the folder cannot be used, or is full; the old file is as it was.
        """
        members = {"epoch": epoch, "size": size, "root": root, "next_seq": next_seq}
        path = self._path(link)
        try:
            _replace(path, json.dumps(members).encode("ascii"))
        except OSError as error:
            raise _unusable(path, error) from error

    def check(self) -> None:
        """Return if the folder can be written and each file in it is one.

        Raises:
            ConfigurationError: it cannot, or one is not; names it and what the system says.
        """
        try:
            with tempfile.TemporaryFile(dir=self._folder):
                held = sorted(self._folder.glob("*.json"))
        except OSError as error:
            raise _unusable(self._folder, error) from error
        for path in held:
            self.read(LinkId(path.stem))

    def _path(self, link: LinkId) -> Path:
        return self._folder / f"{link}.json"


def _replace(path: Path, raw: bytes) -> None:
    new = path.with_suffix(".new")
    descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(raw)
        file.flush()
        os.fsync(file.fileno())
    os.replace(new, path)


def _unusable(path: Path, error: OSError) -> ConfigurationError:
    return ConfigurationError(
        f"the high-water place {path} cannot be used: {os.strerror(error.errno or 0)}",
        hint="mount its disk, or correct paths.high_water and the owner of the folder",
        reason=UNUSABLE,
    )
