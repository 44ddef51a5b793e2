"""How many multiply-adds and exponentials the forms of attention take."""

from __future__ import annotations

from typing import Literal

from verify.methods.guards import one_of, refuse, whole_number

Kind = Literal["dense", "prf", "vq", "prf_causal", "vq_causal"]
KINDS = ("dense", "prf", "vq", "prf_causal", "vq_causal")


def attention_op_count(kind: Kind, n: int, d: int, dv: int, m_or_c: int, block: int | None = None) -> dict[str, int]:
    """{"multiply_adds", "exps"} of attention over n tokens, from Q, K (n, d) and V (n, dv) on.

    - "dense": n^2 (d + dv) and n^2 exps; `m_or_c` is not used.
    - "prf", m features: 2 n m (d + dv) and 2 n m exps.
    - "vq", c codes: 2 n c d for the codes and the scores, n c dv for the outputs, n dv for the sums of values; n c exps.
    - "prf_causal", "vq_causal": each block of l tokens, the last one maybe short, adds l^2 (m + dv), or l^2 (d + dv),
      for its own pairs. Exps: m a block to rescale the state, or l^2 a block for its pairs.

    Counted are products and the sums they enter; not divisions, maxima and the sums of the denominators. Non-causal PRF
    and dense attention break even at n = 2 m exactly, whatever d and dv.

    ValueError: an unknown kind, a size below 1, a causal kind without `block`. TypeError: sizes that are not integers.

    >>> attention_op_count("prf", 512, 64, 64, 256) == attention_op_count("dense", 512, 64, 64, 256)
    True
    """
    n, d, dv = (whole_number(name, size, 1) for name, size in (("n", n), ("d", d), ("dv", dv)))
    c = whole_number("m_or_c", m_or_c, 1)
    if kind == "dense":
        return {"multiply_adds": n * n * (d + dv), "exps": n * n}
    if kind == "prf":
        return {"multiply_adds": 2 * n * c * (d + dv), "exps": 2 * n * c}
    if kind == "vq":
        return {"multiply_adds": n * (2 * c * d + c * dv + dv), "exps": n * c}
    one_of("kind", kind, KINDS)
    if block is None:
        refuse("block=None", f"{kind} goes in blocks", "give their length")
    size = min(whole_number("block", block, 1), n)
    full, rest = divmod(n, size)
    pairs, blocks = full * size * size + rest * rest, full + bool(rest)
    if kind == "prf_causal":
        whole = attention_op_count("prf", n, d, dv, c)
        return {
            "multiply_adds": whole["multiply_adds"] + pairs * (c + dv),
            "exps": whole["exps"] + blocks * c,
        }
    whole = attention_op_count("vq", n, d, dv, c)
    return {"multiply_adds": whole["multiply_adds"] + pairs * (d + dv), "exps": whole["exps"] + pairs}
