"""Figures as inline SVG: one picture for dark and light, because lines and words take the colour of the page.

Everything is drawn here and not by a plotting library: a page of 150 figures is then drawn in a second, and a figure is as
small as what it shows. All lengths are whole numbers, in tenths of a point.
"""

from verify.report.figures.picture import svg

__all__ = ["svg"]
