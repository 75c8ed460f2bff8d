# SPDX-License-Identifier: Apache-2.0
"""Gives memory that nobody uses any more back to the system, and spares what stays from being looked at.

A command or a frame with many messages takes some megabytes for a moment. They are free again at once, but
the C library keeps pages that lie between others in use; under load that is a tenth of a node. So it is asked
three times a minute to give them back, which takes some milliseconds. What is large is given back at once: by
itself the library does that only until the first large piece was freed, and puts later ones between others.

Only glibc has to be asked, and can be; with another C library nothing is done.

Now and then Python looks at every object that it keeps, to find those that only hold each other. In a node
that is a tenth of a second in which nobody is answered, and nearly all of it are modules and forms that
stay as long as the process. They are set apart once it has started.
"""

import asyncio
import ctypes
import gc

GIVE_BACK_S = 20.0
LARGE_BYTES = 512 * 1024
"""From this size on a piece of memory has pages of its own."""
_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3
"""Options of glibc's `mallopt`."""


def keep_large_apart() -> bool:
    """Let large pieces have pages of their own; return False if this C library cannot be asked to."""
    option = getattr(ctypes.CDLL(None), "mallopt", None)
    if option is None:
        return False
    return bool(option(_TRIM_THRESHOLD, LARGE_BYTES) and option(_MMAP_THRESHOLD, LARGE_BYTES))


def give_back() -> bool:
    """Give free pages back; return False if this C library cannot be asked to."""
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is None:
        return False
    trim(ctypes.c_size_t(0))
    return True


def set_apart() -> int:
    """Leave everything that is there now out of all later collections; return how many objects that are."""
    gc.collect()
    gc.freeze()
    return gc.get_freeze_count()


async def keep_memory_low() -> None:
    """Give memory back now and then, until cancelled."""
    while True:
        await asyncio.sleep(GIVE_BACK_S)
        give_back()
