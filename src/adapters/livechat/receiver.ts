import {
  type AdapterHost,
  errorCode,
  type Receipt,
  type WebhookRequest,
  type WebhookResponse,
} from "../../core/index.ts";
import { notTaken, OK, refusal } from "../shared/answer.ts";
import { readJson, readText } from "../shared/body.ts";
import type { Fields } from "../shared/fields.ts";
import { isSame } from "../shared/signature.ts";
import type { Chats } from "./chats.ts";
import type { Installations } from "./installations.ts";
import { isStaff } from "./message.ts";
import { parseEnvelope, parseWebhook } from "./parse.ts";
import { nameRepeats } from "./repeats.ts";

/** What a receiver needs to tell real webhooks from others and to pass them on. */
export interface ReceiverOptions {
  readonly adapter: string;
  readonly webhookSecret: string;
  /** The environment variable that holds it, for the message of a refusal. */
  readonly secretName: string;
  readonly botName: string;
  readonly ignoreAgents: boolean;
  readonly installations: Installations;
  readonly chats: Chats;
  readonly host: AdapterHost;
  /** The Developer Console says that somebody has removed the app. */
  uninstalled(body: Fields, query: string): Promise<void>;
}

/** Answers LiveChat's webhooks: the secret compared, and with a 200 only once every event in it is stored. */
export function createReceiver(options: ReceiverOptions): (request: WebhookRequest) => Promise<WebhookResponse> {
  const { adapter, webhookSecret, secretName, installations, host } = options;
  let warned = false;

  async function receive(body: Fields): Promise<WebhookResponse> {
    const envelope = parseEnvelope(body);
    let installation = await installations.find(envelope);
    if (installation === undefined) {
      if (await installations.isUnderWay(envelope.organization)) {
        return refusal(503, "NOT_STORED", "The bot is being installed. Send it again.");
      }
      // It may have come to its end between the two questions.
      installation = await installations.find(envelope);
    }
    if (installation === undefined) {
      host.ignore();
      host.log.debug({ adapter, action: envelope.action }, "a webhook of a license that the bot is not installed on");
      return OK;
    }
    const { account, bot } = installation;
    const parse = (isVisiting: (chat: string) => boolean) =>
      parseWebhook(envelope, {
        ...{ adapter, account, botId: bot.id, botName: options.botName, isVisiting },
        receivedAt: host.clock.now(),
      });
    let { events, problems } = parse((chat) => options.chats.isVisiting({ account, chat }));
    const direct = events.find(({ conversation }) => conversation.isDirect)?.conversation;
    if (direct !== undefined && (await options.chats.isVisited({ account, chat: direct.id }))) {
      ({ events, problems } = parse(() => true));
    }
    for (const problem of problems) host.log.warn({ adapter, code: errorCode(problem) }, "an event could not be read");
    const wanted = options.ignoreAgents ? events.filter(({ author }) => !isStaff(author)) : events;
    if (wanted.length === 0) {
      if (problems[0] !== undefined) throw problems[0];
      host.ignore();
      return OK;
    }
    let first: Receipt | undefined;
    // One after the other, so that they keep their order.
    for (const event of wanted) {
      const receipt = await host.receive(await nameRepeats(event, host));
      first ??= receipt;
    }
    return first === undefined ? OK : { status: 200, acknowledges: first.event };
  }

  return async (request) => {
    // What the very first bots did: some set-ups look whether anybody is there.
    if (request.method === "GET" || request.method === "HEAD") return OK;
    if (request.method !== "POST") {
      return refusal(405, "METHOD_NOT_ALLOWED", "LiveChat sends POST.", { allow: "POST" });
    }
    try {
      const body = readJson(readText(request));
      if (isAppWebhook(body)) {
        await options.uninstalled(body, request.query);
        return OK;
      }
      if (!isSame(body.secret_key, webhookSecret)) {
        // The first one may be a wrong secret; the rest may be anybody on the internet.
        host.log[warned ? "debug" : "warn"]({ adapter }, "refused a webhook that does not know the secret");
        warned = true;
        const message = `The webhook's secret is not this bot's. Check ${secretName}, and install the bot again.`;
        return refusal(401, "SIGNATURE_INVALID", message);
      }
      return await receive(body);
    } catch (error) {
      return notTaken(error, { adapter, log: host.log });
    }
  };
}

// Webhooks about the app itself have a form of their own, without a secret.
function isAppWebhook(body: Fields): boolean {
  return !Object.hasOwn(body, "secret_key") && body.event === "application_uninstalled";
}
