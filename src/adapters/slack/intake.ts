import type { App, Receiver, ReceiverEvent } from "@slack/bolt";
import { type AdapterHost, errorCode, HobnobError, type Receipt, type WebhookResponse } from "../../core/index.ts";
import { json, notTaken, OK, refusal } from "../shared/answer.ts";
import { type Fields, isFields } from "../shared/fields.ts";
import type { BoltModule } from "./bolt.ts";
import { parseBody } from "./parse.ts";
import { renderAck } from "./render.ts";
import { sourceOf } from "./source.ts";
import type { Workspaces } from "./workspaces.ts";

/** What is known of a request beside its body. */
export interface Arrival {
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly retry?: { readonly number: number; readonly reason: string };
}

/** Passes a believed body on, through Bolt, and answers it: with a 200 only once the event is stored, with 503 when it is to be sent again. */
export type Intake = (body: Fields, arrival: Arrival) => Promise<WebhookResponse>;

export interface IntakeOptions {
  /** The adapter's name. */
  readonly adapter: string;
  readonly workspaces: Workspaces;
  readonly host: AdapterHost;
  readonly bolt: BoltModule;
  readonly clientOptions: NonNullable<ConstructorParameters<typeof App>[0]>["clientOptions"];
}

type Outcome =
  | { readonly kind: "stored"; readonly receipt: Receipt }
  | { readonly kind: "ignored" }
  | { readonly kind: "failed"; readonly error: unknown };

/** What became of one request inside Bolt, written by our listener. Bolt resolving says nothing about it. */
interface Delivery {
  readonly receivedAt: number;
  outcome?: Outcome;
}

export function createIntake(options: IntakeOptions): Intake {
  const { adapter, host } = options;
  const processEvent = connectBolt(options);

  return async (body, arrival) => {
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
    const delivery: Delivery = { receivedAt: arrival.at };
    try {
      await processEvent(toBolt(body, arrival, delivery));
    } catch (error) {
      // Bolt looks into the body before any listener runs, and stumbles over what Slack would not send.
      if (delivery.outcome === undefined) return unreadable(`Bolt could not read it (${errorCode(error)})`);
    }
    return answer(delivery, host, adapter);
  };
}

/** The answer to a body that sending again would not make better. */
export function unreadableBecause(message: string): WebhookResponse {
  return refusal(400, "WEBHOOK_INVALID", message, { "x-slack-no-retry": "1" });
}

function connectBolt({ adapter, workspaces, host, bolt, clientOptions }: IntakeOptions): App["processEvent"] {
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

  async function pass(body: Fields, receivedAt: number): Promise<Outcome> {
    if (await workspaces.ended(body)) return { kind: "ignored" };
    const self = await workspaces.selfOf(sourceOf(body));
    const event = parseBody(body, { adapter, self, receivedAt });
    return event === undefined ? { kind: "ignored" } : { kind: "stored", receipt: await host.receive(event) };
  }

  // It does not call next: what Hobnob runs, it runs after the acknowledgement.
  app.use(async ({ body, context }) => {
    const delivery = context.delivery as Delivery;
    try {
      delivery.outcome = await pass(body as unknown as Fields, delivery.receivedAt);
    } catch (error) {
      delivery.outcome = { kind: "failed", error };
    }
  });
  app.error(async (error) => host.log.warn({ adapter, code: error.code }, "Bolt could not pass on an event"));
  return processEvent;
}

const acknowledgeLater = async () => {};

function toBolt(body: Fields, { retry }: Arrival, delivery: Delivery): ReceiverEvent {
  const event: ReceiverEvent = { body, ack: acknowledgeLater, customProperties: { delivery } };
  if (retry !== undefined) {
    event.retryNum = retry.number;
    event.retryReason = retry.reason;
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

function unreadable(what: string): WebhookResponse {
  return unreadableBecause(`This is not a request as the platform sends it: ${what}.`);
}
