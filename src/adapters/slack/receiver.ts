import type { App, Receiver, ReceiverEvent } from "@slack/bolt";
import {
  type AdapterHost,
  errorCode,
  errorMessage,
  HobnobError,
  type Receipt,
  type WebhookRequest,
  type WebhookResponse,
} from "../../core/index.ts";
import { json, notTaken, OK, refusal } from "../shared/answer.ts";
import { type Fields, isFields } from "../shared/fields.ts";
import type { BoltModule } from "./bolt.ts";
import { parseBody } from "./parse.ts";
import { renderAck } from "./render.ts";
import { readRequest } from "./request.ts";
import { createVerifier } from "./verify.ts";

/** What a receiver needs to tell real requests from others and to pass them on. */
export interface ReceiverOptions {
  /** The adapter's name. */
  readonly adapter: string;
  readonly signingSecret: string;
  /** The environment variable that holds the signing secret, for the message of a refusal. */
  readonly secretName: string;
  /** The bot's own user and bot ids. */
  readonly self: ReadonlySet<string>;
  /** Requests that were believed, and those that were not. */
  readonly requests: RequestCount;
  readonly host: AdapterHost;
  readonly bolt: BoltModule;
  readonly clientOptions: NonNullable<ConstructorParameters<typeof App>[0]>["clientOptions"];
}

/** Requests since the start, for the finding of a wrong signing secret. */
export interface RequestCount {
  verified: number;
  refused: number;
}

/** As many refusals, and not one request that fits, are no stranger's. */
export const SUSPICIOUS = 3;

/** What became of one request inside Bolt, written by our listener. Bolt resolving says nothing about it. */
interface Delivery {
  readonly receivedAt: number;
  outcome?:
    | { readonly kind: "stored"; readonly receipt: Receipt }
    | { readonly kind: "ignored" }
    | { readonly kind: "failed"; readonly error: unknown };
}

/** Answers Slack's requests: verified, through Bolt, and with a 200 only once the event is stored. */
export function createReceiver(options: ReceiverOptions): (request: WebhookRequest) => Promise<WebhookResponse> {
  const { adapter, host, secretName, requests } = options;
  const verify = createVerifier(options.signingSecret, host.clock.now);
  const processEvent = connectBolt(options);

  function refuse(reason: string): WebhookResponse {
    requests.refused += 1;
    const isWrongSecret = requests.verified === 0 && requests.refused === SUSPICIOUS;
    // The first one may be a wrong secret; the rest may be anybody on the internet.
    const level = requests.refused === 1 || isWrongSecret ? "warn" : "debug";
    const hint = isWrongSecret ? `; none has fitted so far: ${wrongSecret(secretName)}` : "";
    host.log[level]({ adapter, reason }, `refused a request that is not from this Slack app${hint}`);
    return refusal(403, "SIGNATURE_INVALID", `Invalid request signature: ${reason}. Check ${secretName}.`);
  }

  return async (request) => {
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
    switch (body.type) {
      case "url_verification":
        if (typeof body.challenge !== "string") return unreadable("`challenge` is not a text");
        return json(200, { challenge: body.challenge });
      case "app_rate_limited":
        host.log.warn({ adapter, account: body.team_id }, "Slack drops events: this app gets too many of them");
        return OK;
      // Bolt passes by, without a word, what it cannot tell the kind of.
      case "event_callback":
        if (!isFields(body.event)) return unreadable("`event` is not an object");
        break;
      case "block_actions":
        if (!Array.isArray(body.actions)) return unreadable("`actions` is not a list");
        break;
      default:
        if (typeof body.command === "string") break;
        if (typeof body.type !== "string") return unreadable("it has no `type`");
        host.log.debug({ adapter, type: body.type }, "a kind of request that no plugin can ask for");
        host.ignore();
        return OK;
    }
    const delivery: Delivery = { receivedAt: Number(request.headers["x-slack-request-timestamp"]) * 1000 };
    try {
      await processEvent(toBolt(request, body, delivery));
    } catch (error) {
      // Bolt looks into the body before any listener runs, and stumbles over what Slack would not send.
      if (delivery.outcome === undefined) return unreadable(`Bolt could not read it (${errorCode(error)})`);
    }
    return answer(delivery, host, adapter);
  };
}

function connectBolt({ adapter, self, host, bolt, clientOptions }: ReceiverOptions): App["processEvent"] {
  let processEvent: App["processEvent"] = async () => {};
  const receiver: Receiver = {
    init(app) {
      processEvent = app.processEvent.bind(app);
    },
    start: async () => {},
    stop: async () => {},
  };
  const app = new bolt.App({
    receiver,
    // A fresh object each time: Bolt writes the workspace of each event into it.
    authorize: async () => ({}),
    convoStore: false,
    ignoreSelf: false,
    tokenVerificationEnabled: false,
    logger: bolt.createLogger(host.log, adapter),
    ...(clientOptions && { clientOptions }),
  });
  // It does not call next: what Hobnob runs, it runs after the acknowledgement.
  app.use(async ({ body, context }) => {
    const delivery = context.delivery as Delivery;
    try {
      const event = parseBody(body as unknown as Fields, { adapter, self, receivedAt: delivery.receivedAt });
      delivery.outcome =
        event === undefined ? { kind: "ignored" } : { kind: "stored", receipt: await host.receive(event) };
    } catch (error) {
      delivery.outcome = { kind: "failed", error };
    }
  });
  app.error(async (error) => host.log.warn({ adapter, code: error.code }, "Bolt could not pass on an event"));
  return processEvent;
}

const acknowledgeLater = async () => {};

function toBolt({ headers }: WebhookRequest, body: Fields, delivery: Delivery): ReceiverEvent {
  const event: ReceiverEvent = { body, ack: acknowledgeLater, customProperties: { delivery } };
  const retryNum = headers["x-slack-retry-num"];
  if (typeof retryNum === "string") {
    event.retryNum = Number(retryNum);
    event.retryReason = String(headers["x-slack-retry-reason"]);
  }
  return event;
}

function answer({ outcome }: Delivery, { ignore, log }: AdapterHost, adapter: string): WebhookResponse {
  if (outcome?.kind === "stored") {
    const { event, ack } = outcome.receipt;
    return ack === undefined
      ? { status: 200, acknowledges: event }
      : { ...json(200, renderAck(ack)), acknowledges: event };
  }
  if (outcome?.kind === "ignored") {
    ignore();
    return OK;
  }
  const error = outcome?.error;
  if (error instanceof HobnobError && error.code === "WEBHOOK_INVALID") return unreadableBecause(error.message);
  return notTaken(error, { adapter, log });
}

// Posts of Slack's certificate check carry no signature, so nothing else in them counts.
function isSslCheck({ headers, body }: WebhookRequest): boolean {
  const type = headers["content-type"];
  if (typeof type !== "string" || !type.startsWith("application/x-www-form-urlencoded")) return false;
  const form = Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString("latin1");
  return form.includes("ssl_check=1") && new URLSearchParams(form).get("ssl_check") === "1";
}

/** What to do about a secret that never fits. */
export function wrongSecret(secretName: string): string {
  return `${secretName} is probably another app's, or the Client Secret. Copy the Signing Secret from the app's Basic Information page.`;
}

function unreadable(what: string): WebhookResponse {
  return unreadableBecause(`This is not a request as the platform sends it: ${what}.`);
}

// Sending it again would not make it better.
function unreadableBecause(message: string): WebhookResponse {
  return refusal(400, "WEBHOOK_INVALID", message, { "x-slack-no-retry": "1" });
}
