/** What can go wrong for a caller of the API, apart by class. */

/** The daemon said no, in its words. */
export class ApiError extends Error {
  override readonly name = 'ApiError';
  /** HTTP status. */
  readonly status: number;
  /** A rule's name, a policy's, or one of the API's own such as `not-found`. */
  readonly code: string;
  /** Milliseconds the daemon asks to wait before another try (`Retry-After`). */
  readonly retryAfterMs: number | undefined;

  constructor(status: number, code: string, message: string, retryAfterMs?: number) {
    super(message);
    this.status = status;
    this.code = code;
    this.retryAfterMs = retryAfterMs;
  }
}

/** No answer, or none of a daemon's. */
export class ConnectionError extends Error {
  override readonly name = 'ConnectionError';
}

/** What was waited for did not happen in time; it still may. */
export class WaitError extends Error {
  override readonly name = 'WaitError';
}

/**
 * A block that was yielded is not on the chain, and the daemon does not know it: it is another daemon, or one whose
 * ledger was deleted. What followed from its blocks cannot be taken back one by one; whoever follows must begin anew.
 */
export class ReorganisationError extends Error {
  override readonly name = 'ReorganisationError';
}

/** Whether it may go well a moment later: no connection, or a daemon too busy or about to stop. */
export function isPassing(error: unknown): error is ApiError | ConnectionError {
  if (error instanceof ApiError) return error.status === 503 || error.status === 429;
  return error instanceof ConnectionError;
}
