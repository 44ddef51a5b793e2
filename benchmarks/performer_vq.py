"""The rows of attention: exact, through positive features, and over quantised keys."""

from __future__ import annotations

import warnings
from functools import partial
from typing import Any

import numpy as np

from benchmarks.harness import Goal, Row, Work, optional
from verify.methods.attention import LinearAttentionState, linear_attention, softmax_attention
from verify.methods.random_features import draw_projections, log_prf_features
from verify.methods.vector_quantization import vq_attention

D, M = 64, 256
TOKENS = 1024  # whose features are held at a time


def tokens(scale: float, n: int, dtype: Any) -> tuple[Any, Any, Any, Any]:
    """(Q, K, V, rng): entries of half unit variance times d^(−1/4), as in a trained layer."""
    rng = np.random.default_rng(0)
    n = max(2, int(n * scale))
    Q, K, V = (rng.normal(size=(n, D)).astype(dtype) for _ in range(3))
    size = dtype(0.5 * D**-0.25)
    return size * Q, size * K, V, rng


def through_features(Q: Any, K: Any, V: Any, W: Any, **how: Any) -> Any:
    """Features and attention, from Q, K, V and the projections on."""
    return linear_attention(log_prf_features(Q, W), log_prf_features(K, W), V, **how)


def streamed(Q: Any, K: Any, V: Any, W: Any) -> Any:
    """The same without a mask, by way of the streaming form, which holds the features of a few tokens only."""
    state, out = LinearAttentionState(), np.empty_like(V)
    blocks = [slice(start, start + TOKENS) for start in range(0, len(Q), TOKENS)]
    for rows in blocks:
        state.update(log_prf_features(K[rows], W), V[rows])
    for rows in blocks:
        out[rows] = state.query(log_prf_features(Q[rows], W))
    return out


def roundings(dtype: Any) -> float:
    """Exponents below 30 round by 30 eps on either side, sums of 256 features and of the keys by as much again."""
    return 2000 * float(np.finfo(dtype).eps)


def features(scale: float, *, n: int, dtype: Any) -> Work:
    """The limit is the four matrix products alone."""
    Q, K, V, rng = tokens(scale, n, dtype)
    W = draw_projections(M, D, rng).astype(dtype)
    left, right = Q @ W.T, K @ W.T

    def limit() -> Any:
        np.matmul(Q, W.T, out=left)
        np.matmul(K, W.T, out=right)
        return left @ (right.T @ V)

    def check() -> Any:
        few = slice(0, 50)
        logits = np.logaddexp.reduce(
            log_prf_features(Q[few], W)[:, None].astype(float) + log_prf_features(K, W).astype(float), axis=2
        )
        weights = np.exp(logits - logits.max(axis=1, keepdims=True))
        rest = through_features(Q, K, V, W)[50:]
        return np.concatenate([(weights @ V) / weights.sum(axis=1, keepdims=True), rest])

    return Work(partial(streamed, Q, K, V, W), limit=limit, check=check, tolerance=roundings(dtype))


def features_against_performer(scale: float, *, n: int, causal: bool) -> Work:
    """performer-pytorch with its ε set to 0, as it would otherwise compute something else; float32, one thread."""
    Q, K, V, rng = tokens(scale, n, np.float32)
    W = draw_projections(M, D, rng).astype(np.float32)

    def peer() -> Any:
        torch = optional("torch")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # it imports what its own dependencies have deprecated
            performer = optional("performer_pytorch.performer_pytorch")
        torch.set_num_threads(1)
        q, k, v, w = (torch.from_numpy(x) for x in (Q, K, V, W))
        with torch.no_grad():
            kernel = partial(performer.softmax_kernel, projection_matrix=w, normalize_data=False, eps=0.0, device="cpu")
            mapped, keys = kernel(q[None, None], is_query=True), kernel(k[None, None], is_query=False)
            if causal:
                return performer.causal_linear_attention_noncuda(mapped, keys, v[None, None], eps=0.0)[0, 0].numpy()
            return performer.linear_attention(mapped, keys, v[None, None])[0, 0].numpy()

    ours = partial(through_features, causal=True, block_size=128) if causal else streamed
    return Work(partial(ours, Q, K, V, W), peer,
                check=partial(through_features, *(x.astype(float) for x in (Q, K, V, W)), causal=causal),
                tolerance=roundings(np.float32))  # fmt: skip


