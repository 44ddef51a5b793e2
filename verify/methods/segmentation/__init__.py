"""Random segmentation with a unigram token model: exact laws, exact samplers, and samplers that only look exact.

Bytes in, bytes out. `build_lattice(text, model)` finds all tokens in a text; everything else works on the lattice.
"""

from verify.methods.segmentation.best import Best, lazy_nbest, nbest_segmentations, viterbi
from verify.methods.segmentation.counting import count_segmentations, enumerate_segmentations
from verify.methods.segmentation.em import em_step, expected_counts
from verify.methods.segmentation.lattice import Lattice, build_lattice, pieces
from verify.methods.segmentation.model import UnigramModel
from verify.methods.segmentation.sampling import sample_segmentations
from verify.methods.segmentation.streaming import sample_streaming
from verify.methods.segmentation.streaming_laws import streaming_law
from verify.methods.segmentation.sums import (
    Moments,
    backward_log,
    boundary_posteriors,
    edge_posteriors,
    forward_log,
    log_partition,
    partition,
    segmentation_moments,
)

__all__ = [
    "Best",
    "Lattice",
    "Moments",
    "UnigramModel",
    "backward_log",
    "boundary_posteriors",
    "build_lattice",
    "count_segmentations",
    "edge_posteriors",
    "em_step",
    "enumerate_segmentations",
    "expected_counts",
    "forward_log",
    "lazy_nbest",
    "log_partition",
    "nbest_segmentations",
    "partition",
    "pieces",
    "sample_segmentations",
    "sample_streaming",
    "segmentation_moments",
    "streaming_law",
    "viterbi",
]
