"""Arrival times of the first waves against a reference model of the Earth."""

import numpy as np
import pytest

from slipbench.datasets.physics.arrivals import earliest_p, first_s


@pytest.mark.parametrize("depth", [10.0, 47.0])
def test_arrivals_are_those_of_iasp91(depth: float) -> None:
    taup = pytest.importorskip("obspy.taup")
    model = taup.TauPyModel("iasp91")
    for ground in (30.0, 100.0, 300.0, 800.0, 1500.0):
        distance = np.hypot(ground, depth)
        p, s = (
            min(a.time for a in model.get_travel_times(depth, ground / 111.19, phases))
            for phases in (["p", "P", "Pn", "Pg"], ["s", "S", "Sn", "Sg"])
        )
        assert 0 < p - earliest_p(distance) < 6
        assert abs(first_s(distance) - s) < 4
