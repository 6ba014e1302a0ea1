import { type Adapter, DeliveryError, RateLimitError, type SentMessage } from "../../core/index.ts";
import { unless } from "../shared/failure.ts";
import { assertStarted, notStarted } from "../shared/life.ts";
import { checkBaseUrl } from "../shared/options.ts";
import { checkSetup } from "./check.ts";
import { type Connection, connect } from "./connect.ts";
import { downloadFile } from "./download.ts";
import { findReply } from "./find.ts";
import { readHistory } from "./history.ts";
import { tellBotUser } from "./identity.ts";
import { renderManifest } from "./manifest.ts";
import { renderMrkdwn } from "./mrkdwn.ts";
import { checkOptions, missingNames, type SlackOptions } from "./options.ts";
import { fitsInAck, renderReply } from "./render.ts";
import { assertNamed } from "./respond.ts";
import { sendReply } from "./send.ts";
import { readThreads } from "./threads.ts";
import { createTransport } from "./transport.ts";
import { isTs } from "./ts.ts";
import { readUser } from "./user.ts";

export type { SlackOptions } from "./options.ts";

const TEXT_LENGTH = 4000;

/**
 * A Slack app as an adapter: events, slash commands and buttons come in over HTTP through Bolt, replies go out through WebClient.
 *
 * @example
 * slack({ token: process.env.SLACK_BOT_TOKEN, signingSecret: process.env.SLACK_SIGNING_SECRET });
 */
export function slack(options: SlackOptions = {}): Adapter {
  const settings = checkOptions(options);
  const { name, path, installPath, redirectPath, botUserIdPaths, closedReaction, pace, timeout } = settings;
  let credentials = settings.credentials;
  let isSandboxed = false;
  let connection: Connection | undefined;
  const requests = { verified: 0, misfits: 0 };

  const started = () => assertStarted(name, connection);

  const webOf = ({ conversation }: SentMessage) => started().workspaces.web(conversation.account);

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
    paths: [path, installPath, redirectPath, ...botUserIdPaths],
    get missing() {
      return missingNames(name, credentials);
    },

    sandbox({ token, signingSecret, botUserId, teamId, clientId, clientSecret, apiUrl }) {
      isSandboxed = true;
      credentials = {
        token: token || credentials.token,
        signingSecret: signingSecret || credentials.signingSecret,
        botUserId: botUserId || undefined,
        teamId: teamId || undefined,
        clientId: clientId || undefined,
        clientSecret: clientSecret || undefined,
        // The simulator has no WebSocket.
        appToken: undefined,
        apiUrl: checkBaseUrl("slack", "apiUrl", apiUrl || credentials.apiUrl),
      };
    },

    async start(host) {
      connection = await connect({ ...settings, credentials }, { host, requests, isSandboxed });
    },

    async send(to, reply) {
      const { workspaces, transport, uploads, host } = started();
      const web = workspaces.web(to.account);
      return await sendReply({ web, transport, uploads, apiUrl: credentials.apiUrl, now: host.clock.now }, to, reply);
    },

    webhook(request) {
      if (connection === undefined) return Promise.resolve(notStarted(name));
      if (botUserIdPaths.includes(request.path)) {
        const { workspaces } = connection;
        return tellBotUser(credentials.botUserId, () => workspaces.web(undefined).auth.test());
      }
      return request.path === installPath || request.path === redirectPath
        ? connection.install(request)
        : Promise.resolve(connection.receive(request));
    },

    async stop() {
      const closing = connection?.close();
      connection = undefined;
      await closing;
    },

    async edit(sent, reply) {
      assertNamed(sent);
      // Without `blocks` Slack would keep the old buttons.
      const { text, blocks = [] } = renderReply(reply);
      await webOf(sent).chat.update({ ...target(sent), text, blocks });
    },

    async delete(sent) {
      assertNamed(sent);
      await unless("message_not_found", () => webOf(sent).chat.delete(target(sent)));
    },

    async react(to, emoji) {
      if (!isTs(to.id)) throw new DeliveryError(NO_MESSAGE, { maybeSent: false, permanent: true });
      await unless("already_reacted", () =>
        webOf(to).reactions.add({ channel: to.conversation.id, timestamp: to.id, name: emoji }),
      );
    },

    async find(to, reply) {
      const { workspaces, uploads } = started();
      const self = await workspaces.self(to.account);
      return findReply(workspaces.web(to.account), to, { reply, self, uploads });
    },

    threads(query) {
      const { workspaces, host } = started();
      const web = workspaces.web(query.account);
      return readThreads({ web, adapter: name, clock: host.clock, closedReaction }, query);
    },

    async download(file, { account, maxBytes } = {}) {
      const token = () => started().workspaces.token(account);
      return downloadFile(file, { apiUrl: credentials.apiUrl, timeout, maxBytes, token });
    },

    async *history(conversation, since, options) {
      const { workspaces, host } = started();
      const { account } = conversation;
      const self = await workspaces.self(account);
      yield* readHistory({ web: workspaces.web(account), self, log: host.log, ...options }, conversation, since);
    },

    async permalink({ id, conversation }) {
      if (!isTs(id)) return undefined;
      const web = started().workspaces.web(conversation.account);
      try {
        return (await web.chat.getPermalink({ channel: conversation.id, message_ts: id })).permalink;
      } catch (error) {
        if (error instanceof RateLimitError) throw error;
        // Without the workspace's own name it still leads people there who are signed in.
        return `https://slack.com/archives/${conversation.id}/p${id.replace(".", "")}`;
      }
    },

    async user(id, account) {
      const { workspaces } = started();
      return readUser(workspaces.web(account), id, await workspaces.self(account));
    },

    async *check({ url, now }) {
      const { WebClient } = await import("@slack/web-api");
      const transport = connection?.transport ?? createTransport({ timeout });
      try {
        // The simulator is as near over http.
        const road = isSandboxed ? undefined : url;
        const paths = { path, installPath, redirectPath };
        yield* checkSetup({ name, ...paths, credentials, requests, transport, stock: WebClient, url: road, now });
      } finally {
        if (transport !== connection?.transport) await transport.close();
      }
    },

    manifest: (setup) => renderManifest(settings, setup),
  };
}

const NO_MESSAGE = "A command or a pressed button is no message that Slack could show a reaction under.";

function target({ id, conversation }: SentMessage): { channel: string; ts: string } {
  return { channel: conversation.id, ts: id };
}
