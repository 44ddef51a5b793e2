"""Entry 10, the cache: counts and means of all keys so far, in a state of one size."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from verify.claims import Case, Evidence, claim, grid, mutant, role
from verify.claims.performer_vq.vq_identity import SOURCE, cell_table
from verify.evidence import Enclosure, at_most, exact, exactly, gap
from verify.methods import vector_quantization as vq

role("performer_vq.vq_cache", numbers="a class of (c, d_v): absorb(codes, V), counts (c,), means (c, d_v)")(vq.VQCache)


class _StaleCount(vq.VQCache):
    def absorb(self, codes: Any, V: Any) -> None:
        added, sums = cell_table(codes, V, len(self.counts))
        self.means = (self.counts[:, None] * self.means + sums) / np.maximum(self.counts, 1)[:, None]
        self.counts = self.counts + added.astype(int)


class _OnceABlock(vq.VQCache):
    def absorb(self, codes: Any, V: Any) -> None:
        self.counts[codes] += 1  # an indexed assignment forgets repeated indices
        self.means[codes] = V


class _Growing(vq.VQCache):
    def absorb(self, codes: Any, V: Any) -> None:
        super().absorb(codes, V)
        self.means = np.concatenate([self.means, V])


@mutant("performer_vq.vq_cache", slip="the mean is updated with the count before the block")
def stale_count(c: int, d_v: int) -> Any:
    return _StaleCount(c, d_v)


@mutant("performer_vq.vq_cache", slip="a code counts once a block, however often it occurs")
def once_a_block(c: int, d_v: int) -> Any:
    return _OnceABlock(c, d_v)


@mutant("performer_vq.vq_cache", slip="values are stored one by one: the state grows with the text")
def growing_state(c: int, d_v: int) -> Any:
    return _Growing(c, d_v)


@claim(
    id="performer_vq.vq-attention-identity.cache",
    title="The cache holds the counts and means of everything it absorbed",
    statement=r"\sum_y n_y = n, \qquad \bar V_y = \frac{1}{n_y} \sum_{z_j = y} v_j",
    source=SOURCE,
    role="performer_vq.vq_cache",
    evidence=Evidence.EXACT,
    region=at_most(
        1e-13,
        because="counts are integers; means of at most 200 values below 5 in steps of 7: 30 updates of 4 eps each, if roundings are "
        "independent √30 · 4 · 5 eps = 2.4e-14",
    ),
    cases=grid(size=((200, 16, 5), (30, 90, 2))),
    quantity="largest difference of a count or a mean",
)
def cache_conserves(cache_class: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    n, c, d_v = case.size
    codes, V = rng.integers(0, c, n), rng.normal(size=(n, d_v))
    cache = cache_class(c, d_v)
    for start in range(0, n, 7):
        cache.absorb(codes[start : start + 7], V[start : start + 7])
    counts, sums = cell_table(codes, V, c)
    used = counts > 0
    means = np.asarray(cache.means)[: len(used)][used]
    yield exact(max(gap(cache.counts, counts.astype(int)), gap(means, sums[used] / counts[used, None])))


@claim(
    id="performer_vq.vq-attention-identity.state",
    title="Its size does not depend on the length of the text",
    statement=r"|\text{state}| = c\,(d_v + 1)",
    source=SOURCE,
    role="performer_vq.vq_cache",
    evidence=Evidence.CERTIFIED,
    region=exactly(0, because="numbers are counted"),
    cases=grid(n=(1, 100, 1000)),
    quantity="numbers in the state beyond c (d_v + 1)",
)
def state_is_constant(cache_class: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    cache = cache_class(12, 3)
    cache.absorb(rng.integers(0, 12, case.n), rng.normal(size=(case.n, 3)))
    yield exact(int(cache.counts.size + cache.means.size) - 12 * (3 + 1))
