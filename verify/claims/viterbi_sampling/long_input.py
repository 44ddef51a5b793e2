"""Entry 14: texts of a megabyte: where they factorise, what digits are left at their end, and what they cost."""

from __future__ import annotations

import math
from collections.abc import Iterator
from fractions import Fraction
from functools import cache
from typing import Any

import numpy as np

from verify.claims import Case, Evidence, Figure, claim, equivalent, figure, grid, mutant, role, series
from verify.claims.sources import SEGMENTATION_PERFECT_SAMPLING
from verify.claims.viterbi_sampling.instances import lattice_of, sentence
from verify.claims.viterbi_sampling.laws import shares
from verify.evidence import Enclosure, Vacuous, at_most, exact, gap, peak_bytes, worst
from verify.methods import segmentation
from verify.methods.segmentation import Lattice, UnigramModel, build_lattice

SOURCE = SEGMENTATION_PERFECT_SAMPLING.at("the recursion, on a text of any length")
Array = np.ndarray[Any, Any]


@mutant("viterbi_sampling.build_lattice", slip="an edge that ends at a node is taken to cross it: < in place of <=")
def ends_taken_for_crossings(text: bytes, model: Any) -> Lattice:
    lattice = build_lattice(text, model)
    ends = np.zeros(lattice.n + 1, bool)
    ends[lattice.end[lattice.end - lattice.start > 1]] = True
    return with_cuts(lattice, np.array([c for c in lattice.cuts.tolist() if not ends[c]]))


@mutant("viterbi_sampling.build_lattice", slip="cuts are looked for among the shortest tokens that start at a node")
def shortest_reach_only(text: bytes, model: Any) -> Lattice:
    lattice = build_lattice(text, model)
    reach = np.arange(lattice.n + 1)
    reach[lattice.start[::-1]] = lattice.end[::-1]  # the last written is the shortest
    before = np.append(0, np.maximum.accumulate(reach[:-1]))
    return with_cuts(lattice, np.flatnonzero(before <= np.arange(lattice.n + 1)))


def with_cuts(lattice: Lattice, cuts: Array) -> Lattice:
    """The same lattice with other cuts."""
    return Lattice(
        lattice.text, lattice.model, lattice.start, lattice.end, lattice.token, lattice.logw, lattice.indptr, cuts,
        lattice.reachable,
    )  # fmt: skip


