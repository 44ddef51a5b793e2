"""Entry 8, the forecast: how many features a wanted error of the output takes, from Q, K, V alone."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from verify.claims import Case, Evidence, claim, grid, table
from verify.claims.figures import Table
from verify.claims.performer_vq.instances import attention, benign, prf_attention, real_tokens
from verify.claims.performer_vq.output_error import SOURCE
from verify.claims.performer_vq.output_rate import squared_error
from verify.evidence import Enclosure, Vacuous, exact, gap, median, within
from verify.methods import attention as methods


@claim(
    id="performer_vq.attention-output-error.length",
    title="The constant does not grow with the text where values follow from keys",
    statement=r"\mathrm{mse}(n = 4096) \approx \mathrm{mse}(n = 256), \qquad V = K M",
    source=SOURCE,
    role="performer_vq.output_error_constants",
    evidence=Evidence.EXACT,
    region=within(0.8, 1.2, because="the constants are means over the keys, whose relative spread at 256 keys of this "
                                    "size is below 0.1; one "
                  "more mean over the keys divides by 4 to 16"),
    cases=grid(n=(1024,)).full(n=(1024, 4096)),
    quantity="mean constant at n over that at 256",
)  # fmt: skip
def constant_in_length(constants: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    d = 8
    scale = 0.25 * d**-0.25
    Q, K, M = scale * rng.normal(size=(8, d)), scale * rng.normal(size=(case.n, d)), rng.normal(size=(d, 2))
    long, short = (np.mean(constants(Q, K[:n], K[:n] @ M)[0]) for n in (case.n, 256))
    yield exact(gap(long / short, 0.0))


@claim(
    id="performer_vq.attention-output-error.features-needed",
    title="The number of features for a wanted error, from Q, K, V alone",
    statement=r"m = \frac{\overline{\mathrm{mse}}}{\epsilon^2\, \overline{|o|^2}} \implies \mathrm{RMS\ error} "
              r"\approx \epsilon\, \mathrm{RMS\ output}",
    source=SOURCE,
    role="performer_vq.features_needed",
    evidence=Evidence.STATISTICAL,
    region=within(0.75, 1.25, because="the median of the error of 16 queries and 8 values lies within a tenth of its "
                                      "root mean square; the "
                  "next order in 1/m adds less than a tenth"),
    cases=grid(error=(0.1,), data=("benign", "words")).full(error=(0.05, 0.1)),
    quantity="median of the measured over the wanted error",
)  # fmt: skip
def forecast(needed: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    stream = case.stream("tokens")
    Q, K, V = benign(stream, 16, 64, 16, 8) if case.data == "benign" else real_tokens(stream, 16, 64, 16, 0.25)
    m = int(needed(Q, K, V, case.error))
    power = float(np.sum(attention(Q, K, V) ** 2))
    if not 8 <= m <= 20_000:
        yield exact(np.inf if m > 20_000 else 0.0)  # off by orders of magnitude: the reference asks for hundreds
        return

    def ratios(rng: np.random.Generator, size: int) -> list[float]:
        return [np.sqrt(squared_error(prf_attention, Q, K, V, m, rng) / power) / case.error for _ in range(size)]

    yield from median(ratios, rng, case.risk, first=128)


@table(of="performer_vq.attention-output-error.features-needed")
def features_for_ten_percent() -> Table:
    rows: list[tuple[str, int, str]] = []
    rng = np.random.default_rng(9862)
    for d in (16, 64):
        for scale in (0.25, 0.5, 1.0):
            Q, K, V = real_tokens(rng, 32, 128, d, scale)
            try:
                needed = f"{methods.features_needed(Q, K, V, 0.1):.3g}"
            except ValueError:
                needed = "more than a float holds"
            rows.append((f"real words, entries of variance {scale**2:g}, times d^(−1/4)", d, needed))
    if len({row[2] for row in rows}) == 1:
        raise Vacuous("every row needs as many features")
    return Table(
        "Features needed for 10 % error of the output, computed from Q, K, V",
        "Feasible at small entries only: the number grows exponentially with |q + k|².",
        ("queries and keys", "d", "features"),
        rows,
    )
