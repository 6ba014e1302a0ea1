import { randomBytes } from "node:crypto";
import type { Deliverer, DeliveryRules } from "../deliver.ts";
import type { Answer } from "../post.ts";
import { type App, type Person, type Spot, WORKSPACE } from "./workspace.ts";

const MINUTE = 60_000;
const CALLBACK_LIFE_S = 30 * 60;
const MOST_CALLBACKS = 10_000;

/** Twist's rules of delivery: an answer within 10 s, else ten more tries in twelve hours. */
export const deliveryRules: DeliveryRules = {
  retryDelays: [1, 2, 4, 8, 15, 30, 60, 120, 240, 240].map((minutes) => minutes * MINUTE),
  timeout: 10_000,
};

/** An address at which a bot can answer an event later. */
export interface Callback {
  readonly app: App;
  readonly spot: Spot;
  /** Unix time. */
  readonly until: number;
}

/** Tells bots over their outgoing webhooks what happened. */
export interface Events {
  /** Somebody said something: to each of these apps but the one that said it. */
  said(spot: Spot, to: readonly App[]): void;
  /** Somebody has removed the integration. */
  uninstalled(app: App, by: Person): void;
  callback(key: string): Callback | undefined;
  /** No callback given out so far is taken any more. */
  forget(): void;
}

export function createEvents(parts: {
  readonly deliverer: Deliverer;
  readonly url: () => string;
  /** The bot says something in its answer to an event. */
  readonly answer: (app: App, spot: Spot, content: string) => void;
}): Events {
  const { deliverer, url } = parts;
  const callbacks = new Map<string, Callback>();

  function send(
    app: App,
    event: { readonly type: string; readonly form: Readonly<Record<string, string>>; readonly spot?: Spot },
  ): void {
    const { type, form, spot } = event;
    const body = new URLSearchParams({ event_type: type, verify_token: app.verifyToken, ...form }).toString();
    deliverer.send({
      eventId: randomBytes(8).toString("hex"),
      type,
      message: spot && String(spot.post.id),
      conversation: String(spot === undefined ? "" : spot.kind === "message" ? spot.direct.id : spot.thread.channel.id),
      app: app.name,
      url: app.webhook,
      request: () => ({
        body,
        headers: { "content-type": "application/x-www-form-urlencoded", "user-agent": "Twist" },
      }),
      answered(answer) {
        const content = readContent(answer);
        if (spot !== undefined && content !== "") parts.answer(app, spot, content);
      },
    });
  }

  return {
    said(spot, to) {
      for (const app of to) {
        const { creator, content } = spot.post;
        if (creator.id === app.user.id) continue;
        const key = randomBytes(16).toString("hex");
        const until = Math.floor(Date.now() / 1000) + CALLBACK_LIFE_S;
        callbacks.set(key, { app, spot, until });
        if (callbacks.size > MOST_CALLBACKS) callbacks.delete(callbacks.keys().next().value!);
        const form = {
          ...people(creator),
          content,
          ...placeForm(spot),
          url_callback: `${url()}/integration_incoming/${key}`,
          url_ttl: String(until),
        };
        send(app, { type: spot.kind, form, spot });
      }
    },
    uninstalled(app, by) {
      send(app, { type: "uninstall", form: { install_id: String(app.installId), ...people(by) } });
    },
    callback: (key) => callbacks.get(key),
    forget: () => callbacks.clear(),
  };
}

function people({ id, name }: Person): Record<string, string> {
  return { workspace_id: String(WORKSPACE.id), user_id: String(id), user_name: name };
}

function placeForm(spot: Spot): Record<string, string> {
  if (spot.kind === "message") {
    const { direct, post } = spot;
    const title = `${direct.person.name}, ${direct.app.user.name}`;
    return { conversation_id: String(direct.id), conversation_title: title, message_id: String(post.id) };
  }
  const { thread, post } = spot;
  return {
    channel_id: String(thread.channel.id),
    channel_name: thread.channel.name,
    thread_id: String(thread.id),
    thread_title: thread.title,
    ...(spot.kind === "comment" && { comment_id: String(post.id) }),
  };
}

// `{"content": "…"}`, or a bare text.
function readContent({ status, headers, body }: Answer): string {
  if (status !== 200) return "";
  if (!String(headers["content-type"] ?? "").startsWith("application/json")) return body.trim();
  try {
    const { content } = JSON.parse(body) as { readonly content?: unknown };
    return typeof content === "string" ? content : "";
  } catch {
    return "";
  }
}
