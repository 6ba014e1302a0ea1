import type { Duration } from "../../core/index.ts";
import { missingOf, readOptions } from "../shared/options.ts";

/** Which X account this is and how to reach it. What is left out of the credentials can come from the sandbox. */
export interface TwitterOptions {
  /** Tells several X accounts of one bot apart; the names of their environment variables follow from it. @default "twitter" */
  readonly name?: string;
  /** The app's API key (consumer key). */
  readonly appKey?: string | undefined;
  /** The app's API key secret: it signs our calls, and X's events. */
  readonly appSecret?: string | undefined;
  /** The bot account's access token, `<user id>-…`. */
  readonly accessToken?: string | undefined;
  readonly accessSecret?: string | undefined;
  /** The app-only token, for webhooks. @default asked of X with key and secret */
  readonly bearerToken?: string | undefined;
  /** The bot account's own user id. @default what stands before the `-` of the access token, else asked of X at start */
  readonly botUserId?: string | undefined;
  /** @default "https://api.x.com/" */
  readonly apiUrl?: string | undefined;
  /** The path that X posts to. @default "/twitter/webhook"; `/webhook` is served beside it */
  readonly path?: string;
  /** Marks posts as made with AI. @default false */
  readonly madeWithAi?: boolean;
  /** The longest that one API call may take. @default "10s" */
  readonly timeout?: Duration;
}

/** What changes when the sandbox hands in its own. An absent value is not set. */
export interface Credentials {
  readonly appKey: string | undefined;
  readonly appSecret: string | undefined;
  readonly accessToken: string | undefined;
  readonly accessSecret: string | undefined;
  readonly bearerToken: string | undefined;
  readonly botUserId: string | undefined;
  readonly apiUrl: string;
}

/** The four texts of OAuth 1.0a, all of them set. */
export interface Keys {
  readonly appKey: string;
  readonly appSecret: string;
  readonly accessToken: string;
  readonly accessSecret: string;
}

/** The options with their defaults, checked. */
export interface Settings {
  readonly name: string;
  readonly paths: readonly string[];
  readonly credentials: Credentials;
  readonly madeWithAi: boolean;
  /** Milliseconds. */
  readonly timeout: number;
}

const KEYS = [
  "name",
  "appKey",
  "appSecret",
  "accessToken",
  "accessSecret",
  "bearerToken",
  "botUserId",
  "apiUrl",
  "path",
  "madeWithAi",
  "timeout",
] as const;

/** Checks the options by type and fills in the defaults. @throws HobnobError `CONFIG_INVALID` */
export function checkOptions(options: TwitterOptions): Settings {
  const read = readOptions("twitter", options, KEYS);
  const botUserId = read.text("botUserId");
  if (botUserId !== undefined && !/^\d+$/.test(botUserId)) {
    throw read.invalid(`Option \`botUserId\` of twitter() is ${JSON.stringify(botUserId)}. Write the digits only.`);
  }
  return {
    name: read.name("twitter"),
    paths: options.path === undefined ? ["/twitter/webhook", "/webhook"] : [read.path("path", "/twitter/webhook")],
    credentials: {
      appKey: read.text("appKey"),
      appSecret: read.text("appSecret"),
      accessToken: read.text("accessToken"),
      accessSecret: read.text("accessSecret"),
      bearerToken: read.text("bearerToken"),
      botUserId,
      apiUrl: read.url("apiUrl", "https://api.x.com/"),
    },
    madeWithAi: read.flag("madeWithAi"),
    timeout: read.duration("timeout", "10s"),
  };
}

/** The environment names of the required texts that are not set. */
export function missingNames(name: string, { appKey, appSecret, accessToken, accessSecret }: Credentials): string[] {
  return missingOf(name, {
    APP_KEY: appKey,
    APP_SECRET: appSecret,
    ACCESS_TOKEN: accessToken,
    ACCESS_SECRET: accessSecret,
  });
}

/** The four texts, or undefined while one of them is missing. */
export function keysOf({ appKey, appSecret, accessToken, accessSecret }: Credentials): Keys | undefined {
  return appKey && appSecret && accessToken && accessSecret
    ? { appKey, appSecret, accessToken, accessSecret }
    : undefined;
}

/** The bot's user id as far as the credentials tell it: access tokens begin with it. */
export function ownId({ botUserId, accessToken = "" }: Credentials): string | undefined {
  return botUserId ?? /^(\d+)-/.exec(accessToken)?.[1];
}
