"""Changing a pipeline: adding, connecting, grouping, laying out."""
