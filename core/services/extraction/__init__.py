"""Extraction: models, prompts, pipelines and runs."""
