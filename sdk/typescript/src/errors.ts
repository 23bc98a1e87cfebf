// What the server refuses, and what did not reach it.

/** Of the client: the connection has ended for good. */
const DISCONNECTED = 3;

export class TidemillError extends Error {
  override name = 'TidemillError';
  /** `code`: the protocol's, or the HTTP status of a call of chat; 0: nobody answered. `kind`: chat's word for it. */
  constructor(message: string, readonly code: number, readonly kind = '', readonly field = '', readonly retryAfterMs = 0) {
    super(message);
  }

  /** The same may succeed later: nobody answered, too many calls, the server's own trouble. */
  get passing(): boolean {
    if (this.code === DISCONNECTED) return false;
    return this.code < 100 || this.code === 100 || this.code === 111 || this.code === 429 || this.code >= 500;
  }
}

/** Of what a promise of centrifuge is rejected with; chat puts its error object, as JSON, into the message. */
export function errorOf(thrown: unknown): TidemillError {
  if (thrown instanceof TidemillError) return thrown;
  const { code = 0, message = String(thrown) } = (thrown ?? {}) as { code?: number; message?: string };
  if (typeof message === 'string' && message.startsWith('{')) {
    try {
      const told = JSON.parse(message) as { error?: ChatRefusal } & ChatRefusal;
      const error = told.error ?? told;
      return new TidemillError(error.message, code, error.code, error.field, error.retry_after_ms);
    } catch {
      // It is a text like any other.
    }
  }
  return new TidemillError(message, code);
}

interface ChatRefusal {
  code: string;
  message: string;
  field?: string;
  retry_after_ms?: number;
}
