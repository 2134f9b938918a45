"""Shiyao (拾要): everything behind the pages; see docs/architecture.md for the layers."""
