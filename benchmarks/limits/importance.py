"""Posterior samples by adaptive importance sampling.

Proposals are mixtures that are moved towards the posterior by bridging (population Monte Carlo with weights
raised to a power that keeps enough of them alive: Cappé et al. 2008, Koblents and Míguez 2015). The samples
that are returned come from one last proposal that does not depend on them, mixed with the prior, so the
estimate is the plain self-normalised one.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from scipy.special import logsumexp

from slipbench.benchmarks.limits.mixture import Mixture, fit_mixture

#: Log of the target density (n,) at points (n, k), up to a constant; -inf where impossible.
LogTarget = Callable[[np.ndarray], np.ndarray]


@dataclass(frozen=True)
class Effort:
    """How hard to try.

    Parameters
    ----------
    draws : int
        Draws of one round.
    rounds : int
        Most rounds of adaptation.
    components : int
        Most components of a proposal.
    enough : float
        Effective sample size at which the last stage ends.
    most : int
        Most draws of the last stage.
    """

    draws: int = 4000
    rounds: int = 20
    components: int = 12
    enough: float = 1000.0
    most: int = 40_000

    def doubled(self) -> "Effort":
        """Twice the draws, in rounds and at most, and twice the components."""
        return replace(self, draws=2 * self.draws, components=2 * self.components, most=2 * self.most)


@dataclass(frozen=True)
class Draws:
    """Weighted draws from a posterior.

    Parameters
    ----------
    x : ndarray, shape (n, k)
        Points.
    log_weight : ndarray, shape (n,)
        Log of target over proposal.
    rounds : int
        Rounds of adaptation that were used.
    evaluations : int
        Evaluations of the target in all.
    log_evidence : float
        Log of the integral of the target.
    """

    x: np.ndarray
    log_weight: np.ndarray
    rounds: int
    evaluations: int
    log_evidence: float

    @property
    def weight(self) -> np.ndarray:
        """Weights (n,) of sum 1."""
        return normalised(self.log_weight)

    @property
    def effective(self) -> float:
        """Effective sample size 1 / sum of squared weights (Kong 1992)."""
        return effective(self.log_weight)


#: Share of the defensive part (the prior, or a wide mixture) in every proposal (Hesterberg 1995).
_DEFENSIVE = 0.05
_ALIVE = 0.15  # share of a round's draws that the tempered weights keep effective
_GOOD = 0.4  # share of effective draws beyond which a proposal is not worth improving


def sample(
    target: LogTarget, prior: Mixture, first: Mixture, effort: Effort, rng: np.random.Generator
) -> Draws:
    """Sample a posterior.

    Parameters
    ----------
    target : callable
        Log of prior times likelihood.
    prior : Mixture
        Something wide that covers all of the target; part of every proposal.
    first : Mixture
        First guess.
    effort : Effort
        Sizes and limits.
    rng : Generator
        Random stream.
    """
    proposal, best, done = first, (-1.0, first), 0
    used, stale = 0, 0
    while done < effort.rounds:
        done += 1
        x, log_weight = _weighted(target, prior, proposal, effort.draws, rng)
        used += effort.draws
        share = effective(log_weight) / effort.draws
        stale = 0 if share > best[0] * 1.15 else stale + 1
        if share > best[0]:
            best = (share, proposal)
        if share > _GOOD or (stale >= 3 and best[0] > 0.05):
            break
        weight = normalised(power(log_weight, _ALIVE * effort.draws) * log_weight)
        proposal = fit_mixture(x, weight, effort.components, rng)
    kept_x, kept_weight, total = [], [], 0.0
    while total < effort.most:
        x, log_weight = _weighted(target, prior, best[1], effort.draws, rng)
        kept_x.append(x)
        kept_weight.append(log_weight)
        total += effort.draws
        if effective(np.concatenate(kept_weight)) >= effort.enough:
            break
    log_weight = np.concatenate(kept_weight)
    evidence = float(logsumexp(log_weight) - np.log(total))
    return Draws(np.concatenate(kept_x), log_weight, done, used + int(total), evidence)


def _weighted(
    target: LogTarget, prior: Mixture, proposal: Mixture, n: int, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Draws from the proposal and the prior together, and their log weights."""
    few = round(_DEFENSIVE * n)
    x = np.concatenate([proposal.draw(n - few, rng), prior.draw(few, rng)])
    share = few / n
    density = np.logaddexp(np.log1p(-share) + proposal.log_density(x), np.log(share) + prior.log_density(x))
    return x, target(x) - density


def effective(log_weight: np.ndarray) -> float:
    """Effective sample size of unnormalised log weights."""
    top = log_weight.max()
    if not np.isfinite(top):
        return 0.0
    w = np.exp(log_weight - top)
    return float(w.sum() ** 2 / (w**2).sum())


def normalised(log_weight: np.ndarray) -> np.ndarray:
    """Weights of sum 1."""
    w = np.exp(log_weight - log_weight.max())
    return w / w.sum()


def power(log_weight: np.ndarray, enough: float) -> float:
    """Largest power up to 1 that leaves an effective sample size of `enough`."""
    finite = np.maximum(log_weight, -1e280)
    if effective(finite) >= enough:
        return 1.0
    low, high = 0.0, 1.0
    for _ in range(40):
        middle = (low + high) / 2
        low, high = (middle, high) if effective(middle * finite) >= enough else (low, middle)
    return low
