"""Entry 9, fourth part: the scale at which a softmax has a wanted entropy."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy as np

from verify.claims import Case, Evidence, claim, grid, mutant, role
from verify.claims.jl_entropy.trial_scores import scores
from verify.claims.sources import JL_ENTROPY
from verify.evidence import Enclosure, accepted, at_most, exact, exactly, gap
from verify.methods import softmax_entropy as se

SOURCE = JL_ENTROPY.at("the entropy as a function of the scale")

role("jl_entropy.entropy_matching_scale", numbers="scores (n,) or (m, n), target: nats; beta > 0")(
    se.entropy_matching_scale
)


@mutant("jl_entropy.entropy_matching_scale", slip="Newton without a bracket, ten steps")
def no_bracket(s: Any, target: Any) -> Any:
    s = np.atleast_2d(s)
    log_beta = np.zeros(len(s))
    for _ in range(10):
        x = np.exp(log_beta)[:, None] * s
        log_beta += (se.softmax_entropy(x) - target) / np.maximum(se.softmax_varentropy(x), 1e-300)
        log_beta = np.clip(log_beta, -300, 300)
    return np.exp(log_beta)


@mutant("jl_entropy.entropy_matching_scale", slip="the Gaussian start sqrt(2 (log n - H)) / std for the solution")
def start_only(s: Any, target: Any) -> Any:
    s = np.atleast_2d(s)
    spread = s.std(axis=1) if s.size else np.ones(len(s))
    return np.sqrt(2 * np.maximum(np.log(max(s.shape[1], 1)) - target, 0)) / np.maximum(spread, 1e-12)


@mutant("jl_entropy.entropy_matching_scale", slip="the target read as a perplexity")
def perplexity(s: Any, target: Any) -> Any:
    ceiling = np.log(np.shape(s)[-1]) * (1 - 1e-6)
    return se.entropy_matching_scale(s, np.minimum(np.exp(target), ceiling))


@mutant("jl_entropy.entropy_matching_scale", slip="targets that no scale reaches are answered")
def clipped_targets(s: Any, target: Any) -> Any:
    try:
        return se.entropy_matching_scale(s, target)
    except ValueError:
        return 1.0


@claim(
    id="jl_entropy.entropy-calculus.matching",
    title="One scale matches every entropy between that of the ties and log n",
    statement=r"H(\beta s) = H^* \quad \text{has one solution for } \log(\text{number of maxima}) < H^* < \log n",
    source=SOURCE,
    role="jl_entropy.entropy_matching_scale",
    evidence=Evidence.EXACT,
    region=at_most(
        1e-9,
        because="the residual is at most 1e-10 of the target by construction, and the target at most log 1000 = 6.9",
    ),
    cases=grid(scores=("normal", "two", "heavy", "spike"), share=(0.02, 0.5, 0.98)),
    quantity="largest residual, nats",
)
def scale_matches(matching: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    if case.scores == "spike":
        s = np.concatenate([np.full((4, 1), 50.0), rng.normal(size=(4, 999))], axis=1)
    else:
        s = scores(rng, case.scores, rows=20, n=60)
        s[:, 0] += 1e-3 * (s.max(axis=1) == s.min(axis=1))  # a row of equal scores has one entropy only
    lowest = np.log((s == s.max(axis=1, keepdims=True)).sum(axis=1))
    target = lowest + case.share * (math.log(s.shape[1]) - lowest)
    beta = matching(s, target)
    yield exact(gap(se.softmax_entropy(np.asarray(beta)[:, None] * s), target))


@claim(
    id="jl_entropy.entropy-calculus.sines",
    title="An example that others can repeat: a thousand sines",
    statement=r"s_j = \sin j,\ j \le 1000: \quad \beta(H = 4) = 145.52227420753, \quad \beta(6.5) = 1.5343854258",
    source=SOURCE,
    role="jl_entropy.entropy_matching_scale",
    evidence=Evidence.EXACT,
    region=at_most(
        1e-9,
        because="a residual of 1e-10 H over the varentropy, at least 0.25, is 1.6e-9 at worst, and "
        "Newton's last step squares it",
    ),
    cases=grid(target=(4.0, 6.5)),
    quantity="relative difference to the printed number",
)
def thousand_sines(matching: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    printed = {4.0: 145.52227420753, 6.5: 1.5343854258}[case.target]
    yield exact(gap(np.ravel(matching(np.sin(np.arange(1.0, 1001.0)), case.target))[0] / printed, 1.0))


@claim(
    id="jl_entropy.entropy-calculus.door",
    title="A target that no scale reaches is refused",
    statement=r"\log(\text{number of maxima}) < H^* < \log n",
    source=SOURCE,
    role="jl_entropy.entropy_matching_scale",
    evidence=Evidence.CERTIFIED,
    region=exactly(0, because="a count of bad calls that were answered"),
    quantity="bad calls accepted",
)
def matching_door(matching: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    ties = [1.0, 1.0, 0.0]
    bad = [
        ([0.0, 1.0], math.log(2)),
        ([0.0, 1.0], 0.0),
        (ties, math.log(2)),
        ([1.0, 1.0], 0.5),
        ([], 0.5),
        ([math.nan, 1.0], 0.5),
        ([0.0, 1.0], math.nan),
    ]
    yield exact(accepted(matching, bad, ValueError))