@claim(
    id="viterbi_sampling.long-input",
    title="The cuts are the nodes that no token crosses, and log Z is a sum over the stretches between them",
    statement=r"c \text{ a cut} \iff \nexists\, (s,e): s < c < e; \qquad \log Z(x) = \log Z(x_{<c}) + \log Z(x_{\ge c})",
    source=SOURCE,
    role="viterbi_sampling.build_lattice",
    evidence=Evidence.EXACT,
    region=at_most(1e-11, because="two sums of at most 400 rounded terms, relative to 1 + |log Z|: 400 eps = 8.9e-14; wrong cuts "
                   "count as infinitely far"),
    cases=grid(n=(400,), alpha=(0.3, 1.0)).full(n=(400, 4000)),
    quantity="largest |log Z − sum over both sides| / (1 + |log Z|)",
)  # fmt: skip
def cuts_factorise(build: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    drawn = sentence(case.n)
    lattice = build(drawn.text, drawn.model)
    crossed = np.zeros(lattice.n + 1, bool)
    for s, e in zip(lattice.start.tolist(), lattice.end.tolist(), strict=True):
        crossed[s + 1 : e] = True
    if not 2 < np.sum(~crossed) < lattice.n // 2:
        raise Vacuous("a text of cuts only, or without any")
    if not np.array_equal(np.flatnonzero(~crossed), lattice.cuts):
        yield exact(math.inf)
        return
    whole = segmentation.log_partition(lattice, case.alpha)
    inner = lattice.cuts[1:-1]
    parts = []
    for c in inner[:: max(1, len(inner) // 5)].tolist():
        sides = (build_lattice(text, lattice.model) for text in (lattice.text[:c], lattice.text[c:]))
        parts.append(sum(segmentation.log_partition(side, case.alpha) for side in sides))
    yield worst(exact(gap(part / (1 + abs(whole)), whole / (1 + abs(whole)))) for part in parts)


role("viterbi_sampling.forward_log", numbers="Lattice, alpha; log sums (n + 1,)")(segmentation.forward_log)


@mutant("viterbi_sampling.forward_log", slip="forward sums in single precision")
def single_precision_forward(lattice: Lattice, alpha: float = 1.0) -> Array:
    f = np.full(lattice.n + 1, -np.inf, np.float32)
    f[0] = 0
    weights = (alpha * lattice.logw).astype(np.float32)
    for e in range(1, lattice.n + 1):
        k = slice(int(lattice.indptr[e]), int(lattice.indptr[e + 1]))
        f[e] = np.logaddexp.reduce(f[lattice.start[k]] + weights[k])
    return f.astype(float)


@equivalent("viterbi_sampling.forward_log", because="logarithms, node by node, are the definition")
def node_by_node(lattice: Lattice, alpha: float = 1.0) -> Array:
    f = np.full(lattice.n + 1, -np.inf)
    f[0] = 0
    for e in range(1, lattice.n + 1):
        k = slice(int(lattice.indptr[e]), int(lattice.indptr[e + 1]))
        f[e] = np.logaddexp.reduce(f[lattice.start[k]] + alpha * lattice.logw[k])
    return f


def conditional_errors(f: Array, lattice: Lattice, alpha: float, last: int) -> Array:
    """TV of q(. | e) by F on the whole text against q by F from the last cut before, for the last nodes."""
    begin = int(lattice.cuts[lattice.cuts <= lattice.n - last - 50][-1])
    near = build_lattice(lattice.text[begin:], lattice.model)
    truth = shares(near, alpha, segmentation.forward_log(near, alpha))
    errors = []
    for e in range(lattice.n - last + 1, lattice.n + 1):
        k = slice(int(lattice.indptr[e]), int(lattice.indptr[e + 1]))
        q = np.exp(f[lattice.start[k]] + alpha * lattice.logw[k] - f[e])
        errors.append(gap(0.5 * np.abs(q - truth[e - begin][1]).sum(), 0.0))
    return np.array(errors)


@claim(
    id="viterbi_sampling.long-input.precision",
    title="At the end of a long text the conditionals still have eight digits, in double precision",
    statement=r"\operatorname{mean}_{e > n - 1000} \operatorname{TV}\big(\hat q(\cdot \mid e), q(\cdot \mid e)\big) \le 10^{-8}",
    source=SOURCE,
    role="viterbi_sampling.forward_log",
    evidence=Evidence.EXACT,
    region=at_most(1e-8, because="one rounding of log Z = -1.5e6 at a megabyte is 2.3e-10, in three terms; in single precision it is "
                   "6e-2, and above 1e-4 from 40 kB on"),
    cases=grid(n=(40_000,)).full(n=(40_000, 1_000_000)),
    quantity="mean TV over the last 1000 nodes",
)  # fmt: skip
def digits_at_the_end(forward: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    lattice = sentence(case.n)
    f = np.asarray(forward(lattice, 1.0))
    yield exact(float(conditional_errors(f, lattice, 1.0, 1000).mean()))


@mutant("viterbi_sampling.log_partition", slip="sums in the linear domain without a guard: they underflow")
def linear_domain(lattice: Lattice, alpha: float = 1.0) -> float:
    z = [1.0] + [0.0] * lattice.n
    weights = np.exp(alpha * lattice.logw).tolist()
    for s, e, w in zip(lattice.start.tolist(), lattice.end.tolist(), weights, strict=True):
        z[e] += z[s] * w
    return math.log(z[-1]) if z[-1] > 0 else -math.inf


@cache
def without_cuts(n: int) -> Lattice:
    """n equal bytes: every inner node is crossed."""
    return lattice_of(b"a" * n, {b"a": Fraction(1, 16), b"aa": Fraction(1, 64), b"aaa": Fraction(1, 128)})


@claim(
    id="viterbi_sampling.long-input.no-cuts",
    title="Without any cut, log Z of thousands of bytes neither underflows nor drifts",
    statement=r"z_k = \tfrac1{16} z_{k-1} + \tfrac1{64} z_{k-2} + \tfrac1{128} z_{k-3}: \qquad \log Z = \log z_n",
    source=SOURCE,
    role="viterbi_sampling.log_partition",
    evidence=Evidence.EXACT,
    region=at_most(
        1e-12,
        because="one rounding a node and one a block of nodes: n eps relative to n nats, some eps in all, with room",
    ),
    cases=grid(n=(5000,)).full(n=(5000, 50_000)),
    quantity="relative |log Z − logarithm of the integer recurrence|",
)
def long_without_cuts(log_partition: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    lattice = without_cuts(case.n)
    if len(lattice.cuts) != 2:
        raise Vacuous("there are cuts")
    # 128^k z_k are integers
    z = [0, 0, 1]
    for _ in range(case.n):
        z = [z[1], z[2], 8 * z[2] + 2 * 128 * z[1] + 128**2 * z[0]]
    truth = math.log(z[2]) - case.n * math.log(128)
    yield exact(gap(log_partition(lattice, 1.0) / truth, 1.0))


@role("viterbi_sampling.text_sampler", numbers="bytes, UnigramModel, alpha, Generator; boundary bits bool (1, n + 1)")
def text_sampler(text: bytes, model: UnigramModel, alpha: float, rng: np.random.Generator) -> Any:
    """The first sample of a text: its lattice, the forward sums, and the draw."""
    return segmentation.sample_segmentations(build_lattice(text, model), alpha, 1, rng)


@mutant("viterbi_sampling.text_sampler", slip="a table of all pairs of nodes")
def table_of_pairs(text: bytes, model: UnigramModel, alpha: float, rng: np.random.Generator) -> Any:
    table = np.empty((len(text) + 1, len(text) + 1), bool)
    table[0] = True
    return text_sampler(text, model, alpha, rng)


@mutant("viterbi_sampling.text_sampler", slip="a row of 256 transitions is kept for every byte of the text")
def dense_transitions(text: bytes, model: UnigramModel, alpha: float, rng: np.random.Generator) -> Any:
    rows = np.zeros((len(text), 256))
    rows[:, 0] = 1
    return text_sampler(text, model, alpha, rng)


@claim(
    id="viterbi_sampling.long-input.memory",
    title="A megabyte of text is sampled within a gibibyte of memory",
    statement=r"\text{peak} \le 2^{30} \cdot \frac{n}{10^6}",
    source=SOURCE,
    role="viterbi_sampling.text_sampler",
    evidence=Evidence.EXACT,
    region=at_most(
        1, because="1074 bytes a byte of text: twenty for each of up to 16 tokens that end there, twice, and the tables"
    ),
    cases=grid(n=(40_000,)).full(n=(40_000, 1_000_000)),
    quantity="peak of memory over the allowance",
)
def memory_of_a_megabyte(sample: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    text, model = sentence(case.n).text, sentence(case.n).model
    sample(text[:1000], model, 0.5, rng)  # lazy imports and the trie are not the text's memory
    yield exact(peak_bytes(sample, text, model, 0.5, rng) / (2**30 * case.n / 10**6))


@claim(
    id="viterbi_sampling.long-input.edges",
    title="The work is the number of tokens in the text, which grows like its length",
    statement=r"E(n) \le n m - \tfrac{m (m - 1)}{2}, \qquad \frac{E(2n)}{E(n)} \in [1.9, 2.1]",
    source=SOURCE,
    role="viterbi_sampling.build_lattice",
    evidence=Evidence.CERTIFIED,
    region=at_most(Fraction(1, 10), because="halves of one text have as many tokens up to the spread of words, a few per cent; "
                   "quadratic growth would double the ratio"),
    cases=grid(n=(20_000,)).full(n=(20_000, 200_000)),
    quantity="|E(2n) / E(n) − 2|, plus the tokens that are missed",
)  # fmt: skip
def edges_grow_linearly(build: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    lattice = sentence(2 * case.n)
    one, two = (len(build(text, lattice.model).start) for text in (lattice.text[: case.n], lattice.text))
    m = lattice.model.m
    found = {lattice.text[i : i + k] for i in range(500) for k in range(1, m + 1)} & set(lattice.model.tokens)
    counted = sum(1 for i in range(500) for k in range(1, m + 1) if lattice.text[i : i + k] in found and i + k <= 500)
    within = len(build(lattice.text[:500], lattice.model).start)
    beyond = max(0, two - (2 * case.n * m - m * (m - 1) // 2))
    yield exact(abs(Fraction(two, one) - 2) + abs(within - counted) + beyond)


@figure(of="viterbi_sampling.long-input.precision")
def errors_along_the_text() -> Figure:
    sizes = (2000, 5000, 10_000, 20_000)
    curves: dict[str, list[float]] = {"single precision": [], "double precision": []}
    for n in sizes:
        lattice = sentence(n)
        for name, forward in (
            ("single precision", single_precision_forward),
            ("double precision", segmentation.forward_log),
        ):
            found = conditional_errors(np.asarray(forward(lattice, 1.0)), lattice, 1.0, 500)
            curves[name].append(max(float(found.mean()), 1e-17))
    return Figure(
        "Error of the conditionals near the end of a text",
        "In single precision it grows with the length of what came before; in double precision it stays far below any sample's noise.",
        "bytes",
        "mean total variation of q(· | e), last 500 nodes",
        tuple(series(name, sizes, values, kind="dots") for name, values in curves.items()),
        x_log=True,
        y_log=True,
    )
