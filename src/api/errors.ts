/** What goes wrong between this page and the server. */
import { ServerConnection } from '@jupyterlab/services';

/** An answer of the server that says what went wrong, for people to read. */
export class ApiError extends ServerConnection.ResponseError {
  constructor(response: Response, message: string, reason: string) {
    super(response, message);
    this.reason = reason;
  }

  /** A short slug for programs, such as "cleanup-needed". */
  readonly reason: string;

  get status(): number {
    return this.response.status;
  }
}

/** Whether an error means that nobody answered: a frozen server, a proxy without one behind it. */
export function isConnectionLost(error: Error | null): boolean {
  return (
    error instanceof ServerConnection.NetworkError ||
    (error instanceof ApiError &&
      error.reason === 'unexpected-answer' &&
      [502, 503, 504].includes(error.status))
  );
}

/** Turn an answer that is no success into an error to show. */
export function toError(response: Response, data: unknown): ApiError {
  const { message, reason } = (data ?? {}) as {
    message?: unknown;
    reason?: unknown;
  };
  if (typeof message === 'string' && typeof reason === 'string') {
    return new ApiError(response, message, reason);
  }
  const path = new URL(response.url || 'http://localhost/').pathname;
  const hint =
    response.status === 404
      ? 'check that the server extension parflow_jupyter is enabled ("jupyter server extension list") and restart the server'
      : 'look into the log of the Jupyter server';
  return new ApiError(
    response,
    `The server answered ${response.status} ${response.statusText} to ${path}: ${hint}.`,
    response.status === 404 ? 'no-server-extension' : 'unexpected-answer'
  );
}
