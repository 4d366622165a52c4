"""From error class to HTTP status and body; the only place that knows both."""

from __future__ import annotations

import re
from http import HTTPStatus
from typing import Any

from tornado.web import HTTPError

from parflow_jupyter.errors import (
    ClusterError,
    ConflictError,
    InvalidInputError,
    NoEnginesError,
    NotFoundError,
    ParflowError,
    SchemeUnavailableError,
    SupervisorError,
)

STATUS: dict[type[BaseException], int] = {
    InvalidInputError: HTTPStatus.BAD_REQUEST,
    NotFoundError: HTTPStatus.NOT_FOUND,
    ConflictError: HTTPStatus.CONFLICT,
    NoEnginesError: HTTPStatus.CONFLICT,
    SchemeUnavailableError: HTTPStatus.BAD_REQUEST,
    SupervisorError: HTTPStatus.SERVICE_UNAVAILABLE,
    ClusterError: HTTPStatus.BAD_GATEWAY,
}
"""The nearest base class that is listed decides; whatever is not here is a 500."""

UNEXPECTED = {
    "message": "Something went wrong in the Jupyter server; its log has the details.",
    "reason": "internal-error",
}


def answer(error: BaseException | None) -> tuple[int, dict[str, Any]]:
    """Return the status and the JSON body that tell of an error.

    Args:
        error: What a handler raised.

    Returns:
        The HTTP status, and ``{"message", "reason"}`` with the error's details.
        An error that is not meant to be shown gives a fixed message.

    Example:
        >>> from parflow_jupyter.errors import EngineNotFoundError
        >>> answer(EngineNotFoundError("There is no engine 7."))
        (404, {'message': 'There is no engine 7.', 'reason': 'engine-not-found'})
        >>> answer(KeyError("secret"))[1]["reason"]
        'internal-error'
    """
    if isinstance(error, HTTPError):
        return error.status_code, _of_http_error(error)
    status = status_of(type(error))
    if isinstance(error, ParflowError) and status != HTTPStatus.INTERNAL_SERVER_ERROR:
        return status, error.to_dict()
    return status, dict(UNEXPECTED)


def status_of(kind: type[Any]) -> int:
    """Return the HTTP status for an error class.

    Example:
        >>> from parflow_jupyter.errors import CleanupNeededError
        >>> status_of(CleanupNeededError)
        409
    """
    listed = (STATUS[base] for base in kind.__mro__ if base in STATUS)
    return int(next(listed, HTTPStatus.INTERNAL_SERVER_ERROR))


def _of_http_error(error: HTTPError) -> dict[str, Any]:
    phrase = HTTPStatus(error.status_code).phrase
    message = error.log_message or error.reason or phrase
    return {"message": message, "reason": re.sub(r"[^a-z]+", "-", phrase.lower())}
