"""The window study of a nowcast dataset: its catalogue, region, days and completeness."""

from dataclasses import dataclass

import numpy as np

from slipbench.datasets.errors import InputError
from slipbench.datasets.recipes.base import Recipe
from slipbench.datasets.recipes.nowcast import Nowcast
from slipbench.datasets.seismicity.window_study import WINDOWS, Estimator, Steadiness, window_study


@dataclass(frozen=True)
class WindowStudy:
    """Figures of every window length and what they were computed from.

    Parameters
    ----------
    source : str
        ``real`` or ``simulated``.
    mc : float
        Magnitude of completeness.
    events : int
        Events with M >= mc in any of the windows.
    first, last : datetime64[D]
        Days that end the first and the last window.
    rows : list of Steadiness
        One per window length.
    """

    source: str
    mc: float
    events: int
    first: np.datetime64
    last: np.datetime64
    rows: list[Steadiness]


def study(recipe: Recipe, estimator: Estimator) -> WindowStudy:
    """The study over the days of the dataset whose windows the catalogue covers.

    Raises
    ------
    InputError
        When the recipe is no nowcast, its inputs cannot be used, or the catalogue covers no window.
    """
    if not isinstance(recipe, Nowcast):
        raise InputError(
            recipe.options.name,
            f"is a dataset of recipe '{recipe.info.name}'",
            "one of recipe 'nowcast'",
            "name a nowcast dataset",
        )
    o = recipe.options
    first, last = (int(np.datetime64(d, "D").astype(int)) for d in (o.start, o.end))
    inputs = recipe.inputs(np.arange(first, last + 1))
    mc = recipe.completeness(inputs, first, last + 1)
    days = np.arange(max(first, inputs.covered[0] + max(WINDOWS) - 1), min(last, inputs.covered[1]) + 1)
    if not len(days):
        raise InputError(
            o.name, "the catalogue covers no window", f"{max(WINDOWS)} days or more", "change start and end"
        )
    events = inputs.catalogue.between(days[0] + 1 - max(WINDOWS), days[-1] + 1).at_least(mc)
    return WindowStudy(
        source=inputs.kind,
        mc=mc,
        events=len(events),
        first=np.datetime64(int(days[0]), "D"),
        last=np.datetime64(int(days[-1]), "D"),
        rows=window_study(events.time, events.magnitude, days, mc, o.min_events, o.magnitude_step, estimator),
    )
