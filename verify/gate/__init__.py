"""The gate: a run against a baseline, so that what got worse, was loosened or vanished is said in one screen.

A baseline is what the gate compares of a run. `compare` makes findings of two of them; the other modules say the findings
in the terminal, in files and on the page. Nothing here measures anything or imports a claim.
"""
