import type { ApiResponseError } from "twitter-api-v2";
import { DeliveryError, errorCode, HobnobError, RateLimitError } from "../../core/index.ts";
import { isFields } from "../shared/fields.ts";

/** X has had this very text before. Cause of a `DeliveryError`. */
export const DUPLICATE = "duplicate content";
/** A self-serve app may answer only who has called it. Cause of a `DeliveryError`. */
export const NOT_SUMMONED = "reply not allowed";

/** The account's events go to the webhook already. Cause of a `DeliveryError`. */
export const SUBSCRIBED = "DuplicateSubscriptionFailed";

/** A call, for messages and for what its failure means. */
export interface Called {
  /** X's own name of the operation, for example `createPosts`. */
  readonly name: string;
  /** It changes nothing, so it may be made again. */
  readonly isRead: boolean;
  /** Milliseconds since 1970. */
  readonly now: number;
}

// The connection was never made, so the call cannot have arrived.
const UNSENT = [
  "ECONNREFUSED",
  "ENOTFOUND",
  "EAI_AGAIN",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "ERR_INVALID_URL",
  "CERT_HAS_EXPIRED",
];
const PASSING = [408, 409, 423, 425];

/** What X says no with, in the order in which it is looked for. X's texts are matched, never passed on. */
const REFUSALS: readonly { readonly says: RegExp; readonly code: string; readonly remedy: string }[] = [
  {
    says: /CrcValidationFailed/,
    code: "CrcValidationFailed",
    remedy:
      "X called the URL and did not get the right answer. Is the bot running, reachable from outside, and is its API key secret this app's?",
  },
  { says: /UrlValidationFailed/, code: "UrlValidationFailed", remedy: "The URL must be https, without a port." },
  {
    says: /DuplicateUrlFailed/,
    code: "DuplicateUrlFailed",
    remedy: "The app has a webhook with this URL already. See `hobnob twitter list`.",
  },
  {
    says: /WebhookLimitExceeded/,
    code: "WebhookLimitExceeded",
    remedy:
      "The app has as many webhooks as its plan allows. Delete one: `hobnob twitter list`, `hobnob twitter delete ID`.",
  },
  { says: /DuplicateSubscriptionFailed/, code: SUBSCRIBED, remedy: "The account is subscribed already." },
  {
    says: /SubscriptionLimitExceeded/,
    code: "SubscriptionLimitExceeded",
    remedy: "The app's plan allows no further subscription.",
  },
  {
    says: /WebhookIdInvalid/,
    code: "WebhookIdInvalid",
    remedy: "There is no such webhook any more. See `hobnob twitter list`.",
  },
  { says: /duplicate content/i, code: DUPLICATE, remedy: "X does not take the same text twice in a short time." },
  {
    says: /reply to this conversation is not allowed|not been mentioned|not allowed to reply/i,
    code: NOT_SUMMONED,
    remedy: "An app may answer only posts that name its account, or quote one of its posts.",
  },
  {
    says: /oauth1.permissions|app permissions|read-only application|cannot POST/i,
    code: "missing permission",
    remedy: "Set the app's permissions to `Read and write and Direct message`, then make a new access token.",
  },
  {
    says: /client-not-enrolled|attached to a project|appropriate level of API access/i,
    code: "client not enrolled",
    remedy: "Put the app into a project with access to API v2, in X's developer console.",
  },
  { says: /credits/i, code: "no credits left", remedy: "Buy credits in X's developer console." },
  {
    says: /cannot send messages to this user|dm.*(?:not permitted|conversation permissions)/i,
    code: "direct messages closed",
    remedy: "That person takes no direct messages from this account.",
  },
  {
    says: /\b(?:suspended|locked)\b/i,
    code: "account suspended or locked",
    remedy: "Sign in as the bot's account and see what X says.",
  },
  { says: /weighted|too long|280/i, code: "text too long", remedy: "Shorten the text." },
];

