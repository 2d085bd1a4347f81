"""Displacement in miniSEED with a table of channels; needs the extra ``seismic`` (obspy)."""

import io
import tarfile
import warnings
from pathlib import Path
from typing import Any

import numpy as np

from slipbench.datasets.errors import InputError
from slipbench.datasets.readers.fields import BadRow, code, latitude, longitude, number, words
from slipbench.datasets.readers.rows import OnBadRows, Read, Row, collect, read_bytes, shown, text_rows

CHANNEL_COLUMNS = ("id", "lat", "lon", "elevation_m", "sampling_hz", "gain")
COLUMNS = ("id", "start", "sampling_hz", "samples", "lat", "lon", "elevation_m", "gain")
_KIND = "a miniSEED file, or a tar archive of them"


def read_channels(path: Path, on_bad_rows: OnBadRows = "fail") -> Read:
    """Read a table of channels (``.dat`` of Ruhl et al. 2019).

    Lines that start with ``#`` are comments; others have eleven fields between white space: network, station,
    location, channel, latitude, longitude (deg), elevation (m), sampling rate (Hz), gain (counts per
    unit), units, kind of sensor.

    Returns
    -------
    Read
        Columns `CHANNEL_COLUMNS`; ``id`` is NETWORK.STATION.LOCATION.CHANNEL.

    Raises
    ------
    InputError
        See `collect`. A row is bad when a coordinate, rate or gain is impossible or its channel came before.
    """
    rows = [r for r in text_rows(path, "a table of channels") if not r.text[0].lstrip().startswith("#")]

    def parse(text: tuple[str, ...]) -> tuple:
        w = words(text[0], (11,))
        name = ".".join(code(part, "channel") for part in w[:4])
        rate, gain = number(w[7], "sampling rate", 1e-6, 1e5), number(w[8], "gain", 1e-12, 1e15)
        return name, latitude(w[4]), longitude(w[5]), number(w[6], "elevation", -12_000, 9000), rate, gain

    return collect(path, rows, CHANNEL_COLUMNS, parse, on_bad_rows, lambda v: v[0])


def read_miniseed(
    path: Path, channels: Path, on_bad_rows: OnBadRows = "fail"
) -> tuple[dict[int, np.ndarray], Read]:
    """Read one miniSEED file, or every file of a tar archive.

    A row is a trace, or a file of the archive that holds none. Source of the format: FDSN, SEED manual 2.4.

    Parameters
    ----------
    path, channels : Path
        Waveforms, and the table for `read_channels` with their gains.

    Returns
    -------
    values : dict of int to ndarray, float64
        Per accepted trace (key: its number in the table's index): counts divided by the gain, metres for
        displacement channels, against an arbitrary origin.
    read : Read
        Columns `COLUMNS`; times UTC; the index counts traces from 1.

    Raises
    ------
    InputError
        obspy is not installed, or see `collect`. A trace is bad when it is damaged, has no
        sample, is not in the table of channels, or has another sampling rate than there.
    """
    obspy = _obspy()
    known = {row.id: row for row in read_channels(channels, on_bad_rows).table.itertuples()}
    traces: list[Any] = []
    for name, data in _files(path):
        traces += _traces(obspy, name, data)
    values: dict[int, np.ndarray] = {}

    def parse(text: tuple[str, ...]) -> tuple:
        number_ = int(text[0])
        trace = traces[number_ - 1]
        if isinstance(trace, str):
            raise BadRow(trace, "miniSEED")
        if trace.id not in known:
            raise BadRow(f"channel {shown(trace.id)}", "a channel of the table")
        about = known[trace.id]
        rate = float(trace.stats.sampling_rate)
        if not trace.stats.npts or abs(rate - about.sampling_hz) > 1e-6 * about.sampling_hz:
            raise BadRow(f"{trace.stats.npts} samples at {rate:g} Hz", f"some at {about.sampling_hz:g} Hz")
        counts = np.asarray(trace.data, float)
        if not np.isfinite(counts).all():
            raise BadRow("samples that are no numbers", "finite counts")
        values[number_] = counts / about.gain
        start = trace.stats.starttime.datetime
        return trace.id, start, rate, len(counts), about.lat, about.lon, about.elevation_m, about.gain

    rows = [Row(i, (str(i),)) for i in range(1, len(traces) + 1)]
    return values, collect(path, rows, COLUMNS, parse, on_bad_rows)


def _obspy() -> Any:
    try:
        import obspy
    except ImportError as error:
        raise InputError(
            "miniSEED", "obspy is not installed", "the extra 'seismic'", "pip install 'slipbench[seismic]'"
        ) from error
    return obspy


def _files(path: Path) -> list[tuple[str, bytes]]:
    data = read_bytes(path, _KIND)
    if ".tar" not in path.suffixes:
        return [(path.name, data)]
    try:
        with tarfile.open(fileobj=io.BytesIO(data)) as archive:
            members = [m for m in archive.getmembers() if m.isfile()]
            return [(m.name, file.read()) for m in members if (file := archive.extractfile(m))]
    except (tarfile.TarError, OSError, EOFError, ValueError) as error:
        raise InputError(path, "the archive is damaged or cut off", _KIND, "fetch the file again") from error


def _traces(obspy: Any, name: str, data: bytes) -> list[Any]:
    """Traces of one file, or why there are none."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")  # obspy warns where it skips damaged records
            return list(obspy.read(io.BytesIO(data), format="MSEED")) or [f"{shown(name)} holds no trace"]
    except Exception as error:  # obspy raises whatever its C library meets
        return [f"{shown(name)}: {shown(str(error)) or type(error).__name__}"]
