import type { WebClient } from "@slack/web-api";
import {
  type Adapter,
  type AdapterHost,
  DeliveryError,
  errorCode,
  HobnobError,
  type SentMessage,
} from "../../core/index.ts";
import { refusal } from "../shared/answer.ts";
import { checkBaseUrl, environmentName } from "../shared/options.ts";
import { loadBolt } from "./bolt.ts";
import { checkSetup } from "./check.ts";
import { createClient, webClientOptions } from "./client.ts";
import { unless } from "./failure.ts";
import { findReply } from "./find.ts";
import { readHistory } from "./history.ts";
import { renderMrkdwn } from "./mrkdwn.ts";
import { type Credentials, checkOptions, type SlackOptions } from "./options.ts";
import { createReceiver } from "./receiver.ts";
import { fitsInAck, renderReply } from "./render.ts";
import { assertNamed } from "./respond.ts";
import { NOT_A_MEMBER, sendReply } from "./send.ts";
import { createTransport, type Transport } from "./transport.ts";

export type { SlackOptions } from "./options.ts";

/** What a started adapter holds. */
interface Connection {
  readonly host: AdapterHost;
  readonly web: WebClient;
  readonly transport: Transport;
  readonly webhook: NonNullable<Adapter["webhook"]>;
}

const TEXT_LENGTH = 4000;

/**
 * A Slack app as an adapter: events, slash commands and buttons come in over HTTP through Bolt, replies go out through WebClient.
 *
 * @example
 * slack({ token: process.env.SLACK_BOT_TOKEN, signingSecret: process.env.SLACK_SIGNING_SECRET });
 */
export function slack(options: SlackOptions = {}): Adapter {
  const { name, path, pace, timeout, ...settings } = checkOptions(options);
  let credentials = settings.credentials;
  let connection: Connection | undefined;
  const self = new Set<string>();
  const requests = { verified: 0, refused: 0 };

  function started(): Connection {
    if (connection === undefined) {
      throw new HobnobError("ADAPTER_NOT_STARTED", `The adapter \`${name}\` is not started. Await its start first.`);
    }
    return connection;
  }

  return {
    name,
    platform: "slack",
    limits: {
      textLength: TEXT_LENGTH,
      measure: (text) => renderMrkdwn(text).length,
      ackSeconds: 3,
      inlineAck: ({ kind }, ack) => kind === "command" && fitsInAck(ack, TEXT_LENGTH),
      pace,
    },
    paths: [path],
    get missing() {
      return missingNames(name, credentials);
    },

    sandbox({ token, signingSecret, botUserId, apiUrl }) {
      credentials = {
        token: token || credentials.token,
        signingSecret: signingSecret || credentials.signingSecret,
        botUserId: botUserId || undefined,
        apiUrl: checkBaseUrl("slack", "apiUrl", apiUrl || credentials.apiUrl),
      };
    },

    async start(host) {
      const missing = missingNames(name, credentials);
      const { token, signingSecret, apiUrl, botUserId } = credentials;
      if (token === undefined || signingSecret === undefined) {
        throw new HobnobError(
          "CONFIG_MISSING_CREDENTIAL",
          `The adapter \`${name}\` cannot start: set ${missing.join(" and ")}, or run it in the sandbox.`,
        );
      }
      // Bolt takes a tenth of a second to load; a bot that only imports this module does not pay for it.
      const bolt = loadBolt();
      const { WebClient } = await import("@slack/web-api");
      const transport = createTransport({ timeout });
      const web = createClient(WebClient, { token, apiUrl, transport });
      self.clear();
      if (botUserId === undefined) await learnSelf(web, self, { host, name, apiUrl });
      else self.add(botUserId);
      const webhook = createReceiver({
        adapter: name,
        signingSecret,
        secretName: environmentName(name, "SIGNING_SECRET"),
        self,
        requests,
        host,
        bolt,
        clientOptions: webClientOptions({ apiUrl, transport }),
      });
      connection = { host, web, transport, webhook };
    },

    async send(to, reply) {
      const { web, transport, host } = started();
      return sendReply({ web, transport, apiUrl: credentials.apiUrl, now: host.clock.now }, to, reply);
    },

    async webhook(request) {
      // Slack asks again later, when the bot may have started.
      if (connection === undefined)
        return refusal(503, "ADAPTER_NOT_STARTED", `The adapter \`${name}\` is not started.`);
      return connection.webhook(request);
    },

    async stop() {
      const closing = connection?.transport.close();
      connection = undefined;
      await closing;
    },

    async edit(sent, reply) {
      assertNamed(sent);
      // Without `blocks` Slack would keep the old buttons.
      const { text, blocks = [] } = renderReply(reply);
      await started().web.chat.update({ ...target(sent), text, blocks });
    },

    async delete(sent) {
      assertNamed(sent);
      await unless("message_not_found", () => started().web.chat.delete(target(sent)));
    },

    async react(to, emoji) {
      await unless("already_reacted", () =>
        started().web.reactions.add({ channel: to.conversation.id, timestamp: to.id, name: emoji }),
      );
    },

    async find(to, reply) {
      // Slack keeps no ephemeral message that could be looked up.
      if (reply.visibility === "author" && reply.author !== undefined) return "unknown";
      try {
        return await unless("thread_not_found", () => findReply(started().web, to, { reply, self }));
      } catch (error) {
        // Where the bot may not read, it can only have answered by a response_url.
        if (error instanceof DeliveryError && NOT_A_MEMBER.includes(String(error.cause))) return "unknown";
        throw error;
      }
    },

    history(conversation, since) {
      const { web, host } = started();
      return readHistory({ web, self, log: host.log }, conversation, since);
    },

    async user(id) {
      const answer = await unless("user_not_found", () => started().web.users.info({ user: id }));
      const { user } = answer ?? {};
      if (user === undefined) return undefined;
      const { display_name, real_name, email } = user.profile ?? {};
      return {
        id,
        name: display_name || real_name || user.real_name || user.name || id,
        isBot: user.is_bot === true,
        ...(self.has(id) && { isSelf: true }),
        ...(email && { email }),
      };
    },

    async *check({ now }) {
      const { WebClient } = await import("@slack/web-api");
      const transport = connection?.transport ?? createTransport({ timeout });
      try {
        yield* checkSetup({
          name,
          credentials,
          transport,
          stock: WebClient,
          now,
        });
      } finally {
        if (transport !== connection?.transport) await transport.close();
      }
    },
  };
}

function missingNames(name: string, { token, signingSecret }: Credentials): string[] {
  const missing: string[] = [];
  if (token === undefined) missing.push(environmentName(name, "BOT_TOKEN"));
  if (signingSecret === undefined) missing.push(environmentName(name, "SIGNING_SECRET"));
  return missing;
}

async function learnSelf(
  web: WebClient,
  self: Set<string>,
  { host, name, apiUrl }: { readonly host: AdapterHost; readonly name: string; readonly apiUrl: string },
): Promise<void> {
  try {
    const { user_id, bot_id } = await web.auth.test();
    if (user_id) self.add(user_id);
    if (bot_id) self.add(bot_id);
  } catch (error) {
    if (error instanceof HobnobError && error.permanent) throw error;
    // Every event names the bot too, so a Slack that is away for a moment need not keep the bot from hearing.
    host.log.warn(
      { adapter: name, url: apiUrl, code: errorCode(error) },
      "Slack did not say who the bot is; its events will",
    );
  }
}

function target({ id, conversation }: SentMessage): { channel: string; ts: string } {
  return { channel: conversation.id, ts: id };
}
