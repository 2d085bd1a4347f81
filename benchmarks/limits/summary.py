"""What is said of one posterior: point estimates, credible regions, and how well it was sampled."""

from collections.abc import Mapping

import numpy as np

from slipbench.benchmarks.limits.posterior import Posterior
from slipbench.datasets.physics.distance import ground_distance

KM_PER_DEGREE = 6371.0 * np.pi / 180


def weighted_median(x: np.ndarray, weight: np.ndarray) -> float:
    """Median of weighted values: it minimises the expected absolute error."""
    order = np.argsort(x)
    total = np.cumsum(weight[order])
    return float(x[order][np.searchsorted(total, total[-1] / 2)])


def on_map(
    lat: np.ndarray, lon: np.ndarray, centre_lat: float, centre_lon: float
) -> tuple[np.ndarray, np.ndarray]:
    """North and east of a centre in km, on the tangent cylinder (short distances)."""
    return (lat - centre_lat) * KM_PER_DEGREE, (lon - centre_lon) * KM_PER_DEGREE * np.cos(
        np.deg2rad(centre_lat)
    )


def geometric_median(
    lat: np.ndarray, lon: np.ndarray, weight: np.ndarray, rounds: int = 200
) -> tuple[float, float]:
    """Place that minimises the expected distance (Weiszfeld 1937), degrees."""
    centre = float(weight @ lat), float(weight @ lon)
    xy = np.column_stack(on_map(lat, lon, *centre))
    spread = np.sqrt(weight @ (xy**2).sum(axis=1))
    at = np.zeros(2)
    for _ in range(rounds):
        pull = weight / np.maximum(np.hypot(*(xy - at).T), 1e-6 * spread + 1e-12)
        before, at = at, pull @ xy / pull.sum()
        if np.hypot(*(at - before)) < 1e-5 * spread:
            break
    lift = KM_PER_DEGREE * np.cos(np.deg2rad(centre[0]))
    return centre[0] + float(at[0]) / KM_PER_DEGREE, centre[1] + float(at[1]) / lift


def point_estimates(posterior: Posterior) -> tuple[np.ndarray, np.ndarray]:
    """Latitude, longitude and Mw twice: medians (of the place: the geometric one), and means."""
    w, s = posterior.draws.weight, posterior.sources
    names = ("latitude", "longitude", "mw")
    place = geometric_median(s["latitude"], s["longitude"], w)
    return np.array([*place, weighted_median(s["mw"], w)]), np.array([w @ s[name] for name in names])


#: Credible regions: the parameters that each is about.
REGIONS = {
    "position": ("north", "east"),
    "position and Mw": ("north", "east", "mw"),
    "Mw": ("mw",),
    "depth": ("depth",),
}


def masses(posterior: Posterior, truth: Mapping[str, float]) -> dict[str, float]:
    """Posterior mass nearer to the posterior mean than the truth is, for each of the `REGIONS`.

    Nearer in the metric of the posterior's own covariance. The truth lies in the ellipsoidal credible region
    of mass p exactly if its value is below p, so these are uniform in 0 ... 1 if and only if all regions
    cover. A region of which the truth does not tell everything is left out. Draws that leave a direction
    without any spread (one of them may hold all the weight) say nothing about that direction: it is ignored.
    """
    w, s = posterior.draws.weight, posterior.sources
    centre = float(w @ s["latitude"]), float(w @ s["longitude"])
    values = dict(zip(("north", "east"), on_map(s["latitude"], s["longitude"], *centre), strict=True))
    at = on_map(np.array(truth["latitude"]), np.array(truth["longitude"]), *centre)
    true = dict(zip(("north", "east"), at, strict=True)) | dict(truth)
    values |= {k: s[k] for k in ("mw", "depth")}
    found = {}
    for region, names in REGIONS.items():
        if not true.keys() >= set(names):
            continue
        x = np.column_stack([values[n] for n in names])
        mean = w @ x
        apart = x - mean
        inverse = _inverse((apart * w[:, None]).T @ apart)
        gap = np.array([float(true[n]) for n in names]) - mean
        far = np.einsum("ni,ij,nj->n", apart, inverse, apart)
        found[region] = float(w[far < gap @ inverse @ gap].sum())
    return found


def _inverse(covariance: np.ndarray) -> np.ndarray:
    """Pseudo-inverse, worked out on the correlations: the units differ by many orders of magnitude."""
    spread = np.sqrt(np.diag(covariance))
    unit = 1 / np.where(spread > 0, spread, 1.0)
    return np.linalg.pinv(covariance * np.outer(unit, unit), hermitian=True) * np.outer(unit, unit)


def describe(posterior: Posterior, truth: Mapping[str, float] | None = None) -> dict[str, float]:
    """Estimates and sampling of one posterior, and how it did where the truth is known.

    Returns
    -------
    dict of float
        ``median_latitude``, ``mean_latitude`` and so on for longitude and Mw; ``ess``, ``largest`` (weight),
        ``evaluations`` and ``attempts``. With a truth also ``latitude``, ``longitude``, ``mw`` and
        ``depth_km`` of it, ``median_km``, ``mean_km``, ``median_error`` and ``mean_error`` (of Mw), `masses`.
    """
    draws = posterior.draws
    found = {
        "ess": draws.effective,
        "largest": float(draws.weight.max()),
        "evaluations": float(draws.evaluations),
        "attempts": float(posterior.attempts),
    }
    for name, (lat, lon, mw) in zip(("median", "mean"), point_estimates(posterior), strict=True):
        found |= {f"{name}_latitude": float(lat), f"{name}_longitude": float(lon), f"{name}_mw": float(mw)}
        if truth is not None:
            away = ground_distance(lat, lon, np.array(truth["latitude"]), np.array(truth["longitude"]))
            found |= {f"{name}_km": float(away) / 1e3, f"{name}_error": abs(float(mw) - truth["mw"])}
    if truth is None:
        return found
    known = {k: truth[k] for k in ("latitude", "longitude", "mw")} | {"depth_km": truth["depth"] / 1e3}
    return found | known | masses(posterior, truth)
