import numpy as np
import pytest
from sklearn.decomposition import PCA

from slipbench.benchmarks.features import Features, principal_components, standardised


@pytest.mark.parametrize(("n", "width"), [(60, 12), (20, 50)], ids=["tall", "wide"])
def test_components_agree_with_scikit_learn_up_to_sign_and_scale(n, width):
    rng = np.random.default_rng(0)
    x = rng.normal(size=(n + 10, width)) * np.geomspace(1, 0.01, width) + 3
    train = np.arange(n)
    ours = principal_components(x, train, 8)
    pca = PCA(8).fit(x[train])
    theirs = pca.transform(x)
    first = np.sqrt(theirs[train, 0].var())
    np.testing.assert_allclose(np.abs(ours), np.abs(theirs) / first, atol=1e-9)
    assert ours[train, 0].std() == pytest.approx(1)


def test_test_rows_change_nothing_for_training_rows():
    rng = np.random.default_rng(1)
    x, ab, train = rng.normal(size=(80, 30)), rng.normal(size=(80, 2)), np.arange(0, 80, 2)
    other = x.copy(), ab.copy()
    for a in other:
        a[1::2] = 1e3 * rng.normal(size=a[1::2].shape)
    one, two = Features.fit(x, ab, train, 10), Features.fit(*other, train, 10)
    for modality in ("gnss", "ab", "both"):
        np.testing.assert_array_equal(one.matrix(modality)[train], two.matrix(modality)[train])


def test_widths_of_the_modalities():
    rng = np.random.default_rng(2)
    features = Features.fit(rng.normal(size=(50, 40)), rng.normal(size=(50, 2)), np.arange(35), 12)
    assert features.matrix("gnss").shape == (50, 12)
    assert features.matrix("both").shape == (50, 12)
    assert features.matrix("ab").shape == (50, 2)
    np.testing.assert_array_equal(features.matrix("both")[:, :10], features.matrix("gnss")[:, :10])
    few = Features.fit(rng.normal(size=(50, 40)), rng.normal(size=(50, 2)), np.arange(8), 12)
    assert few.matrix("gnss").shape == (50, 7)
    assert few.matrix("both").shape == (50, 9)


def test_images_are_needed_for_a_modality_that_sees_them():
    features = Features.fit(None, np.zeros((5, 2)), np.arange(4), 12)
    with pytest.raises(ValueError, match="needs embeddings"):
        features.matrix("gnss")


def test_constant_input_gives_zeros_not_nan():
    assert (standardised(np.full((6, 2), 7.0), np.arange(4)) == 0).all()
    assert np.isfinite(principal_components(np.full((6, 3), 7.0), np.arange(4), 2)).all()
