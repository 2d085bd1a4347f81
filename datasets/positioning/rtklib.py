"""The positioning engine: RTKLIB's ``rnx2rtkp`` (Takasu 2009) as a program of its own."""

import shutil
import subprocess
from pathlib import Path

import numpy as np

from slipbench.datasets.errors import InputError
from slipbench.datasets.positioning.ppp_options import PositionOptions

PROGRAM = "rnx2rtkp"
#: Receiver antennas that the Debian package brings, in the National Geodetic Survey's form.
PACKAGED_ANTENNAS = Path("/usr/share/rtklib/ngs_abs.pcv")
_SYSTEMS = {"G": 1, "R": 4, "E": 8}
#: Far more than a day at 1 Hz takes.
_TIMEOUT_S = 3600


def find_engine() -> Path:
    """Path of the program.

    Raises
    ------
    InputError
        When it is not installed.
    """
    found = shutil.which(PROGRAM)
    if not found:
        raise InputError(
            PROGRAM, "not installed", "RTKLIB's program on the PATH", "install the Debian package rtklib"
        )
    return Path(found)


def package_version() -> str:
    """Version of the Debian package that brings the program; empty where that cannot be told."""
    try:
        run = subprocess.run(
            ["dpkg-query", "--show", "--showformat=${Version}", "rtklib"],
            capture_output=True,
            text=True,
            timeout=20,
        )
    except (OSError, subprocess.SubprocessError):
        return ""
    return run.stdout.strip() if run.returncode == 0 else ""


def engine_options(
    options: PositionOptions, satellite_antennas: str, receiver_antennas: str
) -> dict[str, str]:
    """Keys and values of the engine's configuration file; the antennas are names of files, or empty."""
    return {
        "pos1-posmode": "ppp-static" if options.mode == "static" else "ppp-kine",
        "pos1-frequency": "l1+2",
        "pos1-soltype": options.direction,
        "pos1-elmask": f"{options.elevation_mask_deg:g}",
        "pos1-dynamics": "off",
        "pos1-tidecorr": "on" if options.solid_tides else "off",
        "pos1-ionoopt": "dual-freq",
        "pos1-tropopt": "est-ztdgrad",
        "pos1-sateph": "precise",
        "pos1-posopt1": "on",  # satellite antennas
        "pos1-posopt2": "on",  # receiver antenna
        "pos1-posopt3": "on",  # phase wind-up
        "pos1-posopt4": "on",  # no satellites in eclipse
        "pos1-navsys": str(sum(_SYSTEMS[s] for s in options.systems)),
        "out-solformat": "xyz",
        "out-outhead": "on",
        "out-outopt": "on",
        "out-timesys": "gpst",
        "out-timeform": "tow",
        "out-timendec": "3",
        "out-solstatic": "all",
        "ant1-anttype": "*",
        "file-satantfile": satellite_antennas,
        "file-rcvantfile": receiver_antennas,
    }


def run_engine(
    engine: Path, folder: Path, keys: dict[str, str], files: list[str], last: np.datetime64
) -> Path:
    """Run the program in a folder that holds its files, and give the path of its positions.

    Parameters
    ----------
    engine : Path
        The program.
    folder : Path
        Where the files are and where it writes.
    keys : dict
        From `engine_options`.
    files : list of str
        Names of observations, navigation, orbits and clocks.
    last : datetime64[ns]
        No epoch after this is used, GPS time.

    Raises
    ------
    InputError
        When the program fails, takes too long or writes nothing.
    """
    (folder / "options.conf").write_text("".join(f"{k}={v}\n" for k, v in keys.items()))
    t = last.astype("datetime64[s]").item()
    command = [str(engine), "-k", "options.conf", "-o", "out.pos"]
    command += ["-te", f"{t:%Y/%m/%d}", f"{t:%H:%M:%S}", *files]
    try:
        # it writes a line of progress for each epoch, which nobody reads
        run = subprocess.run(
            command, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=_TIMEOUT_S
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        what = f"cannot be run ({' '.join(str(error).split())[:80]})"
        raise InputError(engine, what, "a working program", "install the Debian package rtklib") from error
    out = folder / "out.pos"
    if run.returncode or not out.is_file():
        raise InputError(
            engine,
            f"ended with code {run.returncode} and {'no' if not out.is_file() else 'some'} positions",
            "positions",
            "check the input files",
        )
    return out
