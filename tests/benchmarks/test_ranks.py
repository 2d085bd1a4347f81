import numpy as np
import pandas as pd
import pytest
from scipy.stats import f as fisher
from scipy.stats import friedmanchisquare, rankdata

from slipbench.benchmarks.ranks import complete, critical_difference, friedman, ranking

#: Demsar (2006), table 6: areas under the ROC curve of four variants of C4.5 on fourteen data sets.
DEMSAR = np.array(
    [
        [0.763, 0.768, 0.771, 0.798],
        [0.599, 0.591, 0.590, 0.569],
        [0.954, 0.971, 0.968, 0.967],
        [0.628, 0.661, 0.654, 0.657],
        [0.882, 0.888, 0.886, 0.898],
        [0.936, 0.931, 0.916, 0.931],
        [0.661, 0.668, 0.609, 0.685],
        [0.583, 0.583, 0.563, 0.625],
        [0.775, 0.838, 0.866, 0.875],
        [1.000, 1.000, 1.000, 1.000],
        [0.940, 0.962, 0.965, 0.962],
        [0.619, 0.666, 0.614, 0.669],
        [0.972, 0.981, 0.9752, 0.9751],  # printed as 0.975 both, with ranks 2 and 3
        [0.957, 0.978, 0.946, 0.970],
    ]
)
NAMES = ["C4.5", "C4.5+m", "C4.5+cf", "C4.5+m+cf"]


@pytest.mark.parametrize(
    ("models", "q"),
    [*enumerate([1.960, 2.343, 2.569, 2.728, 2.850, 2.949, 3.031, 3.102, 3.164], start=2)],
)
def test_critical_values_are_those_of_the_published_table(models, q):
    """Demsar (2006), table 5a, at 5 %; the difference is the value where k (k + 1) = 6 N."""
    cells = models * (models + 1) / 6
    assert critical_difference(models, cells) == pytest.approx(q, abs=1.1e-3)


def test_critical_values_at_ten_per_cent():
    assert critical_difference(5, 5, alpha=0.1) == pytest.approx(2.459, abs=1.1e-3)


def test_the_published_example():
    found = ranking(pd.DataFrame(1 - DEMSAR, columns=NAMES))
    assert found.names == ["C4.5+m+cf", "C4.5+m", "C4.5+cf", "C4.5"]
    np.testing.assert_allclose(found.average, [1.964, 2.000, 2.893, 3.143], atol=1e-3)
    assert found.critical == pytest.approx(1.25, abs=0.005)
    assert found.cells == 14
    # the printed 9.28 takes no ties into account, which make it somewhat larger
    assert 12 * 14 / 20 * ((found.average**2).sum() - 25) == pytest.approx(9.28, abs=0.01)
    assert found.p < fisher.sf(3.69, 3, 39)
    assert found.groups() == [(0, 3)]


def test_friedmans_statistic_is_scipys_with_ties():
    scores = np.random.default_rng(0).integers(0, 4, size=(30, 5)) + np.array([0, 0, 1, 1, 2])
    chi2 = friedmanchisquare(*scores.T).statistic
    expected = fisher.sf(29 * chi2 / (30 * 4 - chi2), 4, 4 * 29)
    assert 0 < expected < 1e-3
    assert friedman(rankdata(scores, axis=1)) == pytest.approx(expected, rel=1e-6)


def test_friedmans_test_rejects_equal_models_as_often_as_promised():
    rng = np.random.default_rng(1)
    p = [friedman(np.argsort(rng.normal(size=(9, 6)), axis=1) + 1.0) for _ in range(3000)]
    assert np.mean(np.array(p) < 0.05) == pytest.approx(0.05, abs=0.012)


def test_groups_are_the_longest_runs_within_the_critical_difference():
    cells = np.repeat([[1.0, 2.0, 3.0, 4.0]], 30, axis=0)  # the same order in every cell
    found = ranking(pd.DataFrame(cells, columns=list("abcd")))
    assert found.critical == pytest.approx(0.856, abs=1e-3)
    assert found.groups() == []
    assert found.p == 0
    few = ranking(pd.DataFrame(cells[:6], columns=list("abcd")))
    assert few.critical == pytest.approx(1.915, abs=1e-3)
    assert few.groups() == [(0, 1), (1, 2), (2, 3)]


def test_cells_without_every_model_do_not_count():
    losses = pd.DataFrame({"a": [1.0, 1, 1, np.nan], "b": [2.0, 2, np.nan, 2], "never": [np.nan] * 4})
    kept = complete(losses)
    assert list(kept) == ["a", "b"]
    found = ranking(kept)
    assert (found.cells, found.names) == (2, ["a", "b"])
    assert np.isnan(found.p)
    assert ranking(losses) is None
    assert ranking(kept[["a"]]) is None


def test_models_that_always_tie_are_alike():
    found = ranking(pd.DataFrame(np.ones((5, 3)), columns=list("abc")))
    np.testing.assert_array_equal(found.average, [2, 2, 2])
    assert found.p == 1
