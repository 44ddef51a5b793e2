"""Speed: ours, a peer, and the limit of the machine, on the same work in the same run. Nothing here is asserted."""
