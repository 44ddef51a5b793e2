"""Attention: exact, linear through features, its error with random features, and what the forms cost."""

from verify.methods.attention.cost import attention_op_count
from verify.methods.attention.error import features_needed, output_error_constants
from verify.methods.attention.linear import LinearAttentionState, linear_attention
from verify.methods.attention.softmax import softmax_attention, softmax_tv_bound

__all__ = [
    "LinearAttentionState",
    "attention_op_count",
    "features_needed",
    "linear_attention",
    "output_error_constants",
    "softmax_attention",
    "softmax_tv_bound",
]
