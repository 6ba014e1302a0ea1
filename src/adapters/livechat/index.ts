import { createHash } from "node:crypto";
import { type Adapter, type Conversation, DeliveryError, type OutgoingReply } from "../../core/index.ts";
import { addressesOf } from "../shared/address.ts";
import { isRefused, notSent } from "../shared/failure.ts";
import { type Fields, isFields } from "../shared/fields.ts";
import { assertStarted, cannotStart, notStarted } from "../shared/life.ts";
import { checkBaseUrl } from "../shared/options.ts";
import { checkSetup } from "./check.ts";
import type { Connection } from "./connection.ts";
import { readRateLimit, readRefusal } from "./failure.ts";
import type { AnswerNote } from "./message.ts";
import { checkOptions, type LiveChatOptions, missingNames, redirectPath, usesPersonalToken } from "./options.ts";
import { LONGEST_TEXT, measureText, renderReply } from "./render.ts";
import { findReply, readHistory } from "./threads.ts";
import { uploadFiles } from "./upload.ts";

export type { LiveChatOptions } from "./options.ts";

/** How long a whisper about the beginning of a chat is not whispered again for another message of that beginning. */
const OPENING_TTL = "1h";

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
  const { name, path, installPath, pace, timeout } = settings;
  let { credentials } = settings;
  let connection: Connection | undefined;

  const started = () => assertStarted(name, connection);

  async function openClient() {
    const { createClient } = await import("../shared/client.ts");
    return createClient({
      platform: "LiveChat",
      baseUrl: credentials.apiUrl,
      timeout,
      refused: readRefusal,
      rateLimited: readRateLimit,
      limitScope: "account",
    });
  }

  return {
    name,
    platform: "livechat",
    limits: { textLength: LONGEST_TEXT, measure: measureText, ackSeconds: 10, inlineAck: false, pace },
    paths: usesPersonalToken(credentials) ? [path] : [path, installPath, redirectPath(credentials)],
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
      const [{ connect }, client] = await Promise.all([import("./connection.ts"), openClient()]);
      connection = connect(host, settings, { credentials, clientId, webhookSecret, client });
      connection.wake();
    },

    async send(to, reply) {
      const { host, chats, api, sessions } = started();
      const note = noteOf(reply);
      const isForStaff =
        reply.visibility === "agents" ||
        note.isWhisper === true ||
        (reply.visibility === "author" && note.fromAgent === true);
      const place = placeOf(to);
      const saidKey =
        isForStaff && note.opening !== undefined ? openingKey(to, { opening: note.opening, reply }) : undefined;
      const said = saidKey && (await host.store.get<string>(saidKey));
      if (said) return { id: said, conversation: to };
      const files = await sessions
        .asBot(place.account, ({ bot }) => uploadFiles(api, bot.token, reply.attachments))
        .catch((error: unknown) => {
          throw notSent(error);
        });
      const events = renderReply(reply, { files, visibility: isForStaff ? "agents" : "all" });
      const id = await (isForStaff ? chats.whisper(place, events) : chats.speak(place, events));
      // It is out: that this could not be noted must not have it sent again.
      if (saidKey) await host.store.set(saidKey, id, { ttl: OPENING_TTL }).catch(() => {});
      return { id, conversation: to };
    },

    async webhook(request) {
      if (connection === undefined) return notStarted(name);
      const isPage = request.path === installPath || request.path === redirectPath(credentials);
      return isPage ? connection.install(request) : connection.webhook(request);
    },

    async stop() {
      connection?.close();
      connection = undefined;
    },

    async typing(to) {
      const { sessions, api } = started();
      try {
        await sessions.asBot(placeOf(to).account, ({ bot }) =>
          api.agent(bot.token, "send_typing_indicator", { chat_id: to.id, is_typing: true, visibility: "all" }),
        );
      } catch (error) {
        // Only members are seen typing, and nobody joins just for that.
        if (!isRefused(error, "not_in_chat", "chat_inactive", "authorization", "missing_access")) throw error;
      }
    },

    async find(to, reply) {
      const { host, chats } = started();
      const found = await findReply(listThreads(to), to, reply);
      if (found === undefined) return undefined;
      const { opening } = noteOf(reply);
      if (opening !== undefined) {
        await host.store.set(openingKey(to, { opening, reply }), found.id, { ttl: OPENING_TTL });
      }
      // The process may have ended between the whisper and the leave.
      chats.finish(placeOf(to));
      return found;
    },

    async download({ url = "" }, { maxBytes } = {}) {
      if (!isFileAddress(url, credentials.apiUrl)) {
        throw new DeliveryError("This file does not lie at LiveChat.", { maybeSent: false, permanent: true });
      }
      // It lies there under an address that nobody can guess; a token would be wrong.
      const { bytes } = await started().client.call({ name: "download", method: "GET", url, maxBytes, redirects: 3 });
      return bytes;
    },

    async *history(conversation, since) {
      const { host, installations } = started();
      const { account } = placeOf(conversation);
      const installation = await installations.get(account);
      const context = {
        adapter: name,
        account,
        botId: installation?.bot.id ?? "",
        botName: settings.botName,
        isVisiting: () => false,
        receivedAt: host.clock.now(),
      };
      yield* readHistory(listThreads(conversation), conversation, { since, context });
    },

    async user(id, account) {
      const { sessions, api, installations } = started();
      const license = account ?? (await installations.find({}))?.account ?? "";
      // Agents go by their address; only their license's owner may ask for more.
      if (id.includes("@")) return { id, name: id, email: id, isBot: false, isAgent: true };
      return sessions.asBot(license, async ({ bot }) => {
        if (id === bot.id) return { id, name: settings.botName, isBot: true, isSelf: true, isAgent: true };
        try {
          return toUser(id, await api.agent(bot.token, "get_customer", { id }));
        } catch (error) {
          if (isRefused(error, "not_found")) return undefined;
          throw error;
        }
      });
    },

    async *check(setup) {
      const client = await openClient();
      try {
        yield* checkSetup(setup, { name, path, installPath, credentials, client, installed: connection });
      } finally {
        client.close();
      }
    },
  };

  function listThreads(to: Conversation) {
    const { sessions, api } = started();
    return (body: object): Promise<Fields> =>
      sessions.asBot(placeOf(to).account, ({ bot }) => api.agent(bot.token, "list_threads", body));
  }
}

function placeOf({ account = "", id }: Conversation) {
  return { account, chat: id };
}

function noteOf({ replyTo }: OutgoingReply): AnswerNote {
  return isFields(replyTo) ? replyTo : {};
}

/** Several messages that a chat began with are one occasion: what is whispered about it is whispered once. */
function openingKey(
  { account, id }: Conversation,
  { opening, reply }: { readonly opening: string; readonly reply: OutgoingReply },
): string {
  const digest = createHash("sha256").update(JSON.stringify([account, id, opening, reply.text]));
  return `opening:${digest.digest("base64url")}`;
}

function toUser(id: string, { name, email }: Fields) {
  const address = typeof email === "string" && email !== "" ? email : undefined;
  return {
    id,
    name: typeof name === "string" && name !== "" ? name : (address ?? id),
    isBot: false,
    ...(address !== undefined && { email: address }),
  };
}
