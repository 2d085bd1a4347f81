import gzip

import numpy as np
import pytest

from slipbench.datasets.errors import InputError
from slipbench.datasets.readers.catalogue import read_catalogue

HEADER = "id,time,longitude,latitude,magnitude,x,y\n"
GOOD = [
    "7,2011-03-11 05:46:24.120,142.373,38.297,9.1,1,2",
    "8,2011-03-09T02:45:20.330Z,142.842,38.435,7.3,1,2",
    "9,2011-03-12,138.56,37.03,6.2,1,2",
]


def write(path, rows, header=HEADER):
    text = header + "".join(f"{row}\n" for row in rows)
    path.write_bytes(gzip.compress(text.encode()) if path.suffix == ".gz" else text.encode())
    return path


@pytest.mark.parametrize("name", ["c.csv", "c.csv.gz"])
def test_events_are_read_and_sorted(tmp_path, name):
    catalogue, dropped = read_catalogue(write(tmp_path / name, GOOD))
    assert dropped == 0
    np.testing.assert_array_equal(catalogue.magnitude, [7.3, 9.1, 6.2])
    np.testing.assert_array_equal(catalogue.latitude, [38.435, 38.297, 37.03])
    midnight = np.datetime64("2011-03-12").astype("datetime64[D]").astype(int)
    assert catalogue.time[2] == midnight
    assert catalogue.time[1] == pytest.approx(midnight - 1 + (5 * 3600 + 46 * 60 + 24.12) / 86400, abs=1e-8)


def test_selections():
    from slipbench.datasets.seismicity.catalogue import Catalogue

    c = Catalogue(
        np.arange(4.0), np.array([122, 123, 148, 149.0]), np.full(4, 30.0), np.array([4.4, 4.5, 4.6, 5])
    )
    assert list(c.inside(22, 46, 123, 148).time) == [1, 2]
    assert list(c.between(1, 3).time) == [1, 2]
    assert list(c.at_least(0.1 * 45).time) == [1, 2, 3]  # 0.1 * 45 is a little more than 4.5


BAD = [
    ("9,2011-03-12 00:00:00,138.5,37.0,nan,1,2", "magnitude 'nan'"),
    ("9,2011-03-12 00:00:00,138.5,37.0,,1,2", "magnitude ''"),
    ("9,2011-03-12 00:00:00,138.5,37.0,big,1,2", "magnitude 'big'"),
    ("9,2011-03-12 00:00:00,138.5,37.0,inf,1,2", "magnitude 'inf'"),
    ("9,2011-03-12 00:00:00,138.5,37.0,37,1,2", "magnitude '37'"),
    ("9,2011-03-12 00:00:00,138.5,91.0,5.0,1,2", "latitude '91.0'"),
    ("9,2011-03-12 00:00:00,-181,37.0,5.0,1,2", "longitude '-181'"),
    ("9,2011-13-12 00:00:00,138.5,37.0,5.0,1,2", "time '2011-13-12"),
    ("9,yesterday,138.5,37.0,5.0,1,2", "time 'yesterday'"),
    ("9,2011-03-12 00:00:00-0200,138.5,37.0,5.0,1,2", "time '2011-03-12 00:00:00-0200'"),
    ("9,2011-03,138.5,37.0,5.0,1,2", "time '2011-03'"),
    ("7,2011-03-12 00:00:00,138.5,37.0,5.0,1,2", "id '7'"),
]


@pytest.mark.parametrize(("row", "found"), BAD)
def test_a_bad_row_is_named_with_its_line(tmp_path, row, found):
    path = write(tmp_path / "c.csv", [*GOOD[:2], row, row.replace("9,", "10,", 1)])
    with pytest.raises(InputError) as caught:
        read_catalogue(path)
    assert caught.value.where == f"{path}:4"
    assert found in caught.value.what
    assert "\n" not in str(caught.value)


def test_bad_rows_can_be_dropped_and_are_counted(tmp_path):
    path = write(tmp_path / "c.csv", [*GOOD[:2], *(row for row, _ in BAD)])
    catalogue, dropped = read_catalogue(path, on_bad_rows="drop")
    assert dropped == len(BAD)
    np.testing.assert_array_equal(catalogue.magnitude, [7.3, 9.1])


def test_nothing_but_bad_rows(tmp_path):
    path = write(tmp_path / "c.csv", [BAD[0][0]])
    with pytest.raises(InputError, match="no usable rows"):
        read_catalogue(path, on_bad_rows="drop")


def test_missing_file(tmp_path):
    with pytest.raises(InputError, match="no such file"):
        read_catalogue(tmp_path / "c.csv")


@pytest.mark.parametrize("name", ["c.csv", "c.csv.gz"])
def test_empty_file(tmp_path, name):
    (tmp_path / name).write_bytes(b"")
    with pytest.raises(InputError, match="empty"):
        read_catalogue(tmp_path / name)


def test_header_alone(tmp_path):
    with pytest.raises(InputError, match="no rows"):
        read_catalogue(write(tmp_path / "c.csv", []))


@pytest.mark.parametrize("keep", [5, 40, -8, -1])
def test_truncated_gzip(tmp_path, keep):
    path = write(tmp_path / "c.csv.gz", GOOD * 20)
    path.write_bytes(path.read_bytes()[:keep])
    with pytest.raises(InputError, match="damaged or cut off"):
        read_catalogue(path, on_bad_rows="drop")


@pytest.mark.parametrize("cut", [1, 2, 5, 12])
def test_truncated_text(tmp_path, cut):
    path = write(tmp_path / "c.csv", GOOD)
    path.write_text(path.read_text()[:-cut])
    with pytest.raises(InputError) as caught:
        read_catalogue(path, on_bad_rows="drop")
    assert caught.value.where == f"{path}:4"


def test_a_short_row(tmp_path):
    path = write(tmp_path / "c.csv", [GOOD[0], "8,2011-03-09 02:45:20,142.8", GOOD[2]])
    with pytest.raises(InputError, match=r"c\.csv:3: 3 fields"):
        read_catalogue(path)


@pytest.mark.parametrize(
    "header", ["id,time,lon,lat,mag,x,y\n", "id,time,latitude,longitude,magnitude,x,y\n"]
)
def test_other_columns(tmp_path, header):
    with pytest.raises(InputError, match=r"c\.csv:1: columns"):
        read_catalogue(write(tmp_path / "c.csv", GOOD, header))


def test_not_text(tmp_path):
    (tmp_path / "c.csv").write_bytes(b"\xff\xfe\x00\x01")
    with pytest.raises(InputError, match="UTF-8"):
        read_catalogue(tmp_path / "c.csv")
