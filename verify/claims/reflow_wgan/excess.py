"""Entry 7: straight is not optimal. What the rectified coupling pays above optimal transport, for ever."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from verify.claims import Case, Evidence, Figure, claim, figure, grid, mutant, role, series
from verify.claims.reflow_wgan.instances import MILD, STRETCH, TILTED, Floats, rotation, spd
from verify.claims.reflow_wgan.marginals import RK4_GAUSSIAN
from verify.claims.sources import FLOW_AND_TRANSPORT, FLOW_STRAIGHT, GELBRICH
from verify.evidence import Enclosure, at_least, at_most, exact, exactly, gap, sharper, slope, within
from verify.methods import rectified_flow as rf
from verify.methods.numerics import fidelity, spd_sqrt

SOURCE = FLOW_AND_TRANSPORT.at("the counterexamples to convergence to optimal transport")
FALSE = "Rectifying again and again converges to optimal transport."

role("reflow_wgan.ot_map_gaussian", numbers="S0, S1 (d, d): arrays; the map (d, d)")(rf.ot_map_gaussian)


@mutant("reflow_wgan.ot_map_gaussian", slip="the rectified map in place of the optimal one")
def rectified_map(S0: Floats, S1: Floats) -> Floats:
    return rf.rectified_map_gaussian(S0, S1)


@mutant("reflow_wgan.ot_map_gaussian", slip="S1^(1/2) S0^(-1/2), made symmetric")
def symmetrised_colouring(S0: Floats, S1: Floats) -> Floats:
    T = spd_sqrt(S1) @ np.linalg.inv(spd_sqrt(S0))
    return np.asarray((T + T.T) / 2)


@role("reflow_wgan.rectified_excess", numbers="S0, S1 (d, d): arrays; a float")
def rectified_excess(S0: Floats, S1: Floats) -> float:
    """E|Z1 - Z0|^2 - W2^2 of the rectified independent coupling: 2 [tr (S0^1/2 S1 S0^1/2)^1/2 - tr S0 # S1]."""
    return float(2 * (fidelity(S0, S1) - np.trace(rf.geometric_mean(S0, S1))))


@mutant("reflow_wgan.rectified_excess", slip="fidelity and geometric mean exchanged: a cost below the optimum")
def terms_exchanged(S0: Floats, S1: Floats) -> float:
    return -rectified_excess(S0, S1)


@mutant("reflow_wgan.rectified_excess", slip="the optimal map used as the rectified one: no excess")
def nothing_in_excess(S0: Floats, S1: Floats) -> float:
    T = rf.ot_map_gaussian(S0, S1)
    return float(2 * (fidelity(S0, S1) - np.trace(T @ S0)))


@mutant("reflow_wgan.rectified_excess", slip="the independent coupling in place of the rectified: tr(S0 + S1) only")
def traces_only(S0: Floats, S1: Floats) -> float:
    return float(2 * fidelity(S0, S1))


Integers = tuple[tuple[int, int], tuple[int, int]]


@role("reflow_wgan.plane_costs", numbers="S0, S1: 2 × 2 integers; (rectified cost, optimal cost): balls")
def plane_costs(S0: Integers, S1: Integers) -> tuple[Any, Any]:
    """Both costs in the plane, where det and tr say everything.

    With a² = det S0, b² = det S1: S0 # S1 = sqrt(ab / det(S0/a + S1/b)) (S0/a + S1/b), and the trace of the root
    of S0^1/2 S1 S0^1/2 is sqrt(tr S0 S1 + 2ab).
    """
    import flint

    A, B = flint.arb_mat(S0), flint.arb_mat(S1)
    a, b = A.det().sqrt(), B.det().sqrt()
    mixed = A * (1 / a) + B * (1 / b)
    mean = (a * b / mixed.det()).sqrt() * mixed.trace()
    return A.trace() + B.trace() - 2 * mean, A.trace() + B.trace() - 2 * ((A * B).trace() + 2 * a * b).sqrt()


@mutant("reflow_wgan.plane_costs", slip="the optimal map used as the rectified one")
def optimal_twice(S0: Integers, S1: Integers) -> tuple[Any, Any]:
    _, optimal = plane_costs(S0, S1)
    return optimal, optimal


@mutant("reflow_wgan.plane_costs", slip="rectified and optimal exchanged")
def costs_exchanged(S0: Integers, S1: Integers) -> tuple[Any, Any]:
    return plane_costs(S0, S1)[::-1]


@mutant(
    "reflow_wgan.plane_costs", slip="the cost of the independent coupling, tr(S0 + S1), taken for the rectified one"
)
def independent_cost(S0: Integers, S1: Integers) -> tuple[Any, Any]:
    import flint

    return flint.arb_mat(S0).trace() + flint.arb_mat(S1).trace(), plane_costs(S0, S1)[1]


S0_EXAMPLE: Integers = ((1, 0), (0, 25))
S1_EXAMPLE: Integers = ((13, 12), (12, 13))


@role("reflow_wgan.example_excess", numbers="no argument; (128, 97): integers p, q of the excess p / √q")
def example_excess() -> tuple[int, int]:
    """The excess of diag(1, 25) -> [[13, 12], [12, 13]] is 128 / sqrt(97)."""
    return 128, 97


@mutant("reflow_wgan.example_excess", slip="a commuting pair put in its place: nothing in excess")
def commuting_pair() -> tuple[int, int]:
    return 0, 97


@mutant("reflow_wgan.example_excess", slip="half of it: the factor 2 in front of the bracket forgotten")
def factor_two_dropped() -> tuple[int, int]:
    return 64, 97


@claim(
    id="reflow_wgan.straight-is-not-optimal",
    title="A rectified coupling may cost more than twice the optimum, for ever",
    statement=r"\Sigma_0=\begin{pmatrix}1&0\\0&25\end{pmatrix},\;\Sigma_1=\begin{pmatrix}13&12\\12&13\end{pmatrix}:\qquad"
    r" \mathbb E\|Z_1-Z_0\|^2-W_2^2 = \frac{128}{\sqrt{97}} \in (12.99,\,13)",
    source=SOURCE,
    role="reflow_wgan.plane_costs",
    evidence=Evidence.CERTIFIED,
    region=within(
        "12.99", "13", because="97 · 1299² < 128² · 10⁴ < 97 · 1300² in integers; the optimum itself is 12.60"
    ),
    quantity="rectified cost − optimal cost",
    refutes=FALSE,
)
def excess_of_the_example(costs: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    def difference() -> Any:
        rectified, optimal = costs(S0_EXAMPLE, S1_EXAMPLE)
        return rectified - optimal

    yield from sharper(difference)


@claim(
    id="reflow_wgan.straight-is-not-optimal.closed-form",
    title="The excess of the example is 128 / √97",
    statement=r"\Big(52-\frac{260}{\sqrt{97}}\Big)-\big(52-4\sqrt{97}\big)=\frac{128}{\sqrt{97}}",
    source=SOURCE,
    role=("reflow_wgan.plane_costs", "reflow_wgan.example_excess"),
    evidence=Evidence.CERTIFIED,
    region=within("-1e-30", "1e-30", because="equality of reals, stated to 30 digits"),
    quantity="difference of the costs − 128 / √97",
)
def excess_in_closed_form(costs: Any, example: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    import flint

    def apart() -> Any:
        rectified, optimal = costs(S0_EXAMPLE, S1_EXAMPLE)
        p, q = example()
        return rectified - optimal - p / flint.arb(q).sqrt()

    yield from sharper(apart)


@claim(
    id="reflow_wgan.straight-is-not-optimal.integers",
    title="It lies between 12.99 and 13 by integer arithmetic",
    statement=r"97\cdot1299^2 < 128^2\cdot10^4 < 97\cdot1300^2",
    source=SOURCE,
    role="reflow_wgan.example_excess",
    evidence=Evidence.CERTIFIED,
    region=exactly(0, because="a count of violated inequalities between integers"),
    quantity="violated inequalities",
)
def excess_by_integers(example: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    p, q = example()
    yield exact(int(q * 1299**2 >= p**2 * 10**4) + int(p**2 * 10**4 >= q * 1300**2))


@claim(
    id="reflow_wgan.straight-is-not-optimal.flow",
    title="The flow itself pays the excess",
    statement=r"\mathbb E\|Z_1-Z_0\|^2-W_2^2 = 2\Big[\operatorname{tr}\big(\Sigma_0^{1/2}\Sigma_1\Sigma_0^{1/2}\big)^{1/2}"
    r"-\operatorname{tr}(\Sigma_0\#\Sigma_1)\Big]",
    source=SOURCE,
    role="reflow_wgan.rectified_excess",
    evidence=Evidence.EXACT,
    region=at_most(1e-9, because=RK4_GAUSSIAN + "; POT takes a root of a difference, a few eps of the cost"),
    cases=grid(d=(2, 3), seed=tuple(range(5))).full(d=(2, 3, 5, 8), seed=tuple(range(50)))
    + grid(d=(2,), seed=("example", "mild")),
    quantity="|excess − (cost of the flow − POT)|",
)
def excess_of_the_flow(excess: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    import ot

    named = {"example": (STRETCH, TILTED), "mild": MILD}
    S0, S1 = named[case.seed] if case.seed in named else (spd(rng, case.d), spd(rng, case.d))
    zero = np.zeros(case.d)
    K = rf.gaussian_flow(S0, S1, 0 * S0, 500)[-1] @ S0
    distance = ot.gaussian.bures_wasserstein_distance(zero, zero, S0, S1)
    yield exact(gap(excess(S0, S1), rf.transport_cost(S0, S1, K, zero, zero) - float(distance) ** 2))


@claim(
    id="reflow_wgan.straight-is-not-optimal.optimal-map",
    title="The optimal map is that of POT",
    statement=r"T=\Sigma_0^{-1/2}\big(\Sigma_0^{1/2}\Sigma_1\Sigma_0^{1/2}\big)^{1/2}\Sigma_0^{-1/2}",
    source=GELBRICH.at("the optimal map"),
    role="reflow_wgan.ot_map_gaussian",
    evidence=Evidence.EXACT,
    region=at_most(1e-9, because="roots and inverses of matrices with conditions below 1e3 in either way: 1e3 eps, "
        "and POT's general root "
                   "of a product is good to half of its digits at worst"),
    cases=grid(d=(1, 2, 3, 5), seed=(0,)).full(d=(1, 2, 3, 5, 20), seed=tuple(range(10))),
    quantity="largest |map − POT|",
)  # fmt: skip
def map_of_pot(optimal_map: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    import ot

    S0, S1, zero = spd(rng, case.d), spd(rng, case.d), np.zeros(case.d)
    A, _ = ot.gaussian.bures_wasserstein_mapping(zero, zero, S0, S1)
    yield exact(gap(optimal_map(S0, S1), A))


@claim(
    id="reflow_wgan.straight-is-not-optimal.commuting",
    title="Covariances that commute have no excess",
    statement=r"\Sigma_0\Sigma_1=\Sigma_1\Sigma_0 \;\Rightarrow\; \mathbb E\|Z_1-Z_0\|^2=W_2^2",
    source=FLOW_STRAIGHT.at("one dimension, and beyond it"),
    role="reflow_wgan.rectified_excess",
    evidence=Evidence.EXACT,
    region=at_most(1e-10, because="a difference of two traces of roots below 10: 10 d eps, d ≤ 5, is 1e-14; the root loses half "
                   "of the digits of no eigenvalue, as all are above 0.1"),
    cases=grid(d=(1, 2, 5), seed=(0, 1)).full(seed=tuple(range(30))),
    quantity="|excess|",
)  # fmt: skip
def commuting_pairs(excess: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    Q, _ = np.linalg.qr(rng.normal(size=(case.d, case.d)))
    first, second = ((Q * w) @ Q.T for w in rng.uniform(0.3, 3, (2, case.d)))
    yield exact(gap(excess((first + first.T) / 2, (second + second.T) / 2), 0.0))


@claim(
    id="reflow_wgan.straight-is-not-optimal.others",
    title="All others have some",
    statement=r"\Sigma_0\Sigma_1\ne\Sigma_1\Sigma_0 \;\Rightarrow\; \mathbb E\|Z_1-Z_0\|^2>W_2^2",
    source=SOURCE,
    role="reflow_wgan.rectified_excess",
    evidence=Evidence.EXACT,
    region=at_least(1e-3, because="the excess grows like the square of the angle between eigenvectors, which is at "
        "least a tenth here; "
                    "rounding leaves 1e-14"),
    cases=grid(angle=(0.3, 0.8, 1.4), ratio=(2.0, 5.0)).full(angle=(0.2, 0.3, 0.5, 0.8, 1.1, 1.4), ratio=(2.0, 5.0, 20.0)),
    quantity="excess",
    refutes=FALSE,
)  # fmt: skip
def turned_pairs(excess: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    R, S0 = rotation(case.angle), np.diag([1.0, case.ratio**2])
    yield exact(float(excess(S0, (S := R @ S0 @ R.T) / 2 + S.T / 2)))


@role(
    "reflow_wgan.cost_ratio_limit", numbers="the angle θ: a ball or a float; the limit of rectified over optimal cost"
)
def cost_ratio_limit(angle: Any) -> Any:
    """1 / (1 - cos θ): diag(1, k²) turned by θ, for k to infinity."""
    return 1 / (1 - cosine(angle))


def cosine(angle: Any) -> Any:
    """cos of a ball or of a float."""
    return angle.cos() if hasattr(angle, "cos") else np.cos(angle)


@mutant("reflow_wgan.cost_ratio_limit", slip="bounded: twice the optimum at most")
def twice_at_most(angle: Any) -> Any:
    return 2 + 0 * angle


@mutant("reflow_wgan.cost_ratio_limit", slip="1 / sin² θ: cos² in place of cos")
def squared_cosine(angle: Any) -> Any:
    return 1 / (1 - cosine(angle) ** 2)


def cost_ratio(k: int, angle: Any) -> Any:
    """Rectified over optimal cost of diag(1, k²) and its turn by an angle, a ball."""
    import flint

    c, s = flint.arb(angle).cos(), flint.arb(angle).sin()
    R = flint.arb_mat([[c, -s], [s, c]])
    S0 = flint.arb_mat([[1, 0], [0, k * k]])
    rectified, optimal = plane_costs(S0, R * S0 * R.transpose())  # type: ignore[arg-type]
    return rectified / optimal


@claim(
    id="reflow_wgan.straight-is-not-optimal.unbounded",
    title="The ratio to the optimum has no bound",
    statement=r"\Sigma_0=\operatorname{diag}(1,k^2),\;\Sigma_1=R_\theta\Sigma_0R_\theta^\top:\qquad"
    r" \frac{\mathbb E\|Z_1-Z_0\|^2}{W_2^2} = \frac{1}{1-\cos\theta}\Big(1-O\big(\tfrac1k\big)\Big)",
    source=SOURCE,
    role="reflow_wgan.cost_ratio_limit",
    evidence=Evidence.RATE,
    region=within(-1.01, -0.99, because="1 − ratio (1 − cos θ) is 2 / (k sin θ) with a relative correction of the same size, below "
                  "2e-3 at k = 10⁴ and θ = 0.1: a slope off by less than 1e-3, times 10"),
    cases=grid(angle=(0.1, 0.5, 1.0)).full(angle=(0.1, 0.2, 0.5, 1.0, 1.4)),
    quantity="slope of log(1 − ratio / limit) against log k",
    refutes="Rectified couplings cost at most a constant times the optimum.",
)  # fmt: skip
def ratio_reaches_its_limit(limit: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    import flint

    with flint.ctx.workprec(200):
        ks = [10**e for e in (4, 5, 6, 7)]
        left = [float(abs(1 - cost_ratio(k, case.angle) / limit(flint.arb(case.angle)))) for k in ks]
    yield exact(slope(np.log(ks), np.log(left)))


@role("reflow_wgan.rectified_rotation", numbers="rho, theta: floats; an angle")
def rectified_rotation(rho: float, theta: float) -> float:
    """The angle by which one rectification of x1 = ρ R_θ x0 + sqrt(1 - ρ²) ξ turns: ρ sin θ arccos(ρ cos θ) / sqrt(1 - ρ² cos² θ)."""
    c = rho * np.cos(theta)
    return float(rho * np.sin(theta) * np.arccos(c) / np.sqrt(1 - c**2))


@mutant("reflow_wgan.rectified_rotation", slip="the angle shrunk by ρ")
def shrunk_angle(rho: float, theta: float) -> float:
    return rho * theta


@mutant("reflow_wgan.rectified_rotation", slip="the angle of the noisy pairs kept: noise taken to average out")
def same_angle(rho: float, theta: float) -> float:
    return theta


@claim(
    id="reflow_wgan.straight-is-not-optimal.rotations",
    title="Noisy rotations are rectified to rotations, by a smaller angle",
    statement=r"x_1=\rho R_\theta x_0+\sqrt{1-\rho^2}\,\xi:\qquad M=R_\varphi,\quad"
    r" \varphi=\frac{\rho\sin\theta\,\arccos(\rho\cos\theta)}{\sqrt{1-\rho^2\cos^2\theta}}",
    source=SOURCE,
    role="reflow_wgan.rectified_rotation",
    evidence=Evidence.EXACT,
    region=at_most(
        1e-9,
        because="2000 steps of rk4: h⁴ = 6e-14 with a constant that grows as S_t comes near to singular, below 1e4 at ρ = 0.99, θ = 3",
    ),
    cases=grid(rho_theta=((0.5, 1.0), (0.9, 2.5), (0.99, 3.0))),
    quantity="largest |M − R_φ|",
)
def rotations_stay(angle: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    rho, theta = case.rho_theta
    eye = np.eye(2)
    M = rf.gaussian_flow(eye, eye, rho * rotation(theta), 2000)[-1]
    yield exact(gap(M, rotation(angle(rho, theta))))


@claim(
    id="reflow_wgan.straight-is-not-optimal.fixed-points",
    title="Every rotation but the half turn is straight and stuck",
    statement=r"\Sigma_0=\Sigma_1=I,\;K=R:\qquad M=R,\quad \mathbb E\|Z_1-Z_0\|^2=4(1-\cos\theta) > 0=W_2^2",
    source=FLOW_STRAIGHT.at("straight couplings are fixed points"),
    role="reflow_wgan.gaussian_flow",
    evidence=Evidence.EXACT,
    region=at_most(
        1e-12,
        because="along straight lines every step is exact: 50 steps of a few eps, over a covariance that is above 0.03",
    ),
    cases=grid(cosine=(0.6, -0.6, 0.0, -0.95)),
    quantity="largest |M − R|",
    refutes=FALSE,
)
def rotations_are_stuck(gaussian_flow: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    R, eye = rotation(float(np.arccos(case.cosine))), np.eye(2)
    yield exact(gap(gaussian_flow(eye, eye, R, 50)[-1], R))


@figure(of="reflow_wgan.straight-is-not-optimal.unbounded")
def ratio_against_angle() -> Figure:
    angles = np.linspace(0.06, np.pi / 2, 60)
    curves = [series(f"k = {k}", angles, [float(cost_ratio(k, float(a))) for a in angles]) for k in (2, 10, 100)]
    return Figure(
        "Rectified over optimal cost when an ellipse is turned",
        "The thinner the ellipse, the nearer the ratio comes to 1 / (1 − cos θ), which has no bound.",
        "angle of the turn",
        "cost ratio",
        (*curves, series("limit", angles, [cost_ratio_limit(float(a)) for a in angles], kind="dashed")),
        y_log=True,
    )


@figure(of="reflow_wgan.straight-is-not-optimal.rotations")
def rotation_family() -> Figure:
    theta = np.linspace(0, np.pi, 121)
    family = [
        series(f"ρ = {rho}", theta, [rectified_rotation(rho, float(x)) for x in theta]) for rho in (0.3, 0.6, 0.9, 0.99)
    ]
    return Figure(
        "Rotations after rectification",
        "Without noise (ρ = 1) every rotation stays what it is; noise shrinks the angle, and near a half turn nearly to zero.",
        "angle θ of the noisy pairs",
        "angle φ of the rectified map",
        (*family, series("ρ = 1: stuck", theta[:-1], theta[:-1], kind="dashed")),
        equal=True,
    )
