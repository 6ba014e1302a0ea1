import {
  type AdapterHost,
  errorCode,
  errorMessage,
  type WebhookRequest,
  type WebhookResponse,
} from "../../core/index.ts";
import { notTaken, refusal } from "../shared/answer.ts";
import { type Fields, maybeString, readString } from "../shared/fields.ts";
import type { Consent } from "./consent.ts";
import { parseInbound } from "./parse.ts";
import { renderAck } from "./render.ts";
import { asTwiml, twiml } from "./twiml.ts";
import { createVerifier } from "./verify.ts";

/** What a receiver needs to tell real requests from others and to pass them on. */
export interface ReceiverOptions {
  readonly adapter: string;
  readonly accountSid: string;
  readonly authTokens: readonly string[];
  /** The environment variable that holds the auth token, for the message of a refusal. */
  readonly tokenName: string;
  readonly from: string;
  /** The full URLs as Twilio knows them, by the path they are mounted at. */
  readonly addresses: Readonly<Record<string, string>>;
  readonly host: AdapterHost;
  readonly consent: Consent;
  noteStatus(fields: Fields): Promise<void>;
}

/** Answers Twilio's requests: verified, and with a 2xx only once what they tell is stored. What they tell decides, not where they come to. */
export function createReceiver(options: ReceiverOptions): (request: WebhookRequest) => Promise<WebhookResponse> {
  const { adapter, accountSid, from, host, consent } = options;
  const verifiers = new Map(
    Object.entries(options.addresses).map(([path, address]) => [path, createVerifier(address, options.authTokens)]),
  );
  let warned = false;

  function refuse(reason: string): WebhookResponse {
    // The first one may be a wrong setting; the rest may be anybody on the internet.
    host.log[warned ? "debug" : "warn"]({ adapter, reason }, "refused a request that is not from this Twilio account");
    warned = true;
    return refusal(403, "SIGNATURE_INVALID", `Not from this Twilio account: ${reason}`);
  }

  async function receive(fields: Fields): Promise<WebhookResponse> {
    const event = parseInbound(fields, { adapter, from, receivedAt: host.clock.now() });
    if (!event.author.isSelf && (await consent.obey(fields))) {
      host.ignore();
      return twiml();
    }
    const { ack, event: acknowledges } = await host.receive(event);
    const text = ack === undefined ? undefined : renderAck(ack, event.conversation);
    return { ...(await sayUnlessOut(text, fields)), acknowledges };
  }

  async function sayUnlessOut(text: string | undefined, fields: Fields): Promise<WebhookResponse> {
    if (text === undefined) return twiml();
    try {
      const isOut = await consent.isOut(readString(fields, "To"), readString(fields, "From"));
      return twiml(isOut ? undefined : text);
    } catch (error) {
      // The event itself is stored: asking for it again would not bring this text back.
      host.log.error({ adapter, code: errorCode(error) }, `An immediate text was not said: ${errorMessage(error)}`);
      return twiml();
    }
  }

  async function handle(request: WebhookRequest): Promise<WebhookResponse> {
    if (request.method !== "POST" && request.method !== "GET") {
      return refusal(405, "METHOD_NOT_ALLOWED", "Twilio sends POST or GET.");
    }
    try {
      const fields = verifiers.get(request.path)?.(request);
      if (fields === undefined) {
        return refuse(`the signature fits neither ${options.tokenName} nor the URL. Run \`hobnob check\`.`);
      }
      if (readString(fields, "AccountSid") !== accountSid) return refuse("it names another account.");
      if (maybeString(fields, "MessageStatus") === undefined) return await receive(fields);
      await options.noteStatus(fields);
      host.ignore();
      return twiml();
    } catch (error) {
      return notTaken(error, { adapter, log: host.log });
    }
  }

  return async (request) => {
    const answer = await handle(request);
    return answer.status < 300 ? answer : asTwiml(answer);
  };
}
