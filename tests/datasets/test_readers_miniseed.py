import builtins
import contextlib
import io
import tarfile

import numpy as np
import pytest

from slipbench.datasets.errors import InputError
from slipbench.datasets.readers.miniseed import read_channels, read_miniseed

TABLE = (
    "#columns: network station location channel latitude longitude elevation rate gain units sensor\n"
    "CI 0001 20 LYE 45.4 141.75 74.66 1 1e6 DU/M PPP\n"
    "CI 0001 20 LYN 45.4 141.75 74.66 1 1e6 DU/M PPP\n"
)


def waveform(channel, counts, rate=1.0):
    obspy = pytest.importorskip("obspy")
    header = {"network": "CI", "station": "0001", "location": "20", "channel": channel, "sampling_rate": rate}
    header["starttime"] = obspy.UTCDateTime(2011, 3, 9, 2, 45, 20)
    out = io.BytesIO()
    obspy.Trace(counts.astype(np.int32), header).write(out, format="MSEED")
    return out.getvalue()


def archive(path, files):
    with tarfile.open(path, "w:gz") as tar:
        for name, data in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            tar.addfile(info, io.BytesIO(data))
    return path


@pytest.fixture
def table(tmp_path):
    path = tmp_path / "channels.dat"
    path.write_text(TABLE)
    return path


def test_traces_become_metres(tmp_path, table):
    counts = np.random.default_rng(1).integers(-90_000, 90_000, 400)
    path = tmp_path / "x.mseed"
    path.write_bytes(waveform("LYE", counts))
    values, (found, rejected) = read_miniseed(path, table)
    assert rejected == ()
    assert list(found.id) == ["CI.0001.20.LYE"]
    assert str(found.start.iloc[0]) == "2011-03-09 02:45:20"
    np.testing.assert_allclose(values[1], counts * 1e-6)


def test_every_file_of_an_archive_is_accounted_for(tmp_path, table):
    counts = np.arange(300)
    whole = waveform("LYN", counts)
    files = {"a": waveform("LYE", counts), "b": whole[:40], "c": waveform("LYZ", counts), "d": b"nothing"}
    path = archive(tmp_path / "x.tar.gz", {**files, "e": whole, "f": waveform("LYE", counts, rate=5)})
    values, (found, rejected) = read_miniseed(path, table, "drop")
    assert list(found.index) == [1, 5] == list(values)
    assert [r.line for r in rejected] == [2, 3, 4, 6]
    assert "LYZ" in rejected[1].reason
    assert "5 Hz" in rejected[3].reason
    with pytest.raises(InputError, match=r"x\.tar\.gz:2"):
        read_miniseed(path, table)


@pytest.mark.parametrize("seed", range(40))
def test_damage_never_ends_in_a_traceback(tmp_path, table, seed):
    rng = np.random.default_rng(seed)
    data = bytearray(waveform("LYE", np.arange(900)))
    for _ in range(rng.integers(1, 9)):
        data[rng.integers(len(data))] = rng.integers(256)
    path = tmp_path / "x.mseed"
    path.write_bytes(bytes(data[: rng.integers(1, len(data) + 1)]))
    with contextlib.suppress(InputError):  # no usable trace; anything else is a traceback
        values, (found, rejected) = read_miniseed(path, table, "drop")
        assert len(found) == len(values)
        assert len(found) + len(rejected) > 0


def test_bad_channels_are_named(tmp_path, table):
    table.write_text(TABLE.replace(" 1e6 DU", " -5 DU", 1))
    with pytest.raises(InputError, match=r"channels\.dat:2: gain '-5'"):
        read_channels(table)
    found, rejected = read_channels(table, "drop")
    assert (len(found), len(rejected)) == (1, 1)


def test_without_obspy(tmp_path, table, monkeypatch):
    real = builtins.__import__

    def refuse(name, *args, **options):
        if name == "obspy":
            raise ImportError(name)
        return real(name, *args, **options)

    monkeypatch.setattr(builtins, "__import__", refuse)
    with pytest.raises(InputError, match=r"slipbench\[seismic\]"):
        read_miniseed(tmp_path / "x.mseed", table)
