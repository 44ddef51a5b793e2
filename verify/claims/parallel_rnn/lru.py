"""An extra of the companion article: what the normalisation of a linear recurrent unit does, and for which inputs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

import verify.claims.parallel_rnn.doubling  # noqa: F401  declares the role parallel_rnn.doubling_scan
from verify.claims import Case, Evidence, Figure, claim, figure, grid, mutant, role, series
from verify.claims.sources import RNN_COMPANION
from verify.evidence import Enclosure, at_most, exact, gap

TERMS = 512  # of the response to one input: |λ|^1024 is left out, 2e-23 at |λ| = 0.95


@role(
    "parallel_rnn.lru_variance",
    numbers="pole λ, |λ| < 1, correlation ρ of neighbouring inputs: a complex, a float; a float",
)
def lru_variance(pole: complex, correlation: float) -> float:
    """Re (1 + λρ) / (1 − λρ): E|x|² of x_t = λ x_{t−1} + √(1 − |λ|²) u_t at rest, E u_t u_{t−k} = ρ^k."""
    z = pole * correlation
    return float(np.real((1 + z) / (1 - z)))


@mutant("parallel_rnn.lru_variance", slip="1 for every input, as for white ones")
def white_inputs(pole: complex, correlation: float) -> float:
    return 1.0


@mutant("parallel_rnn.lru_variance", slip="the modulus of the pole in place of the pole")
def modulus_only(pole: complex, correlation: float) -> float:
    return lru_variance(abs(pole), correlation)


@mutant("parallel_rnn.lru_variance", slip="the correlation counted once: 1 + Re λρ / (1 − λρ)")
def one_side(pole: complex, correlation: float) -> float:
    return (1 + lru_variance(pole, correlation)) / 2


@claim(
    id="parallel_rnn.lru-variance",
    title="The normalisation of a linear recurrent unit gives unit variance for white inputs only",
    statement=r"x_t = \lambda x_{t-1} + \sqrt{1 - |\lambda|^2}\, u_t,\; \mathbb E\, u_t u_{t-k} = \rho^k: \qquad "
    r"\mathbb E |x_t|^2 \to \operatorname{Re} \frac{1 + \lambda\rho}{1 - \lambda\rho}",
    source=RNN_COMPANION.at("the normalisation of the LRU"),
    role=("parallel_rnn.lru_variance", "parallel_rnn.doubling_scan"),
    evidence=Evidence.EXACT,
    region=at_most(
        1e-10,
        because="two sums of 512 products round by 1024 eps = 2.3e-13 of their terms' sizes, which add up to at most 164 times "
        "the variance, at λ = −0.95 and ρ = 0.9: 3.8e-11",
    ),
    cases=grid(size=(0.5, 0.95), angle=(0.0, 1.0, 3.0), correlation=(0.0, 0.9)).full(
        angle=(0.0, 0.3, 1.0, 2.0, 3.0), correlation=(-0.9, 0.0, 0.5, 0.9)
    ),
    quantity="|sum over pairs of responses / formula − 1|",
    refutes="Scaled by √(1 − |λ|²), the inputs of a linear recurrent unit give a state of variance 1.",
)
def variance_is_known(variance: Any, scan: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    pole = case.size * np.exp(1j * case.angle)
    impulse = np.zeros((TERMS, 1))
    impulse[0] = np.sqrt(1 - case.size**2)
    response = scan(np.array([pole]), impulse, np.zeros(1))[:, 0]
    lags = np.abs(np.subtract.outer(np.arange(TERMS), np.arange(TERMS)))
    summed = np.real(np.conj(response) @ case.correlation**lags @ response)
    yield exact(gap(summed / variance(pole, case.correlation), 1.0))


@figure(of="parallel_rnn.lru-variance")
def variance_against_correlation() -> Figure:
    rho = np.linspace(-0.95, 0.95, 77)
    poles = {"λ = 0.95": 0.95, "λ = 0.5": 0.5, "λ = 0.95 e^i": 0.95 * np.exp(1j), "λ = −0.95": -0.95}
    return Figure(
        "Variance of a normalised linear recurrent unit",
        "It is 1 for white inputs; for inputs with the correlation 0.9 the pole 0.95 has 12.8, and its negative a thirteenth.",
        "correlation ρ of neighbouring inputs",
        "E|x|²",
        tuple(series(name, rho, [lru_variance(pole, r) for r in rho]) for name, pole in poles.items()),
        y_log=True,
    )
