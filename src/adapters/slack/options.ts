import type { Duration, Pace } from "../../core/index.ts";
import { readOptions } from "../shared/options.ts";

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
  readonly apiUrl: string;
}

/** The options with their defaults, checked. */
export interface Settings {
  readonly name: string;
  readonly path: string;
  readonly credentials: Credentials;
  readonly pace: Pace | undefined;
  /** Milliseconds. */
  readonly timeout: number;
}

const KEYS = ["name", "path", "token", "signingSecret", "botUserId", "apiUrl", "pace", "timeout"] as const;

/** Checks the options by type and fills in the defaults. @throws HobnobError `CONFIG_INVALID` */
export function checkOptions(options: SlackOptions): Settings {
  const read = readOptions("slack", options, KEYS);
  return {
    name: read.name("slack"),
    path: read.path("path", "/slack/events"),
    credentials: {
      token: read.text("token"),
      signingSecret: read.text("signingSecret"),
      botUserId: read.text("botUserId"),
      apiUrl: read.url("apiUrl", "https://slack.com/api/"),
    },
    pace: read.pace({ burst: 5, perSecond: 1 }),
    timeout: read.duration("timeout", "10s"),
  };
}
