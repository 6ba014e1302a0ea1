import { slack } from "../../src/adapters/slack/index.ts";
import type { Adapter, Plugin } from "../../src/core/index.ts";
import { zendeskSync } from "../../src/plugins/zendesk-sync/index.ts";
import type { ShownMessage } from "../../src/sandbox/index.ts";
import { openPlatforms, type PlatformStage } from "../adapters/stage.ts";

// biome-ignore lint/suspicious/noExplicitAny: a test looks at what the wire brings
export type Wire = any;

export type PluginOptions = Exclude<Parameters<typeof zendeskSync>[0], undefined>;

/** A bot between a simulated platform and a simulated Zendesk. */
export interface HelpDesk extends PlatformStage {
  readonly platform: string;
  readonly webhookSecret: string;
  /** Zendesk's API, with the bot's own token. */
  api(path: string, method?: string, body?: object): Promise<Wire>;
  /** Tickets, the oldest first; without the one that every new account has. */
  tickets(): Promise<readonly Wire[]>;
  /** Texts of a ticket's comments, the oldest first. */
  comments(ticket?: number): Promise<string[]>;
  /** Somebody of the staff comments on a ticket. */
  staff(text: string, more?: object): Promise<void>;
  /** What the bot has said in the channel and its threads, the oldest first, once all is done. */
  said(conversation?: string): Promise<string[]>;
  hook(body: object | string, headers?: Readonly<Record<string, string>>, path?: string): Promise<Response>;
}

type LoginKind = "OAuth token" | "OAuth client" | "API token";

export interface HelpDeskSurroundings {
  readonly adapter?: Adapter;
  /** Where people talk. */
  readonly home?: string;
  /** What the bot logs in with. @default "OAuth token" */
  readonly login?: LoginKind;
}

export async function openHelpDesk(
  options: PluginOptions = {},
  { adapter = slack({ pace: false }), home = "support", login = "OAuth token" }: HelpDeskSurroundings = {},
): Promise<HelpDesk> {
  const made = zendeskSync({ backoff: "10ms", timeout: 400, patience: ["10ms"], ...options });
  const plugin = withLogin(made, login);
  const stage = await openPlatforms({ adapters: [adapter], plugins: [plugin] });
  const webhook = `${stage.url}/zendesk/webhook`;
  const {
    apiUrl,
    oauthToken,
    webhookSecret = "",
  } = stage.sandbox.connect({ platform: "zendesk", name: plugin.name, webhook })!;

  async function api(path: string, method = "GET", body?: object): Promise<Wire> {
    const response = await fetch(`${apiUrl}/${path}`, {
      method,
      headers: { authorization: `Bearer ${oauthToken}`, "content-type": "application/json" },
      ...(body && { body: JSON.stringify(body) }),
    });
    return response.json();
  }
  const first = new Set<number>((await api("tickets")).tickets.map(({ id }: Wire) => id));
  const tickets = async () => (await api("tickets")).tickets.filter(({ id }: Wire) => !first.has(id));
  const last = async () => `${(await tickets()).at(-1)?.id}`;

  return {
    ...stage,
    platform: adapter.platform,
    webhookSecret,
    api,
    tickets,
    async say(text, more = {}) {
      const id = await stage.say(text, { conversation: home, ...more });
      // LiveChat's bot comes into the world a little after it has started.
      const end = Date.now() + 3000;
      const isUnderWay = async () => (await stage.deliveries()).some(({ ts }) => ts === id);
      while (Date.now() < end && !(await isUnderWay())) await new Promise((resolve) => setTimeout(resolve, 10));
      await stage.settle();
      return id;
    },
    async comments(ticket) {
      const { comments } = await api(`tickets/${ticket ?? (await last())}/comments`);
      return comments.map(({ body }: Wire) => body);
    },
    async staff(text, more) {
      await stage.control("/zendesk/say", { text, user: "grace", conversation: await last(), ...more });
      await stage.settle();
    },
    async said(conversation = home) {
      await stage.settle();
      const all = await stage.control<readonly ShownMessage[]>(
        `/${adapter.platform}/messages?conversation=${encodeURIComponent(conversation)}`,
      );
      return all.filter(({ self }) => self).map(({ text }) => text);
    },
    hook: (body, headers = {}, path = "/zendesk/webhook") =>
      fetch(`${stage.url}${path}`, {
        method: "POST",
        headers: { "content-type": "application/json", ...headers },
        body: typeof body === "string" ? body : JSON.stringify(body),
      }),
    [Symbol.asyncDispose]: () => stage[Symbol.asyncDispose](),
  };
}

// Links look as they do on the real platform.
function withLogin(plugin: Plugin, login: LoginKind): Plugin {
  const service = plugin.service!;
  const logins = {
    "OAuth token": (oauthToken: string) => ({ oauthToken }),
    "OAuth client": (clientSecret: string) => ({ clientId: plugin.name, clientSecret }),
    "API token": (token: string) => ({ email: "moe@example.com", token }),
  };
  return {
    ...plugin,
    service: {
      ...service,
      get missing() {
        return service.missing;
      },
      sandbox({ oauthToken = "", ticketUrl: _, ...others }) {
        service.sandbox({ ...others, ...logins[login](oauthToken) });
      },
    },
  };
}

/** The bot's greeting for a ticket of the sandbox. */
export const hello = (ticket: number) => `Hello, your new support request is ${urlOf(ticket)}.`;
export const urlOf = (ticket: number) => `https://sandbox.zendesk.com/agent/tickets/${ticket}`;
/** The id of the simulated Slack's channel #support. */
export const SUPPORT = "C0FKDDKGF9L";
