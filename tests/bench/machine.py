# SPDX-License-Identifier: Apache-2.0
"""What the machine is, in words that name no machine; and what a process on it uses."""

import os
import platform
import sqlite3
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Final

_TICK_S: Final = 1 / os.sysconf("SC_CLK_TCK")
_LIBRARIES: Final = ("cryptography", "aiohttp", "pydantic", "jsonschema-rs")


@dataclass(frozen=True)
class Machine:
    """Where and with what something was measured."""

    cores: int
    memory_gib: int
    load_before: float
    """Processes that wanted to run in the minute before; above 0.5 the figures are worse than they should."""
    versions: dict[str, str]

    @property
    def words(self) -> str:
        """One line for people."""
        named = ", ".join(f"{name} {number}" for name, number in self.versions.items())
        memory = f"{self.memory_gib} GiB of memory"
        return f"{self.cores} cores, {memory}, load {self.load_before:.1f} before; {named}"


def this_machine() -> Machine:
    pages, page = os.sysconf("SC_PHYS_PAGES"), os.sysconf("SC_PAGE_SIZE")
    versions = {"Python": platform.python_version(), "SQLite": sqlite3.sqlite_version}
    return Machine(
        cores=os.cpu_count() or 1,
        memory_gib=round(pages * page / 2**30),
        load_before=os.getloadavg()[0],
        versions=versions | {name: version(name) for name in _LIBRARIES},
    )


def pin(pid: int, core: int) -> bool:
    """Keep every thread of a process on one core; return False where the system cannot."""
    if not hasattr(os, "sched_setaffinity") or (os.cpu_count() or 1) < 2:
        return False
    for task in Path(f"/proc/{pid}/task").iterdir():
        os.sched_setaffinity(int(task.name), {core})
    return True


def cpu_s(pid: int) -> float:
    """Return the CPU seconds that a process has used."""
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(") ", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) * _TICK_S


@dataclass(frozen=True)
class Memory:
    """Resident memory of a process in MiB: now, and the most it ever held."""

    now: float
    most: float


def memory_of(pid: int) -> Memory:
    rows = (line.split() for line in Path(f"/proc/{pid}/status").read_text().splitlines())
    kib = {row[0]: int(row[1]) for row in rows if row[0] in {"VmRSS:", "VmHWM:"}}
    return Memory(kib["VmRSS:"] / 1024, kib["VmHWM:"] / 1024)
