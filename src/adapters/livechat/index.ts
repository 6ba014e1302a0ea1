import { type Adapter, DeliveryError } from "../../core/index.ts";
import { addressesOf } from "../shared/address.ts";
import { unless } from "../shared/failure.ts";
import { assertStarted, cannotStart, notStarted } from "../shared/life.ts";
import { checkBaseUrl } from "../shared/options.ts";
import { checkSetup } from "./check.ts";
import type { Connection } from "./connection.ts";
import { readRateLimit, readRefusal } from "./failure.ts";
import { findReply } from "./find.ts";
import { readHistory } from "./history.ts";
import { checkOptions, type LiveChatOptions, missingNames, usesPersonalToken } from "./options.ts";
import { LONGEST_TEXT, measureText } from "./render.ts";
import { placeOf, sendReply } from "./send.ts";
import { readUser } from "./user.ts";

export type { LiveChatOptions } from "./options.ts";

const NOT_SEEN = ["not_in_chat", "chat_inactive", "authorization", "missing_access"];
const isFileAddress = addressesOf("livechat-files.com", "livechatinc.com", "livechat.com", "text.com");

/**
 * A LiveChat app as an adapter: people install it on their licenses in a browser; it hears every chat, and speaks to
 * everybody or to the staff alone.
 *
 * @example
 * livechat({ clientId: process.env.LIVECHAT_CLIENT_ID, clientSecret: process.env.LIVECHAT_CLIENT_SECRET });
 */
export function livechat(options: LiveChatOptions = {}): Adapter {
  const settings = checkOptions(options);
  const { name, path, installPath, redirectPath, botName, ignoreAgents, pace, timeout } = settings;
  let { credentials } = settings;
  let connection: Connection | undefined;

  const started = () => assertStarted(name, connection);

  async function openClient(maySend?: () => boolean) {
    const { createClient } = await import("../shared/client.ts");
    return createClient({
      platform: "LiveChat",
      baseUrl: credentials.apiUrl,
      timeout,
      refused: readRefusal,
      rateLimited: readRateLimit,
      limitScope: "account",
      maySend,
    });
  }

  return {
    name,
    platform: "livechat",
    limits: { textLength: LONGEST_TEXT, measure: measureText, ackSeconds: 10, inlineAck: false, pace },
    paths: usesPersonalToken(credentials) ? [path] : [path, installPath, redirectPath],
    get missing() {
      return missingNames(name, credentials);
    },

    sandbox({ clientId, clientSecret, webhookSecret, accountsUrl, apiUrl }) {
      credentials = {
        ...credentials,
        clientId: clientId || credentials.clientId,
        clientSecret: clientSecret || credentials.clientSecret,
        // Ours to choose, also there.
        webhookSecret: credentials.webhookSecret ?? (webhookSecret || undefined),
        accountsUrl: checkBaseUrl("livechat", "accountsUrl", accountsUrl || credentials.accountsUrl),
        apiUrl: checkBaseUrl("livechat", "apiUrl", apiUrl || credentials.apiUrl),
      };
    },

    async start(host) {
      const missing = missingNames(name, credentials);
      const { clientId, webhookSecret } = credentials;
      if (missing.length > 0 || clientId === undefined || webhookSecret === undefined) {
        throw cannotStart(name, missing);
      }
      const [{ connect }, client] = await Promise.all([import("./connection.ts"), openClient(host.maySend)]);
      connection = connect(host, settings, { credentials, clientId, webhookSecret, client });
      // Setting the license up is for whoever gets its webhooks.
      if (host.receives !== false) connection.wake();
    },

    send: async (to, reply) => sendReply(started(), to, reply),

    async webhook(request) {
      if (connection === undefined) return notStarted(name);
      const isPage = request.path === installPath || request.path === redirectPath;
      return isPage ? connection.install(request) : connection.webhook(request);
    },

    async stop() {
      connection?.close();
      connection = undefined;
    },

    async typing(to) {
      const { sessions, api } = started();
      // Only members are seen typing, and nobody joins just for that.
      await unless(NOT_SEEN, () =>
        sessions.asBot(placeOf(to).account, ({ bot }) =>
          api.agent(bot.token, "send_typing_indicator", { chat_id: to.id, is_typing: true, visibility: "all" }),
        ),
      );
    },

    find: async (to, reply) => findReply(started(), to, reply),

    async download({ url = "" }, { maxBytes } = {}) {
      if (!isFileAddress(url, credentials.apiUrl)) {
        throw new DeliveryError("This file does not lie at LiveChat.", { maybeSent: false, permanent: true });
      }
      // It lies there under an address that nobody can guess; a token would be wrong.
      const { bytes } = await started().client.call({ name: "download", method: "GET", url, maxBytes, redirects: 3 });
      return bytes;
    },

    async *history(conversation, since, options) {
      yield* readHistory(started(), conversation, { since, adapter: name, botName, ignoreAgents, ...options });
    },

    user: async (id, account) => readUser(started(), id, { account, botName }),

    async *check(setup) {
      const client = await openClient();
      try {
        yield* checkSetup(setup, { name, path, installPath, credentials, client, installed: connection });
      } finally {
        client.close();
      }
    },
  };
}
