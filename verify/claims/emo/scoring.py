"""Entry 9: the loss is no proper score. Its population minimiser is a medoid, not the data's law."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from typing import Any

import numpy as np

from verify.claims import Case, Evidence, Figure, claim, figure, grid, mutant, role, series
from verify.claims.emo.instances import Floats
from verify.claims.sources import EMO_ARTICLE
from verify.evidence import Enclosure, at_most, exact, exactly, gap, slope, within, worst
from verify.methods import earth_mover

SOURCE = EMO_ARTICLE.at("training by the loss alone, and mixed with cross-entropy")
PROPER = "Minimising the EMO loss aligns the model with the distribution of the data."
HALF = Fraction(1, 2)
Law = list[Fraction]
Costs = list[list[Fraction]]


def three_words() -> tuple[Law, Costs]:
    """(q, C): two classes that occur and, between their directions, a third that never does."""
    u = [(Fraction(4, 5), Fraction(3, 5)), (Fraction(4, 5), Fraction(-3, 5)), (Fraction(1), Fraction(0))]
    return [HALF, HALF, Fraction(0)], [[1 - a * c - b * d for c, d in u] for a, b in u]


def expected_costs(q: Law, cost: Costs) -> Law:
    """C q."""
    return [sum((c * mass for c, mass in zip(row, q, strict=True)), Fraction(0)) for row in cost]


@role("emo.population_minimiser", numbers="q (n,), C (n, n): fractions; the prediction p (n,) that minimises p'Cq")
def medoid(q: Law, cost: Costs) -> Law:
    """All mass on the class of least expected cost: p'Cq is linear in p."""
    mean = expected_costs(q, cost)
    best = min(range(len(q)), key=lambda i: mean[i])
    return [Fraction(i == best) for i in range(len(q))]


@mutant("emo.population_minimiser", slip="the law of the data itself, as for a proper score")
def the_data(q: Law, cost: Costs) -> Law:
    return q


@mutant("emo.population_minimiser", slip="the most probable class")
def the_mode(q: Law, cost: Costs) -> Law:
    best = max(range(len(q)), key=lambda i: q[i])
    return [Fraction(i == best) for i in range(len(q))]