/** A failed call of the SDK as one of our errors: without its request, which holds tokens, and without X's own texts. */
export function toError(error: unknown, called: Called): HobnobError {
  if (error instanceof HobnobError) return error;
  // By their fields: `instanceof` would load the SDK for its classes.
  const { type, _options: held } = error as {
    readonly type?: unknown;
    readonly _options?: { readonly error?: unknown };
  };
  if (type === "response") return refused(error as ApiResponseError, called);
  // The SDK has an accessor for what went wrong below it, which looks in the wrong place.
  const below = held?.error instanceof Error ? held.error : undefined;
  const code = below === undefined ? "unknown" : errorCode(below);
  if (type === "request" && UNSENT.includes(code)) {
    return new DeliveryError(`X's ${called.name} was not sent: ${code}.`, { maybeSent: false, cause: code });
  }
  const why = /ABORT|TIMEOUT/i.test(code) ? "took too long" : `broke off (${code})`;
  return unsure(called, why, code);
}

function refused({ code: status, headers, data }: ApiResponseError, called: Called): HobnobError {
  const { name } = called;
  if (status === 429 || status === 420) {
    const pause = pauseOf(headers, called.now);
    // Direct messages have a limit of their own; it must not hold up the posts.
    const scope = name.startsWith("createDirectMessages") ? "conversation" : "account";
    return new RateLimitError(`X takes no more ${name} for now.`, { retryAfter: pause, scope });
  }
  if (status >= 500) return unsure(called, `was answered with HTTP ${status}`, `HTTP ${status}`);
  const said = textOf(data);
  const known = REFUSALS.find(({ says }) => says.test(said));
  const code = known?.code ?? problemOf(data) ?? `HTTP ${status}`;
  const remedy = known?.remedy ?? (status === 401 ? "Check the API key, the tokens and their secrets." : undefined);
  return new DeliveryError(`X refused ${name}: ${code}.${remedy === undefined ? "" : ` ${remedy}`}`, {
    maybeSent: false,
    permanent: !PASSING.includes(status),
    cause: code,
  });
}

function unsure({ name, isRead }: Called, what: string, cause: string): DeliveryError {
  const end = isRead ? "." : "; it may have been carried out.";
  return new DeliveryError(`X's ${name} ${what}${end}`, { maybeSent: !isRead, cause });
}

const SHORTEST_PAUSE = 1000;
const USUAL_PAUSE = 60_000;

/** Milliseconds until X takes calls again: the end of the window, or of the day when that is used up. */
export function pauseOf(headers: Readonly<Record<string, unknown>>, now: number): number {
  const ends = ["x-rate-limit", "x-app-limit-24hour", "x-user-limit-24hour"].flatMap((limit) => {
    const remaining = headers[`${limit}-remaining`];
    const reset = Number(headers[`${limit}-reset`]);
    return Number.isFinite(reset) && reset > 0 && (remaining === undefined || Number(remaining) <= 0)
      ? [reset * 1000 - now]
      : [];
  });
  const asked = Number(headers["retry-after"]) * 1000;
  const pause = Math.max(...ends, Number.isFinite(asked) ? asked : 0);
  return pause > 0 ? Math.max(pause, SHORTEST_PAUSE) : ends.length > 0 ? SHORTEST_PAUSE : USUAL_PAUSE;
}

function textOf(data: unknown): string {
  return typeof data === "string" ? data.slice(0, 2000) : (JSON.stringify(data) ?? "").slice(0, 2000);
}

/** The end of a problem's type, such as `resource-not-found`, or the number of an error of v1.1. */
export function problemOf(data: unknown): string | undefined {
  if (!isFields(data)) return undefined;
  const type = typeof data.type === "string" ? /\/problems\/([\w-]+)$/.exec(data.type)?.[1] : undefined;
  if (type !== undefined) return type;
  const [first] = Array.isArray(data.errors) ? (data.errors as readonly unknown[]) : [];
  return isFields(first) && typeof first.code === "number" ? `error ${first.code}` : undefined;
}
