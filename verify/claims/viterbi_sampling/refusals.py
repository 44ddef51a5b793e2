"""Bad input: what must be refused before it can become a segmentation."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy as np

from verify.claims import Case, Evidence, claim, mutant, role
from verify.claims.sources import SEGMENTATION_BYTEPIECE, SEGMENTATION_PERFECT_SAMPLING
from verify.claims.viterbi_sampling.instances import default
from verify.evidence import Enclosure, accepted, exact, exactly
from verify.methods import segmentation
from verify.methods.segmentation import Lattice, UnigramModel

NOTHING_PASSES = exactly(0, because="an input is refused with the promised error, or it is not")
SOURCE = SEGMENTATION_BYTEPIECE.at("bytes in, bytes out")

MODEL = UnigramModel({b"a": -1.0, b"b": -1.0})


@mutant("viterbi_sampling.build_lattice", slip="text is encoded in silence")
def encodes_silently(text: Any, model: Any) -> Lattice:
    return segmentation.build_lattice(text.encode() if isinstance(text, str) else text, model)


@claim(
    id="viterbi_sampling.bad-input",
    title="Text is bytes that the vocabulary covers, or it is refused",
    statement=r"c \notin \{0,\dots,255\}^* \;\text{ or }\; \Omega(c) = \emptyset: \quad \text{no lattice}",
    source=SOURCE,
    role="viterbi_sampling.build_lattice",
    evidence=Evidence.CERTIFIED,
    region=NOTHING_PASSES,
    quantity="bad inputs accepted",
)
def hopeless_texts(build: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    build(b"ab", MODEL)
    wrong_type = [("ab", MODEL), (97, MODEL), ([97, 98], MODEL), (None, MODEL), (b"ab", {b"a": -1.0})]
    uncovered = [(b"abc", MODEL), (b"c", MODEL), (b"aba", UnigramModel({b"ab": 0.0, b"ba": 0.0}))]
    yield exact(accepted(build, wrong_type, TypeError) + accepted(build, uncovered, ValueError))


role("viterbi_sampling.unigram_model", numbers="mapping from bytes to floats; UnigramModel")(UnigramModel)


@mutant("viterbi_sampling.unigram_model", slip="tokens of probability 0 and the empty token are dropped in silence")
def drops_in_silence(logp: Any) -> UnigramModel:
    return UnigramModel({token: x for token, x in logp.items() if token and math.isfinite(x)} or {b"a": 0.0})


@claim(
    id="viterbi_sampling.bad-input.model",
    title="A vocabulary has tokens, none of them empty, of finite log-probability",
    statement=r"V = \emptyset \;\text{ or }\; \varepsilon \in V \;\text{ or }\; \log p \notin \mathbb{R}: \quad \text{no model}",
    source=SOURCE,
    role="viterbi_sampling.unigram_model",
    evidence=Evidence.CERTIFIED,
    region=NOTHING_PASSES,
    quantity="bad inputs accepted",
)
def hopeless_models(model: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    model({b"a": -1.0})
    values = [
        ({},),
        ({b"": -1.0, b"a": -1.0},),
        ({b"a": -math.inf, b"b": 0.0},),
        ({b"a": math.nan},),
        ({b"a": math.inf},),
    ]
    types = [({"a": -1.0},), ({b"a": "x"},), ([b"a"],), ({97: -1.0},)]
    yield exact(accepted(model, values, ValueError) + accepted(model, types, TypeError))


@mutant(
    "viterbi_sampling.sample_segmentations", slip="a seed passes for a generator, and infinite α for the largest float"
)
def seeds_are_welcome(lattice: Lattice, alpha: float, size: int, rng: Any) -> Any:
    generator = rng if isinstance(rng, np.random.Generator) else np.random.default_rng(0)
    return segmentation.sample_segmentations(lattice, max(0.0, min(alpha, 1e3)), max(size, 0), generator)


@claim(
    id="viterbi_sampling.bad-input.sampler",
    title="Temperatures are finite and not negative, sizes are counts, randomness is a generator",
    statement=r"\alpha \notin [0, \infty) \;\text{ or }\; S < 0: \quad \text{no sample}",
    source=SEGMENTATION_PERFECT_SAMPLING.at("α, and its limit"),
    role="viterbi_sampling.sample_segmentations",
    evidence=Evidence.CERTIFIED,
    region=NOTHING_PASSES,
    quantity="bad inputs accepted",
)
def hopeless_samples(sample: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    lattice = default(0).lattice
    sample(lattice, 1.0, 2, rng)
    values = [(lattice, alpha, 2, rng) for alpha in (-0.1, math.nan, math.inf, -math.inf)] + [(lattice, 1.0, -1, rng)]
    types: list[tuple[Any, ...]] = [(lattice, 1.0, 2, other) for other in (0, None, np.random.RandomState(0))]
    types += [(lattice, "1", 2, rng), (lattice, 1.0, 2.5, rng), (lattice.text, 1.0, 2, rng)]
    yield exact(accepted(sample, values, ValueError) + accepted(sample, types, TypeError))
