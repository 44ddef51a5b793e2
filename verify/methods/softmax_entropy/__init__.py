"""Entropy of a softmax: exact kernels, streaming, matching a target, and the mean over random scores for every n."""

from verify.methods.softmax_entropy.kernel import softmax_entropy, softmax_varentropy
from verify.methods.softmax_entropy.matching import entropy_matching_scale
from verify.methods.softmax_entropy.oracle import ExpectedSoftmax, expected_softmax_entropy, scale_exponent
from verify.methods.softmax_entropy.scales import annealed_entropy, attention_scale, freezing_scale
from verify.methods.softmax_entropy.stream import SoftmaxEntropyState, attention_entropy

__all__ = [
    "ExpectedSoftmax",
    "SoftmaxEntropyState",
    "annealed_entropy",
    "attention_entropy",
    "attention_scale",
    "entropy_matching_scale",
    "expected_softmax_entropy",
    "freezing_scale",
    "scale_exponent",
    "softmax_entropy",
    "softmax_varentropy",
]
