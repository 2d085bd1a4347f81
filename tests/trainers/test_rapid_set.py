"""The rapid set: any stations in any order, gaps, no stations, and that it learns."""

from pathlib import Path

import numpy as np
import pytest
import torch

from slipbench.datasets.preprocess.snapshot import FEATURES
from slipbench.datasets.recipes.build import build
from slipbench.datasets.recipes.rapid_virtual import RapidVirtual
from slipbench.datasets.recipes.rapid_virtual_options import RapidVirtualOptions
from slipbench.datasets.store.reader import Store
from slipbench.trainers.fit import fit
from slipbench.trainers.models.rapid_set import RapidSet, RapidSetOptions
from slipbench.trainers.options import TrainerOptions
from slipbench.trainers.predict import predict

NAN, F = float("nan"), len(FEATURES)
SMALL = {"width": 16, "latents": 4, "components": 2, "heads": 2}


def network(seed: int = 0, **options: float) -> RapidSet:
    torch.manual_seed(seed)
    return RapidSet(RapidSetOptions.model_validate(SMALL | options), (30, F), 3).eval()


def test_stations_may_come_in_any_order() -> None:
    net, x = network(), torch.randn(2, 30, F)
    order = torch.randperm(30, generator=torch.Generator().manual_seed(1))
    with torch.inference_mode():
        torch.testing.assert_close(net(x), net(x[:, order]))


def test_a_missing_station_leaves_no_trace() -> None:
    net, x = network(), torch.randn(3, 30, F)
    gone, part = x.clone(), x.clone()
    gone[:, 20:] = NAN
    part[:, 20:, 5] = NAN  # one feature is enough
    with torch.inference_mode():
        wanted = net(x[:, :20])
        torch.testing.assert_close(net(gone), wanted)
        torch.testing.assert_close(net(part), wanted)
        assert not torch.allclose(net(x), wanted)


def test_a_row_with_gaps_leaves_other_rows_alone() -> None:
    net, x = network(), torch.randn(3, 30, F)
    with torch.inference_mode():
        wanted = net(x)
        x[1] = NAN
        found = net(x)
    torch.testing.assert_close(found[[0, 2]], wanted[[0, 2]])
    assert found.isfinite().all()
    assert net.point(found).isfinite().all()


def test_stations_are_left_out_in_training_only() -> None:
    net, x = network(dropout=0.9), torch.randn(8, 30, F)
    with torch.inference_mode():
        torch.testing.assert_close(net(x), net(x))
        net.train()
        assert not torch.allclose(net(x), net(x))


def test_quantiles_of_magnitude_rise_and_hold_the_point() -> None:
    net, x = network(), torch.randn(16, 30, F)
    with torch.inference_mode():
        outputs = net(x)
        found = net.head.quantiles(outputs, 2, (0.05, 0.5, 0.95))
        assert (found.diff(dim=1) > 0).all()
        torch.testing.assert_close(found[:, 1], net.point(outputs)[:, 2], atol=0.05, rtol=0)
        size = net.mixture(outputs).marginal([2])
        for k, level in enumerate((0.05, 0.5, 0.95)):
            assert (size.cumulative(found[:, k]) - level).abs().max() < 1e-4


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Store:
    o = RapidVirtualOptions(
        name="small",
        seed=1,
        n_events=160,
        seconds_per_event=4,
        rows_per_shard=64,
        most_stations=12,
        first_s=60,
        last_s=120,
        split={"train": 0.6, "validation": 0.2},
    )
    folder = tmp_path_factory.mktemp("rapid") / "store"
    build(RapidVirtual(o, None).plan(), folder)
    return Store(folder)


def test_it_learns_magnitudes(store: Store, tmp_path: Path) -> None:
    options = TrainerOptions.model_validate(
        {
            "name": "rapid",
            "dataset": {"recipe": "rapid_virtual", "name": "small"},
            "model": {"model": "rapid_set", "dropout": 0.2} | SMALL,
            "epochs": 40,
            "patience": 40,
            "batch_size": 32,
            "learning_rate": 3e-3,
        }
    )
    done = fit(options, store, tmp_path / "fit")
    found = predict(done.checkpoint, store)
    assert found.names == ["centroid_east_km", "centroid_north_km", "mw"]
    error = np.abs(found.y_pred - found.y_true)[:, 2]
    guess = np.abs(found.y_true[:, 2] - np.median(found.y_true[:, 2]))
    assert error.mean() < 0.6 * guess.mean()
    assert set(found.calibration) == {"position", "mw"}
