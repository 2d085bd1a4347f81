"""The largest memory of this process over a stretch of work, where the system tells it (Linux)."""

from pathlib import Path

#: Writing 5 to it forgets the largest memory so far (proc(5), since Linux 4.0).
_FORGET, _STATUS = Path("/proc/self/clear_refs"), Path("/proc/self/status")


def forget_peak() -> bool:
    """Begin a stretch: the largest memory becomes the present one. Whether the system can do that."""
    try:
        _FORGET.write_text("5")
    except OSError:
        return False
    return True


def peak_mib() -> float:
    """Largest resident memory since the process or the stretch began, MiB; NaN where the system is silent."""
    try:
        lines = _STATUS.read_text().splitlines()
    except OSError:
        return float("nan")
    kib = [line.split()[1] for line in lines if line.startswith("VmHWM:")]
    return float(kib[0]) / 1024 if kib else float("nan")
