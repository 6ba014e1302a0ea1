import { DeliveryError } from "../../core/index.ts";

/** Did the platform say no to the call with one of these codes? Then it has certainly not been carried out. */
export function isRefused(error: unknown, ...codes: readonly string[]): error is DeliveryError {
  return error instanceof DeliveryError && !error.maybeSent && codes.includes(String(error.cause));
}

/** Makes a call; undefined when the platform says no with one of these codes, which then means that there is nothing to do. */
export async function unless<T>(codes: string | readonly string[], call: () => Promise<T>): Promise<T | undefined> {
  try {
    return await call();
  } catch (error) {
    if (isRefused(error, ...[codes].flat())) return undefined;
    throw error;
  }
}

/** The same failure where the call was only to prepare a post: the post itself has certainly not been sent. */
export function notSent(error: unknown): unknown {
  if (!(error instanceof DeliveryError) || !error.maybeSent) return error;
  const { message, permanent, retryAfter, cause } = error;
  return new DeliveryError(message, {
    maybeSent: false,
    permanent,
    cause,
    ...(retryAfter !== undefined && { retryAfter }),
  });
}

/** Milliseconds that a Retry-After asks for, in seconds or as a date; one second without one. */
export function readRetryAfter(header: unknown, now = Date.now()): number {
  const given = typeof header === "string" ? header.trim() : "";
  if (/^\d{1,6}$/.test(given)) return Math.max(Number(given), 1) * 1000;
  // Date.parse makes a date of nearly anything, "-5" too.
  const until = given.endsWith("GMT") ? Date.parse(given) : Number.NaN;
  return Number.isNaN(until) ? 1000 : Math.max(until - now, 1000);
}

/** What an adapter says in place of a call when `AdapterHost.maySend` says no. */
export function lostJobs(platform: string, name: string): DeliveryError {
  const message = `${platform}'s ${name} was not sent: this process may have lost its jobs to another.`;
  return new DeliveryError(message, { maybeSent: false });
}
