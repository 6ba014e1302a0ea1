import type { Adapter, AdapterHost } from "../../core/index.ts";
import { assertStarted, cannotStart, notStarted } from "../shared/life.ts";
import { checkBaseUrl, environmentName } from "../shared/options.ts";
import { createCallbacks } from "./callback.ts";
import { checkSetup } from "./check.ts";
import { createEchoes } from "./echoes.ts";
import { findReply } from "./find.ts";
import { readHistory } from "./history.ts";
import { learnIdentity } from "./identity.ts";
import { createInstallPages } from "./install.ts";
import { muteThread } from "./mute.ts";
import { checkOptions, missingNames, type TwistOptions } from "./options.ts";
import { permalinkOf } from "./place.ts";
import { createReceiver } from "./receiver.ts";
import { addReaction, deletePost, editPost, type Sender, sendReply } from "./send.ts";
import { createTally } from "./tally.ts";
import { listThreads } from "./threads.ts";
import { createUserTokens, type UserTokens } from "./tokens.ts";
import { readUser, workspaceOf } from "./user.ts";

export type { TwistOptions } from "./options.ts";

/** What a started adapter holds. */
interface Connection extends Sender {
  readonly tokens: UserTokens;
  readonly receive: NonNullable<Adapter["webhook"]>;
  readonly install: NonNullable<Adapter["webhook"]>;
}

/**
 * A Twist integration as an adapter: its outgoing webhook brings messages, threads and comments; answers go out in the
 * acknowledgement, over the event's callback, and over the API.
 *
 * @example
 * twist({ token: process.env.TWIST_TOKEN, verifyToken: process.env.TWIST_VERIFY_TOKEN });
 */
export function twist(options: TwistOptions = {}): Adapter {
  const { name, paths, pace, timeout, ...settings } = checkOptions(options);
  let credentials = settings.credentials;
  let connection: Connection | undefined;

  const started = () => assertStarted(name, connection);

  // axios takes its time to load; a bot that only imports this module does not pay for it.
  async function connect(token: string, maySend?: () => boolean) {
    const { createApi } = await import("./client.ts");
    const tokenName = environmentName(name, "TOKEN");
    return createApi({ token, apiUrl: credentials.apiUrl, timeout, tokenName, maySend });
  }

  const adapter: Adapter = {
    name,
    platform: "twist",
    // Twist names no limit of a post's length; this one keeps posts readable.
    limits: { textLength: 10_000, ackSeconds: 10, inlineAck: true, pace },
    paths: [...paths.webhook, paths.install, paths.oauth],
    get missing() {
      return missingNames(name, credentials);
    },

    sandbox(given) {
      credentials = {
        token: given.token || credentials.token,
        verifyToken: given.verifyToken || credentials.verifyToken,
        clientId: given.clientId || credentials.clientId,
        clientSecret: given.clientSecret || credentials.clientSecret,
        botUserId: given.botUserId || undefined,
        apiUrl: checkBaseUrl("twist", "apiUrl", given.apiUrl || credentials.apiUrl),
        oauthUrl: checkBaseUrl("twist", "oauthUrl", given.oauthUrl || credentials.oauthUrl),
      };
    },

    async start(host: AdapterHost) {
      const { token, verifyToken, clientId, clientSecret, botUserId, apiUrl, oauthUrl } = credentials;
      if (token === undefined || verifyToken === undefined) {
        throw cannotStart(name, missingNames(name, credentials));
      }
      const api = await connect(token, host.maySend);
      const identity = await learnIdentity(api, { host, name, botUserId });
      if (!identity.ownsToken) {
        // Only its author may change a post, and a callback's author is the bot.
        delete adapter.edit;
        delete adapter.delete;
      }
      const tokens = createUserTokens(host.vault);
      const echoes = createEchoes(host);
      const verifyTokenName = environmentName(name, "VERIFY_TOKEN");
      const client =
        clientId === undefined || clientSecret === undefined ? undefined : { id: clientId, secret: clientSecret };
      connection = {
        host,
        api,
        identity,
        tally: createTally(host),
        tokens,
        echoes,
        callbacks: createCallbacks(api, host),
        receive: createReceiver({
          adapter: name,
          verifyToken,
          verifyTokenName,
          apiUrl,
          host,
          identity,
          echoes,
          tokens,
        }),
        install: createInstallPages({ adapter: name, host, api, paths, tokens, client, oauthUrl }),
      };
    },

    send: async (to, reply) => sendReply(started(), to, reply),

    async webhook(request) {
      if (connection === undefined) return notStarted(name);
      const isPage = request.path === paths.install || request.path === paths.oauth;
      return isPage ? connection.install(request) : connection.receive(request);
    },

    async stop() {
      connection?.api.client.close();
      connection = undefined;
    },

    edit: async (sent, reply) => editPost(started(), sent, reply),
    delete: async (sent) => deletePost(started(), sent),
    react: async (to, emoji) => addReaction(started(), to, emoji),
    find: async (to, reply) => findReply(started(), to, reply),
    permalink: async (message) => permalinkOf(message),

    async *threads(query) {
      const { api, host, identity, tokens } = started();
      const account = query.account ?? (await workspaceOf({ api, identity }));
      yield* listThreads({ api, host, name, tokens, identity }, { ...query, account });
    },

    async mute(link, { account, person }) {
      const { api, identity, tokens } = started();
      const workspace = account ?? (await workspaceOf({ api, identity }));
      return muteThread({ api, identity, tokens }, link, { account: workspace, person });
    },

    history: (conversation, since, options) => readHistory(started(), conversation, since, options),

    user: async (id, account) => readUser(started(), id, account),

    async *check(setup) {
      const { token } = credentials;
      const api = token === undefined ? undefined : (connection?.api ?? (await connect(token)));
      try {
        yield* checkSetup(setup, { name, credentials, paths, api });
      } finally {
        if (api !== connection?.api) api?.client.close();
      }
    },
  };
  return adapter;
}
