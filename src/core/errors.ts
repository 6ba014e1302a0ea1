/**
 * An error that says what happened, to which thing, and what to do. Every code stands in `docs/errors.md`.
 *
 * A handler may throw one too; `retryAfter` and `permanent` then steer the retry.
 */
export class HobnobError extends Error {
  readonly code: string;
  /** Try again after this many milliseconds instead of the back-off's own delay. */
  readonly retryAfter: number | undefined;
  /** Trying again cannot help: the job becomes a dead letter at once. */
  readonly permanent: boolean;

  constructor(
    code: string,
    message: string,
    options: { readonly cause?: unknown; readonly retryAfter?: number; readonly permanent?: boolean } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = "HobnobError";
    this.code = code;
    this.retryAfter = finite(options.retryAfter);
    this.permanent = options.permanent ?? false;
  }
}

/** The platform said "too many": what `scope` names is paused for `retryAfter` ms and the call is made again; no attempt is used. */
export class RateLimitError extends HobnobError {
  override readonly retryAfter: number;
  /** What the limit is on: one conversation, or the account that the adapter speaks with. */
  readonly scope: "conversation" | "account";

  constructor(
    message: string,
    options: { readonly retryAfter: number; readonly scope?: "conversation" | "account"; readonly cause?: unknown },
  ) {
    super("RATE_LIMITED", message, options);
    this.name = "RateLimitError";
    this.retryAfter = finite(options.retryAfter) ?? 1000;
    this.scope = options.scope ?? "conversation";
  }
}

/**
 * A call to a platform failed. `maybeSent` tells the two cases apart that matter: the platform said no (false),
 * or nobody knows whether it took the call (true: time-out, broken connection, 5xx).
 */
export class DeliveryError extends HobnobError {
  readonly maybeSent: boolean;

  constructor(
    message: string,
    options: {
      readonly maybeSent: boolean;
      readonly permanent?: boolean;
      readonly retryAfter?: number;
      readonly cause?: unknown;
    },
  ) {
    super("DELIVERY_FAILED", message, options);
    this.name = "DeliveryError";
    this.maybeSent = options.maybeSent;
  }
}

/** What is kept of a failure in a job's record: never a message's text, never a token. */
export interface RecordedError {
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly attempt: number;
  readonly code: string;
  readonly message: string;
}

// Often read from a header: a date there gives NaN, which is no time to wait for.
function finite(ms: number | undefined): number | undefined {
  return ms !== undefined && Number.isFinite(ms) ? Math.max(0, ms) : undefined;
}

/** The code of any thrown thing: ours, Node's (`ECONNREFUSED`), or the error's name. */
export function errorCode(error: unknown): string {
  if (error instanceof Error) {
    const { code } = error as { code?: unknown };
    return typeof code === "string" ? code : error.name;
  }
  return "UNKNOWN";
}

/** The message of any thrown thing, short enough for a record and a log line. */
export function errorMessage(error: unknown): string {
  let message: string;
  try {
    // A class with a field `message` has none, and some put a backend's whole answer there.
    const said: unknown = error instanceof Error ? error.message : error;
    message = typeof said === "string" ? said : String(said);
  } catch {
    message = "An error that cannot be shown.";
  }
  return message.length > 500 ? `${message.slice(0, 499)}…` : message;
}
