"""The tasks of the pre-training are what their docstrings say."""

import numpy as np
import pytest

from slipbench.trainers.pfn import tasks as tasks_module
from slipbench.trainers.pfn.options import TaskOptions
from slipbench.trainers.pfn.prior_seismic import seismic_tasks, simulate
from slipbench.trainers.pfn.tasks import PRIORS, draw_tasks


@pytest.mark.parametrize("name", sorted(PRIORS))
@pytest.mark.parametrize("shape", [(1, 8, 1), (3, 70, 4), (2, 40, 30)])
def test_a_prior_draws_finite_seeded_tasks_of_the_shape(name: str, shape: tuple[int, int, int]) -> None:
    x, y = PRIORS[name](*shape, np.random.default_rng(1))
    assert x.shape == shape
    assert y.shape == shape[:2]
    assert np.isfinite(y).all()
    assert not np.isinf(x).any()
    if name != "seismic":
        assert np.isfinite(x).all()
    for same, again in zip((x, y), PRIORS[name](*shape, np.random.default_rng(1)), strict=True):
        np.testing.assert_array_equal(same, again)
    assert not np.array_equal(y, PRIORS[name](*shape, np.random.default_rng(2))[1])


@pytest.mark.parametrize("name", sorted(PRIORS))
def test_most_tasks_have_a_target_that_varies_and_can_be_learned(name: str) -> None:
    """A forest explains a fifth of the variance of most tasks, and not all are alike."""
    from sklearn.ensemble import RandomForestRegressor

    x, y = PRIORS[name](8, 120, 5, np.random.default_rng(3))
    assert (y.std(1) > 1e-6).mean() > 0.9
    x = np.nan_to_num(x)
    explained = []
    for xs, ys in zip(x, y, strict=True):
        forest = RandomForestRegressor(20, random_state=0).fit(xs[::2], ys[::2])
        explained.append(forest.score(xs[1::2], ys[1::2]))
    assert np.median(explained) > 0.2
    assert np.std(explained) > 0.02


def test_a_step_decides_its_tasks() -> None:
    options = TaskOptions()
    first, again = draw_tasks(options, 3, 7), draw_tasks(options, 3, 7)
    np.testing.assert_array_equal(first.x, again.x)
    np.testing.assert_array_equal(first.y, again.y)
    assert (first.kinds, first.n_context) == (again.kinds, again.n_context)
    for other in (draw_tasks(options, 3, 8), draw_tasks(options, 4, 7)):
        assert first.x.shape != other.x.shape or not np.array_equal(first.y, other.y)


