import type { AdapterHost, Message, WebhookRequest, WebhookResponse } from "../../core/index.ts";
import { addressesOf } from "../shared/address.ts";
import { json, notTaken, OK, refusal } from "../shared/answer.ts";
import { readForm, readText } from "../shared/body.ts";
import { type Fields, maybeString, readString } from "../shared/fields.ts";
import { isSame } from "../shared/signature.ts";
import { readCallback } from "./callback.ts";
import type { Echoes } from "./echoes.ts";
import type { Identity } from "./identity.ts";
import { parseEvent, type SpokenKind } from "./parse.ts";
import { renderAck } from "./render.ts";
import type { UserTokens } from "./tokens.ts";

// Anybody who knew the verify token could have the bot call any other.
const isTwistAddress = addressesOf("twist.com", "twistapp.com");

/** What a receiver needs to tell real requests from others and to pass them on. */
export interface ReceiverOptions {
  /** The adapter's name. */
  readonly adapter: string;
  readonly verifyToken: string;
  /** The environment variable that holds it, for the message of a refusal. */
  readonly verifyTokenName: string;
  readonly apiUrl: string;
  readonly host: AdapterHost;
  readonly identity: Identity;
  readonly echoes: Echoes;
  readonly tokens: UserTokens;
}

/** Answers Twist's outgoing webhook: with the immediate text of a plugin, and with a 200 only once the event is stored. */
export function createReceiver(options: ReceiverOptions): (request: WebhookRequest) => Promise<WebhookResponse> {
  const { adapter, host, identity, tokens } = options;
  const warned = { token: false, callback: false };

  function warnOnce(about: keyof typeof warned, fields: object, sentence: string) {
    host.log[warned[about] ? "debug" : "warn"]({ adapter, ...fields }, sentence);
    warned[about] = true;
  }

  async function take(kind: SpokenKind, form: Fields): Promise<WebhookResponse> {
    const now = host.clock.now();
    const message = parseEvent(kind, form, { adapter, now, isSelf: identity.isSelf });
    const isEcho =
      identity.isBorrowed(message.author.id) &&
      (await options.echoes.has(message, kind, maybeString(form, "content") ?? ""));
    const callback = readCallback(form, { conversation: message.conversation, now });
    const isUsable = callback !== undefined && isTwistAddress(callback.callback, options.apiUrl);
    if (callback !== undefined && !isUsable) {
      warnOnce(
        "callback",
        { host: URL.parse(callback.callback)?.hostname },
        "a callback is no address of Twist's; it is not called",
      );
    }
    const event: Message = {
      ...message,
      ...(isEcho && { author: { ...message.author, isSelf: true } }),
      replyTo: { after: message.key, ...(isUsable && callback) },
    };
    const receipt = await host.receive(event);
    const content = receipt.ack === undefined ? "" : renderAck(receipt.ack);
    return { ...json(200, { content }), acknowledges: receipt.event };
  }

  return async (request) => {
    if (request.method !== "POST") return refusal(405, "METHOD_NOT_ALLOWED", "Twist sends POST.", { allow: "POST" });
    try {
      const form = readForm(readText(request));
      if (!isSame(form.verify_token, options.verifyToken)) {
        // The first one may be a wrong token; the rest may be anybody on the internet.
        warnOnce("token", {}, "refused a request that is not from this Twist integration");
        const message = `Not sent by this Twist integration: its \`verify_token\` is another. Check ${options.verifyTokenName}.`;
        return refusal(401, "SIGNATURE_INVALID", message);
      }
      const kind = readString(form, "event_type");
      switch (kind) {
        case "ping":
          return json(200, { content: "pong" });
        case "message":
        case "thread":
        case "comment":
          return await take(kind, form);
        case "uninstall":
          await tokens.dropAll(readString(form, "workspace_id"));
          return OK;
        default:
          host.log.debug({ adapter }, "a kind of event that no plugin can ask for");
          host.ignore();
          return OK;
      }
    } catch (error) {
      return notTaken(error, { adapter, log: host.log });
    }
  };
}
