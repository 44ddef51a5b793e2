"""Entry 3: what the independent coupling costs, term by term, and how far below it the distance can lie."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from verify.claims import Case, Evidence, Figure, claim, figure, grid, mutant, role, series
from verify.claims.emo.instances import Floats, linear_programme
from verify.claims.sources import EMO_PAPER, GELBRICH
from verify.evidence import Enclosure, Vacuous, at_least, at_most, exact, gap, worst
from verify.methods import earth_mover

SOURCE = EMO_PAPER.at("DEMD, the bound by the independent coupling")

role("emo.demd_gap_terms", numbers="p, q (n,), embeddings (n, d): arrays; GapTerms of four floats")(
    earth_mover.demd_gap_terms
)


def unit(embeddings: Floats) -> Floats:
    """Rows of length 1."""
    return np.asarray(embeddings / np.linalg.norm(embeddings, axis=1, keepdims=True))


@mutant("emo.demd_gap_terms", slip="the half in front of the mean error is dropped")
def half_dropped(p: Floats, q: Floats, embeddings: Floats) -> earth_mover.GapTerms:
    terms = earth_mover.demd_gap_terms(p, q, embeddings)
    return terms._replace(mean_part=2 * terms.mean_part)


@mutant("emo.demd_gap_terms", slip="second moments in place of covariances: the mean is not subtracted")
def raw_moments(p: Floats, q: Floats, embeddings: Floats) -> earth_mover.GapTerms:
    return earth_mover.demd_gap_terms(p, q, embeddings)._replace(spread_p=0.5, spread_q=0.5)


@mutant("emo.demd_gap_terms", slip="the mean vectors are normalised")
def normalised_means(p: Floats, q: Floats, embeddings: Floats) -> earth_mover.GapTerms:
    means = unit(np.stack([p, q]) @ unit(embeddings))
    part = float(np.sum((means[0] - means[1]) ** 2)) / 2
    return earth_mover.demd_gap_terms(p, q, embeddings)._replace(mean_part=part)


@mutant("emo.demd_gap_terms", slip="nothing to move where p = q")
def nothing_for_equals(p: Floats, q: Floats, embeddings: Floats) -> earth_mover.GapTerms:
    terms = earth_mover.demd_gap_terms(p, q, embeddings)
    return terms._replace(spread_p=0.0, spread_q=0.0) if np.array_equal(p, q) else terms


@mutant("emo.demd_gap_terms", slip="the independent coupling taken as the best: no fidelity")
def no_fidelity(p: Floats, q: Floats, embeddings: Floats) -> earth_mover.GapTerms:
    return earth_mover.demd_gap_terms(p, q, embeddings)._replace(fidelity=0.0)


def instances(rng: np.random.Generator, draws: int) -> Iterator[tuple[Floats, Floats, Floats]]:
    """(p, q, embeddings): dense ones; every sixth has p = q, every sixth two labels."""
    for k in range(draws):
        n, d = int(rng.integers(2, 21)), int(rng.integers(2, 11))
        p, q = rng.dirichlet(np.full(n, 0.7), 2)
        if k % 6 == 4:
            q = p
        if k % 6 == 5:
            p, q = np.eye(n)[rng.integers(n, size=2)]
        yield p, q, rng.normal(size=(n, d))


IDENTITY = (
    r"p^\top C q = \tfrac12 \|\bar u_p - \bar u_q\|^2 + \tfrac12 (1 - \|\bar u_p\|^2) + \tfrac12 (1 - \|\bar u_q\|^2)"
)
ROUNDING = "sums of n = 20 products and of d = 10 squares of numbers at most 1: (n + d) eps = 6.7e-15, in three terms of two forms"


@claim(
    id="emo.demd-gap-decomposition",
    title="The cheap bound is mean error plus the spread of both sides",
    statement=IDENTITY,
    source=SOURCE,
    role="emo.demd_gap_terms",
    evidence=Evidence.EXACT,
    region=at_most(1e-12, because=ROUNDING),
    cases=grid(draws=(100,)).full(draws=(2000,)),
    quantity="|sum of the parts − pᵀCq|",
)
def parts_add_up(terms: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    def difference(p: Floats, q: Floats, embeddings: Floats) -> Enclosure:
        u = unit(embeddings)
        return exact(gap(sum(terms(p, q, embeddings)[:3]), p @ (1 - u @ u.T) @ q))

    yield worst(difference(*one) for one in instances(rng, case.draws))


@claim(
    id="emo.demd-gap-decomposition.lower-bound",
    title="The distance lies at most a fidelity below the cheap bound",
    statement=r"p^\top C q - \operatorname{EMD}(p,q) \;\le\; "
    r"\operatorname{tr}\big(\Sigma_p^{1/2} \Sigma_q \Sigma_p^{1/2}\big)^{1/2}",
    source=GELBRICH.at("the theorem, halved because 1 − cos = ½|u − u'|²"),
    role="emo.demd_gap_terms",
    evidence=Evidence.EXACT,
    region=at_least(-1e-12, because="as the identity; the fidelity is taken from factors, so no root of a singular matrix is "
                    "rounded: 2 eps (4n + 8d + 20)(d + 1) = 8.8e-13 at n = 20, d = 10"),
    cases=grid(draws=(100,)).full(draws=(2000,)),
    quantity="least EMD − lower bound",
)  # fmt: skip
def gelbrich(terms: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    slack, share = [], []
    for p, q, embeddings in instances(rng, case.draws):
        found = terms(p, q, embeddings)
        emd = earth_mover.emd_exact(p, q, earth_mover.cosine_cost(embeddings)).cost
        bound = sum(found[:3]) - found.fidelity
        slack.append(emd - bound)
        truth = earth_mover.demd_gap_terms(p, q, embeddings)
        if truth.fidelity > 1e-6:
            share.append((sum(truth[:3]) - emd) / truth.fidelity)
    if not 0.3 <= np.median(share) <= 0.95:
        raise Vacuous(f"the gap is {np.median(share):.2f} of the fidelity in the median: the bound is not tried")
    yield exact(-gap(np.minimum(slack, 0), 0 * np.asarray(slack)))


@claim(
    id="emo.demd-gap-decomposition.covariance",
    title="The gap is the largest covariance that a coupling can have",
    statement=r"p^\top C q - \operatorname{EMD}(p,q) = \max_{\gamma \in \Pi(p,q)} \operatorname{tr} "
    r"\operatorname{Cov}_\gamma(u, u')",
    source=SOURCE,
    role="emo.emd_exact",
    evidence=Evidence.EXACT,
    region=at_most(1e-8, because="HiGHS finds the gap by another way: 40 marginals, each wrong by 1e-10 at a price of 2: 8e-9; "
                   "the corner plan's covariance is off by 1e-2"),
    cases=grid(draws=(20,)).full(draws=(200,)),
    quantity="|gap by HiGHS − covariance under the plan|",
)  # fmt: skip
def gap_is_covariance(emd: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    def difference(p: Floats, q: Floats, embeddings: Floats) -> Enclosure:
        u = unit(embeddings)
        cost = earth_mover.cosine_cost(embeddings)
        covariance = float(np.sum(emd(p, q, cost).plan * (u @ u.T)) - (p @ u) @ (q @ u))
        return exact(gap(p @ cost @ q - linear_programme(p, q, cost), covariance))

    yield worst(difference(*one) for one in instances(rng, case.draws))


@claim(
    id="emo.demd-gap-decomposition.real",
    title="So it is on the neighbourhoods of real tokens",
    statement=IDENTITY,
    source=SOURCE,
    role="emo.demd_gap_terms",
    evidence=Evidence.EXACT,
    region=at_most(
        1e-12,
        because="20 products and 256 squares of numbers at most 1: 276 eps = 6.1e-14, in three terms",
    ),
    cases=grid(tokens=(20,)).full(tokens=(500,)),
    quantity="|sum of the parts − pᵀCq|",
)
def parts_add_up_on_words(terms: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    from verify.data import word_vectors

    vectors = word_vectors().vectors.astype(float)
    directions = unit(vectors)

    def difference(token: int) -> Enclosure:
        near = np.argsort(directions @ directions[token])[-20:]
        p, q = rng.dirichlet(np.full(20, 0.7), 2)
        u = directions[near]
        return exact(gap(sum(terms(p, q, vectors[near])[:3]), p @ (1 - u @ u.T) @ q))

    yield worst(difference(int(token)) for token in rng.integers(259, len(vectors), case.tokens))


@figure(of="emo.demd-gap-decomposition.lower-bound")
def bounds_sorted() -> Figure:
    rng = np.random.default_rng(9797)
    rows = []
    for p, q, embeddings in instances(rng, 90):
        terms = earth_mover.demd_gap_terms(p, q, embeddings)
        emd = earth_mover.emd_exact(p, q, earth_mover.cosine_cost(embeddings)).cost
        rows.append((emd, sum(terms[:3]), sum(terms[:3]) - terms.fidelity, terms.mean_part))
    emds, upper, lower, mean_part = np.array(sorted(rows)).T
    order = np.arange(len(rows))
    return Figure(
        "The distance between its bounds",
        "The independent coupling lies above the distance, the fidelity bound close below it, the mean error far below.",
        "instances, sorted by distance",
        "cost",
        (
            series("independent coupling", order, upper, kind="dots"),
            series("EMD", order, emds),
            series("fidelity bound", order, lower, kind="dashed"),
            series("mean error", order, mean_part, kind="dots"),
        ),
    )
