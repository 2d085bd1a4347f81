"""Peak ground displacement: table 2 of document 003, inverses, gaps."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from slipbench.datasets.physics.pgd import SCALINGS, expected_pgd, pgd_magnitude, running_pgd

#: Station, distance (km), PGD (cm) and Mw by B2b and by WUM. The document prints 631.61 km for XZGZ, which
#: fits neither of its magnitudes; 531.61 km fits both.
TABLE_2 = (
    ("XZB2", 52.24, 9.37, 8.89, 6.44, 6.41),
    ("XZZF", 52.24, 9.48, 9.32, 6.44, 6.43),
    ("XZAR", 89.56, 15.89, 15.92, 7.05, 7.05),
    ("XZRK", 161.47, 7.44, 6.42, 6.95, 6.86),
    ("XZNM", 367.55, 7.98, 6.99, 7.57, 7.48),
    ("LHAS", 377.40, 4.80, 3.79, 7.24, 7.08),
    ("XZDX", 416.23, 7.95, 6.90, 7.66, 7.56),
    ("XZGZ", 531.61, 4.53, 3.98, 7.45, 7.36),
    ("XZNQ", 558.40, 5.76, 4.77, 7.66, 7.53),
)
MEANS = (7.16, 7.08)


@pytest.mark.parametrize("solution", [0, 1])
def test_table_2_of_the_document(solution: int) -> None:
    distance = np.array([row[1] for row in TABLE_2])
    pgd = np.array([row[2 + solution] for row in TABLE_2]) / 100
    found = pgd_magnitude(pgd, distance, SCALINGS["ruhl2019"])
    np.testing.assert_allclose(found, [row[4 + solution] for row in TABLE_2], atol=0.01)
    assert found.mean() == pytest.approx(MEANS[solution], abs=0.01)


def test_the_printed_misprints_do_not_give_table_2() -> None:
    assert abs(pgd_magnitude(0.0453, 631.61, SCALINGS["ruhl2019"]) - 7.45) > 0.05


@given(
    st.sampled_from(sorted(SCALINGS)),
    st.floats(5.5, 9.3),
    st.floats(10, 1000),
)
def test_magnitude_and_displacement_are_inverses(name: str, mw: float, distance: float) -> None:
    scaling = SCALINGS[name]
    found = pgd_magnitude(expected_pgd(mw, distance, scaling), distance, scaling)
    assert found == pytest.approx(mw, abs=1e-9)


@pytest.mark.parametrize("name", sorted(SCALINGS))
def test_units_agree_between_the_published_sets(name: str) -> None:
    # an Mw 7.5 at 100 km moves the ground by centimetres to decimetres in all of them
    assert 0.02 < expected_pgd(7.5, 100.0, SCALINGS[name]) < 0.5


def test_the_largest_so_far_with_gaps() -> None:
    enu = np.zeros((2, 6, 3))
    enu[0, :, 0] = [0.0, 0.1, 0.3, -0.2, 0.0, -0.4]
    enu[1] = np.nan
    enu[1, 2], enu[1, 4] = (0.3, 0.0, 0.4), (0.0, 0.1, 0.0)
    found = running_pgd(enu)
    np.testing.assert_allclose(found[0], [0, 0.1, 0.3, 0.3, 0.3, 0.4])
    np.testing.assert_allclose(found[1], [np.nan, np.nan, 0.5, 0.5, 0.5, 0.5])


def test_no_displacement_has_no_magnitude() -> None:
    assert np.isnan(pgd_magnitude(np.array([0.0, -1.0, np.nan]), 100.0, SCALINGS["ruhl2019"])).all()


def test_a_distance_beyond_the_relation_is_refused() -> None:
    with pytest.raises(ValueError, match="says nothing of a distance of"):
        pgd_magnitude(np.array(0.1), 1e7, SCALINGS["ruhl2019"])
