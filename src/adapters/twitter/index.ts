import { type Adapter, DeliveryError, HobnobError } from "../../core/index.ts";
import { addressesOf } from "../shared/address.ts";
import { unless } from "../shared/failure.ts";
import { isFields } from "../shared/fields.ts";
import { assertStarted, notStarted } from "../shared/life.ts";
import { checkBaseUrl, environmentName } from "../shared/options.ts";
import { createSaid } from "../shared/said.ts";
import { createChain } from "./chain.ts";
import { checkSetup } from "./check.ts";
import { type Client, createClient, fetchBearerToken } from "./client.ts";
import { readHistory } from "./history.ts";
import { checkOptions, type Keys, keysOf, missingNames, ownId, type TwitterOptions } from "./options.ts";
import { toUser } from "./reader.ts";
import { answerChallenge, createReceiver } from "./receiver.ts";
import { DIRECT_LENGTH, measure, POST_LENGTH } from "./render.ts";
import { findReply, type Sender, sendReply } from "./send.ts";
import { createWebhooks, type Webhooks } from "./webhooks.ts";

export type { TwitterOptions } from "./options.ts";
export type { Registration, Webhook, Webhooks } from "./webhooks.ts";

/** An X account as an adapter, which can also tell X where to send the account's events. */
export interface TwitterAdapter extends Adapter {
  /** Does something with the app's webhooks, without `start`. @throws HobnobError `CONFIG_MISSING_CREDENTIAL` */
  withWebhooks<T>(act: (webhooks: Webhooks) => Promise<T>): Promise<T>;
}

/** What a started adapter holds. */
interface Connection extends Sender {
  readonly webhook: NonNullable<Adapter["webhook"]>;
}

/**
 * An X (Twitter) account as an adapter: posts that name it and direct messages come in over Account Activity or X Activity,
 * answers go out over API v2.
 *
 * @example
 * twitter({ appKey: env.TWITTER_APP_KEY, appSecret: env.TWITTER_APP_SECRET, accessToken: env.TWITTER_ACCESS_TOKEN, accessSecret: env.TWITTER_ACCESS_SECRET });
 */
