import type { Answer, Refusal } from "../shared/client.ts";
import { isFields } from "../shared/fields.ts";

const MISSING = [105, 106, 107, 108, 110, 115, 119, 124, 125];

/** The `cause` of a `DeliveryError`: there is no such thing, there is one already, the token is no longer good. */
export const NOT_FOUND: readonly string[] = MISSING.map((code) => `not found (${code})`);
export const ALREADY_THERE = "already there (131)";
export const INVALID_TOKEN = "invalid token (200)";

const MEANINGS: Readonly<Record<number, string>> = {
  19: "an argument is missing",
  20: "an argument is invalid",
  109: "forbidden",
  118: "attachments are invalid",
  120: "not logged in",
  122: "the emoji is not supported",
  131: "already there",
  133: "actions are invalid",
  200: "invalid token",
  202: "the upload failed",
  203: "payment required",
  205: "too large",
};

/**
 * What Twist means by a 4xx: `{"error_code": 200, "error_string": "Invalid token"}`, or `{"error": "invalid_grant"}` where
 * codes are exchanged for tokens. https://developer.twist.com/v3/#errors
 */
export function readRefusal({ status, json }: Answer, tokenName: string): Refusal | undefined {
  const { error_code: code, error } = isFields(json) ? json : {};
  if (typeof error === "string" && /^[a-z_]{1,40}$/.test(error)) return { code: error, permanent: true };
  if (typeof code !== "number") return undefined;
  const meaning = MISSING.includes(code) ? "not found" : (MEANINGS[code] ?? "error");
  const remedy = remedyOf(code, tokenName);
  return { code: `${meaning} (${code})`, permanent: ![408, 423, 425].includes(status), ...(remedy && { remedy }) };
}

function remedyOf(code: number, tokenName: string): string | undefined {
  if (code === 200 || code === 120)
    return `Check ${tokenName}: copy the OAuth token from the integration's page again.`;
  if (code === 109) return "Give the integration the scope for it, and add its user to the channel.";
  return undefined;
}
