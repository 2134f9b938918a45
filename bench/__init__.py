"""Benchmarks: one module per topic with a ``run()`` that prints medians and ratios; see docs/benchmarks.md."""
