import math

import numpy as np
import pytest
import torch
from scipy.stats import kstest
from torch import Tensor

from slipbench.trainers.models.station_set import StationSet, StationSetOptions
from slipbench.trainers.normal_mixture import (
    NormalMixture,
    geometric_median,
    standard_points,
    weighted_median,
)
from slipbench.trainers.step_filters import StepFilters

NAN = float("nan")
SMALL = {"width": 16, "latents": 6, "components": 3, "heads": 2}


def network(stations: int = 30, days: int = 40, seed: int = 0, **options: float) -> StationSet:
    torch.manual_seed(seed)
    found = StationSet(StationSetOptions.model_validate(SMALL | options), (stations, days, 2), 3)
    found.learn_static(*coordinates(stations))
    return found.eval()


def coordinates(n: int) -> tuple[Tensor, Tensor]:
    drawn = torch.rand(2, n, dtype=torch.float64, generator=torch.Generator().manual_seed(4))
    return 35 + 6 * drawn[0], 137 + 5 * drawn[1]


def some_mixture(batch: int = 3, j: int = 4, k: int = 3, seed: int = 1) -> NormalMixture:
    g = torch.Generator().manual_seed(seed)
    below = torch.randn(batch, j, k, k, generator=g, dtype=torch.float64).tril(-1)
    diagonal = torch.rand(batch, j, k, generator=g, dtype=torch.float64) * 2 + 1
    mean = torch.randn(batch, j, k, generator=g, dtype=torch.float64) * 0.5
    share = torch.randn(batch, j, generator=g, dtype=torch.float64).log_softmax(-1)
    return NormalMixture(share, mean, below + torch.diag_embed(diagonal))


def test_stations_may_come_in_any_order() -> None:
    net, x, (lat, lon) = network(), torch.randn(2, 30, 40, 2), coordinates(30)
    order = torch.randperm(30, generator=torch.Generator().manual_seed(1))
    with torch.inference_mode():
        torch.testing.assert_close(net(x, lat, lon), net(x[:, order], lat[order], lon[order]))


def test_a_missing_station_leaves_no_trace() -> None:
    net, x, (lat, lon) = network(), torch.randn(3, 30, 40, 2), coordinates(30)
    gone, half = x.clone(), x.clone()
    gone[:, 20:] = NAN
    half[:, 20:, :20] = NAN  # nothing before the event
    with torch.inference_mode():
        wanted = net(x[:, :20], lat[:20], lon[:20])
        torch.testing.assert_close(net(gone, lat, lon), wanted)
        torch.testing.assert_close(net(half, lat, lon), wanted)
        assert not torch.allclose(net(x, lat, lon), wanted)


def test_without_any_station_the_answer_is_finite_and_wide() -> None:
    net, x = network(), torch.full((2, 30, 40, 2), NAN)
    with torch.inference_mode():
        outputs = net(x, *coordinates(30))
        assert outputs.isfinite().all()
        assert net.point(outputs).isfinite().all()
        torch.testing.assert_close(outputs[0], outputs[1])


def test_units_and_levels_do_not_matter() -> None:
    net, x, where = network(), torch.randn(2, 30, 40, 2), coordinates(30)
    with torch.inference_mode():
        torch.testing.assert_close(net(7 * x + 3, *where), net(x, *where), rtol=1e-3, atol=1e-4)


def test_stations_are_left_out_in_training_only() -> None:
    net = network(dropout=0.9).train()
    x, where = torch.randn(64, 30, 40, 2), coordinates(30)
    torch.manual_seed(3)
    with torch.no_grad():
        kept = torch.cat([net._features(x)[1].float().mean(1) for _ in range(4)])
    assert kept.min() < 0.3
    assert kept.max() > 0.9
    assert kept.mean() == pytest.approx(0.55, abs=0.05)  # the share is uniform up to 0.9
    with torch.no_grad():
        assert not torch.equal(net(x, *where), net(x, *where))
        net.eval()
        assert torch.equal(net(x, *where), net(x, *where))


