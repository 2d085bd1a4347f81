"""Posterior of one event: what anyone could know about the source from the positions of all stations.

The offsets of all stations (see `offsets`) have a Gaussian likelihood; the prior is that of the store.
Sampling is done on standard normal coordinates (see `prior`), where the prior is round, the ends of the
ranges are far away and a Laplace approximation is a good first guess.
"""

from dataclasses import dataclass, replace

import numpy as np

from slipbench.benchmarks.limits.forward import Forward
from slipbench.benchmarks.limits.importance import Draws, Effort, effective, normalised, power, sample
from slipbench.benchmarks.limits.least_squares import Fit, minimise
from slipbench.benchmarks.limits.mixture import Mixture, fit_mixture, joined
from slipbench.benchmarks.limits.offsets import Offsets
from slipbench.benchmarks.limits.prior import DIMENSIONS, FARTHEST, Prior
from slipbench.benchmarks.limits.problem import Library, Problem

#: The prior on the coordinates.
STANDARD = Mixture(np.ones(1), np.zeros((1, DIMENSIONS)), np.eye(DIMENSIONS)[None], np.inf)

_STARTS, _FIRST_ROUNDS, _KEPT, _ROUNDS = 24, 6, 6, 30
_ATTEMPTS = 3
_WIDER = 1.2  # factor on the deviations of Laplace's approximation


@dataclass(frozen=True)
class Event:
    """Likelihood and prior of one event on standard normal coordinates.

    Parameters
    ----------
    forward : Forward
        At the stations that have data.
    prior : Prior
        Of the source.
    offsets : Offsets
        Estimates and their noise.
    """

    forward: Forward
    prior: Prior
    offsets: Offsets

    @property
    def data(self) -> np.ndarray:
        """Whitened offsets (p,)."""
        return self.offsets.whitening(self.offsets.values[None])[0]

    def log_target(self, z: np.ndarray) -> np.ndarray:
        """Log of prior times likelihood (n,) at coordinates (n, 8)."""
        out = np.empty(len(z))
        data = self.data
        for first in range(0, len(z), 1024):
            part = slice(first, first + 1024)
            sources = self.prior.of_normal(z[part])
            misfit = self.offsets.whitening(self.forward(sources)) - data
            out[part] = self.prior.log_weight(sources) - np.einsum("np,np->n", misfit, misfit) / 2
        return out + STANDARD.log_density(z)

    def residuals(self, z: np.ndarray, row: np.ndarray) -> np.ndarray:
        """What `least_squares.minimise` takes: the misfit, and the coordinates as their prior's own."""
        misfit = self.offsets.whitening(self.forward(self.prior.of_normal(z))) - self.data
        return np.concatenate([misfit, z], axis=1)


@dataclass(frozen=True)
class Posterior:
    """Weighted sources.

    Parameters
    ----------
    draws : Draws
        Coordinates, weights and what they cost.
    sources : dict of ndarray
        The same as physical parameters.
    attempts : int
        How often the sampling was begun again with more effort.
    """

    draws: Draws
    sources: dict[str, np.ndarray]
    attempts: int = 1


def posterior_of(
    problem: Problem,
    offsets: Offsets,
    effort: Effort,
    rng: np.random.Generator,
    found: Fit | None = None,
    library: Library | None = None,
) -> Posterior:
    """Sample the posterior of one event.

    Parameters
    ----------
    problem : Problem
        Of the store.
    offsets : Offsets
        The event's.
    effort : Effort
        Sizes and limits. Where the effective sample size stays too small the sampling is done again, twice at
        most, each time with twice the draws and components; the best attempt is returned.
    rng : Generator
        Random stream of this event alone.
    found : Fit, optional
        Modes of the posterior, where they are known.
    library : Library, optional
        Sources to start from instead of the problem's.
    """
    event = Event(problem.at(offsets.stations), problem.prior, offsets)
    first = first_guess(event, library or problem.library, rng, found)
    draws, attempts = sample(event.log_target, STANDARD, first, effort, rng), 1
    while draws.effective < effort.enough and attempts < _ATTEMPTS:
        effort = effort.doubled()
        guess = fit_mixture(draws.x, normalised(power(draws.log_weight, 400) * draws.log_weight), 8, rng)
        again = sample(event.log_target, STANDARD, joined(guess, first), effort, rng)
        used = draws.evaluations + again.evaluations
        draws = replace(again if again.effective > draws.effective else draws, evaluations=used)
        attempts += 1
    return Posterior(draws, problem.prior.of_normal(draws.x), attempts)


def first_guess(
    event: Event, library: Library, rng: np.random.Generator, found: Fit | None = None
) -> Mixture:
    """Laplace's approximation about the modes, and the library itself where it is near enough."""
    log_weight = library.log_weight - library.misfit(event.offsets)
    guess = _laplace(found or modes(event, library.z[starts(log_weight, rng)]))
    if effective(log_weight) < 20 * DIMENSIONS:
        return guess
    broad = fit_mixture(library.z, normalised(log_weight), 8, rng)
    return joined(guess, broad)


def starts(log_weight: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Where to look for modes: half the best sources of the library, half drawn among the good ones."""
    best = np.argsort(-log_weight)[: _STARTS // 2]
    tempered = normalised(power(log_weight, 200) * log_weight)
    drawn = rng.choice(len(log_weight), _STARTS - len(best), replace=False, p=tempered)
    return np.unique(np.concatenate([best, drawn]))


def modes(event: Event, start: np.ndarray) -> Fit:
    """Modes of the posterior from several starts; the less promising ones are given up early."""
    rough = minimise(event.residuals, start, -FARTHEST, FARTHEST, _FIRST_ROUNDS)
    kept = np.argsort(rough.cost)[:_KEPT]
    return minimise(event.residuals, rough.x[kept], -FARTHEST, FARTHEST, _ROUNDS)


def _laplace(fit: Fit) -> Mixture:
    """A component a mode, each with its share of the evidence but none below a tenth of the largest."""
    covariance = np.linalg.inv(fit.normal)
    scale = _WIDER * np.linalg.cholesky((covariance + covariance.swapaxes(1, 2)) / 2)
    evidence = np.log(np.einsum("nii->ni", scale)).sum(axis=1) - fit.cost
    share = np.maximum(np.exp(evidence - evidence.max()), 0.1)
    return Mixture(share / share.sum(), fit.x, scale)
