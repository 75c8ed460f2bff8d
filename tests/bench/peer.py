# SPDX-License-Identifier: Apache-2.0
"""The peer of the benchmark: AS2 by `pyas2lib`, in an environment of its own.

The environment is made once by pip in the user's cache folder; nothing of it comes near the product. One
line of a library has to be changed there: `oscrypto` reads the version of OpenSSL by a pattern that knows
only one digit for each number. Where there is no network, or the library does not run, the benchmark goes
on without the peer and says why.
"""

import json
import os
import subprocess
import venv
from dataclasses import dataclass
from pathlib import Path
from typing import Final

PROGRAM: Final = Path(__file__).parent / "peer_program.py"
PACKAGES: Final = ("pyas2lib==1.4.4", "oscrypto==1.3.0", "cryptography==50.0.2", "pyOpenSSL==26.4.0")
"""Versions that were seen to work together; the newest ones when this was written."""
INSTALL_S: Final = 300
RUN_S: Final = 120
_ONE_DIGIT: Final = r"'\\b(\\d\\.\\d\\.\\d[a-z]*)\\b'"
_ANY_DIGITS: Final = r"'\\b(\\d+\\.\\d+\\.\\d+[a-z]*)\\b'"


@dataclass(frozen=True)
class PeerRun:
    """What one run of the peer used."""

    messages: int
    wall_s: float
    sender_s: float
    recipient_s: float

    @property
    def cpu_us(self) -> float:
        """CPU time of both ends a message."""
        return (self.sender_s + self.recipient_s) / self.messages * 1e6


@dataclass(frozen=True)
class Peer:
    """An environment in which the peer runs, or the reason why there is none."""

    python: Path | None
    reason: str = ""

    def run(self, messages: int, size: int) -> PeerRun | None:
        """Measure some messages of `size` bytes; None without an environment."""
        if self.python is None:
            return None
        asked = ["--messages", str(messages), "--bytes", str(size)]
        done = subprocess.run(
            [self.python, PROGRAM, *asked], capture_output=True, timeout=RUN_S, check=True, text=True
        )
        return PeerRun(**json.loads(done.stdout))


def find_peer() -> Peer:
    """Return the peer; its environment is made if there is none yet."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    folder = cache / "repatriation-exchange" / "bench-as2"
    python = folder / "bin" / "python"
    try:
        if not (folder / "complete").exists():
            _install(folder, python)
        _run_inside([python, "-c", "import pyas2lib.as2"], RUN_S)
    except (OSError, subprocess.SubprocessError) as error:
        return Peer(None, f"not run: {_last_words(error)}")
    return Peer(python)


def _install(folder: Path, python: Path) -> None:
    venv.create(folder, with_pip=True, clear=True)
    _run_inside([python, "-m", "pip", "install", "--quiet", *PACKAGES], INSTALL_S)
    for module in folder.glob("lib/python*/site-packages/oscrypto/_openssl/_libcrypto_c*.py"):
        module.write_text(module.read_text().replace(_ONE_DIGIT, _ANY_DIGITS))
    (folder / "complete").touch()


def _run_inside(command: list[str | Path], limit_s: float) -> None:
    """Run a command of the environment, without what this process says about its own packages."""
    own = ("PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV")
    environment = {name: value for name, value in os.environ.items() if name not in own}
    subprocess.run(command, capture_output=True, timeout=limit_s, check=True, env=environment, text=True)


def _last_words(error: Exception) -> str:
    said = getattr(error, "stderr", None) or str(error)
    lines = [line for line in str(said).splitlines() if line.strip()]
    return lines[-1].strip() if lines else type(error).__name__
