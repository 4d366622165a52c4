"""Each error class has its status."""

import pytest
from tornado.web import HTTPError

from parflow_jupyter import errors
from parflow_jupyter.server.answers import UNEXPECTED, answer, status_of

EXPECTED = {
    "InvalidInputError": 400,
    "EngineCountError": 400,
    "ProfileNameError": 400,
    "SchemeUnavailableError": 400,
    "UnequalLengthsError": 400,
    "UnknownFieldError": 400,
    "NotFoundError": 404,
    "ProfileNotFoundError": 404,
    "EngineNotFoundError": 404,
    "OperationNotFoundError": 404,
    "RunNotFoundError": 404,
    "TaskNotFoundError": 404,
    "ConflictError": 409,
    "CleanupNeededError": 409,
    "ClusterBusyError": 409,
    "DetachRefusedError": 409,
    "TaskEndedError": 409,
    "ShutdownRefusedError": 409,
    "NoEnginesError": 409,
    "ClusterError": 502,
    "ControllerStartError": 502,
    "ControllerSilentError": 502,
    "EngineStartError": 502,
    "StartRefusedError": 502,
    "SupervisorError": 503,
    "ProtocolMismatchError": 503,
}


def every_error_class(base=errors.ParflowError):
    return [base, *(found for kind in base.__subclasses__() for found in every_error_class(kind))]


@pytest.mark.parametrize("kind", every_error_class(), ids=lambda kind: kind.__name__)
def test_each_error_class_has_its_status(kind):
    """What REST can raise has the listed status; errors of other rooms are unexpected here."""
    assert status_of(kind) == EXPECTED.get(kind.__name__, 500)


def test_an_expected_error_tells_message_reason_and_details():
    """The details of an error reach the asker."""
    status, body = answer(errors.CleanupNeededError("Say what becomes of 2 engines.", engines=2))
    assert (status, body) == (
        409,
        {"engines": 2, "message": "Say what becomes of 2 engines.", "reason": "cleanup-needed"},
    )


@pytest.mark.parametrize("error", [KeyError("secret"), errors.MapError("secret"), None])
def test_an_unexpected_error_tells_nothing_of_itself(error):
    """Only the log knows."""
    assert answer(error) == (500, UNEXPECTED)


@pytest.mark.parametrize(
    ("error", "body"),
    [
        (HTTPError(403), {"message": "Forbidden", "reason": "forbidden"}),
        (HTTPError(403, "Not you."), {"message": "Not you.", "reason": "forbidden"}),
        (HTTPError(405), {"message": "Method Not Allowed", "reason": "method-not-allowed"}),
    ],
)
def test_tornados_own_errors_have_the_same_form(error, body):
    """Whoever reads errors reads one form."""
    assert answer(error) == (error.status_code, body)
