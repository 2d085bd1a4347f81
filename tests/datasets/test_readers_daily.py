import gzip

import numpy as np
import pytest

from slipbench.datasets.errors import InputError
from slipbench.datasets.readers.daily import read_daily

HEADER = "station,date,e_mm,n_mm,u_mm\n"
GOOD = ["B,2011-03-10,1,2,3", "A,2011-03-12,-4.5,5,6", "B,2011-03-13,7,8,9"]


def write(path, rows, header=HEADER):
    text = header + "".join(f"{row}\n" for row in rows)
    path.write_bytes(gzip.compress(text.encode()) if path.suffix == ".gz" else text.encode())
    return path


@pytest.mark.parametrize("name", ["d.csv", "d.csv.gz"])
def test_a_regular_grid_with_gaps(tmp_path, name):
    series = read_daily(write(tmp_path / name, GOOD))
    assert series.stations == ("A", "B")
    assert np.datetime64(series.first_day, "D") == np.datetime64("2011-03-10")
    nan = [np.nan] * 3
    expected = [[nan, [1, 2, 3]], [nan, nan], [[-4.5, 5, 6], nan], [nan, [7, 8, 9]]]
    np.testing.assert_array_equal(series.enu_mm, expected)


def test_other_days_are_missing(tmp_path):
    series = read_daily(write(tmp_path / "d.csv", GOOD))
    first = series.first_day
    np.testing.assert_array_equal(series.on_days(first, 4), series.enu_mm)
    wide = series.on_days(first - 2, 8)
    np.testing.assert_array_equal(wide[2:6], series.enu_mm)
    assert np.isnan(wide[[0, 1, 6, 7]]).all()
    np.testing.assert_array_equal(series.on_days(first + 2, 1), series.enu_mm[2:3])
    assert np.isnan(series.on_days(first - 50, 5)).all()
    assert np.isnan(series.on_days(first + 50, 5)).all()


@pytest.mark.parametrize(
    ("row", "found"),
    [
        ("B,2011-02-30,1,2,3", "date '2011-02-30'"),
        ("B,11.3.2011,1,2,3", "date '11.3.2011'"),
        ("B,2011-03,1,2,3", "date '2011-03'"),
        ("B,,1,2,3", "date ''"),
        (" ,2011-03-11,1,2,3", "station ' '"),
        ("B,2011-03-11,east,2,3", "e_mm 'east'"),
        ("B,2011-03-11,1,nan,3", "n_mm 'nan'"),
        ("B,2011-03-11,1,2,", "u_mm ''"),
        ("B,2011-03-11,1,2", "4 fields"),
        ("B,2011-03-11,1,2,3,4", "6 fields"),
        ("B,2011-03-10,1,2,3", "station B has 2011-03-10 twice"),
    ],
)
def test_a_bad_row_is_named_with_its_line(tmp_path, row, found):
    path = write(tmp_path / "d.csv", [*GOOD, row])
    with pytest.raises(InputError) as caught:
        read_daily(path)
    assert caught.value.where == f"{path}:5"
    assert found in caught.value.what


def test_other_columns(tmp_path):
    with pytest.raises(InputError, match=r"d\.csv:1: columns 'station,date,n_mm"):
        read_daily(write(tmp_path / "d.csv", GOOD, "station,date,n_mm,e_mm,u_mm\n"))


def test_truncated(tmp_path):
    path = write(tmp_path / "d.csv", GOOD)
    path.write_text(path.read_text()[:-2])  # the last line still has five fields
    with pytest.raises(InputError, match=r"d\.csv:4: the last line has no line end"):
        read_daily(path)
    path = write(tmp_path / "d.csv.gz", GOOD)
    path.write_bytes(path.read_bytes()[:-9])
    with pytest.raises(InputError, match="cut off"):
        read_daily(path)


def test_missing_and_empty(tmp_path):
    with pytest.raises(InputError, match="no such file"):
        read_daily(tmp_path / "d.csv")
    (tmp_path / "d.csv").write_text("\n")
    with pytest.raises(InputError, match="empty"):
        read_daily(tmp_path / "d.csv")