def causal_features(scale: float, *, n: int, dtype: Any) -> Work:
    """The limit is the same work without a mask."""
    Q, K, V, rng = tokens(scale, n, dtype)
    W = draw_projections(M, D, rng).astype(dtype)
    ours = partial(through_features, Q, K, V, W, causal=True, block_size=64)
    return Work(ours, limit=partial(streamed, Q, K, V, W), tolerance=roundings(dtype),
                check=partial(through_features, *(x.astype(float) for x in (Q, K, V, W)), causal=True, block_size=50))  # fmt: skip


def exact(scale: float, *, n: int, dtype: Any) -> Work:
    """torch's scaled_dot_product_attention on one thread, without its scale; the limit is two products and one exp."""
    Q, K, V, _ = tokens(scale, n, dtype)
    logits = np.empty((min(256, len(Q)), len(K)), dtype)

    def limit() -> None:
        for start in range(0, len(Q), 256):
            tile = np.matmul(Q[start : start + 256], K.T, out=logits[: len(Q) - start])
            np.exp(tile, out=tile) @ V

    def peer() -> Any:
        torch = optional("torch")
        torch.set_num_threads(1)
        q, k, v = (torch.from_numpy(x)[None, None] for x in (Q, K, V))
        attention = torch.nn.functional.scaled_dot_product_attention
        with torch.no_grad():
            return attention(q, k, v, scale=1.0)[0, 0].numpy()

    def check() -> Any:
        logits = Q.astype(float) @ K.T.astype(float)
        weights = np.exp(logits - logits.max(axis=1, keepdims=True))
        return weights @ V / weights.sum(axis=1, keepdims=True)

    return Work(partial(softmax_attention, Q, K, V), peer, limit, check=check, tolerance=roundings(dtype))


def codes(scale: float, *, n: int, c: int, dtype: Any) -> Work:
    """Causal attention over quantised keys; the peer is our own exact attention over the same keys."""
    Q, _, V, rng = tokens(scale, n, dtype)
    C = (0.5 * D**-0.25 * rng.normal(size=(c, D))).astype(dtype)
    z = rng.integers(0, c, len(Q))
    peer = partial(softmax_attention, Q, C[z], V, causal=True)
    return Work(partial(vq_attention, Q, z, C, V, causal=True), peer, tolerance=roundings(dtype))


DOUBLE, SINGLE = np.float64, np.float32
PRODUCTS, SDPA, PERFORMER, UNMASKED = "its 4 matrix products", "torch SDPA", "performer-pytorch", "ours without a mask"

ROWS = [
    Row("PRF attention, n = 4096, m = 256, float64", Goal(2, "limit"), None, PRODUCTS, partial(features, n=4096, dtype=DOUBLE)),
    Row("PRF attention, n = 4096, m = 256, float32", Goal(2, "limit"), None, PRODUCTS, partial(features, n=4096, dtype=SINGLE)),
    Row("PRF attention, n = 16k, m = 256, float64", Goal(2, "limit"), None, PRODUCTS, partial(features, n=16_384, dtype=DOUBLE)),
    Row("PRF attention, n = 4096, float32", Goal(1.3, "peer"), PERFORMER, None,
        partial(features_against_performer, n=4096, causal=False)),
    Row("causal PRF attention, n = 4096, float32", Goal(25, "peer"), PERFORMER, None,
        partial(features_against_performer, n=4096, causal=True)),
    Row("causal PRF attention, n = 4096, float64", Goal(1.7, "limit"), None, UNMASKED,
        partial(causal_features, n=4096, dtype=DOUBLE)),
    Row("causal PRF attention, n = 4096, float32 blocks", Goal(1.7, "limit"), None, UNMASKED,
        partial(causal_features, n=4096, dtype=SINGLE)),
    Row("exact attention, n = 4096, float64", Goal(0.8, "peer"), SDPA, "GEMM + exp", partial(exact, n=4096, dtype=DOUBLE)),
    Row("exact attention, n = 4096, float32", Goal(0.8, "peer"), SDPA, "GEMM + exp", partial(exact, n=4096, dtype=SINGLE)),
    Row("VQ attention, causal, n = 16k, c = 512, float64", Goal(8, "peer"), "exact attention, causal", None,
        partial(codes, n=16_384, c=512, dtype=DOUBLE)),
]  # fmt: skip
