"""Entry 11, continued: noise on tokens, then decoding, is another law; noise on whole paths is exact."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy as np

from verify.claims import Case, Evidence, claim, grid, mutant, role
from verify.claims.sources import SEGMENTATION_PERTURB
from verify.claims.viterbi_sampling.instances import default
from verify.evidence import Enclosure, at_most, exact, gap, probability, total_variation, within


@role("viterbi_sampling.perturbed_win", numbers="nothing; the probability, a float")
def perturbed_win() -> float:
    """P(G_0 > max(G_1 + G_2, G_3 + G_4)) of independent Gumbel noise, one a token; the sums have F_2(x) = t K_1(t), t = 2 e^(-x/2)."""
    from scipy.integrate import quad
    from scipy.special import k1

    def integrand(x: float) -> float:
        t = 2 * math.exp(-x / 2)
        return math.exp(-x - math.exp(-x)) * (t * k1(t)) ** 2 if t < 600 else 0.0

    return float(quad(integrand, -8, 60, epsabs=1e-13, epsrel=1e-13, limit=400)[0])


@mutant("viterbi_sampling.perturbed_win", slip="noise a path in place of noise a token: all three are equal")
def noise_per_path() -> float:
    return 1 / 3


@mutant(
    "viterbi_sampling.perturbed_win", slip="the noise of two tokens taken for one Gumbel variable with their variance"
)
def one_wide_gumbel() -> float:
    from scipy.integrate import quad

    shift = 2 * 0.5772156649015329 - math.sqrt(2) * 0.5772156649015329

    def integrand(x: float) -> float:
        return math.exp(-x - math.exp(-x)) * math.exp(-2 * math.exp(-(x - shift) / math.sqrt(2)))

    return float(quad(integrand, -8, 60)[0])


@claim(
    id="viterbi_sampling.dag-walk.perturb-and-map",
    title="Gumbel noise on every token, then decoding, is another law",
    statement=r"P\big(G_0 > \max(G_1 + G_2,\, G_3 + G_4)\big) = \int f(x)\, F_2(x)^2\, dx = 0.21938\,38771 \ne \tfrac13",
    source=SEGMENTATION_PERTURB.at("low-order perturbations are an approximation"),
    role="viterbi_sampling.perturbed_win",
    evidence=Evidence.EXACT,
    region=at_most(
        1e-9, because="ten digits are stated, and two quadratures that share only the noise's density agree to 1e-12"
    ),
    quantity="|probability − 0.2193838771|, and from a second quadrature",
    refutes="Independent noise on each token, and the best path, samples segmentations by their probability.",
)
def noise_on_tokens(win: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    # The second way convolves G_1 + G_2 on a grid. Sums at equal steps converge like e^(-2 pi^2 / step) for such
    # integrands, and what lies above 45 weighs e^-45.
    x = np.arange(-8, 45, 0.1)
    density = np.exp(-x - np.exp(-x))
    cdf = np.exp(-np.exp(x[None, :] - x[:, None])) @ density * 0.1
    second = float(np.sum(density * cdf**2) * 0.1)
    yield exact(max(gap(win(), 0.2193838771), gap(win(), second)))


@role("viterbi_sampling.perturb_tokens", numbers="size, Generator; whether the one-token path wins, bool (size,)")
def perturb_tokens(size: int, rng: np.random.Generator) -> Any:
    """Gumbel noise on each token of three equal paths, one of one token and two of two; then the best path."""
    noise = rng.gumbel(size=(5, size))
    return noise[0] > np.maximum(noise[1] + noise[2], noise[3] + noise[4])


@mutant("viterbi_sampling.perturb_tokens", slip="noise a path: it would be exact, and there are exponentially many")
def perturb_paths_instead(size: int, rng: np.random.Generator) -> Any:
    noise = rng.gumbel(size=(3, size))
    return noise[0] > np.maximum(noise[1], noise[2])


@claim(
    id="viterbi_sampling.dag-walk.perturb-simulation",
    title="So say draws",
    statement=r"P(\text{the one-token path wins}) \in [0.21, 0.23]",
    source=SEGMENTATION_PERTURB.at("low-order perturbations are an approximation"),
    role="viterbi_sampling.perturb_tokens",
    evidence=Evidence.STATISTICAL,
    region=within(0.21, 0.23, because="0.2194 by quadrature, and a tenth of its distance to 1/3"),
    quantity="probability that the one-token path wins",
)
def noise_by_draws(wins: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    yield from probability(lambda rng, size: np.asarray(wins(size, rng)), rng, case.risk, first=65536)


@role("viterbi_sampling.perturb_paths", numbers="scores (N,), alpha, size, Generator; numbers of paths (size,)")
def perturb_paths(scores: Any, alpha: float, size: int, rng: np.random.Generator) -> Any:
    """The best of all paths after Gumbel noise / alpha on the score of each."""
    return np.argmax(scores + rng.gumbel(size=(size, len(scores))) / alpha, axis=1)


@mutant("viterbi_sampling.perturb_paths", slip="noise of scale 1 at every temperature, in place of 1 / alpha")
def scale_of_noise_omitted(scores: Any, alpha: float, size: int, rng: np.random.Generator) -> Any:
    return perturb_paths(scores, 1.0, size, rng)


@claim(
    id="viterbi_sampling.dag-walk.noise-per-path",
    title="Noise on every path is exact, where paths are few enough to list",
    statement=r"\arg\max_w \big(s(w) + \alpha^{-1} G_w\big) \sim P_\alpha",
    source=SEGMENTATION_PERTURB.at("full-order perturbations are exact"),
    role="viterbi_sampling.perturb_paths",
    evidence=Evidence.STATISTICAL,
    region=at_most(
        0.06, because="noise of scale 1 is off by 0.63 at α = 0.3, a tenth of which this is, and by 0.09 at α = 3"
    ),
    cases=grid(alpha=(0.3, 3.0)),
    quantity="TV between the samples and the target",
)
def noise_on_paths(sample: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    one = default(3, 6)
    scores, law = np.array(list(one.scores.values())), np.array(list(one.law(case.alpha).values()))
    yield from total_variation(
        lambda rng, size: np.asarray(sample(scores, case.alpha, size, rng)), law, rng, case.risk, first=16384
    )
