"""Memory of the C library, told to keep what training frees."""

import ctypes
import sys

#: ``M_TRIM_THRESHOLD`` and ``M_MMAP_MAX`` of ``mallopt`` (malloc.h).
_TRIM_THRESHOLD, _MMAP_MAX = -1, -4


def keep_memory() -> bool:
    """Let glibc reuse large freed blocks in this process instead of giving them back to the system.

    A step of training on a CPU frees and asks for the same tensors again. By default each is a mapping of
    its own, and the system clears every page of it once more: 20 to 40 % of the time of an IMG or ITS step.

    Returns
    -------
    bool
        Whether the C library understood (glibc on Linux).
    """
    if not sys.platform.startswith("linux"):
        return False
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    return mallopt is not None and bool(mallopt(_MMAP_MAX, 0)) and bool(mallopt(_TRIM_THRESHOLD, -1))
