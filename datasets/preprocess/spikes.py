"""Single epochs that lie off while the epochs around them agree."""

import numpy as np
from pydantic import Field

from slipbench.datasets.options import Options
from slipbench.datasets.preprocess.hampel import nan_median

_SIGMA_PER_MAD = 1.4826


class SpikeRule(Options):
    """When a single epoch of a high-rate series is taken out."""

    floor_m: float = Field(0.05, gt=0, description="an epoch less far off is never a spike, m")
    threshold: float = Field(
        8.0, gt=0, description="least distance in 1.4826 MAD of the same distances before the earthquake"
    )
    agreement: float = Field(
        0.25,
        gt=0,
        lt=1,
        description="the two epochs before and the one after agree within this share of the distance",
    )


def spikes(enu_m: np.ndarray, quiet: np.ndarray, rule: SpikeRule) -> np.ndarray:
    """Epochs at which one component leaves for one sample and comes back.

    An epoch's distance is that from the mean of its two neighbours in time. A wave's crest has neighbours on
    its way up and down, and a step does not come back, so neither is a spike. The rule looks one epoch ahead:
    a stream can follow it with a delay of one sample. Epochs beside a gap are not judged.

    Parameters
    ----------
    enu_m : ndarray, shape (m, c, t)
        Displacement of m stations, m; NaN where missing.
    quiet : ndarray of bool, shape (t,)
        Epochs before the earthquake, which give the usual distance of each station and component.
    rule : SpikeRule
        Limits.

    Returns
    -------
    ndarray of bool, shape (m, t)
        True where any component has a spike.
    """
    out = np.zeros((enu_m.shape[0], enu_m.shape[2]), bool)
    if enu_m.shape[2] < 4:
        return out
    two, before, here, after = (enu_m[:, :, k : k - 3 or None] for k in range(4))
    away = np.abs(here - (before + after) / 2)
    usual = _SIGMA_PER_MAD * nan_median(np.where(quiet[2:-1], away, np.nan))
    limit = np.maximum(rule.floor_m, rule.threshold * np.nan_to_num(usual))[:, :, None]
    level = rule.agreement * away
    back = (np.abs(after - before) < level) & (np.abs(before - two) < level)
    out[:, 2:-1] = ((away > limit) & back).any(axis=1)
    return out
