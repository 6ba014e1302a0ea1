import { type SlackOptions, slack } from "../../../src/adapters/slack/index.ts";
import { createSigner } from "../../../src/adapters/slack/verify.ts";
import type { Adapter, Conversation, WebhookResponse } from "../../../src/core/index.ts";
import { request, type StartedAdapter, type StartOptions, startAdapter } from "../stage.ts";
import { createFakeSlack, type FakeSlack } from "./fake-slack.ts";
import { fixture } from "./fixture.ts";
import { secret, now as startedAt } from "./started.ts";

/** An app that people install, before a Slack that says what a test tells it. */
export interface Installing extends StartedAdapter {
  readonly adapter: Adapter;
  readonly fake: FakeSlack;
  /** Opens the install page. */
  begin(): Promise<Begun>;
  /** Comes back from Slack. */
  finish(query: Readonly<Record<string, string>> | string, cookie?: string): Promise<WebhookResponse>;
  /** All of it, for an installation that Slack answers with `grant`. */
  install(grant?: object): Promise<void>;
  /** Delivers an event of a workspace, signed. */
  event(account: string, event: object, more?: object): Promise<WebhookResponse>;
  /** Another process of the same bot, on the same storage. */
  again(options?: SlackOptions): Promise<Adapter>;
  /** The tokens that a method was called with. */
  tokens(method: string): readonly (string | undefined)[];
}

export interface Begun {
  readonly location: URL;
  readonly state: string;
  /** As the browser sends it back. */
  readonly cookie: string;
  readonly setCookie: string;
}

export const APP: SlackOptions = { clientId: "1234.5678", clientSecret: "a client secret", signingSecret: secret };
export const ACME = "T0ACME001";
export const acme: Conversation = { adapter: "slack", account: ACME, id: "C0ACME001", isDirect: false };

/** What Slack answers to a code. */
export function grant(more: object = {}): object {
  return {
    ok: true,
    app_id: "A0A1B2C3D",
    authed_user: { id: "U0HUMAN01" },
    scope: "chat:write",
    token_type: "bot",
    access_token: "xoxb-acme",
    bot_user_id: "U0ACMEBOT",
    team: { id: ACME, name: "Acme" },
    enterprise: null,
    is_enterprise_install: false,
    ...more,
  };
}

export async function startInstalling(options: SlackOptions = {}, started: StartOptions = {}): Promise<Installing> {
  const fake = await createFakeSlack();
  const make = (more: SlackOptions = {}) => slack({ ...APP, apiUrl: fake.apiUrl, ...options, ...more });
  const adapter = make();
  const now = started.now ?? (() => startedAt);
  const bot = await startAdapter(adapter, { ...started, now });
  const others: Adapter[] = [];
  const sign = createSigner(secret);

  async function begin(): Promise<Begun> {
    const { headers = {} } = await bot.deliver(request({ method: "GET", path: "/slack/install" }));
    const location = new URL(String(headers.location));
    const setCookie = String(headers["set-cookie"] ?? "");
    return {
      location,
      setCookie,
      state: location.searchParams.get("state") ?? "",
      cookie: setCookie.split(";")[0] ?? "",
    };
  }

  function finish(query: Readonly<Record<string, string>> | string, cookie?: string): Promise<WebhookResponse> {
    return bot.deliver(
      request({
        method: "GET",
        path: "/slack/oauth_redirect",
        query: new URLSearchParams(query).toString(),
        headers: cookie === undefined ? {} : { cookie },
      }),
    );
  }

  return {
    ...bot,
    adapter,
    fake,
    begin,
    finish,
    async install(answer = grant()) {
      fake.on("oauth.v2.access", answer);
      const { state, cookie } = await begin();
      const { status, body } = await finish({ state, code: "a code" }, cookie);
      if (status !== 200) throw new Error(String(body));
      fake.calls.length = 0;
    },
    event(account, event, more = {}) {
      const at = Math.floor(now() / 1000);
      const body = {
        ...fixture("message"),
        team_id: account,
        context_team_id: account,
        authorizations: [],
        event_time: at,
        event,
        ...more,
      };
      const bytes = Buffer.from(JSON.stringify(body));
      const headers = {
        "content-type": "application/json",
        "x-slack-request-timestamp": String(at),
        "x-slack-signature": `v0=${sign(String(at), bytes)}`,
      };
      return bot.deliver(request({ path: "/slack/events", headers, body: bytes }));
    },
    async again(more) {
      const other = make(more);
      others.push(other);
      await other.start(bot.host);
      return other;
    },
    tokens: (method) =>
      fake.calls
        .filter((call) => call.method === method)
        .map(({ headers }) => headers.authorization?.replace("Bearer ", "")),
    async [Symbol.asyncDispose]() {
      for (const other of others) await other.stop?.();
      await bot[Symbol.asyncDispose]();
      await fake[Symbol.asyncDispose]();
    },
  };
}
