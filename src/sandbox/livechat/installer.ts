import { type LastPage, walkPages } from "../browser.ts";
import type { Deliverer } from "../deliver.ts";
import { uuid } from "./ids.ts";
import type { Tokens } from "./tokens.ts";
import type { Webhooks } from "./webhooks.ts";
import type { App, World } from "./world.ts";

/** Brings apps onto licenses, and off again. */
export type Installer = ReturnType<typeof createInstaller>;

export function createInstaller({
  world,
  tokens,
  webhooks,
  signal,
  url,
}: {
  readonly world: World;
  readonly tokens: Tokens;
  readonly webhooks: Webhooks;
  readonly signal: AbortSignal;
  /** Base URL of the simulator. */
  readonly url: () => string;
}) {
  const removed = new Set<string>();
  /** What happens on a license waits until an installation there is done. */
  const underWay = new Map<string, Promise<unknown>>();

  const keyOf = ({ clientId }: App, organization: string) => `${clientId}/${organization}`;
  const isLive = ({ clientId }: App, organization: string) => webhooks.isLive(clientId, organization);

  function install(app: App, organization: string) {
    removed.delete(keyOf(app, organization));
    const begin = app.webhook.replace(/[^/]*$/, "install");
    const allow = (request: Request) => {
      if (!request.url.startsWith(`${url()}/accounts/?`)) return undefined;
      const { search } = new URL(request.url);
      return new Request(`${url()}/accounts/consent${search}&organization=${organization}`, request);
    };
    return walkPages(begin, allow, signal);
  }

  return {
    /** Runs it once the apps are installed there: whoever just wants to talk to the bot need not install it first. */
    whenInstalled(organization: string, run: () => void): void {
      const missing = world
        .apps()
        .filter((app) => !isLive(app, organization) && !removed.has(keyOf(app, organization)));
      const before = underWay.get(organization);
      if (missing.length === 0 && before === undefined) {
        run();
        return;
      }
      const done = (async () => {
        await before;
        for (const app of missing) {
          // A bot that is not up yet is not installed: what is said meanwhile, it never hears of.
          if (!isLive(app, organization)) await install(app, organization).catch(() => {});
        }
        if (!signal.aborted) run();
      })();
      underWay.set(organization, done);
      void done.finally(() => {
        if (underWay.get(organization) === done) underWay.delete(organization);
      });
    },

    /** On the first license, as often as somebody likes; on the other one as soon as somebody speaks there. */
    async install() {
      const [home] = world.organizations;
      let last: LastPage = { status: 404, text: "No bot is connected." };
      for (const app of world.apps()) if (home) last = await install(app, home.id);
      return last;
    },

    /** Every owner removes every app: the tokens end, and the app hears of it in its own webhook. */
    uninstall(deliverer: Deliverer): void {
      for (const { id, license } of world.organizations) {
        for (const app of world.apps()) {
          removed.add(keyOf(app, id));
          if (!webhooks.isEnabled(app.clientId, id)) continue;
          webhooks.disable(app.clientId, id);
          tokens.revokeAll(app.clientId, id);
          for (const bot of world.bots()) {
            if (bot.clientId === app.clientId && bot.organization === id) world.removeBot(bot.id);
          }
          deliverer.send(noticeOf(app, { organization: id, license }));
        }
      }
    },

    reset(): void {
      removed.clear();
    },
  };
}

// Webhooks of the Developer Console have a form of their own.
function noticeOf(app: App, { organization, license }: { readonly organization: string; readonly license: number }) {
  const body = JSON.stringify({
    applicationID: uuid(`application:${app.name}`),
    applicationName: app.name,
    clientID: app.clientId,
    date: new Date().toISOString(),
    event: "application_uninstalled",
    licenseID: license,
    organizationID: organization,
    payload: {},
    userID: uuid(`account:${app.name}`),
  });
  return {
    eventId: `uninstalled-${organization}-${Date.now()}`,
    type: "application_uninstalled",
    message: undefined,
    conversation: organization,
    app: app.name,
    url: app.webhook,
    request: () => ({ body, headers: { "content-type": "application/json" } }),
  };
}
