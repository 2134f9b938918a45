"""Runs measured against labels, approved records or one another: the store joined with :mod:`core.scoring`."""

from core.evaluate.score import score

__all__ = ["score"]
