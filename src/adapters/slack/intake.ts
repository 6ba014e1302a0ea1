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

/** Whether one request came through Bolt, written by our listener. Bolt resolving says nothing about it. */
interface Passage {
  isThrough: boolean;
}

export function createIntake(options: IntakeOptions): Intake {
  const { adapter, host, workspaces } = options;
  const processEvent = connectBolt(options);

  /** Undefined for what is not for plugins. @throws HobnobError `WEBHOOK_INVALID` */
  function receive(body: Fields, receivedAt: number): Promise<Receipt | undefined> | undefined {
    const ended = workspaces.ended(body);
    if (ended !== undefined) return ended.then(() => undefined);
    const receiveAs = (self: ReadonlySet<string>) => {
      const event = parseBody(body, { adapter, self, receivedAt });
      return event && host.receive(event);
    };
    const self = workspaces.selfOf(sourceOf(body));
    return self instanceof Promise ? self.then(receiveAs) : receiveAs(self);
  }

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
    const passage: Passage = { isThrough: false };
    try {
      await processEvent(toBolt(body, arrival, passage));
    } catch (error) {
      // Bolt looks into the body before any listener runs, and stumbles over what Slack would not send.
      if (!passage.isThrough) return unreadable(`Bolt could not read it (${errorCode(error)})`);
    }
    if (!passage.isThrough) return notTaken(undefined, { adapter, log: host.log });
    try {
      const receipt = await receive(body, arrival.at);
      if (receipt !== undefined) return acknowledge(receipt);
      host.ignore();
      return OK;
    } catch (error) {
      if (error instanceof HobnobError && error.code === "WEBHOOK_INVALID") return unreadableBecause(error.message);
      return notTaken(error, { adapter, log: host.log });
    }
  };
}

/** The answer to a body that sending again would not make better. */
export function unreadableBecause(message: string): WebhookResponse {
  return refusal(400, "WEBHOOK_INVALID", message, { "x-slack-no-retry": "1" });
}

function connectBolt({ adapter, host, bolt, clientOptions }: IntakeOptions): App["processEvent"] {
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
  app.use(async ({ context }) => {
    (context.passage as Passage).isThrough = true;
  });
  app.error(async (error) => host.log.warn({ adapter, code: error.code }, "Bolt could not pass on an event"));
  return processEvent;
}

const acknowledgeLater = async () => {};

function toBolt(body: Fields, { retry }: Arrival, passage: Passage): ReceiverEvent {
  const event: ReceiverEvent = { body, ack: acknowledgeLater, customProperties: { passage } };
  if (retry !== undefined) {
    event.retryNum = retry.number;
    event.retryReason = retry.reason;
  }
  return event;
}

function acknowledge({ event, ack }: Receipt): WebhookResponse {
  return ack === undefined
    ? { status: 200, acknowledges: event }
    : { ...json(200, renderAck(ack)), acknowledges: event };
}

function unreadable(what: string): WebhookResponse {
  return unreadableBecause(`This is not a request as the platform sends it: ${what}.`);
}
