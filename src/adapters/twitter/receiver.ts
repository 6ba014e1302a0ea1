import {
  type AdapterHost,
  errorMessage,
  HobnobError,
  type WebhookRequest,
  type WebhookResponse,
} from "../../core/index.ts";
import { json, notTaken, refusal } from "../shared/answer.ts";
import { readJson, readText } from "../shared/body.ts";
import { hmac, isSame } from "../shared/signature.ts";
import { type Part, parseBody, REVOKED } from "./parse.ts";

/** What a receiver needs to tell real requests from others and to pass them on. */
export interface ReceiverOptions {
  /** The adapter's name. */
  readonly adapter: string;
  readonly appSecret: string;
  /** The environment variable that holds it, for the message of a refusal. */
  readonly secretName: string;
  /** The bot's user id; without it X's own word counts. */
  readonly self: string | undefined;
  readonly host: AdapterHost;
}

/**
 * The answer to X's question whether the webhook knows the app's secret, made without any I/O.
 * https://docs.x.com/x-api/webhooks/introduction
 */
export function answerChallenge(query: string, appSecret: string): WebhookResponse {
  const tokens = new URLSearchParams(query).getAll("crc_token");
  const [token = ""] = tokens;
  // Events are signed in the same way: a token that could be a body would have us sign an event for anybody who asks.
  if (tokens.length !== 1 || !/^[\w+/=.~-]{1,512}$/.test(token)) {
    return refusal(400, "WEBHOOK_INVALID", "X asks with one `crc_token` of letters and digits.");
  }
  return json(200, { response_token: sign(appSecret, token) });
}

/** Answers X's events: verified, and with a 200 only once all that a body holds is stored. */
export function createReceiver(options: ReceiverOptions): (request: WebhookRequest) => Promise<WebhookResponse> {
  const { adapter, appSecret, secretName, self, host } = options;
  let warned = false;

  return async (request) => {
    if (request.method !== "POST") return refusal(405, "METHOD_NOT_ALLOWED", "X sends POST.", { allow: "GET, POST" });
    if (!isSame(request.headers["x-twitter-webhooks-signature"], sign(appSecret, request.body))) {
      // The first one may be a wrong secret; the rest may be anybody on the internet.
      host.log[warned ? "debug" : "warn"]({ adapter }, "refused a request that is not from this X app");
      warned = true;
      return refusal(403, "SIGNATURE_INVALID", `Not signed by this X app. Check ${secretName}.`);
    }
    try {
      const parts = parseBody(readJson(readText(request)), { adapter, self });
      return await take(parts, options);
    } catch (error) {
      return notTaken(error, { adapter, log: host.log });
    }
  };
}

/** @throws what a part failed with, when X should send the body again or sent nothing but rubbish */
async function take(parts: readonly Part[], { adapter, host }: ReceiverOptions): Promise<WebhookResponse> {
  const receiving = parts.flatMap((part) => {
    if ("event" in part) return host.receive(part.event);
    if ("error" in part) {
      host.log.warn({ adapter, kind: part.kind, reason: reasonOf(part.error) }, "an event of X could not be read");
      return [];
    }
    if (part.kind === REVOKED) {
      host.log.error(
        { adapter },
        "A user took the app's permission back: X sends that account's events no more. Make new tokens and register again.",
      );
    }
    host.ignore();
    return [];
  });
  const receipts = await Promise.allSettled(receiving);
  const failed = receipts.find((receipt) => receipt.status === "rejected");
  if (failed !== undefined) throw failed.reason;
  const broken = parts.filter((part) => "error" in part);
  if (broken.length > 0 && broken.length === parts.length) throw broken[0]!.error;
  const [first] = receipts;
  return { ...json(200, DONE), ...(first?.status === "fulfilled" && { acknowledges: first.value.event }) };
}

const DONE = { statusCode: 200, body: "Event(s) processed" };

function sign(secret: string, bytes: string | Uint8Array): string {
  return `sha256=${hmac("sha256", { key: secret, encoding: "base64" }, bytes)}`;
}

function reasonOf(error: unknown): string {
  return error instanceof HobnobError ? errorMessage(error) : "unexpected";
}
