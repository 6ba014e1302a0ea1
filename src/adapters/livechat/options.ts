import type { Duration, Pace } from "../../core/index.ts";
import { missingOf, readOptions } from "../shared/options.ts";

/** Which LiveChat app this is and how to reach it. What is left out of the credentials can come from the sandbox. */
export interface LiveChatOptions {
  /** Tells several LiveChat apps of one bot apart; paths and the names of environment variables follow from it. @default "livechat" */
  readonly name?: string;
  /** Where LiveChat sends webhooks. @default "/<name>/webhook" */
  readonly path?: string;
  /** Where people begin to install the bot. @default "/<name>/install" */
  readonly installPath?: string;
  /** The app's client id. */
  readonly clientId?: string | undefined;
  /** The app's client secret; not needed with a personal access token. */
  readonly clientSecret?: string | undefined;
  /** Where people come back to after their consent, as the app's settings have it. @default "<the bot's URL>/token"; of an adapter with another name `/<name>/token` */
  readonly redirectUri?: string | undefined;
  /** A text of your own choice; LiveChat puts it into every webhook. */
  readonly webhookSecret?: string | undefined;
  /** With `accountId` and `organizationId`: one license without OAuth. */
  readonly personalAccessToken?: string | undefined;
  /** The account that the personal access token belongs to. */
  readonly accountId?: string | undefined;
  /** The organization that the personal access token belongs to. */
  readonly organizationId?: string | undefined;
  /** @default "https://accounts.livechat.com/" */
  readonly accountsUrl?: string | undefined;
  /** @default "https://api.livechatinc.com/" */
  readonly apiUrl?: string | undefined;
  /** What staff and customers see as the bot's name. @default "Pizza BOT" */
  readonly botName?: string | undefined;
  /** What the staff says does not reach plugins. @default false */
  readonly ignoreAgents?: boolean;
  /** Posts in one chat; LiveChat publishes no numbers. @default no limit of our own */
  readonly pace?: Pace | false;
  /** The longest that one API call may take. @default "15s" */
  readonly timeout?: Duration;
}

/** What changes when the sandbox hands in its own. An absent value is not set. */
export interface Credentials {
  readonly clientId: string | undefined;
  readonly clientSecret: string | undefined;
  readonly redirectUri: string | undefined;
  readonly webhookSecret: string | undefined;
  readonly personalAccessToken: string | undefined;
  readonly accountId: string | undefined;
  readonly organizationId: string | undefined;
  /** Ends in a slash, as does `apiUrl`. */
  readonly accountsUrl: string;
  readonly apiUrl: string;
}

/** The options with their defaults, checked. */
export interface Settings {
  readonly name: string;
  readonly path: string;
  readonly installPath: string;
  /** Where people come back to. */
  readonly redirectPath: string;
  readonly credentials: Credentials;
  readonly botName: string;
  readonly ignoreAgents: boolean;
  readonly pace: Pace | undefined;
  /** Milliseconds. */
  readonly timeout: number;
}

const KEYS = [
  "name",
  "path",
  "installPath",
  "clientId",
  "clientSecret",
  "redirectUri",
  "webhookSecret",
  "personalAccessToken",
  "accountId",
  "organizationId",
  "accountsUrl",
  "apiUrl",
  "botName",
  "ignoreAgents",
  "pace",
  "timeout",
] as const;

/** Checks the options by type and fills in the defaults. @throws HobnobError `CONFIG_INVALID` */
export function checkOptions(options: LiveChatOptions): Settings {
  const read = readOptions("livechat", options, KEYS);
  const name = read.name("livechat");
  const redirectUri = read.address("redirectUri");
  return {
    name,
    path: read.path("path", `/${name}/webhook`),
    installPath: read.path("installPath", `/${name}/install`),
    redirectPath: redirectUri === undefined ? tokenPath(name) : new URL(redirectUri).pathname,
    credentials: {
      clientId: read.text("clientId"),
      clientSecret: read.text("clientSecret"),
      redirectUri,
      webhookSecret: read.text("webhookSecret"),
      personalAccessToken: read.text("personalAccessToken"),
      accountId: read.text("accountId"),
      organizationId: read.text("organizationId"),
      accountsUrl: read.url("accountsUrl", "https://accounts.livechat.com/"),
      apiUrl: read.url("apiUrl", "https://api.livechatinc.com/"),
    },
    botName: read.text("botName") ?? "Pizza BOT",
    ignoreAgents: read.flag("ignoreAgents"),
    pace: read.pace(undefined),
    timeout: read.duration("timeout", "15s"),
  };
}

/** Is this one license with a personal access token, rather than an app that people install? */
export function usesPersonalToken({ personalAccessToken, accountId }: Credentials): boolean {
  return personalAccessToken !== undefined || accountId !== undefined;
}

/** The Authorization header of a personal access token. */
export function personalAuthorization({ accountId, personalAccessToken }: Credentials): string {
  return `Basic ${Buffer.from(`${accountId}:${personalAccessToken}`).toString("base64")}`;
}

/** The environment names of credentials that are needed and not set. */
export function missingNames(name: string, credentials: Credentials): string[] {
  const { personalAccessToken, accountId, organizationId } = credentials;
  return missingOf(name, {
    CLIENT_ID: credentials.clientId,
    ...(usesPersonalToken(credentials)
      ? { PERSONAL_ACCESS_TOKEN: personalAccessToken, ACCOUNT_ID: accountId, ORGANIZATION_ID: organizationId }
      : { CLIENT_SECRET: credentials.clientSecret }),
    WEBHOOK_SECRET: credentials.webhookSecret,
  });
}

// The first adapter has the path that bots on LiveChat have always had.
function tokenPath(name: string): string {
  return name === "livechat" ? "/token" : `/${name}/token`;
}
