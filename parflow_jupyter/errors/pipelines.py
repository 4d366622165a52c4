"""What goes wrong with pipelines."""

from __future__ import annotations

from parflow_jupyter.errors.base import ParflowError


class PipelineError(ParflowError):
    """A pipeline can't be built, read or run."""

    reason = "pipeline-error"


class PipelineCheckError(PipelineError):
    """A pipeline has problems that keep it from running."""

    reason = "pipeline-problems"


class DocumentError(PipelineError, ValueError):
    """A pipeline file can't be read."""

    reason = "broken-document"
