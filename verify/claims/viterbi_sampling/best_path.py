"""Entry 1: what decoding by dynamic programming returns, and which tokens it can never return."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from typing import Any

import numpy as np

from verify.claims import Case, Evidence, Figure, claim, equivalent, figure, grid, mutant, role, series
from verify.claims.sources import SEGMENTATION_BYTEPIECE, SEGMENTATION_VITERBI_SAMPLING
from verify.claims.viterbi_sampling.instances import (
    ALL_LATTICES,
    LATTICES,
    default,
    distance,
    fractions,
    instances,
    lattice_of,
    scores_of,
)
from verify.claims.viterbi_sampling.laws import arrivals
from verify.evidence import Enclosure, Vacuous, at_most, exact, exactly, gap, worst
from verify.methods import segmentation
from verify.methods.segmentation import Lattice, UnigramModel, build_lattice

SOURCE = SEGMENTATION_VITERBI_SAMPLING.at("Viterbi decoding")

role("viterbi_sampling.viterbi", numbers="Lattice; (ends int32 (K,), score float)")(segmentation.viterbi)


def scored(lattice: Lattice, ends: list[int]) -> tuple[Any, float]:
    """The ends as an array, and their score."""
    tokens = [lattice.text[a:b] for a, b in itertools.pairwise([0, *ends])]
    return np.array(ends, np.int32), math.fsum(lattice.model.logp[token] for token in tokens)


def followed(lattice: Lattice, pointer: Mapping[int, int] | Sequence[int]) -> list[int]:
    """The ends of the path that pointers give."""
    ends, e = [], lattice.n
    while e:
        ends.append(e)
        e = pointer[e]
    return ends[::-1]


@mutant("viterbi_sampling.viterbi", slip="the longest token that fits is taken, from the left")
def greedy_longest_match(lattice: Lattice) -> tuple[Any, float]:
    ends, at = [], 0
    while at < lattice.n:
        at = int(lattice.end[lattice.start == at].max())
        ends.append(at)
    return scored(lattice, ends)


@mutant("viterbi_sampling.viterbi", slip="the maximum is taken over predecessors' scores, without the edge's own")
def edge_score_forgotten(lattice: Lattice) -> tuple[Any, float]:
    best, pointer = {0: 0.0}, {}
    for e in range(1, lattice.n + 1):
        found = [(best[s], math.log(p), s) for s, p in arrivals(lattice, e, "longest", exact=False) if s in best]
        if found:
            before, w, pointer[e] = max(found, key=lambda one: one[0])
            best[e] = before + w
    return scored(lattice, followed(lattice, pointer))


@mutant("viterbi_sampling.viterbi", slip="the back-pointer is set at every candidate, not only at a better one")
def last_candidate(lattice: Lattice) -> tuple[Any, float]:
    best, pointer = {0: 0.0}, {}
    for e in range(1, lattice.n + 1):
        for s, p in arrivals(lattice, e, "longest", exact=False):
            if s in best:
                best[e] = max(best.get(e, -math.inf), best[s] + math.log(p))
                pointer[e] = s
    return scored(lattice, followed(lattice, pointer))


@equivalent("viterbi_sampling.viterbi", because="the best path is the first of the n best")
def first_of_nbest(lattice: Lattice) -> tuple[Any, float]:
    ends, score = segmentation.nbest_segmentations(lattice, 1)[0]
    return np.array(ends, np.int32), score


@claim(
    id="viterbi_sampling.viterbi-map",
    title="Dynamic programming finds the segmentation of the largest probability",
    statement=r"s(\operatorname{Viterbi}(c)) = \max_{w \in \Omega(c)} \sum_i \log p(w_i)",
    source=SOURCE,
    role="viterbi_sampling.viterbi",
    evidence=Evidence.EXACT,
    region=at_most(1e-12, because="both are sums of the same at most 12 numbers, each rounded once; comparing candidates rounds 12 "
                   "times more: 12 eps relative = 2.7e-15, with room"),
    cases=grid(lattices=(LATTICES,)).full(lattices=(ALL_LATTICES,)),
    quantity="largest relative |score − maximum over all segmentations|",
)  # fmt: skip
def finds_the_maximum(viterbi: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    yield worst(exact(gap(viterbi(one.lattice)[1] / max(one.scores.values()), 1.0)) for one in instances(case.lattices))


@claim(
    id="viterbi_sampling.viterbi-map.path",
    title="The path it returns has the score it returns",
    statement=r"\sum_i \log p(w^*_i) = s^*",
    source=SOURCE,
    role="viterbi_sampling.viterbi",
    evidence=Evidence.EXACT,
    region=at_most(1e-12, because="two sums of the same at most 12 numbers: 12 eps relative = 2.7e-15, with room"),
    cases=grid(lattices=(LATTICES,)).full(lattices=(ALL_LATTICES,)),
    quantity="largest relative |score of the path − maximum|",
)
def path_attains_it(viterbi: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    def off(one: Any) -> Enclosure:
        found = one.scores.get(tuple(np.asarray(viterbi(one.lattice)[0]).tolist()), -math.inf)
        return exact(gap(found / max(one.scores.values()), 1.0))

    yield worst(off(one) for one in instances(case.lattices))


@claim(
    id="viterbi_sampling.viterbi-map.substrings",
    title="Every stretch of a best path is a best path of its own text",
    statement=r"w^* = u\,v\,x \;\Rightarrow\; s(v) = \max_{w \in \Omega(\text{text of } v)} s(w)",
    source=SOURCE,
    role="viterbi_sampling.viterbi",
    evidence=Evidence.EXACT,
    region=at_most(1e-12, because="sums of at most 12 numbers below 10 in size: 12 eps 120 = 3.2e-13"),
    cases=grid(lattices=(5,)).full(lattices=(ALL_LATTICES,)),
    quantity="largest |score of a stretch − its maximum|",
)
def stretches_are_best(viterbi: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    def off(lattice: Lattice) -> Iterator[Enclosure]:
        bounds = [0, *np.asarray(viterbi(lattice)[0]).tolist()]
        for i, j in itertools.combinations(range(len(bounds)), 2):
            text, inner = lattice.text[bounds[i] : bounds[j]], [b - bounds[i] for b in bounds[i + 1 : j + 1]]
            scores = scores_of(text, lattice.model.logp)
            yield exact(gap(scores.get(tuple(inner), -math.inf), max(scores.values())))

    yield worst(found for one in instances(case.lattices) for found in off(one.lattice))


role("viterbi_sampling.pieces", numbers="bytes, ends or boundary bits; the tokens, a list of bytes")(
    segmentation.pieces
)


@mutant("viterbi_sampling.pieces", slip="tokens pass through text: bytes that encode no character are lost")
def through_decoding(text: bytes, ends: Any) -> list[bytes]:
    return [piece.decode(errors="ignore").encode() for piece in segmentation.pieces(text, ends)]


@claim(
    id="viterbi_sampling.viterbi-map.lossless",
    title="Any bytes come back byte for byte, valid UTF-8 or not",
    statement=r"w_1 w_2 \cdots w_K = c \qquad \text{for every } c \in \{0,\dots,255\}^*",
    source=SEGMENTATION_BYTEPIECE.at("a tokeniser of bytes, without loss"),
    role=("viterbi_sampling.pieces", "viterbi_sampling.viterbi"),
    evidence=Evidence.CERTIFIED,
    region=exactly(0, because="bytes are equal or they are not"),
    cases=grid(texts=(50,)).full(texts=(2000,)),
    quantity="texts that do not come back",
)
def comes_back(pieces: Any, viterbi: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    singles = {bytes([b]): -8.0 for b in range(256)}
    pairs = {bytes(rng.integers(0, 256, 2).tolist()): -7.0 for _ in range(5000)}
    model = UnigramModel(singles | pairs)
    texts = [bytes(rng.integers(0, 256, rng.integers(0, 60)).tolist()) for _ in range(case.texts)]
    texts += ["今天天气不错".encode(), "今天".encode()[1:5], b"\xff\x00\xc3", b""]
    if all(text.decode(errors="ignore").encode() == text for text in texts):
        raise Vacuous("every text is valid UTF-8")
    yield exact(sum(b"".join(pieces(text, viterbi(build_lattice(text, model))[0])) != text for text in texts))


@role("viterbi_sampling.is_dead", numbers="UnigramModel, token; whether decoding can never return it")
def is_dead(model: UnigramModel, token: bytes) -> bool:
    """Some segmentation of the token into at least two scores strictly higher than the token."""
    scores = scores_of(token, model.logp)
    return any(score > scores[(len(token),)] for ends, score in scores.items() if len(ends) > 1)


@mutant("viterbi_sampling.is_dead", slip="segmentations into two pieces only")
def two_pieces_only(model: UnigramModel, token: bytes) -> bool:
    scores = scores_of(token, model.logp)
    return any(score > scores[(len(token),)] for ends, score in scores.items() if len(ends) == 2)


@mutant("viterbi_sampling.is_dead", slip="a token is dead if it is rarer than one of its bytes")
def rarer_than_a_byte(model: UnigramModel, token: bytes) -> bool:
    return len(token) > 1 and any(model.logp[token] < model.logp[token[i : i + 1]] for i in range(len(token)))


PRUNED = fractions(a="3/10", b="3/10", ab="1/20", c="1/5", abc="3/20")
# three pieces beat the token, no two do: aaa
THREE_PIECES = {b"a": -1.0, b"aa": -2.5, b"aaa": -3.2}


@claim(
    id="viterbi_sampling.viterbi-map.dead-tokens",
    title="A token that some split of itself beats is never decoded; any other decodes to itself",
    statement=r"\exists\, w \in \Omega(t),\ |w| \ge 2:\ s(w) > \log p(t) \iff t \text{ never occurs in a best path}",
    source=SEGMENTATION_BYTEPIECE.at("the pruning rule, for two pieces"),
    role=("viterbi_sampling.is_dead", "viterbi_sampling.viterbi"),
    evidence=Evidence.CERTIFIED,
    region=exactly(0, because="a token occurs or it does not"),
    cases=grid(models=(10,), texts=(12,)).full(models=(50,), texts=(60,)),
    quantity="dead tokens decoded, and living ones that are not",
)
def dead_tokens(is_dead: Any, viterbi: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    def wrong(model: UnigramModel, texts: list[bytes]) -> int:
        dead = {token for token in model.logp if is_dead(model, token)}
        decoded = [segmentation.pieces(text, viterbi(build_lattice(text, model))[0]) for text in texts]
        alive = [token for token in model.logp if token not in dead]
        itself = [viterbi(build_lattice(token, model))[0].tolist() == [len(token)] for token in alive]
        return sum(piece in dead for tokens in decoded for piece in tokens) + itself.count(False)

    count = wrong(UnigramModel(THREE_PIECES), [b"aaaa"])
    count += wrong(UnigramModel.from_probabilities(PRUNED), [b"abab", b"abcab"])
    for seed in range(case.models):
        model = default(seed).lattice.model
        letters = rng.choice(list(b"ab"), (case.texts, 30))
        count += wrong(model, [bytes(row.tolist()) for row in letters])
    yield exact(count)


@claim(
    id="viterbi_sampling.viterbi-map.dead-probability",
    title="Sampling returns dead tokens all the same",
    statement=r"p(a) = p(b) = .3,\; p(ab) = .05: \qquad P_1(ab \in w \mid c = ab) = \tfrac{.05}{.14} > 0",
    source=SEGMENTATION_BYTEPIECE.at("the pruning rule"),
    role="viterbi_sampling.streaming_law",
    evidence=Evidence.CERTIFIED,
    region=exactly(0, because="both sides are fractions"),
    quantity="distance between the law and 5/14, 9/14",
)
def dead_but_sampled(law: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    found = law(lattice_of(b"ab", PRUNED), 1, exact=True)
    yield exact(distance(found, {(2,): Fraction(5, 14), (1, 2): Fraction(9, 14)}))


@figure(of="viterbi_sampling.viterbi-map")
def lattice_and_best_path() -> Figure:
    one = default(0)
    lattice, ends = one.lattice, list(one.best)
    middle = (lattice.start + lattice.end) / 2
    bounds = [0, *ends]
    tokens = [lattice.text[a:b] for a, b in itertools.pairwise(bounds)]
    heights = [lattice.model.logp[token] for token in tokens]
    return Figure(
        f"All tokens in the text {lattice.text.decode()!r}, and the best path",
        f"Of {len(lattice.start)} tokens and {len(one.scores)} segmentations, the best takes {len(tokens)} tokens: few, "
        "and probable.",
        "byte",
        "log-probability of the token",
        (
            series("tokens, at their middle", middle, lattice.logw, kind="dots"),
            series("best path", bounds, [*heights, heights[-1]], kind="steps"),
            *(
                series(token.decode(), (a,), (h,), kind="note")
                for token, a, h in zip(tokens, bounds, heights, strict=False)
            ),
        ),
    )