export function twitter(options: TwitterOptions = {}): TwitterAdapter {
  const { name, paths, madeWithAi, timeout, ...settings } = checkOptions(options);
  let credentials = settings.credentials;
  let connection: Connection | undefined;

  const started = () => assertStarted(name, connection);

  function keys(): Keys {
    const found = keysOf(credentials);
    if (found !== undefined) return found;
    throw new HobnobError(
      "CONFIG_MISSING_CREDENTIAL",
      `The adapter \`${name}\` cannot reach X: set ${missingNames(name, credentials).join(" and ")}, or run it in the sandbox.`,
    );
  }

  function connect(as: Keys | string, now: () => number, maySend?: () => boolean): Promise<Client> {
    return createClient({ as, apiUrl: credentials.apiUrl, timeout, now, maySend });
  }

  async function webhooksOf(
    account: Client,
    now: () => number,
  ): Promise<{ readonly app: Client; readonly webhooks: Webhooks }> {
    const { apiUrl } = credentials;
    const token = credentials.bearerToken ?? (await fetchBearerToken({ as: keys(), apiUrl, timeout, now }));
    const app = await connect(token, now);
    const self = ownId(credentials) ?? (await askOwnId(account));
    return { app, webhooks: createWebhooks({ app, account, self }) };
  }

  return {
    name,
    platform: "twitter",
    limits: {
      textLength: POST_LENGTH,
      textLengthIn: ({ isDirect }) => (isDirect ? DIRECT_LENGTH : POST_LENGTH),
      measure,
      ackSeconds: 10,
      inlineAck: false,
    },
    paths,
    get missing() {
      return missingNames(name, credentials);
    },

    sandbox(given) {
      credentials = {
        appKey: given.appKey || credentials.appKey,
        appSecret: given.appSecret || credentials.appSecret,
        accessToken: given.accessToken || credentials.accessToken,
        accessSecret: given.accessSecret || credentials.accessSecret,
        bearerToken: given.bearerToken || credentials.bearerToken,
        botUserId: given.botUserId || undefined,
        apiUrl: checkBaseUrl("twitter", "apiUrl", given.apiUrl || credentials.apiUrl),
      };
    },

    async start(host) {
      const { appSecret, ...rest } = keys();
      const client = await connect({ appSecret, ...rest }, host.clock.now, host.maySend);
      const self = ownId(credentials) ?? (await askOwnId(client));
      const secretName = environmentName(name, "APP_SECRET");
      const webhook = createReceiver({ adapter: name, appSecret, secretName, self, host });
      const said = createSaid({ ...host, adapter: name });
      connection = { client, host, self, chain: createChain({ ...host, adapter: name }), said, madeWithAi, webhook };
    },

    send: async (to, reply) => sendReply(started(), to, reply),

    async webhook(request) {
      const { appSecret } = credentials;
      // Before anything else: X gives a webhook up whose answer comes late.
      if (request.method === "GET" && appSecret !== undefined) return answerChallenge(request.query, appSecret);
      if (connection === undefined) return notStarted(name);
      return connection.webhook(request);
    },

    async stop() {
      connection?.client.close();
      connection = undefined;
    },

    async delete({ id, conversation: { isDirect, thread } }) {
      const { client, chain } = started();
      const [call, path] = isDirect ? ["deleteDirectMessagesEvents", "dm_events/:id"] : ["deletePosts", "tweets/:id"];
      await unless(GONE, () => client.write(call!, (api) => api.v2.delete(path!, undefined, { params: { id } })));
      if (thread !== undefined) await chain.remove(thread, id);
    },

    find: async (to, reply) => findReply(started(), to, reply),

    async download(file, { maxBytes = MOST_BYTES } = {}) {
      const { url = "" } = file;
      const isSigned = isPrivateAddress(url, credentials.apiUrl);
      if (!isSigned && !isPublicAddress(url, credentials.apiUrl)) {
        throw new DeliveryError("This file does not lie at X.", { maybeSent: false, permanent: true });
      }
      return started().client.bytes(url, { isSigned, maxBytes });
    },

    history: (conversation, since, options) => readHistory(started(), conversation, since, options),

    async user(id) {
      const answer: unknown = await unless(GONE, () =>
        started().client.read("getUsersById", (api) =>
          api.v2.get("users/:id", { "user.fields": "affiliation" }, { params: { id } }),
        ),
      );
      if (!isFields(answer) || !isFields(answer.data)) return undefined;
      return { ...toUser(id, answer.data), ...(id === started().self && { isSelf: true }) };
    },

    async *check(setup) {
      const clients: Client[] = [];
      try {
        yield* checkSetup({
          name,
          credentials,
          path: paths[0]!,
          setup,
          async connect() {
            const account = await connect(keys(), setup.now);
            clients.push(account);
            const webhooks = async () => {
              const { app, webhooks } = await webhooksOf(account, setup.now);
              clients.push(app);
              return webhooks;
            };
            return { account, webhooks };
          },
        });
      } finally {
        for (const client of clients) client.close();
      }
    },

    async withWebhooks(act) {
      const account = await connect(keys(), Date.now);
      try {
        const { app, webhooks } = await webhooksOf(account, Date.now);
        try {
          return await act(webhooks);
        } finally {
          app.close();
        }
      } finally {
        account.close();
      }
    },
  };
}

const MOST_BYTES = 50_000_000;
// X knows of no such thing.
const GONE = ["resource-not-found", "HTTP 404"];
// Files of direct messages want the account's signature, which no stranger may see.
const isPrivateAddress = addressesOf("ton.x.com", "ton.twitter.com", "api.x.com", "api.twitter.com");
const isPublicAddress = addressesOf("twimg.com");

async function askOwnId(client: Client): Promise<string> {
  const answer: unknown = await client.read("getUsersMe", (api) => api.v2.get("users/me"));
  const id = isFields(answer) && isFields(answer.data) ? answer.data.id : undefined;
  if (typeof id === "string") return id;
  throw new DeliveryError("X did not say whose the access token is.", { maybeSent: false });
}
