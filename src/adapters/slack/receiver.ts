import { type AdapterHost, errorMessage, type WebhookRequest, type WebhookResponse } from "../../core/index.ts";
import { OK, refusal } from "../shared/answer.ts";
import type { Fields } from "../shared/fields.ts";
import { type Arrival, type Intake, unreadableBecause } from "./intake.ts";
import { readRequest } from "./request.ts";
import { createVerifier, MISFIT, TOO_FAR } from "./verify.ts";

/** What a receiver needs to tell real requests from others and to pass them on. */
export interface ReceiverOptions {
  /** The adapter's name. */
  readonly adapter: string;
  readonly signingSecret: string;
  /** The environment variable that holds the signing secret, for the message of a refusal. */
  readonly secretName: string;
  /** Requests that were believed, and those that were not. */
  readonly requests: RequestCount;
  readonly host: AdapterHost;
  readonly take: Intake;
}

/** Requests since the start, for the finding of a wrong signing secret. */
export interface RequestCount {
  verified: number;
  /** Signed, but not with our secret. */
  misfits: number;
}

/** As many that are signed with another secret, and not one that fits, are no stranger's. */
export const SUSPICIOUS = 3;

/** Answers Slack's requests over HTTP, provided that they are signed. */
export function createReceiver(
  options: ReceiverOptions,
): (request: WebhookRequest) => WebhookResponse | Promise<WebhookResponse> {
  const { adapter, host, secretName, requests, take } = options;
  const verify = createVerifier(options.signingSecret, host.clock.now);

  let warned = false;

  function refuse(reason: string): WebhookResponse {
    if (reason === MISFIT) requests.misfits += 1;
    const isWrongSecret = reason === MISFIT && requests.verified === 0 && requests.misfits === SUSPICIOUS;
    // The first one may be a wrong secret; the rest may be anybody on the internet.
    const level = !warned || isWrongSecret ? "warn" : "debug";
    warned = true;
    const hint = isWrongSecret ? `; none has fitted so far: ${wrongSecret(secretName)}` : "";
    host.log[level]({ adapter, reason }, `refused a request that is not from this Slack app${hint}`);
    const remedy = reason === TOO_FAR ? "Check this machine's clock." : `Check ${secretName}.`;
    return refusal(403, "SIGNATURE_INVALID", `Invalid request signature: ${reason}. ${remedy}`);
  }

  return (request) => {
    if (request.method !== "POST") return refusal(405, "METHOD_NOT_ALLOWED", "Slack sends POST.", { allow: "POST" });
    if (isSslCheck(request)) return OK;
    const reason = verify(request);
    if (reason !== undefined) return refuse(reason);
    requests.verified += 1;
    let body: Fields;
    try {
      body = readRequest(request);
    } catch (error) {
      return unreadableBecause(errorMessage(error));
    }
    return take(body, arrivalOf(request));
  };
}

function arrivalOf({ headers }: WebhookRequest): Arrival {
  const at = Number(headers["x-slack-request-timestamp"]) * 1000;
  const retryNum = headers["x-slack-retry-num"];
  if (typeof retryNum !== "string") return { at };
  return { at, retry: { number: Number(retryNum), reason: String(headers["x-slack-retry-reason"]) } };
}

const LONGEST_SSL_CHECK = 2000;

// Posts of Slack's certificate check carry no signature, so nothing else in them counts.
function isSslCheck({ headers, body }: WebhookRequest): boolean {
  const type = headers["content-type"];
  // A large one is no such check, and to read it would take anybody's request seconds.
  if (body.length > LONGEST_SSL_CHECK) return false;
  if (typeof type !== "string" || !type.startsWith("application/x-www-form-urlencoded")) return false;
  const form = Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString("latin1");
  return form.includes("ssl_check=1") && new URLSearchParams(form).get("ssl_check") === "1";
}

/** What to do about a secret that never fits. */
export function wrongSecret(secretName: string): string {
  return `${secretName} is probably another app's, or the Client Secret. Copy the Signing Secret from the app's Basic Information page.`;
}
