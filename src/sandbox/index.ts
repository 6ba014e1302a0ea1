import { Hono } from "hono";
import { type Log, silentLog, type Trace } from "../core/index.ts";
import { asset } from "./assets.ts";
import { backend, deliveryRules as backendRules } from "./backend/index.ts";
import { createControl, type Room } from "./control.ts";
import { createDeliverer, type DeliveryRules } from "./deliver.ts";
import { drop, type HostBindings } from "./drop.ts";
import { createFaults } from "./faults.ts";
import { createFeed } from "./feed.ts";
import { guard, knownHosts, readJson, refusal } from "./guard.ts";
import { livechat, deliveryRules as livechatRules } from "./livechat/index.ts";
import type { Platform } from "./simulator.ts";
import { slack, deliveryRules as slackRules } from "./slack/index.ts";
import { twilio, deliveryRules as twilioRules } from "./twilio/index.ts";
import { twist, deliveryRules as twistRules } from "./twist/index.ts";
import { twitter, deliveryRules as twitterRules } from "./twitter/index.ts";
import { zendesk, deliveryRules as zendeskRules } from "./zendesk/index.ts";

export type { Attempt, DeliveryRecord } from "./deliver.ts";
export type { HostBindings } from "./drop.ts";
export type { Fault } from "./faults.ts";
export type { ShownMessage } from "./shown.ts";

export interface SandboxOptions {
  /** Base URL under which the sandbox itself is reachable, for example `http://127.0.0.1:3000`; asked when needed. */
  readonly url: () => string;
  /** The address under which others reach the bot, where there is one: the page may be opened there. */
  readonly publicUrl?: string | undefined;
  /** Delays before the platform's retries of a failed delivery, ms. @default the platform's own; for Slack [0, 60_000, 300_000] */
  readonly retryDelays?: readonly number[];
  readonly log?: Log;
  /** What people call the bot. @default "hobnob" */
  readonly botName?: string;
  /** @default all that are known here */
  readonly platforms?: readonly SandboxPlatform[];
}

/** A simulated platform, and how it delivers events. */
export interface SandboxPlatform {
  readonly platform: Platform;
  readonly rules: DeliveryRules;
}

/** Simulated platforms on their real wire formats, and the page that shows them. */
export interface Sandbox {
  /**
   * Page, control API and the platforms' APIs. `host` is what @hono/node-server hands to a fetch function: with it a
   * connection is broken before a byte of the answer has left, without it in the middle of the answer.
   */
  fetch(request: Request, host?: HostBindings): Response | Promise<Response>;
  /**
   * Registers a bot at its platform's simulator; `webhook` is the full URL of the bot's webhook.
   * @returns the credentials, keyed by the adapter's option names; undefined when there is no simulator of that platform
   */
  connect(app: {
    readonly platform: string;
    readonly name: string;
    readonly webhook: string;
  }): Readonly<Record<string, string>> | undefined;
  /** A step on the road of an event, for the page. */
  trace(trace: Trace): void;
  /** Ends timers, deliveries and streams. */
  close(): Promise<void>;
}

/** In the order in which the page shows them. */
const PLATFORMS: readonly SandboxPlatform[] = [
  { platform: slack, rules: slackRules },
  { platform: twist, rules: twistRules },
  { platform: twitter, rules: twitterRules },
  { platform: livechat, rules: livechatRules },
  { platform: twilio, rules: twilioRules },
  { platform: backend, rules: backendRules },
  { platform: zendesk, rules: zendeskRules },
];

/**
 * Creates a sandbox; mount its `fetch` at `/`.
 *
 * @example
 * const sandbox = createSandbox({ url: () => "http://127.0.0.1:3000" });
 * const credentials = sandbox.connect({ platform: "slack", name: "slack", webhook: "http://127.0.0.1:3000/slack/events" });
 */
export function createSandbox(options: SandboxOptions): Sandbox {
  const { url, publicUrl, retryDelays, log = silentLog, botName = "hobnob", platforms = PLATFORMS } = options;
  const feed = createFeed();
  const life = new AbortController();
  const unreachable = new Set<string>();
  const rooms = new Map(
    platforms.map(({ platform, rules: given }): [string, Room & { readonly rules: DeliveryRules }] => {
      const { name } = platform;
      const rules = retryDelays ? { ...given, retryDelays } : given;
      const faults = createFaults(platform.methods, (list) =>
        feed.publish({ type: "faults", platform: name, faults: list }),
      );
      const deliverer = createDeliverer({
        rules,
        faults,
        log,
        onReach(app, reachable) {
          unreachable[reachable ? "delete" : "add"](`${name}/${app}`);
          feed.publish({ type: "reach", platform: name, app, reachable });
        },
      });
      const base = () => `${url().replace(/\/+$/, "")}/sandbox/${name}`;
      const simulator = platform.create({ url: base, botName, deliverer, faults, feed, signal: life.signal });
      return [name, { simulator, deliverer, faults, rules }];
    }),
  );

  function overview() {
    return Array.from(rooms, ([name, { simulator, faults, rules }]) => {
      const shown = simulator.overview();
      const apps = shown.apps.map((app) => ({ ...app, reachable: !unreachable.has(`${name}/${app.name}`) }));
      return { ...shown, apps, faults: faults.list(), retryDelays: rules.retryDelays };
    });
  }

  function reset(): void {
    for (const { simulator, deliverer, faults } of rooms.values()) {
      deliverer.reset();
      faults.clear();
      simulator.reset();
    }
    feed.clear();
    feed.publish({ type: "refresh" });
  }

  const app = new Hono<{ Bindings: HostBindings }>();
  app.use(knownHosts(() => [url(), publicUrl]));
  app.get("/", async (c) => (await asset("index.html")) ?? c.notFound());
  app.get("/sandbox", (c) => c.json({ platforms: overview() }));
  app.get("/sandbox/assets/:name", async (c) => (await asset(c.req.param("name"))) ?? c.notFound());
  app.get("/sandbox/events", (c) => feed.stream(c.req.header("last-event-id")));
  app.post("/sandbox/reset", guard, async (c) => {
    const body = await readJson(c.req.raw);
    if ("refused" in body) return body.refused;
    reset();
    return c.json({ ok: true });
  });
  app.route("/sandbox", createControl(rooms));
  app.all("/sandbox/:platform/*", async (c) => {
    const name = c.req.param("platform");
    const path = c.req.path.slice(`/sandbox/${name}/`.length);
    const answer = await rooms.get(name)?.simulator.fetch({ path, request: c.req.raw, drop: () => drop(c.env) });
    return answer ?? c.notFound();
  });
  app.notFound((c) =>
    refusal(404, "SANDBOX_PATH", `There is nothing at ${c.req.method} ${c.req.path}. GET /sandbox lists what is here.`),
  );
  app.onError((error) => {
    log.error({ code: error.name }, "The sandbox failed.");
    return Response.json({ error: { code: "SANDBOX_BUG", message: "The sandbox failed." } }, { status: 500 });
  });

  return {
    fetch: (request, host) => app.fetch(request, host),
    connect({ platform, ...connected }) {
      const credentials = rooms.get(platform)?.simulator.connect(connected);
      if (credentials) feed.publish({ type: "refresh" });
      return credentials;
    },
    trace: (trace) => feed.publish({ type: "trace", trace }),
    async close() {
      life.abort();
      feed.close();
      for (const { deliverer } of rooms.values()) await deliverer.close();
    },
  };
}
