"""Evidence: enclosures of one real quantity, the regions they meet, and the ways to make them.

Every maker rounds outward and states its risk; judging is set inclusion. The five sampled enclosures are valid for any
subject whose draws are independent.
"""

from verify.evidence.balls import ball, sharper
from verify.evidence.enclosure import CERTIFYING, Basis, Enclosure, NotANumber, exact, least, worst
from verify.evidence.measuring import CountingArray, accepted, answered, gap, peak_bytes, slope
from verify.evidence.region import Region, Verdict, at_least, at_most, exactly, within, worst_verdict
from verify.evidence.sampling import (
    bounded_mean,
    clopper_pearson,
    median,
    probability,
    sup_distance,
    total_variation,
    worst_looks,
)
from verify.evidence.settle import Outcome, Vacuous, settle

__all__ = [
    "CERTIFYING",
    "Basis",
    "CountingArray",
    "Enclosure",
    "NotANumber",
    "Outcome",
    "Region",
    "Vacuous",
    "Verdict",
    "accepted",
    "answered",
    "at_least",
    "at_most",
    "ball",
    "bounded_mean",
    "clopper_pearson",
    "exact",
    "exactly",
    "gap",
    "least",
    "median",
    "peak_bytes",
    "probability",
    "settle",
    "sharper",
    "slope",
    "sup_distance",
    "total_variation",
    "within",
    "worst",
    "worst_looks",
    "worst_verdict",
]
