"""The trajectory of a station: offset, trend, seasons, steps and post-seismic logarithms."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.optimize import minimize_scalar

from slipbench.datasets.blas import one_blas_thread
from slipbench.datasets.errors import InputError
from slipbench.datasets.physics.post_seismic import log_growth
from slipbench.datasets.preprocess.robust import fit_robust, huber_cost

DAYS_A_YEAR = 365.25
TAU_DAYS = (1.0, 1000.0)


@dataclass(frozen=True)
class Trajectory:
    """A fitted trajectory of c series (the components of one station, or of several).

    Parameters
    ----------
    names : tuple of str
        ``offset``, ``trend`` (per year), ``annual_sin``, ``annual_cos``, ``semiannual_sin``,
        ``semiannual_cos``, ``step DAY`` and ``log DAY``.
    parameters : ndarray, shape (parameters, c)
        In the units of the data.
    residuals : ndarray, shape (days, c)
        Data less trajectory; NaN where there are no data.
    scale : ndarray, shape (c,)
        Robust standard deviation of the residuals.
    origin : float
        Day at which the trend is zero.
    steps, events, tau : tuple of float
        Days of the steps and of the logarithms, relaxation times (days).
    """

    names: tuple[str, ...]
    parameters: np.ndarray
    residuals: np.ndarray
    scale: np.ndarray
    origin: float
    steps: tuple[float, ...]
    events: tuple[float, ...]
    tau: tuple[float, ...]

    def __getitem__(self, name: str) -> np.ndarray:
        """A parameter of every series, shape (c,)."""
        return self.parameters[self.names.index(name)]

    def at(self, day: np.ndarray) -> np.ndarray:
        """The trajectory on any days, shape (days, c)."""
        t = np.asarray(day, float)
        return _design(t, self.origin, self.steps, self.events, self.tau) @ self.parameters


def fit_trajectory(
    day: np.ndarray,
    values: np.ndarray,
    steps: Sequence[float] = (),
    events: Sequence[float] = (),
    tau: Sequence[float] | None = None,
) -> Trajectory:
    """Fit x(t) = offset + trend + annual + semi-annual + steps + logarithms, robustly.

    A step is H(t - day), a logarithm H(t - day) log10(1 + (t - day) / tau), with H(0) = 1 (Bevis and Brown
    2014, eq. 1-4, with the base 10 of S1). The relaxation times are shared by all series of a call and
    searched in 1 ... 1,000 days, one event after the other, twice; all else is linear.

    Parameters
    ----------
    day : ndarray, shape (days,)
        Time, days.
    values : ndarray, shape (days, c)
        Positions in any unit; NaN where missing.
    steps : sequence of float
        Days of steps: equipment and earthquakes.
    events : sequence of float
        Days of earthquakes with post-seismic motion; their steps belong into `steps` too. One logarithm is
        too stiff for a great earthquake (at J188 the step of Tohoku 2011 comes out 15 % too large): name its
        day twice, for a fast and a slow one (second name: ``log DAY'``).
    tau : sequence of float, optional
        Relaxation times of `events`, days; searched when left out.

    Raises
    ------
    InputError
        When the data cannot determine a parameter, such as a step outside of them.
    """
    t = np.asarray(day, float)
    x = np.asarray(values, float)
    places, quakes = tuple(map(float, steps)), tuple(map(float, events))
    origin = float(t.mean())
    times = tuple(map(float, tau)) if tau is not None else _first_guess(quakes)
    try:
        with one_blas_thread():  # the products are small, and results must not depend on cores
            found, residuals, scale = fit_robust(_design(t, origin, places, quakes, times), x)
            if tau is None and quakes:
                times = _search(t, x, origin, places, quakes, times, scale)
                found, residuals, scale = fit_robust(_design(t, origin, places, quakes, times), x)
    except np.linalg.LinAlgError as error:
        days, unknowns = int((~np.isnan(x)).all(1).sum()), 6 + len(places) + len(quakes)
        raise InputError(
            f"trajectory with steps {places} and logarithms {quakes}",
            f"{days} days do not determine {unknowns} parameters",
            "data before, between and after the steps over more than a year",
            "leave out steps that the data do not see",
        ) from error
    names = ["offset", "trend", "annual_sin", "annual_cos", "semiannual_sin", "semiannual_cos"]
    names += [f"step {s:g}" for s in places]
    names += [f"log {e:g}" + "'" * quakes[:k].count(e) for k, e in enumerate(quakes)]
    return Trajectory(tuple(names), found, residuals, scale, origin, places, quakes, times)


def _first_guess(events: tuple[float, ...]) -> tuple[float, ...]:
    return tuple(
        float(np.geomspace(*TAU_DAYS, events.count(e) + 2)[1 + events[:k].count(e)])
        for k, e in enumerate(events)
    )


def _design(
    day: np.ndarray,
    origin: float,
    steps: tuple[float, ...],
    events: tuple[float, ...],
    tau: tuple[float, ...],
) -> np.ndarray:
    year = (day - origin) / DAYS_A_YEAR
    columns = [np.ones_like(day), year]
    for cycles in (1, 2):
        # phases count from 1970 as the days do, not from the data's own middle
        angle = 2 * np.pi * cycles * day / DAYS_A_YEAR
        columns += [np.sin(angle), np.cos(angle)]
    columns += [(day >= s).astype(float) for s in steps]
    columns += [log_growth(day - e, np.asarray(h)) for e, h in zip(events, tau, strict=True)]
    return np.stack(columns, 1)


def _search(
    day: np.ndarray,
    values: np.ndarray,
    origin: float,
    steps: tuple[float, ...],
    events: tuple[float, ...],
    tau: tuple[float, ...],
    scale: np.ndarray,
) -> tuple[float, ...]:
    times = list(tau)

    def cost(log_tau: float, k: int) -> float:
        trial = (*times[:k], 10**log_tau, *times[k + 1 :])
        residuals = fit_robust(_design(day, origin, steps, events, trial), values, scale, tolerance=1e-3)[1]
        return huber_cost(residuals, scale)

    bounds = (np.log10(TAU_DAYS[0]), np.log10(TAU_DAYS[1]))
    for _ in range(2 if len(events) > 1 else 1):
        for k in range(len(events)):
            best = minimize_scalar(cost, bounds=bounds, args=(k,), method="bounded", options={"xatol": 1e-3})
            times[k] = float(10**best.x)
    return tuple(times)
