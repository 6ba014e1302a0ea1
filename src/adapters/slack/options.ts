import { type Duration, HobnobError, type Pace } from "../../core/index.ts";
import { environmentName, readOptions } from "../shared/options.ts";
import { MORE_SCOPES, SCOPES } from "./scopes.ts";

/** Which Slack app this is and how to reach it. What is left out of the credentials can come from the sandbox. */
export interface SlackOptions {
  /** Tells several Slack apps of one bot apart; the names of their environment variables follow from it. @default "slack" */
  readonly name?: string;
  /** The request URL's path for events, slash commands and buttons. @default "/slack/events" */
  readonly path?: string;
  /** The bot token, `xoxb-…`. */
  readonly token?: string | undefined;
  /** The app's signing secret, 32 hexadecimal digits. */
  readonly signingSecret?: string | undefined;
  /** The bot's own user id, `U…`. @default asked of Slack at start */
  readonly botUserId?: string | undefined;
  /** The workspace of `token`, `T…`. @default asked of Slack when more than one workspace is served */
  readonly teamId?: string | undefined;
  /** With `clientSecret`: people install the app in their workspaces, beside the workspace of `token` or without one. */
  readonly clientId?: string | undefined;
  readonly clientSecret?: string | undefined;
  /** What the app may do where it is installed. @default all that the adapter uses */
  readonly scopes?: readonly string[];
  /** Where people begin to install the app. @default "/slack/install", with the adapter's name in place of `slack` */
  readonly installPath?: string;
  /** Where Slack sends them back to. @default "/slack/oauth_redirect", with the adapter's name in place of `slack` */
  readonly redirectPath?: string;
  /** An app-level token, `xapp-…`: events come over a WebSocket, so that the bot needs no public URL and no signing secret. */
  readonly appToken?: string | undefined;
  /** A GET of these paths tells the bot's own user id as `{"user_id": "U…"}`; for programs that ask. @default [] */
  readonly botUserIdPaths?: readonly string[];
  /** The emoji under a thread's first message that says it is closed. @default "white_check_mark" */
  readonly closedReaction?: string;
  /** @default "https://slack.com/api/" */
  readonly apiUrl?: string | undefined;
  /** Posts in one channel; false for no limit of our own. @default { burst: 5, perSecond: 1 } */
  readonly pace?: Pace | false;
  /** The longest that one API call may take. @default "10s" */
  readonly timeout?: Duration;
}

/** What changes when the sandbox hands in its own. An absent value is not set. */
export interface Credentials {
  readonly token: string | undefined;
  readonly signingSecret: string | undefined;
  readonly botUserId: string | undefined;
  readonly teamId: string | undefined;
  readonly clientId: string | undefined;
  readonly clientSecret: string | undefined;
  readonly appToken: string | undefined;
  readonly apiUrl: string;
}

/** The options with their defaults, checked. */
export interface Settings {
  readonly name: string;
  readonly path: string;
  readonly installPath: string;
  readonly redirectPath: string;
  readonly scopes: readonly string[];
  readonly botUserIdPaths: readonly string[];
  readonly closedReaction: string;
  readonly credentials: Credentials;
  readonly pace: Pace | undefined;
  /** Milliseconds. */
  readonly timeout: number;
}

const KEYS = [
  "name",
  "path",
  "token",
  "signingSecret",
  "botUserId",
  "teamId",
  "clientId",
  "clientSecret",
  "scopes",
  "installPath",
  "redirectPath",
  "appToken",
  "botUserIdPaths",
  "closedReaction",
  "apiUrl",
  "pace",
  "timeout",
] as const;

/** Checks the options by type and fills in the defaults. @throws HobnobError `CONFIG_INVALID` */
export function checkOptions(options: SlackOptions): Settings {
  const read = readOptions("slack", options, KEYS);
  const name = read.name("slack");
  return {
    name,
    path: read.path("path", "/slack/events"),
    installPath: read.path("installPath", `/${name}/install`),
    redirectPath: read.path("redirectPath", `/${name}/oauth_redirect`),
    scopes: checkScopes(options.scopes),
    botUserIdPaths: checkPaths(options.botUserIdPaths),
    closedReaction: read.text("closedReaction")?.replace(/^:|:$/g, "") ?? "white_check_mark",
    credentials: {
      token: read.text("token"),
      signingSecret: read.text("signingSecret"),
      botUserId: read.text("botUserId"),
      teamId: read.text("teamId"),
      clientId: read.text("clientId"),
      clientSecret: read.text("clientSecret"),
      appToken: read.text("appToken"),
      apiUrl: read.url("apiUrl", "https://slack.com/api/"),
    },
    pace: read.pace({ burst: 5, perSecond: 1 }),
    timeout: read.duration("timeout", "10s"),
  };
}

/** The environment names of credentials that are not set. With OAuth no token is needed, with Socket Mode no signing secret. */
export function missingNames(name: string, credentials: Credentials): string[] {
  const { token, clientId, clientSecret, signingSecret, appToken } = credentials;
  const missing: string[] = [];
  if (token === undefined && clientId === undefined && clientSecret === undefined) missing.push("BOT_TOKEN");
  if (clientId === undefined && clientSecret !== undefined) missing.push("CLIENT_ID");
  if (clientId !== undefined && clientSecret === undefined) missing.push("CLIENT_SECRET");
  if (signingSecret === undefined && appToken === undefined) missing.push("SIGNING_SECRET");
  return missing.map((suffix) => environmentName(name, suffix));
}

function checkScopes(scopes: unknown = [...SCOPES, ...MORE_SCOPES]): readonly string[] {
  if (Array.isArray(scopes) && scopes.length > 0 && scopes.every((scope) => /^[\w.:]+$/.test(String(scope))))
    return scopes;
  const message = `Option \`scopes\` of slack() is ${JSON.stringify(scopes)}. Write a list such as ["chat:write", "im:history"].`;
  throw new HobnobError("CONFIG_INVALID", message);
}

function checkPaths(paths: unknown = []): readonly string[] {
  if (Array.isArray(paths) && paths.every((path) => /^\/[^?#\s]*$/.test(String(path)))) return paths;
  const message = `Option \`botUserIdPaths\` of slack() is ${JSON.stringify(paths)}. Write a list such as ["/bot_user_id"].`;
  throw new HobnobError("CONFIG_INVALID", message);
}
