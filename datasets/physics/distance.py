"""Distance on the ground: great circles of the sphere that the projections use."""

import numpy as np

from slipbench.datasets.physics.projection import EARTH_RADIUS_M


def ground_distance(lat1: np.ndarray, lon1: np.ndarray, lat2: np.ndarray, lon2: np.ndarray) -> np.ndarray:
    """Haversine distance in metres of points in degrees; arguments broadcast."""
    p1, p2 = np.deg2rad(lat1), np.deg2rad(lat2)
    half_lon = np.deg2rad(np.asarray(lon1) - lon2) / 2
    a = np.sin((p1 - p2) / 2) ** 2 + np.cos(p1) * np.cos(p2) * np.sin(half_lon) ** 2
    return 2 * EARTH_RADIUS_M * np.arctan2(np.sqrt(a), np.sqrt(np.maximum(1 - a, 0.0)))