@pytest.mark.parametrize("missing", [(), (3,), (0, 1, 2, 11), (12, 14, 19), tuple(range(9))])
def test_a_step_is_measured_exactly_whatever_days_are_missing(missing: tuple[int, ...]) -> None:
    filters = StepFilters(20, 5).double()
    x = torch.full((1, 2, 20, 2), 40.0, dtype=torch.float64)
    x[:, :, 10:] += torch.tensor([3.0, -2.0])
    x[:, 0, list(missing)] = NAN
    steps, counts, scatter = filters(x)
    assert counts.all()
    wanted = torch.tensor([3.0, -2.0], dtype=torch.float64)[:, None].expand(1, 2, 2, 5)
    torch.testing.assert_close(steps, wanted)
    assert (scatter[0, 1] == 0).all()


def test_filters_of_a_gap_are_those_of_the_days_that_are_left() -> None:
    filters = StepFilters(12, 3).double()
    x = torch.randn(1, 1, 12, 1, dtype=torch.float64)
    x[0, 0, [1, 8]] = NAN
    steps, _, scatter = filters(x)
    weight = filters.log_weight.exp().detach().numpy()
    series = x[0, 0, :, 0].numpy()
    before, after = [0, 2, 3, 4, 5], [6, 7, 9, 10, 11]
    for f in range(3):
        wanted = np.average(series[after], weights=weight[after, f])
        wanted -= np.average(series[before], weights=weight[before, f])
        assert steps[0, 0, 0, f].item() == pytest.approx(wanted)
    jumps = np.abs(np.diff(series[2:6]))
    assert scatter.item() == pytest.approx(jumps.mean() * math.sqrt(math.pi) / 2)


def test_scatter_is_the_deviation_of_white_noise() -> None:
    x = 1.7 * torch.randn(4, 50, 400, 2, generator=torch.Generator().manual_seed(0))
    scatter = StepFilters(400, 1)(x)[2]
    assert scatter.mean().item() == pytest.approx(1.7, rel=0.02)


def test_a_density_has_an_integral_of_one() -> None:
    """By the midpoint rule, which is all but exact for smooth functions that vanish at the ends."""
    mixture = some_mixture(k=2)
    axis = torch.linspace(-9, 9, 361, dtype=torch.float64)
    grid = torch.stack(torch.meshgrid(axis, axis, indexing="ij"), -1).reshape(1, -1, 2).expand(3, -1, -1)
    total = mixture.log_density(grid).exp().sum(1) * (axis[1] - axis[0]) ** 2
    torch.testing.assert_close(total, torch.ones(3, dtype=torch.float64), atol=1e-6, rtol=0)


def test_marginals_are_integrals() -> None:
    mixture = some_mixture(batch=1)
    axis = torch.linspace(-12, 12, 2001, dtype=torch.float64)
    at = torch.tensor([0.3, -0.4], dtype=torch.float64)
    line = torch.stack([at[0].expand_as(axis), at[1].expand_as(axis), axis], -1)[None]
    wanted = mixture.log_density(line).exp().sum() * (axis[1] - axis[0])
    found = mixture.marginal([0, 1]).log_density(at[None, None]).exp()
    assert found.item() == pytest.approx(wanted.item(), rel=1e-6)
    one = mixture.marginal([2])
    density = one.log_density(axis[None, :, None]).exp()[0]
    below = torch.cumulative_trapezoid(density, axis)
    for i in (700, 1000, 1400):
        assert one.cumulative(axis[i : i + 1]).item() == pytest.approx(below[i - 1].item(), abs=1e-4)


def test_the_gradient_of_the_density_is_right() -> None:
    share, mean, root = (t.clone().requires_grad_() for t in vars(some_mixture(batch=2)).values())
    x = torch.randn(2, 3, 3, dtype=torch.float64)

    def density(a: Tensor, b: Tensor, c: Tensor) -> Tensor:
        return NormalMixture(a.log_softmax(-1), b, c.tril()).log_density(x)

    assert torch.autograd.gradcheck(density, (share, mean, root))


def test_what_a_network_predicts_is_a_distribution_whatever_its_outputs() -> None:
    net = network().double()
    outputs = 30 * torch.randn(5, 3 * (1 + 3 + 3 + 6), dtype=torch.float64)
    mixture = net.mixture(outputs)
    torch.testing.assert_close(mixture.log_share.exp().sum(-1), torch.ones(5, dtype=torch.float64))
    assert (mixture.root.diagonal(dim1=-2, dim2=-1) > 0).all()
    assert mixture.root.diagonal(dim1=-2, dim2=-1).max() <= math.e / 1e-3
    # no truth is impossible, and a wrong one costs what the wide component makes it cost
    assert net.loss(outputs, torch.rand(5, 3, dtype=torch.float64)) < 12


