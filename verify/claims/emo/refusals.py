"""Bad input: what must be refused, by every public function, before it can become a number."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from typing import Any

import numpy as np

from verify.claims import Case, Evidence, claim, grid, mutant
from verify.claims.emo.instances import Floats, onehot
from verify.claims.sources import EMO_ARTICLE
from verify.evidence import Enclosure, accepted, exact, exactly
from verify.methods import earth_mover
from verify.methods.numerics import softmax

NOTHING_PASSES = exactly(0, because="an input is refused with the promised error, or it is not")
HALVES, SWAP = np.array([0.5, 0.5]), 1 - np.eye(2)

# transport problems that have no answer: p, q, cost
HOPELESS: dict[str, tuple[Any, Any, Any]] = {
    "unequal masses": (HALVES, np.array([0.5, 0.4]), SWAP),
    "negative mass": (np.array([1.5, -0.5]), HALVES, SWAP),
    "mass is nan": (np.array([np.nan, 1.0]), HALVES, SWAP),
    "cost is nan": (HALVES, HALVES, np.where(SWAP > 0, np.nan, 0.0)),
    "cost is infinite": (HALVES, HALVES, np.where(SWAP > 0, np.inf, 0.0)),
    "shapes": (HALVES, HALVES, np.zeros((2, 3))),
    "empty": (np.zeros(0), np.zeros(0), np.zeros((0, 0))),
}

# batches with no loss: logits, targets, embeddings
Z, E = np.zeros((2, 3)), np.eye(3)
NO_LOSS: dict[str, tuple[Any, Any, Any]] = {
    "logits are nan": (np.full((2, 3), np.nan), [0, 1], E),
    "an embedding is zero": (Z, [0, 1], E * [[1], [1], [0]]),
    "classes": (Z, [0, 1], np.eye(4)),
    "a target too many": (Z, [0, 1, 2], E),
    "no classes": (np.zeros((2, 0)), [0, 1], np.zeros((0, 3))),
}
NO_CLASS: dict[str, tuple[Any, Any, Any]] = {
    "target 3 of 3": (Z, [0, 3], E),
    "target -100": (Z, [0, -100], E),
    "target -1": (Z, [-1, 0], E),
}


@mutant("emo.emd_exact", slip="POT's own answer, with its warning switched off: a problem without a plan costs nothing")
def silent_zero(p: Floats, q: Floats, cost: Floats) -> earth_mover.TransportResult:
    import ot

    if not cost.size:
        raise ValueError("POT 0.9 crashes the process where there are no classes")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        plan, log = ot.emd(p, q, cost, log=True)
    return earth_mover.TransportResult(float(log["cost"]), plan, log["u"], log["v"], 0.0)


@mutant("emo.emo_loss", slip="targets index from the end: the class of -1 is the last, and -100 is looked up too")
def wrapped_target(logits: Floats, targets: Any, embeddings: Floats, **how: Any) -> Floats:
    u = embeddings / np.linalg.norm(embeddings, axis=1, keepdims=True)
    return np.asarray(1 - np.sum((softmax(logits) @ u) * u[np.asarray(targets) % len(u)], axis=1))


@mutant("emo.sinkhorn_log", slip="a plan that has not converged is returned all the same")
def unconverged(
    p: Floats, q: Floats, cost: Floats, reg: float, tol: float = 1e-12, max_iter: int = 10_000
) -> earth_mover.SinkhornResult:
    kernel = np.exp(-cost / reg)
    u, v = np.ones(len(p)), np.ones(len(q))
    for _ in range(min(max_iter, 50)):
        u = p / (kernel @ v)
        v = q / (kernel.T @ u)
    plan = u[:, None] * kernel * v
    return earth_mover.SinkhornResult(float(np.sum(plan * cost)), plan, max_iter, 0.0)


@claim(
    id="emo.bad-input",
    title="A transport problem without an answer has no value, least of all zero",
    statement=r"\sum_i p_i \ne \sum_j q_j \;\text{ or }\; C_{ij} \notin \mathbb{R}: \quad \operatorname{EMD} \text{ is refused}",
    source=EMO_ARTICLE.at("the transport problem"),
    role="emo.emd_exact",
    evidence=Evidence.CERTIFIED,
    region=NOTHING_PASSES,
    quantity="bad inputs accepted",
    refutes="Where POT finds no plan it says so, and 0.0 is the cost.",
)
def hopeless_transport(emd: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    emd(HALVES, HALVES, SWAP)
    yield exact(accepted(emd, HOPELESS.values(), ValueError))


@claim(
    id="emo.bad-input.loss",
    title="A batch without a loss is refused",
    statement=r"z_{bi} \notin \mathbb{R} \;\text{ or }\; e_i = 0 \;\text{ or }\; "
    r"t_b \notin \{0, \dots, V - 1\}: \quad L \text{ is refused}",
    source=EMO_ARTICLE.at("the loss of a batch"),
    role="emo.emo_loss",
    evidence=Evidence.CERTIFIED,
    region=NOTHING_PASSES,
    cases=grid(form=("pooled", "columns", "stable")),
    quantity="bad inputs accepted",
)
def hopeless_batches(emo_loss: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    def loss(*batch: Any) -> Any:
        return emo_loss(*batch, form=case.form)

    loss(Z, [0, 1], E)
    complex_logits = [(Z + 1j, [0, 1], E), (Z, [0.0, 1.0], E)]
    yield exact(
        accepted(loss, NO_LOSS.values(), ValueError)
        + accepted(loss, NO_CLASS.values(), IndexError)
        + accepted(loss, complex_logits, TypeError)
    )


@claim(
    id="emo.bad-input.sinkhorn",
    title="A plan that has not converged is no plan",
    statement=r"\varepsilon \le 0 \;\text{ or }\; \sum_i \big|\textstyle\sum_j P_{ij} - p_i\big| > \text{tol}: "
    r"\quad P \text{ is refused}",
    source=EMO_ARTICLE.at("the transport problem"),
    role="emo.sinkhorn_log",
    evidence=Evidence.CERTIFIED,
    region=NOTHING_PASSES,
    quantity="bad inputs accepted",
)
def hopeless_sinkhorn(sinkhorn: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    p, q, cost = softmax(rng.normal(size=5)), softmax(rng.normal(size=5)), rng.uniform(0, 1, (5, 5))
    sinkhorn(p, onehot(5, 2), cost, 0.1)

    def with_reg(p: Floats, q: Floats, cost: Floats, reg: float = 0.1) -> Any:
        return sinkhorn(p, q, cost, reg)

    def in_two_sweeps(p: Floats, q: Floats, cost: Floats) -> Any:
        return sinkhorn(p, q, cost, 0.01, tol=1e-12, max_iter=2)

    hopeless = [*HOPELESS.values(), (p, q, cost, 0.0), (p, q, cost, -1.0), (p, q, cost, np.nan)]
    yield exact(accepted(with_reg, hopeless, ValueError) + accepted(in_two_sweeps, [(p, q, cost)], RuntimeError))
