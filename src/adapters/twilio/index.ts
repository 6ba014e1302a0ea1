import { type Adapter, DeliveryError } from "../../core/index.ts";
import { assertStarted, cannotStart, notStarted } from "../shared/life.ts";
import { checkBaseUrl, environmentName } from "../shared/options.ts";
import { isReachable } from "../shared/reach.ts";
import type { Api } from "./client.ts";
import { createConsent } from "./consent.ts";
import { createMedia } from "./media.ts";
import { checkOptions, missingNames, splitTokens, type TwilioOptions } from "./options.ts";
import { createReceiver } from "./receiver.ts";
import { LONGEST_TEXT, renderAck, renderText } from "./render.ts";
import { createSender, type Sender } from "./send.ts";
import { createStatuses } from "./status.ts";
import { asTwiml } from "./twiml.ts";

export type { TwilioOptions } from "./options.ts";

/** What a started adapter holds. */
interface Connection {
  readonly api: Api;
  readonly sender: Sender;
  readonly webhook: NonNullable<Adapter["webhook"]>;
}

/**
 * A Twilio number as an adapter: SMS, MMS and WhatsApp messages come in as webhooks, replies go out through the Messages API.
 *
 * @example
 * twilio({ accountSid: process.env.TWILIO_ACCOUNT_SID, authToken: process.env.TWILIO_AUTH_TOKEN, from: process.env.TWILIO_FROM });
 */
export function twilio(options: TwilioOptions = {}): Adapter {
  const { name, paths, pace, timeout, passHelp, ...settings } = checkOptions(options);
  let credentials = settings.credentials;
  let connection: Connection | undefined;

  const started = () => assertStarted(name, connection);

  return {
    name,
    platform: "twilio",
    limits: {
      textLength: LONGEST_TEXT,
      measure: (text, to) => renderText(text, to.id).length,
      ackSeconds: 15,
      inlineAck: ({ conversation }, ack) => renderAck(ack, conversation) !== undefined,
      pace,
    },
    paths: [paths.sms, paths.status, paths.media],
    get missing() {
      return missingNames(name, credentials);
    },

    sandbox({ accountSid, authToken, from, apiUrl }) {
      credentials = {
        accountSid: accountSid || credentials.accountSid,
        authTokens: authToken ? splitTokens(authToken) : credentials.authTokens,
        apiKey: undefined,
        apiSecret: undefined,
        from: from || credentials.from,
        apiUrl: checkBaseUrl("twilio", "apiUrl", apiUrl || credentials.apiUrl),
        url: undefined,
      };
    },

    async start(host) {
      const { accountSid, authTokens, from, apiUrl, url } = credentials;
      const [secret] = authTokens;
      if (accountSid === undefined || secret === undefined || from === undefined) {
        throw cannotStart(name, missingNames(name, credentials));
      }
      const { createApi } = await import("./client.ts");
      const { store, log } = host;
      const statusUrl = host.url + paths.status;
      const addresses = { [paths.sms]: url ?? host.url + paths.sms, [paths.status]: statusUrl };
      const consent = createConsent(store, { passHelp });
      const media = createMedia({ adapter: name, store, log, secret, address: host.url + paths.media, apiUrl });
      const api = createApi(credentials, timeout, host.maySend);
      const receive = createReceiver({
        adapter: name,
        accountSid,
        authTokens,
        tokenName: environmentName(name, "AUTH_TOKEN"),
        from,
        addresses,
        host,
        consent,
        noteStatus: createStatuses({ adapter: name, store, log, consent }),
      });
      connection = {
        api,
        sender: createSender({
          adapter: name,
          api,
          store,
          log,
          consent,
          media,
          from,
          statusUrl: isReachable(statusUrl, apiUrl) ? statusUrl : undefined,
        }),
        webhook: (request) => (request.path === paths.media ? media.serve(request) : receive(request)),
      };
    },

    send: async (to, reply) => started().sender.send(to, reply),

    async webhook(request) {
      if (connection !== undefined) return connection.webhook(request);
      return asTwiml(notStarted(name));
    },

    async stop() {
      connection?.api.close();
      connection = undefined;
    },

    find: async (to, reply) => started().sender.find(to, reply),

    async download(file, { maxBytes } = {}) {
      if (file.url === undefined) {
        throw new DeliveryError(`The file \`${file.name}\` has no address.`, { maybeSent: false, permanent: true });
      }
      return started().api.download(file.url, maxBytes);
    },

    async *check({ url: publicUrl, now }) {
      const { checkSetup } = await import("./check.ts");
      const own = publicUrl === undefined ? undefined : publicUrl.replace(/\/+$/, "") + paths.sms;
      yield* checkSetup({ name, credentials, timeout, webhook: credentials.url ?? own, now });
    },
  };
}
