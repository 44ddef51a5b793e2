"""Vector quantisation of keys: codebooks, attention over codes, and its soft form."""

from verify.methods.vector_quantization.codebook import lloyd, vq_assign
from verify.methods.vector_quantization.hard import VQCache, vq_attention
from verify.methods.vector_quantization.soft import soft_vq_attention

__all__ = ["VQCache", "lloyd", "soft_vq_attention", "vq_assign", "vq_attention"]
