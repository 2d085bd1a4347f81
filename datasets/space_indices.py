"""Daily indices of the sun and of the magnetic field, day by day."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

#: Qualifier of a flux that was interpolated (CelesTrak).
_INTERPOLATED = 4


@dataclass(frozen=True)
class SpaceIndices:
    """One value of every index a day.

    Parameters
    ----------
    day : ndarray, shape (days,)
        Days since 1970-01-01 UTC, one after the other.
    f107 : ndarray, shape (days,)
        Observed solar radio flux at 10.7 cm, 10^-22 W m^-2 Hz^-1.
    ap : ndarray, shape (days,)
        Daily mean of the geomagnetic ap, nT.
    sunspots : ndarray, shape (days,)
        International sunspot number.
    """

    day: np.ndarray
    f107: np.ndarray
    ap: np.ndarray
    sunspots: np.ndarray

    @property
    def series(self) -> dict[str, np.ndarray]:
        """The indices by their names."""
        return {"f107": self.f107, "ap": self.ap, "sunspots": self.sunspots}


def indices_of(table: pd.DataFrame, day: np.ndarray) -> SpaceIndices:
    """Indices of consecutive days from the table of `read_space_weather`.

    NaN on days that the table does not have, and for a flux that was interpolated: it was not observed.
    """
    found = table.set_index("day").reindex(np.asarray(day))
    flux = found["f107"].mask(found["f107_qualifier"] == _INTERPOLATED)
    values = (column.to_numpy(np.float64) for column in (flux, found["ap"], found["sunspots"]))
    return SpaceIndices(np.asarray(day), *values)