def test_tasks_keep_their_ranges_and_scale() -> None:
    options = TaskOptions(rows=(20, 60), features=(2, 9), context=(0.4, 0.8), cells=600)
    sizes, kinds, holes = set(), set(), []
    for step in range(40):
        tasks = draw_tasks(options, 0, step)
        n_rows, n_tasks, n_features = tasks.x.shape
        assert 20 <= n_rows <= 60
        assert 2 <= n_features <= 9
        assert 0.4 * n_rows - 1 <= tasks.n_context <= 0.8 * n_rows + 1
        assert n_tasks * n_rows * (n_features // 2 + 2) <= 600
        assert tasks.y.shape == (n_rows, n_tasks)
        assert tasks.query.shape == (n_rows - tasks.n_context, n_tasks)
        assert np.isfinite(tasks.y.numpy()).all()
        assert not np.isinf(tasks.x.numpy()).any()
        context = tasks.y[: tasks.n_context].numpy()
        np.testing.assert_allclose(context.mean(0), 0, atol=1e-5)
        np.testing.assert_allclose(context.std(0), 1, atol=1e-4)
        sizes.add((n_rows, n_features))
        kinds |= set(tasks.kinds)
        holes.append(float(np.isnan(tasks.x.numpy()).mean()))
    assert len(sizes) > 30
    assert kinds == set(PRIORS)
    assert 0.005 < np.mean(holes) < 0.15


@pytest.mark.parametrize("chronological", [0.0, 1.0])
def test_a_chronological_task_asks_for_the_latest_rows(
    chronological: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    def numbered(n: int, rows: int, features: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        day = np.broadcast_to(np.arange(rows, dtype=float), (n, rows))
        return np.repeat(day[..., None], features, axis=2), rng.standard_normal((n, rows))

    monkeypatch.setitem(tasks_module.PRIORS, "seismic", numbered)
    options = TaskOptions(priors={"seismic": 1.0}, chronological=chronological)
    tasks = draw_tasks(options, 0, 0)
    assert (tasks.chronological == bool(chronological)).all()
    day = tasks.x[..., 0].numpy()
    for column in day.T:
        in_order = bool((np.diff(column[~np.isnan(column)]) > 0).all())
        assert in_order == bool(chronological)
        assert set(column[~np.isnan(column)]) <= set(range(len(column)))


def test_only_priors_with_weight_are_drawn() -> None:
    options = TaskOptions(priors={"gp": 1.0, "trees": 0.0})
    assert {kind for step in range(5) for kind in draw_tasks(options, 0, step).kinds} == {"gp"}


def test_the_rate_rises_after_large_events_and_decays() -> None:
    """Ogata 1988: every event raises the rate of the days after it, less and less."""
    catalogue = simulate(400, 500, np.random.default_rng(5))
    calm = catalogue.rate[:, 60:420] < 3
    shaken = calm & (catalogue.excess[:, 60:420] > 3)
    rises = {}
    for lag in (1, 3, 10, 40):
        rise = catalogue.rate[:, 60 + lag : 420 + lag] - catalogue.rate[:, 60:420]
        rises[lag] = rise[shaken].mean() - rise[calm].mean()
    assert shaken.sum() > 100
    assert rises[1] > 1
    assert rises[1] > rises[3] > rises[10] > rises[40] > 0
    # counts are Poisson given the rate, so they agree on average but for the cap of the wildest days
    quiet = catalogue.rate < 20
    gap = (catalogue.counts - catalogue.rate)[quiet]
    assert abs(gap.mean()) < 4 * np.sqrt(catalogue.rate[quiet].mean() / quiet.sum())


def test_without_offspring_the_rate_stays_at_the_background() -> None:
    class Sterile(np.random.Generator):
        """Draws the lowest branching ratio, times zero."""

        def uniform(self, low: float = 0.0, high: float = 1.0, size: object = None) -> np.ndarray:
            drawn = super().uniform(low, high, size)  # type: ignore[call-overload]
            return 0 * drawn if (low, high) == (0.3, 0.9) else drawn

    catalogue = simulate(5, 100, Sterile(np.random.PCG64DXSM(0)))
    np.testing.assert_allclose(catalogue.rate, np.repeat(catalogue.rate[:, :1], 100, axis=1))


def test_magnitudes_follow_gutenberg_richter_with_b_of_one() -> None:
    catalogue = simulate(200, 400, np.random.default_rng(6))
    b = np.log10(np.e) * catalogue.counts.sum() / catalogue.excess.sum()  # Aki 1965
    assert 0.97 < b < 1.03


def test_seismic_features_tell_about_the_rate() -> None:
    """The recent count (a-like) is a column, and the two-sided label follows it more than chance."""
    x, y = seismic_tasks(30, 200, 40, np.random.default_rng(7))
    best = []
    for xs, ys in zip(x, y, strict=True):
        known = np.isfinite(xs).all(0) & (np.nanstd(xs, axis=0) > 0)
        best.append(max(abs(np.corrcoef(xs[:, known].T, ys)[-1, :-1])))
    assert np.median(best) > 0.5


@pytest.mark.parametrize(
    "wrong",
    [
        {"rows": (4, 20)},
        {"features": (5, 2)},
        {"context": (0.5, 0.99)},
        {"cells": 100},
        {"priors": {"gp": -1.0, "mlp": 2.0}},
        {"priors": {"gp": 0.0}},
        {"priors": {"stars": 1.0}},
    ],
)
def test_wrong_options_are_refused(wrong: dict) -> None:
    with pytest.raises(ValueError, match=r"rows|features|context|cells|weights|priors"):
        TaskOptions(**wrong)
