import { DeliveryError } from "../../core/index.ts";
import type { Answer, Refusal } from "../shared/client.ts";
import { readRetryAfter } from "../shared/failure.ts";
import { type Fields, isFields } from "../shared/fields.ts";

/** What LiveChat said no to, for the person who can mend it. */
const REMEDIES: Readonly<Record<string, string>> = {
  agent_offline: "The bot is off line in LiveChat. Start the bot again, which sets it on line.",
  already_in_chat: "The bot is in this chat already.",
  authentication: "The token is not valid. Install the bot again.",
  authorization: "The token may not do this. Add the scope in the Developer Console and install the bot again.",
  chat_inactive: "The chat has ended, and nobody can join it until the customer comes back.",
  entity_too_large: "Shorten the text, or send a smaller file.",
  license_expired: "The LiveChat license has expired.",
  license_not_found: "There is no such LiveChat license. Install the bot again.",
  limit_reached: "A limit of the license is reached, such as the number of bots, webhooks or chats.",
  missing_access: "The bot has no access to the group of this chat. Add it to the group in LiveChat.",
  not_found: "LiveChat knows no such chat, bot or file.",
  not_in_chat: "The bot is not in this chat.",
  invalid_client: "The client id and the client secret do not belong together. Copy both from the Developer Console.",
  invalid_grant: "The code or refresh token is used up or revoked. Install the bot again.",
  unsupported_version: "LiveChat no longer speaks this version of its API. Update Hobnob.",
  validation: "LiveChat does not take these arguments.",
};

// Another moment, or another data centre, may say yes.
const PASSING = ["request_timeout", "misdirected_request", "HTTP 408", "HTTP 409", "HTTP 425"];

/** Reads a 4xx answer: `{"error":{"type","message"}}` of the API, `{"error":"invalid_grant"}` of the accounts. */
export function readRefusal(answer: Answer): Refusal {
  const code = codeOf(answer);
  const remedy = REMEDIES[code];
  return {
    code: code === "misdirected_request" ? `${code} ${regionOf(answer)}` : code,
    permanent: !PASSING.includes(code),
    ...(remedy !== undefined && { remedy }),
  };
}

/** Milliseconds to wait after "too many", which LiveChat says in the body, whatever the status. */
export function readRateLimit(answer: Answer): number | undefined {
  if (answer.status !== 429 && (answer.status < 400 || codeOf(answer) !== "too_many_requests")) return undefined;
  return readRetryAfter(answer.headers["retry-after"]);
}

/** The data centre that a misdirected call belongs to. */
export function rightRegion(error: unknown): string | undefined {
  if (!(error instanceof DeliveryError)) return undefined;
  return /^misdirected_request ([a-z]{2,5})$/.exec(String(error.cause))?.[1];
}

// The messages are LiveChat's own sentences, but only the type is sure never to hold what a person wrote.
function codeOf({ status, json }: Answer): string {
  const error = isFields(json) ? json.error : undefined;
  if (typeof error === "string" && /^[a-z_]{1,40}$/.test(error)) return error;
  const { type, message } = isFields(error) ? error : ({} as Fields);
  if (typeof type !== "string" || !/^[a-z_]{1,40}$/.test(type)) {
    return status === 401 ? "authentication" : `HTTP ${status}`;
  }
  const text = typeof message === "string" ? message : "";
  // Of these two states of the bot LiveChat tells in the message only.
  if (/\balready\b/i.test(text)) return "already_in_chat";
  if (/requester|not (?:a )?(?:chat )?(?:user|member|present)/i.test(text) && type !== "authentication") {
    return "not_in_chat";
  }
  return type;
}

function regionOf({ json }: Answer): string {
  const error = isFields(json) ? json.error : undefined;
  const data = isFields(error) ? error.data : undefined;
  return isFields(data) && typeof data.region === "string" ? data.region : "";
}
