"""The plain forms and peers that gridding is timed beside do the same work."""

import numpy as np
import pytest

from slipbench.benchmarks.speed import gridding, gridding_peers
from slipbench.datasets.gridding.grid import Grid
from slipbench.datasets.gridding.local_linear import LocalLinear, grid_nodes


def test_plain_loops_give_our_grids():
    rng = np.random.default_rng(0)
    lat, lon = rng.uniform(31, 45, 30), rng.uniform(130, 146, 30)
    nodes = grid_nodes(22, 46, 6), grid_nodes(123, 148, 5)
    values = rng.normal(size=(3, 30, 2))
    values[1, :8] = np.nan
    gridder = LocalLinear(4e5).fit(lat, lon, *nodes)
    plain = gridding.plain_regression(values, lat, lon, *nodes, gridder.sigma_m)
    np.testing.assert_allclose(plain, gridder.transform(values)[0], rtol=0, atol=1e-8)


def test_a_peer_that_is_not_there_is_a_row_that_says_so(monkeypatch, tmp_path):
    def absent(name):
        raise ImportError(name)

    monkeypatch.setattr(gridding_peers.importlib, "import_module", absent)
    monkeypatch.setattr(gridding_peers, "have_gmt", lambda: False)
    rng = np.random.default_rng(0)
    grid = Grid(rows=8, columns=8)
    lat, lon = rng.uniform(35, 35.5, 30), rng.uniform(139.3, 139.8, 30)
    found = list(gridding_peers.peers(lat, lon, rng.normal(size=(20, 30)), grid, tmp_path))
    missing = [p.name for p in found if p.call is None]
    assert len(missing) == 3
    assert all("not installed" in name for name in missing)
    assert [p.fields for p in found if p.call] == [1, 20]
    assert found[-1].call().shape == (64, 20)


@pytest.mark.skipif(not gridding_peers.have_gmt(), reason="needs the command gmt (apt-get install gmt)")
def test_gmt_as_a_peer_runs(tmp_path):
    rng = np.random.default_rng(0)
    grid = Grid()
    lat, lon = rng.uniform(35, 41, 50), rng.uniform(139.3, 142, 50)
    peer = next(gridding_peers.peers(lat, lon, rng.normal(size=(20, 50)), grid, tmp_path))
    assert peer.call().returncode == 0
    assert peer.start().returncode == 0
    assert (tmp_path / "out.nc").stat().st_size > 1000
