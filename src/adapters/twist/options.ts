import type { Duration, Pace } from "../../core/index.ts";
import { missingOf, readOptions } from "../shared/options.ts";

/** Which Twist integration this is and how to reach it. What is left out of the credentials can come from the sandbox. */
export interface TwistOptions {
  /** Tells several Twist integrations of one bot apart; the names of their environment variables follow from it. @default "twist" */
  readonly name?: string;
  /**
   * The path of the outgoing webhook; the pages of the OAuth installation are below it, at `/install` and `/oauth`.
   * @default "/twist", and `/stale-threads` beside it
   */
  readonly path?: string;
  /** The OAuth token of the integration: it reads, and it writes what the webhook's own ways cannot carry. */
  readonly token?: string | undefined;
  /** The token that Twist puts into each of its requests, from the integration's settings. */
  readonly verifyToken?: string | undefined;
  /** With `clientSecret`: people can let the bot see what they see. */
  readonly clientId?: string | undefined;
  readonly clientSecret?: string | undefined;
  /** The id of the bot's user. @default asked of Twist at start, which knows it when the token is the bot's own */
  readonly botUserId?: string | undefined;
  /** @default "https://api.twist.com/api/v3/" */
  readonly apiUrl?: string | undefined;
  /** @default "https://twist.com/oauth/" */
  readonly oauthUrl?: string | undefined;
  /** Posts in one channel or conversation; false for no limit of our own. @default { burst: 5, perSecond: 1 } */
  readonly pace?: Pace | false;
  /** The longest that one API call may take. @default "10s" */
  readonly timeout?: Duration;
}

/** What changes when the sandbox hands in its own. An absent value is not set. */
export interface Credentials {
  readonly token: string | undefined;
  readonly verifyToken: string | undefined;
  readonly clientId: string | undefined;
  readonly clientSecret: string | undefined;
  readonly botUserId: string | undefined;
  readonly apiUrl: string;
  readonly oauthUrl: string;
}

/** Where the bot answers. */
export interface Paths {
  /** Of the outgoing webhook. */
  readonly webhook: readonly string[];
  /** Where somebody begins to install. */
  readonly install: string;
  /** Where Twist sends them back to. */
  readonly oauth: string;
}

/** The options with their defaults, checked. */
export interface Settings {
  readonly name: string;
  readonly paths: Paths;
  readonly credentials: Credentials;
  readonly pace: Pace | undefined;
  /** Milliseconds. */
  readonly timeout: number;
}

const KEYS = [
  "name",
  "path",
  "token",
  "verifyToken",
  "clientId",
  "clientSecret",
  "botUserId",
  "apiUrl",
  "oauthUrl",
  "pace",
  "timeout",
] as const;

/** Checks the options by type and fills in the defaults. @throws HobnobError `CONFIG_INVALID` */
export function checkOptions(options: TwistOptions): Settings {
  const read = readOptions("twist", options, KEYS);
  return {
    name: read.name("twist"),
    paths: pathsBelow(read.path("path", "/twist")),
    credentials: {
      token: read.text("token"),
      verifyToken: read.text("verifyToken"),
      clientId: read.text("clientId"),
      clientSecret: read.text("clientSecret"),
      botUserId: read.text("botUserId"),
      apiUrl: read.url("apiUrl", "https://api.twist.com/api/v3/"),
      oauthUrl: read.url("oauthUrl", "https://twist.com/oauth/"),
    },
    pace: read.pace({ burst: 5, perSecond: 1 }),
    timeout: read.duration("timeout", "10s"),
  };
}

/** The environment names of required credentials that are not set. */
export function missingNames(name: string, { token, verifyToken }: Credentials): string[] {
  return missingOf(name, { TOKEN: token, VERIFY_TOKEN: verifyToken });
}

function pathsBelow(path: string): Paths {
  const base = path.endsWith("/") ? path.slice(0, -1) : path;
  return {
    // Integrations that were set up for a bot of that name have the second one in their settings.
    webhook: path === "/twist" ? [path, "/stale-threads"] : [path],
    install: `${base}/install`,
    oauth: `${base}/oauth`,
  };
}