@claim(
    id="emo.improper-scoring",
    title="The loss is minimised by a medoid of the data, which need not occur in them",
    statement=r"q = (\tfrac12, \tfrac12, 0),\; Cq = (\tfrac9{25}, \tfrac9{25}, \tfrac15): \qquad "
    r"\arg\min_p p^\top C q = \delta_3 \ne q",
    source=SOURCE,
    role="emo.population_minimiser",
    evidence=Evidence.CERTIFIED,
    region=exactly(
        0, because="the least value of a linear function on the simplex is at a vertex; both sides are fractions"
    ),
    quantity="p'Cq − min (Cq)",
    refutes=PROPER,
)
def medoid_minimises(minimiser: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    q, cost = three_words()
    mean = expected_costs(q, cost)
    if mean != [Fraction(9, 25), Fraction(9, 25), Fraction(1, 5)]:
        raise AssertionError("the witness is not the one that is stated")
    yield exact(sum(p * c for p, c in zip(minimiser(q, cost), mean, strict=True)) - min(mean))


role("emo.mixture_minimizer", numbers="q (n,), mean cost (n,), weight: arrays and a float; p (n,)")(
    earth_mover.mixture_minimizer
)


@mutant("emo.mixture_minimizer", slip="an exponential tilt: q exp(−λ c), normalised")
def tilted(q: Floats, mean_cost: Floats, weight: float) -> Floats:
    p = q * np.exp(-weight * (mean_cost - mean_cost.min()))
    return np.asarray(p / p.sum())


@mutant("emo.mixture_minimizer", slip="the law of the data, whatever the weight")
def data_law(q: Floats, mean_cost: Floats, weight: float) -> Floats:
    return q


@mutant("emo.mixture_minimizer", slip="no branch for μ = 0: the missing mass is shared out by scaling")
def without_branch(q: Floats, mean_cost: Floats, weight: float) -> Floats:
    p = earth_mover.mixture_minimizer(q, mean_cost, weight)
    p = np.where(q > 0, p, 0.0)
    return np.asarray(p / p.sum())


@mutant("emo.mixture_minimizer", slip="the weight put on cross-entropy in place of the transport loss")
def weight_on_entropy(q: Floats, mean_cost: Floats, weight: float) -> Floats:
    return earth_mover.mixture_minimizer(q, mean_cost, 1 / weight)


def witness() -> tuple[Floats, Floats]:
    """(q, C q) of the three words, as floats."""
    q, cost = three_words()
    return np.array(q, float), np.array(expected_costs(q, cost), float)


MIXTURE = r"\min_p \; -\textstyle\sum_i q_i \log p_i + \lambda\, p^\top \bar c"


@claim(
    id="emo.improper-scoring.leak",
    title="Mixed with cross-entropy, the loss still gives mass to a class that never occurs",
    statement=MIXTURE + r": \qquad p_3 = \max\big(0,\, 1 - \tfrac{25}{4\lambda}\big)",
    source=SOURCE,
    role="emo.mixture_minimizer",
    evidence=Evidence.EXACT,
    region=at_most(
        1e-12,
        because="one quotient and one difference of numbers at most 1; 4/25 is rounded twice before: 1e-15 relative",
    ),
    cases=grid(weight=(0.5, 6.0, 6.5, 10.0, 100.0)).full(weight=(0.001, 0.5, 6.0, 6.25, 6.5, 10.0, 100.0, 1000.0)),
    quantity="|mass of the unseen class − closed form|",
    refutes=PROPER,
)
def unseen_mass(minimiser: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    q, mean_cost = witness()
    yield exact(gap(minimiser(q, mean_cost, case.weight)[2], max(0.0, 1 - 25 / (4 * case.weight))))


@claim(
    id="emo.improper-scoring.optimality",
    title="The mixture's minimiser satisfies the conditions of Lagrange",
    statement=r"\frac{q_i}{p_i} = \mu + \lambda\,(\bar c_i - \min \bar c), \qquad \sum_i p_i = 1",
    source=SOURCE,
    role="emo.mixture_minimizer",
    evidence=Evidence.EXACT,
    region=at_most(
        1e-12, because="a root to the last digit and a quotient a class: n eps = 1e-15 relative to the largest term"
    ),
    cases=grid(weight=(0.1, 1.0, 10.0), draws=(3,)).full(weight=tuple(10.0**k for k in range(-3, 4)), draws=(50,)),
    quantity="largest relative residual",
)
def lagrange(minimiser: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    def residual() -> Enclosure:
        q = rng.dirichlet(np.ones(5))
        mean_cost = earth_mover.cosine_cost(rng.normal(size=(5, 3))) @ q
        p = minimiser(q, mean_cost, case.weight)
        terms = q / p
        mu = terms - case.weight * (mean_cost - mean_cost.min())
        return exact(max(gap(mu / terms.max(), np.full(5, mu.mean()) / terms.max()), gap(p.sum(), 1.0)))

    yield worst(residual() for _ in range(case.draws))


@claim(
    id="emo.improper-scoring.numerical",
    title="A general solver finds the same minimiser",
    statement=MIXTURE,
    source=SOURCE,
    role="emo.mixture_minimizer",
    evidence=Evidence.EXACT,
    region=at_most(
        1e-6,
        because="the solver stops at a gradient of 1e-10 of an objective whose curvature q / p² is at least q_i ≥ 1e-3",
    ),
    cases=grid(weight=(0.1, 1.0, 10.0), draws=(2,)).full(draws=(20,)),
    quantity="largest |closed form − numerical|",
)
def numerical_minimiser(minimiser: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    from scipy.optimize import minimize

    def difference() -> Enclosure:
        q = rng.dirichlet(np.full(5, 5.0))
        mean_cost = earth_mover.cosine_cost(rng.normal(size=(5, 3))) @ q

        def objective(z: Any) -> tuple[float, Any]:  # in logits, where the simplex has no edge
            p = np.exp(z - z.max())
            p /= p.sum()
            value = -(q @ np.log(p)) + case.weight * (p @ mean_cost)
            return value, (p - q) + case.weight * p * (mean_cost - p @ mean_cost)

        z = minimize(objective, np.log(q), jac=True, method="BFGS", options={"gtol": 1e-10, "maxiter": 10_000}).x
        p = np.exp(z - z.max())
        return exact(gap(minimiser(q, mean_cost, case.weight), p / p.sum()))

    yield worst(difference() for _ in range(case.draws))


@claim(
    id="emo.improper-scoring.expansion",
    title="To first order, mass moves against the excess cost",
    statement=r"p_\lambda = q - \lambda\, q \circ (\bar c - q^\top \bar c) + O(\lambda^2)",
    source=SOURCE,
    role="emo.mixture_minimizer",
    evidence=Evidence.RATE,
    region=within(
        1.98,
        2.02,
        because="over λ = 1e-4 … 1e-2 the λ³ term is below 1e-2 of the λ² term, which bends the slope by less",
    ),
    quantity="slope of log remainder against log λ",
)
def second_order(minimiser: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    q = rng.dirichlet(np.full(5, 5.0))
    mean_cost = earth_mover.cosine_cost(rng.normal(size=(5, 3))) @ q
    weights = np.geomspace(1e-4, 1e-2, 5)
    remainder = [gap(minimiser(q, mean_cost, w), q - w * q * (mean_cost - q @ mean_cost)) for w in weights]
    yield exact(slope(np.log(weights), np.log(np.maximum(remainder, 1e-300))))


@claim(
    id="emo.improper-scoring.monotone",
    title="More weight buys less cost and pays in likelihood",
    statement=r"\lambda \mapsto p_\lambda^\top \bar c \text{ falls}, \qquad \lambda \mapsto -\textstyle\sum_i q_i \log p_{\lambda,i} "
    r"\text{ rises}",
    source=SOURCE,
    role="emo.mixture_minimizer",
    evidence=Evidence.CERTIFIED,
    region=exactly(
        0, because="a count of steps in the wrong direction by more than 1e-12, a hundred times the rounding"
    ),
    cases=grid(draws=(3,)).full(draws=(50,)),
    quantity="steps in the wrong direction",
)
def trade_off(minimiser: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    wrong = 0
    for _ in range(case.draws):
        q = rng.dirichlet(np.ones(5))
        mean_cost = earth_mover.cosine_cost(rng.normal(size=(5, 3))) @ q
        path = np.array([minimiser(q, mean_cost, w) for w in np.geomspace(1e-2, 1e2, 15)])
        wrong += int(np.sum(np.diff(path @ mean_cost) > 1e-12) + np.sum(np.diff(-np.log(path) @ q) < -1e-12))
    yield exact(wrong)


@figure(of="emo.improper-scoring.leak")
def leak_against_weight() -> Figure:
    q, mean_cost = witness()
    weights = np.geomspace(0.1, 1000, 80)
    path = np.array([earth_mover.mixture_minimizer(q, mean_cost, w) for w in weights])
    return Figure(
        "Where the mixed loss puts its mass",
        "From a weight of 6.25 on, the class that never occurs takes mass from the two that do; in the end it has all.",
        "weight λ of the transport loss",
        "probability",
        (
            series("each class that occurs", weights, path[:, 0]),
            series("class that never occurs", weights, path[:, 2], kind="dashed"),
            series("λ = 25/4", x=(6.25,), kind="vline"),
        ),
        x_log=True,
    )