def test_truths_drawn_from_a_mixture_are_calibrated() -> None:
    """Masses and probabilities are uniform when the truth is drawn from what was predicted."""
    n, g = 2000, np.random.default_rng(2)
    one = some_mixture(batch=1)
    mixture = NormalMixture(*(t.expand(n, *t.shape[1:]) for t in vars(one).values()))
    which = torch.from_numpy(g.choice(4, n, p=one.log_share[0].exp().numpy()))
    white = torch.from_numpy(g.standard_normal((n, 3, 1)))
    truth = one.mean[0][which] + torch.linalg.solve_triangular(one.root[0][which], white, upper=False)[..., 0]
    mass = mixture.marginal([0, 1]).mass(truth[:, :2], standard_points(512, 2))
    below = mixture.marginal([2]).cumulative(truth[:, 2])
    assert kstest(mass, "uniform").pvalue > 0.01
    assert kstest(below, "uniform").pvalue > 0.01


def test_draws_have_the_moments_of_the_mixture() -> None:
    mixture = some_mixture()
    drawn = mixture.sample(40_000, torch.Generator().manual_seed(0))
    points, weight = mixture.draws(standard_points(1024, 3))
    for power in (1, 2):
        wanted = (weight[..., None] * points**power).sum(1)
        torch.testing.assert_close((drawn**power).mean(1), wanted, atol=0.02, rtol=0.02)


def test_medians_minimise_expected_distances() -> None:
    points, weight = some_mixture().draws(standard_points(256, 3))
    torch.testing.assert_close(weight.sum(1), torch.ones(3, dtype=torch.float64))
    at = geometric_median(points[..., :2], weight)

    def far(place: Tensor) -> Tensor:
        return (weight * (points[..., :2] - place[:, None]).norm(dim=-1)).sum(1)

    for step in ([1e-2, 0], [-1e-2, 0], [0, 1e-2], [0, -1e-2]):
        assert (far(at) < far(at + torch.tensor(step, dtype=torch.float64))).all()
    middle = weighted_median(points[..., 2], weight)
    below = (weight * (points[..., 2] < middle[:, None])).sum(1)
    assert ((below - 0.5).abs() < 0.01).all()


def test_it_learns_a_calibrated_distribution_of_a_toy() -> None:
    """Noise hides much of normal targets: a network that only knew the point would fail."""
    torch.manual_seed(0)
    net, where = network(6, 12, rounds=1).train(), coordinates(6)
    optimizer = torch.optim.Adam(net.parameters(), 2e-3)

    def batch(n: int, g: torch.Generator) -> tuple[Tensor, Tensor]:
        y = 0.5 + 0.3 * torch.randn(n, 3, generator=g)
        x = torch.randn(n, 6, 12, 2, generator=g)
        ramp = torch.linspace(-1, 1, 6)[:, None]
        x[:, :, 6:] += (2 * (y[:, None, :2] - 0.5) + (y[:, None, 2:] - 0.5) * ramp)[:, :, None]
        return x, y

    g = torch.Generator().manual_seed(1)
    for step in range(700):
        for group in optimizer.param_groups:
            group["lr"] = 2e-3 * (1 - step / 700)
        x, y = batch(128, g)
        loss = net.loss(net(x, *where), y)
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(net.parameters(), 1.0)
        optimizer.step()
    net.eval()
    x, y = batch(1000, torch.Generator().manual_seed(9))
    with torch.inference_mode():
        outputs = net(x, *where)
        found = net.calibration(outputs, y)
        error = (net.point(outputs) - y).abs().median(0).values
        guess = 3 * (
            0.5 + math.log(0.3 * math.sqrt(2 * math.pi))
        )  # of one who knows the targets' distribution
        assert net.loss(outputs, y) < guess - 0.5
    assert (error[:2] < 0.15).all()  # a constant has 0.2
    for values in found.values():
        assert kstest(values, "uniform").statistic < 0.06
