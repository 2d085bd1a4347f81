"""One real station by two products of satellite clocks: how far its positions are apart."""

from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import yaml

import slipbench.configs
from slipbench.datasets.errors import InputError
from slipbench.datasets.positioning.clk import read_clk
from slipbench.datasets.positioning.clk_text import clk_text
from slipbench.datasets.positioning.frames import to_enu
from slipbench.datasets.positioning.ppp import position
from slipbench.datasets.positioning.ppp_options import PositionOptions
from slipbench.datasets.positioning.series import Clocks
from slipbench.datasets.positioning.solution import Solution
from slipbench.datasets.recipes.data_file import data_file
from slipbench.datasets.waveforms.difference import rms_difference
from slipbench.datasets.waveforms.epochs import common_epochs

#: Seconds between the clocks of the second product; the first has every 30 s.
SPARSE_S = 300
#: What is left out at the start while the filter converges, and the length of short windows, s.
CONVERGED_S, WINDOW_S = 7200.0, 600.0
_CONFIG = "esbc_static.yaml"


@dataclass(frozen=True)
class TwoProducts:
    """Kinematic positions of one day with clocks every 30 s, and with every tenth of them.

    Parameters
    ----------
    engine : str
        Program and version.
    epochs : int
        Common ones after `CONVERGED_S`.
    step_s : float
        Seconds between epochs.
    whole_cm, window_cm : ndarray, shape (3,)
        Root mean square difference, east, north, up, cm: of the whole time, and mean of windows of `WINDOW_S`
        that each lose their median.
    """

    engine: str
    epochs: int
    step_s: float
    whole_cm: np.ndarray
    window_cm: np.ndarray


def two_products(data: Path) -> TwoProducts | InputError:
    """Position the station of `_CONFIG` twice, forward only; or what stands in the way of it."""
    folder = Path(next(iter(slipbench.configs.__path__))) / "positioning"
    given = yaml.safe_load((folder / _CONFIG).read_text())
    dense = PositionOptions(**given | {"mode": "kinematic", "direction": "forward"})
    with TemporaryDirectory() as name:
        try:
            thinned = _thin(data_file(data, dense.clocks[0], "clocks")[0], Path(name) / "sparse.clk")
            sparse = dense.model_copy(update={"clocks": [str(thinned)]})
            found = []
            for key, options in (("dense", dense), ("sparse", sparse)):
                work = Path(name) / key
                work.mkdir()
                found.append(position(options, data, work))
        except InputError as error:
            return error
    return compare(found[0].solution, found[1].solution, found[0].reference_m, found[0].engine)


def compare(first: Solution, second: Solution, origin_m: np.ndarray, engine: str) -> TwoProducts:
    """Differences of two solutions of one station, at `origin_m`, over their common epochs."""
    times = [(p.time - first.time[0]) / np.timedelta64(1, "s") for p in (first, second)]
    i, j = common_epochs(times[0], times[1])
    kept = times[0][i] >= CONVERGED_S
    i, j = i[kept], j[kept]
    one, two = (to_enu(p.position_m[k] - origin_m, origin_m).T for p, k in ((first, i), (second, j)))
    window = (times[0][i] // WINDOW_S).astype(int)
    parts = [rms_difference(one[:, window == w], two[:, window == w], "median")[0] for w in np.unique(window)]
    step = float(np.median(np.diff(times[0])))
    whole = rms_difference(one, two)[0]
    return TwoProducts(engine, len(i), step, 100 * whole, 100 * np.mean(parts, axis=0))


def _thin(path: Path, to: Path) -> Path:
    """Clocks at whole multiples of `SPARSE_S` only."""
    clocks = read_clk(path)
    since = (clocks.time - clocks.time[0].astype("datetime64[D]")) / np.timedelta64(1, "s")
    kept = since % SPARSE_S == 0
    to.write_text(clk_text(Clocks(clocks.time[kept], clocks.satellite, clocks.clock_s[kept])))
    return to
