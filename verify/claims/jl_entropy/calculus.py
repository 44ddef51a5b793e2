"""Entry 9, first part: the entropy falls with the inverse temperature at the rate of the varentropy."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator
from typing import Any

import numpy as np

from verify.claims import Case, Evidence, claim, grid, mutant, role
from verify.claims.jl_entropy.differences import derivative
from verify.claims.jl_entropy.trial_scores import KINDS, scores
from verify.claims.sources import JL_ENTROPY
from verify.evidence import Enclosure, Vacuous, at_most, exact, gap
from verify.methods import softmax_entropy as se
from verify.methods.numerics import softmax

SOURCE = JL_ENTROPY.at("the entropy as a function of the scale")

role("jl_entropy.softmax_varentropy", numbers="x (..., n): floats; Var_p(x) of p = softmax(x)")(se.softmax_varentropy)


@mutant("jl_entropy.softmax_varentropy", slip="the second moment, not centred")
def not_centred(x: Any) -> Any:
    return (softmax(x) * np.square(x)).sum(axis=-1)


@mutant("jl_entropy.softmax_varentropy", slip="centred at the uniform mean, not at the mean under p")
def uniform_mean(x: Any) -> Any:
    x = np.asarray(x)
    return (softmax(x) * np.square(x - x.mean(axis=-1, keepdims=True))).sum(axis=-1)


@mutant("jl_entropy.softmax_varentropy", slip="the uniform variance of the scores")
def plain_variance(x: Any) -> Any:
    return np.var(x, axis=-1)


@claim(
    id="jl_entropy.entropy-calculus",
    title="The entropy falls with the logarithm of the scale at the rate of the varentropy",
    statement=r"\frac{dH(\beta s)}{d\log\beta} = -V(\beta s)",
    source=SOURCE,
    role="jl_entropy.softmax_varentropy",
    evidence=Evidence.EXACT,
    region=at_most(
        1e-6,
        because="the fourth-order difference of step h = 1e-3 errs by h^4 times a fifth derivative, "
        "below 1e6 V for gaps of 6; "
        "rounding of H over V > 1e-3 and the step is 2e-12",
    ),
    cases=grid(scores=KINDS, beta=(0.3, 1.0, 2.0)),
    quantity="largest relative error where V > 1e-3",
)
def derivative_is_varentropy(varentropy: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    s = scores(rng, case.scores)
    s = s / np.maximum(1, s.max(axis=1, keepdims=True) - s.min(axis=1, keepdims=True)) * 3

    def H(step: float) -> Any:
        return se.softmax_entropy(case.beta * math.exp(step) * s)

    slope = derivative(H, 1e-3)
    V = varentropy(case.beta * s)
    large = -slope > 1e-3
    if not large.any():
        raise Vacuous("no row has a varentropy above 1e-3")
    yield exact(gap(-slope[large] / np.where(V[large] == 0, np.nan, V[large]), 1.0))


@claim(
    id="jl_entropy.entropy-calculus.integral",
    title="What the entropy has lost is the integral of the varentropy",
    statement=r"\log n - H(\beta s) = \int_0^\beta \frac{V(ts)}{t}\, dt",
    source=SOURCE,
    role="jl_entropy.softmax_varentropy",
    evidence=Evidence.EXACT,
    region=at_most(
        1e-9,
        because="64 Gauss-Legendre nodes over twenty e-folds of t, in eight panels, for a smooth "
        "integrand; below e^-20 V/t^2 is constant",
    ),
    cases=grid(scores=("normal", "two"), beta=(0.3, 3.0)),
    quantity="largest |difference|",
)
def integral_of_varentropy(varentropy: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    s = scores(rng, case.scores, rows=5)
    at, weight = np.polynomial.legendre.leggauss(64)
    edges = math.log(case.beta) + np.linspace(-20, 0, 9)
    total = np.zeros(len(s))
    for a, b in itertools.pairwise(edges):
        for x, w in zip(at, weight, strict=True):
            total += (b - a) / 2 * w * varentropy(math.exp((a + b) / 2 + (b - a) / 2 * x) * s)
    yield exact(gap(total, math.log(s.shape[1]) - se.softmax_entropy(case.beta * s)))
