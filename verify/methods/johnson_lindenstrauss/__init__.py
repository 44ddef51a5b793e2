"""Johnson-Lindenstrauss: exact tails, minimal dimensions with certificates, random projections, incoherent vectors."""

from verify.methods.johnson_lindenstrauss.certificate import Certificate, certify_union_dimension
from verify.methods.johnson_lindenstrauss.dimension import (
    article_dimension,
    coherence_dimension,
    dasgupta_gupta_dimension,
    union_dimension,
    welch_dimension_lower_bound,
)
from verify.methods.johnson_lindenstrauss.pairs import pairwise_distortion
from verify.methods.johnson_lindenstrauss.projection import distortion_variance, project, sample_projection
from verify.methods.johnson_lindenstrauss.tails import (
    chernoff_distortion_bound,
    haar_distortion_tail,
    inner_product_tail,
    norm_distortion_tail,
)

__all__ = [
    "Certificate",
    "article_dimension",
    "certify_union_dimension",
    "chernoff_distortion_bound",
    "coherence_dimension",
    "dasgupta_gupta_dimension",
    "distortion_variance",
    "haar_distortion_tail",
    "inner_product_tail",
    "norm_distortion_tail",
    "pairwise_distortion",
    "project",
    "sample_projection",
    "union_dimension",
    "welch_dimension_lower_bound",
]
