import type { WebClient } from "@slack/web-api";
import { type AdapterHost, DeliveryError, errorCode, HobnobError } from "../../core/index.ts";
import { type Fields, isFields, maybeString, readList } from "../shared/fields.ts";
import type { TokenSource } from "./client.ts";
import type { Installations } from "./installations.ts";
import { withoutToken } from "./oauth.ts";
import { type Source, sourceOf } from "./source.ts";

/** The workspaces that an adapter serves: each with a token of its own, and a bot of its own. */
export interface Workspaces {
  /** Calls with this workspace's token; an adapter with a single token has no other. */
  web(account: string | undefined): WebClient;
  /** This workspace's token, for what is no API method. */
  token(account: string | undefined): Promise<string>;
  /** The bot's user and bot ids there. */
  self(account: string | undefined): Promise<ReadonlySet<string>>;
  /** The same for a request that has come in; at once where there is one workspace only. */
  selfOf(source: Source): ReadonlySet<string> | Promise<ReadonlySet<string>>;
  /** Forgets an installation when the body says that it has ended; undefined when it says something else. */
  ended(body: Fields): Promise<void> | undefined;
}

/** The workspace of the token that the options name. */
interface Home {
  readonly token: string;
  readonly web: WebClient;
  readonly self: Set<string>;
  account: string | undefined;
}

/** @throws DeliveryError when Slack refuses the options' token */
export async function createWorkspaces(parts: {
  readonly adapter: string;
  readonly host: AdapterHost;
  readonly apiUrl: string;
  readonly token: string | undefined;
  readonly botUserId: string | undefined;
  readonly teamId: string | undefined;
  /** Where people can install the app. */
  readonly installations: Installations | undefined;
  client(token: string | TokenSource): WebClient;
}): Promise<Workspaces> {
  const { installations, botUserId, teamId } = parts;
  const home: Home | undefined =
    parts.token === undefined
      ? undefined
      : {
          token: parts.token,
          web: parts.client(parts.token),
          self: new Set(botUserId === undefined ? [] : [botUserId]),
          account: teamId,
        };
  const isKnown = botUserId !== undefined && (teamId !== undefined || installations === undefined);
  if (home !== undefined && !isKnown) await meetHome(home, parts);
  const clients = new Map<string, WebClient>();

  /** Is it the workspace of the options' token? Slack is asked when nobody has said so, but not for one with an installation. */
  async function isHome(account: string): Promise<boolean> {
    if (home === undefined) return false;
    if (home.account === undefined && (await installations?.find(account)) === undefined) {
      try {
        home.account = (await home.web.auth.test()).team_id;
      } catch (error) {
        throw withoutToken(error);
      }
    }
    return home.account === account;
  }

  function tokensOf(account: string, installed: TokenSource): TokenSource {
    return {
      async token() {
        return home !== undefined && (await isHome(account)) ? home.token : installed.token();
      },
      async renew(token, code) {
        return token === home?.token ? undefined : installed.renew(token, code);
      },
    };
  }

  function sourceFor(account: string | undefined): TokenSource | undefined {
    if (installations === undefined || (account === undefined && home !== undefined)) return undefined;
    if (account !== undefined) return tokensOf(account, installations.tokens(account));
    const message = "The app is installed in many workspaces, and this conversation names none of them.";
    throw new DeliveryError(message, { maybeSent: false, permanent: true });
  }

  async function self(account: string | undefined): Promise<ReadonlySet<string>> {
    const isElsewhere = account !== undefined && account !== home?.account;
    const installation = isElsewhere ? await installations?.find(account) : undefined;
    return installation === undefined ? (home?.self ?? NOBODY) : new Set([installation.botUserId]);
  }

  async function forget(event: Fields, body: Fields): Promise<void> {
    const { account } = sourceOf(body);
    if (account === undefined || installations === undefined) return;
    const endedAt = Number(body.event_time) || parts.host.clock.now() / 1000;
    if (event.type === "app_uninstalled" || (await isRevoked(event, account, installations))) {
      await installations.end(account, endedAt);
    }
  }

  return {
    self,

    web(account) {
      const key = account ?? "";
      const client = clients.get(key);
      if (client !== undefined) return client;
      const source = sourceFor(account);
      if (source === undefined) return home!.web;
      const made = parts.client(source);
      clients.set(key, made);
      return made;
    },

    async token(account) {
      return (await sourceFor(account)?.token()) ?? home!.token;
    },

    selfOf(source) {
      if (installations === undefined) return home?.self ?? NOBODY;
      return installations.join(source).then(() => self(source.account));
    },

    ended(body) {
      const { event } = body;
      const isEnd = isFields(event) && (event.type === "app_uninstalled" || event.type === "tokens_revoked");
      return isEnd ? forget(event, body) : undefined;
    },
  };
}

const NOBODY: ReadonlySet<string> = new Set();

// A person's token is revoked without the bot's when that person leaves.
async function isRevoked(event: Fields, account: string, installations: Installations): Promise<boolean> {
  const tokens = isFields(event.tokens) ? event.tokens : {};
  const installation = await installations.find(account);
  return installation !== undefined && readList(tokens, "bot").includes(installation.botUserId);
}

async function meetHome(
  home: Home,
  { host, adapter, apiUrl }: { readonly host: AdapterHost; readonly adapter: string; readonly apiUrl: string },
): Promise<void> {
  try {
    const { user_id, bot_id, team_id } = await home.web.auth.test();
    if (home.self.size === 0) for (const id of [user_id, bot_id]) if (id) home.self.add(id);
    home.account ??= maybeString({ team_id }, "team_id");
  } catch (error) {
    if (error instanceof HobnobError && error.permanent) throw error;
    // Every event names the bot too, so a Slack that is away for a moment need not keep the bot from hearing.
    host.log.warn(
      { adapter, url: apiUrl, code: errorCode(error) },
      "Slack did not say who the bot is; its events will tell",
    );
  }
}
