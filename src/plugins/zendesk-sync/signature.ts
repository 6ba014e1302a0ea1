import { createHmac, timingSafeEqual } from "node:crypto";

/** Zendesk signs test calls of webhooks that are not saved yet with this; everybody knows it. */
export const PUBLIC_TEST_SECRET = "dGhpc19zZWNyZXRfaXNfZm9yX3Rlc3Rpbmdfb25seQ==";

const WINDOW_MS = 5 * 60_000;

/** What a signed request shows. */
export interface Signed {
  readonly signature: string | null;
  /** ISO 8601. */
  readonly timestamp: string | null;
  readonly body: Uint8Array;
}

/** The signature of a webhook's request. https://developer.zendesk.com/documentation/webhooks/verifying/ */
export function sign(secret: string, timestamp: string, body: Uint8Array): string {
  return createHmac("sha256", secret).update(timestamp).update(body).digest("base64");
}

/** Was this signed with the secret, at most five minutes from `now`? */
export function isSigned({ signature, timestamp, body }: Signed, secret: string, now: number): boolean {
  if (signature === null || timestamp === null || secret === "") return false;
  // NaN, of what is no date, is within no window.
  if (!(Math.abs(now - Date.parse(timestamp)) <= WINDOW_MS)) return false;
  return isSame(signature, sign(secret, timestamp, body));
}

/** Are the two the same? Takes as long for a near miss as for a far one. */
export function isSame(given: unknown, wanted: string): boolean {
  if (typeof given !== "string" || wanted === "") return false;
  const digest = (text: string) => createHmac("sha256", "same").update(text).digest();
  return timingSafeEqual(digest(given), digest(wanted));
}
