"""Entry 14: what pooling the embeddings saves is memory, and where it loses its digits."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from verify.claims import Case, Evidence, Figure, claim, figure, grid, mutant, series
from verify.claims.emo.instances import Floats, onehot
from verify.claims.sources import EMO_ARTICLE
from verify.evidence import Enclosure, Vacuous, at_most, exact, gap, peak_bytes, worst
from verify.methods import earth_mover
from verify.methods.numerics import softmax

SOURCE = EMO_ARTICLE.at("pooling the embeddings first")
SIZES = ((2000, 64, 256), (16_000, 128, 64))
ALL_SIZES = (*SIZES, (32_000, 256, 128))


@mutant("emo.emo_loss", slip="a V × V cost table is allocated, though only the rows of the targets are filled")
def whole_matrix(logits: Floats, targets: Any, embeddings: Floats, **how: Any) -> Floats:
    u = embeddings / np.linalg.norm(embeddings, axis=1, keepdims=True)
    table = np.empty((len(u), len(u)))
    table[targets] = 1 - u[targets] @ u.T
    return np.asarray(np.sum(softmax(logits) * table[targets], axis=1))


@mutant("emo.emo_loss", slip="single precision presented as double")
def single_precision(logits: Floats, targets: Any, embeddings: Floats, **how: Any) -> Floats:
    small = (np.asarray(x, np.float32) for x in (logits, embeddings))
    z, e = small
    return np.asarray(earth_mover.emo_loss(z, targets, e, **how), float)


def batch(rng: np.random.Generator, classes: int, d: int, rows: int) -> tuple[Floats, Any, Floats]:
    """(logits (B, V), targets (B,), embeddings (V, d))."""
    return rng.normal(size=(rows, classes)), rng.integers(classes, size=rows), rng.normal(size=(classes, d))


@claim(
    id="emo.pooled-form-cost",
    title="Pooling first needs memory for one vector a row, whatever the vocabulary",
    statement=r"\text{peak} \le 6 \cdot 8\, B\, d + 2^{16} \text{ bytes}",
    source=SOURCE,
    role="emo.emo_loss",
    evidence=Evidence.EXACT,
    region=at_most(
        1,
        because="six arrays of B × d doubles and 64 kB for the blocks; the columns need 8 B V, at least five times that",
    ),
    cases=grid(size=SIZES).full(size=ALL_SIZES),
    quantity="peak of memory over the allowance",
)
def pooled_memory(emo_loss: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    classes, d, rows = case.size
    drawn = batch(rng, classes, d, rows)
    emo_loss(*drawn)  # lazy imports and caches are not the loss's memory
    yield exact(_share(peak_bytes(emo_loss, *drawn), 6 * 8 * rows * d + 2**16))


def _share(bytes_used: int, allowed: int) -> Any:
    from fractions import Fraction

    return Fraction(bytes_used, allowed)


@claim(
    id="emo.pooled-form-cost.value",
    title="Both orders of summation give the same loss",
    statement=r"1 - \langle \bar u_p, u_t\rangle = \sum_i p_i\,(1 - \langle u_i, u_t\rangle)",
    source=SOURCE,
    role="emo.emo_loss",
    evidence=Evidence.EXACT,
    region=at_most(1e-12, because="sums of V = 16000 masses in blocks, at most √V eps = 2.8e-14 and V eps = 3.6e-12 if every rounding "
                   "conspired; single precision is off by 1e-8"),
    cases=grid(size=SIZES).full(size=ALL_SIZES),
    quantity="largest |loss − sum over columns|",
)  # fmt: skip
def forms_agree(emo_loss: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    logits, targets, embeddings = batch(rng, *case.size)
    logits, targets = logits[:16], targets[:16]
    columns = earth_mover.cosine_cost(embeddings, targets)
    yield exact(gap(emo_loss(logits, targets, embeddings), np.einsum("bv,vb->b", softmax(logits), columns)))


@claim(
    id="emo.pooled-form-cost.stable",
    title="The stable form keeps its digits where the prediction is nearly certain",
    statement=r"L = \tfrac12 \sum_{i \ne t} p_i\, |u_i - u_t|^2, \qquad 1 - p_t \to 10^{-16}",
    source=SOURCE,
    role="emo.emo_loss",
    evidence=Evidence.EXACT,
    region=at_most(
        1e-13,
        because="all terms are positive: n eps relative = 4.4e-15 at n = 20, and logits of size 37 enter exp with 37 eps = 8.2e-15",
    ),
    cases=grid(certainty=(12.0, 26.0, 37.0), draws=(10,)).full(draws=(200,)),
    quantity="largest relative error",
)
def digits_kept(emo_loss: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    lost = []

    def error() -> Enclosure:
        n, t = 20, int(rng.integers(20))
        embeddings = rng.normal(size=(n, 4))
        logits = rng.normal(size=n) / 4 + case.certainty * onehot(n, t)
        truth = by_balls(logits, embeddings, t)
        lost.append(gap(earth_mover.emo_loss(logits[None], [t], embeddings)[0] / truth, 1.0))
        return exact(gap(emo_loss(logits[None], [t], embeddings, form="stable")[0] / truth, 1.0))

    found = worst(error() for _ in range(case.draws))
    if case.certainty >= 26 and max(lost) < 1e-5:
        raise Vacuous(f"the pooled form is off by {max(lost):.1e} only: these instances are easy")
    yield found


def by_balls(logits: Floats, embeddings: Floats, t: int) -> float:
    """The loss of one row in 300-bit ball arithmetic, rounded once."""
    import flint

    with flint.ctx.workprec(300):
        rows = [[flint.arb(float(x)) for x in row] for row in embeddings]
        norms = [sum((x * x for x in row), flint.arb(0)).sqrt() for row in rows]
        weights = [(flint.arb(float(z)) - float(logits.max())).exp() for z in logits]
        total = flint.arb(0)
        for i, row in enumerate(rows):
            if i != t:
                cosine = sum((a * b for a, b in zip(row, rows[t], strict=True)), flint.arb(0)) / (norms[i] * norms[t])
                total += weights[i] * (1 - cosine)
        return float(total / sum(weights, flint.arb(0)))


@claim(
    id="emo.pooled-form-cost.real",
    title="So it does over a real vocabulary of 32,000 tokens",
    statement=r"\text{peak} \le 6 \cdot 8\, B\, d + 2^{16} \text{ bytes}, \qquad V = 32\,000,\; d = 256",
    source=SOURCE,
    role="emo.emo_loss",
    evidence=Evidence.EXACT,
    region=at_most(1, because="as above; the columns were measured beside it and need at least 8 B V bytes"),
    cases=grid(rows=(16,)).full(rows=(16, 64)),
    quantity="peak of memory over the allowance",
)
def pooled_memory_on_words(emo_loss: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    from verify.data import word_vectors

    vectors = word_vectors().vectors.astype(float)
    classes, d = vectors.shape
    logits, targets = rng.normal(size=(case.rows, classes)), rng.integers(classes, size=case.rows)
    columns = peak_bytes(earth_mover.emo_loss, logits, targets, vectors, form="columns")
    if columns < 8 * case.rows * classes:
        raise Vacuous(f"the columns need {columns} bytes only")
    yield exact(_share(peak_bytes(emo_loss, logits, targets, vectors), 6 * 8 * case.rows * d + 2**16))


@figure(of="emo.pooled-form-cost")
def memory_against_vocabulary() -> Figure:
    rng = np.random.default_rng(9797)
    sizes = (500, 1000, 2000, 4000, 8000)
    peaks: dict[str, list[float]] = {"pooled": [], "columns": []}
    for classes in sizes:
        drawn = batch(rng, classes, 64, 64)
        for form, found in peaks.items():
            found.append(peak_bytes(earth_mover.emo_loss, *drawn, form=form) / 2**20)
    return Figure(
        "Memory of the two forms, 64 rows in 64 dimensions",
        "The columns grow with the vocabulary; the pooled form does not.",
        "classes V",
        "peak of memory, MiB",
        (
            series("pooled", sizes, peaks["pooled"]),
            series("columns", sizes, peaks["columns"], kind="dashed"),
            series("6 · 8 B d + 64 kB", y=((6 * 8 * 64 * 64 + 2**16) / 2**20,), kind="hline"),
        ),
        x_log=True,
        y_log=True,
    )
