import type { Deliverer, DeliveryRules } from "../deliver.ts";
import type { Answer, Failure } from "../post.ts";
import { freshId } from "./ids.ts";
import { isTold } from "./scopes.ts";
import { signature } from "./signature.ts";
import type { Json } from "./wire.ts";
import type { App, Channel, Workspace } from "./workspace.ts";

/** Slack's rules of delivery. https://docs.slack.dev/apis/events-api */
export const deliveryRules: DeliveryRules = {
  retryDelays: [0, 60_000, 300_000],
  timeout: 3000,
  delayAfter: ({ headers, delay }) => (headers["x-slack-no-retry"] === "1" ? undefined : delay),
};

const REASONS: Readonly<Record<Failure, string>> = {
  timeout: "http_timeout",
  connection: "connection_failed",
  status: "http_error",
};

/** Sends events to the apps that see a channel. */
export interface Events {
  /** To every app in the channel; `about` is the ts of the message in question. */
  emit(channel: Channel, about: string, event: Json): void;
  emitTo(app: App, channel: Channel, about: string, event: Json): void;
  /** What is about the installation itself, in no conversation. */
  tell(app: App, event: Json): void;
  /** A button or a slash command: sent once, as a form. */
  interact(app: App, interaction: SentInteraction): void;
}

/** An interaction on its way to an app. */
export interface SentInteraction {
  readonly type: string;
  readonly channel: Channel;
  readonly about: string | undefined;
  readonly contentType: string;
  readonly body: string;
  answered?(answer: Answer): void;
}

export function createEvents(workspace: Workspace, deliverer: Deliverer): Events {
  function emitTo(app: App, channel: Channel, about: string, event: Json): void {
    if (isTold(app, channel, event.type)) send(app, { about, conversation: channel.id }, event);
  }

  function send(
    app: App,
    { about, conversation }: { readonly about: string | undefined; readonly conversation: string },
    event: Json,
  ): void {
    const eventId = freshId("Ev");
    const body = JSON.stringify(envelope({ app, eventId, event, team: workspace.team.id }));
    deliverer.send({
      eventId,
      type: String(event.type),
      message: about,
      conversation,
      app: app.name,
      url: app.webhook,
      request: (retry) => ({
        body,
        headers: {
          ...signedHeaders(app, body, "application/json"),
          ...(retry
            ? { "x-slack-retry-num": String(retry.number), "x-slack-retry-reason": REASONS[retry.failure] }
            : {}),
        },
      }),
    });
  }

  return {
    emit(channel, about, event) {
      for (const app of workspace.appsIn(channel)) emitTo(app, channel, about, event);
    },
    emitTo,
    tell: (app, event) => send(app, { about: undefined, conversation: workspace.team.id }, event),
    interact(app, { type, channel, about, body, contentType, answered }) {
      deliverer.send({
        eventId: freshId("In"),
        type,
        message: about,
        conversation: channel.id,
        app: app.name,
        url: app.webhook,
        isOnce: true,
        request: () => ({ body, headers: signedHeaders(app, body, contentType) }),
        ...(answered && { answered }),
      });
    },
  };
}

function signedHeaders({ signingSecret: secret }: App, body: string, contentType: string): Record<string, string> {
  const timestamp = Math.floor(Date.now() / 1000);
  return {
    "content-type": contentType,
    "user-agent": "Slackbot 1.0 (+https://api.slack.com/robots)",
    accept: "*/*",
    "x-slack-request-timestamp": String(timestamp),
    "x-slack-signature": signature({ secret, timestamp, body }),
  };
}

function envelope(parts: { readonly app: App; readonly eventId: string; readonly event: Json; readonly team: string }) {
  const { app, eventId, event, team } = parts;
  return {
    token: "sandbox-verification-token",
    team_id: team,
    enterprise_id: null,
    context_team_id: team,
    context_enterprise_id: null,
    api_app_id: app.user.bot.appId,
    event,
    type: "event_callback",
    event_id: eventId,
    event_time: Math.floor(Date.now() / 1000),
    authorizations: [
      { enterprise_id: null, team_id: team, user_id: app.user.id, is_bot: true, is_enterprise_install: false },
    ],
    is_ext_shared_channel: false,
    event_context: `4-${Buffer.from(JSON.stringify({ et: event.type, tid: team, aid: app.user.bot.appId })).toString("base64")}`,
  };
}
