"""Pipelines as files: documents, and scripts."""
