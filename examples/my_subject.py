"""An implementation of one's own, judged by the suite's claims.

verify run emo --subject emo.demd=examples/my_subject.py:demd          # holds, exit code 0
verify run emo --subject emo.demd=examples/my_subject.py:hasty_demd    # fails, exit code 1
"""

import numpy as np


def demd(p, q, cost):
    """The cost of the independent coupling, sum_ij p_i q_j C_ij, as one contraction."""
    return float(np.einsum("i,ij,j->", p, cost, q))


def hasty_demd(p, q, cost):
    """The same in single precision, which is not what the claims allow."""
    return float(np.float32(p @ cost @ q))
