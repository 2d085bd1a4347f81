"""Mixtures of multivariate t distributions: proposals that learn the shape of a posterior."""

from dataclasses import dataclass

import numpy as np
from scipy.linalg import solve_triangular
from scipy.special import gammaln

#: Degrees of freedom of the components: tails heavy enough for importance sampling of what is nearly normal.
FREEDOM = 6.0


@dataclass(frozen=True)
class Mixture:
    """A mixture in k dimensions.

    Parameters
    ----------
    share : ndarray, shape (j,)
        Shares of the components, of sum 1.
    mean : ndarray, shape (j, k)
        Centres.
    scale : ndarray, shape (j, k, k)
        Lower Cholesky factors of the scale matrices.
    freedom : float
        Degrees of freedom; infinite for normal components.
    """

    share: np.ndarray
    mean: np.ndarray
    scale: np.ndarray
    freedom: float = FREEDOM

    def parts(self, x: np.ndarray) -> np.ndarray:
        """Log of share times density of each component, shape (n, j)."""
        k = x.shape[1]
        inverse = np.linalg.inv(self.scale).swapaxes(1, 2)
        white = (x - self.mean[:, None, :]) @ inverse
        far = np.einsum("jnk,jnk->nj", white, white)
        size = np.log(np.einsum("jkk->jk", self.scale)).sum(axis=1)
        with np.errstate(divide="ignore"):
            return _kernel(far, k, self.freedom) - size + np.log(self.share)

    def log_density(self, x: np.ndarray) -> np.ndarray:
        """Log density (n,) at points (n, k)."""
        return _log_sum(self.parts(x))

    def draw(self, n: int, rng: np.random.Generator) -> np.ndarray:
        """`n` points (n, k), component by component."""
        k = self.mean.shape[1]
        counts = rng.multinomial(n, self.share)
        normal = rng.standard_normal((n, k))
        if np.isfinite(self.freedom):
            normal *= np.sqrt(self.freedom / rng.chisquare(self.freedom, (n, 1)))
        ends = np.cumsum(counts)
        parts = np.split(normal, ends[:-1])
        return np.concatenate([p @ s.T + m for p, s, m in zip(parts, self.scale, self.mean, strict=True)])


def joined(a: Mixture, b: Mixture) -> Mixture:
    """Half of each of two mixtures of the same degrees of freedom."""
    parts = (np.concatenate([getattr(a, k), getattr(b, k)]) for k in ("share", "mean", "scale"))
    share, mean, scale = parts
    return Mixture(share / 2, mean, scale, a.freedom)


def _log_sum(parts: np.ndarray) -> np.ndarray:
    """Log of the sum of exponentials of every row; scipy's is several times slower on short rows."""
    top = parts.max(axis=1)
    return top + np.log(np.exp(parts - top[:, None]).sum(axis=1))


def _kernel(far: np.ndarray, k: int, freedom: float) -> np.ndarray:
    """Log density of a standard t (or normal) vector at squared distances."""
    if not np.isfinite(freedom):
        return -far / 2 - k / 2 * np.log(2 * np.pi)
    constant = gammaln((freedom + k) / 2) - gammaln(freedom / 2) - k / 2 * np.log(freedom * np.pi)
    return constant - (freedom + k) / 2 * np.log1p(far / freedom)


def fit_mixture(
    x: np.ndarray, weight: np.ndarray, components: int, rng: np.random.Generator, rounds: int = 12
) -> Mixture:
    """Mixture fitted to weighted points by expectation-maximisation (Cappé et al. 2008).

    Parameters
    ----------
    x : ndarray, shape (n, k)
        Points.
    weight : ndarray, shape (n,)
        Weights of sum 1.
    components : int
        Most components; those that hold too few points are given up.
    rng : Generator
        Random stream of the first centres.
    rounds : int
        Iterations.
    """
    k = x.shape[1]
    mean = weight @ x
    apart = x - mean
    covariance = (apart * weight[:, None]).T @ apart
    root = _root(covariance, np.diag(np.maximum(np.diag(covariance), 1e-24)) * 1e-9)
    white = solve_triangular(root, apart.T, lower=True).T
    effective = 1 / (weight**2).sum()
    components = int(np.clip(effective / (4 * k), 1, components))
    fitted = _first(white, weight, components, rng)
    for _ in range(rounds if components > 1 else 1):
        parts = fitted.parts(white)
        share = np.exp(parts - _log_sum(parts)[:, None]) * weight[:, None]
        fitted = _updated(white, share, effective)
    # normal components are fitted and t ones returned: of the same scale, so wider
    return Mixture(fitted.share, fitted.mean @ root.T + mean, root @ fitted.scale)


def _first(x: np.ndarray, weight: np.ndarray, components: int, rng: np.random.Generator) -> Mixture:
    """Centres far from each other (k-means++, Arthur and Vassilvitskii 2007) with equal round shapes."""
    centre = [x[rng.choice(len(x), p=weight)]]
    near = np.full(len(x), np.inf)
    for _ in range(components - 1):
        near = np.minimum(near, ((x - centre[-1]) ** 2).sum(axis=1))
        chance = weight * near
        centre.append(x[rng.choice(len(x), p=chance / chance.sum())])
    k = x.shape[1]
    spread = np.eye(k) * components ** (-1 / k)
    share = np.full(components, 1 / components)
    return Mixture(share, np.array(centre), np.tile(spread, (components, 1, 1)), np.inf)


def _updated(x: np.ndarray, share: np.ndarray, effective: float) -> Mixture:
    """One maximisation step; covariances are drawn towards the overall one, which is the unit matrix."""
    k = x.shape[1]
    total = share.sum(axis=0)
    alive = total * effective > k + 2
    if not alive.any():
        alive = total == total.max()
    share, total = share[:, alive], total[alive]
    mean = (share.T @ x) / total[:, None]
    scale = []
    for j in range(len(total)):
        apart = x - mean[j]
        covariance = (apart * share[:, j : j + 1]).T @ apart / total[j]
        # as if some points of the component's own mean variance had been seen before
        prior, seen = np.trace(covariance) / k * 0.1, total[j] * effective
        mixed = (seen * covariance + k * prior * np.eye(k)) / (seen + k)
        scale.append(_root(mixed, 1e-9 * np.eye(k)))
    return Mixture(total / total.sum(), mean, np.array(scale), np.inf)


def _root(covariance: np.ndarray, floor: np.ndarray) -> np.ndarray:
    return np.linalg.cholesky(covariance + floor)
