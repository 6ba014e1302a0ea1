import { type Duration, HobnobError, type Pace, parseDuration, suggest } from "../../core/index.ts";

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

const KEYS = ["name", "path", "token", "signingSecret", "botUserId", "apiUrl", "pace", "timeout"];

/** Checks the options by type and fills in the defaults. @throws HobnobError `CONFIG_INVALID` */
export function checkOptions(options: SlackOptions): Settings {
  if (typeof options !== "object" || options === null) {
    throw invalid("slack() takes its options as one object, for example slack({ token, signingSecret }).");
  }
  for (const key of Object.keys(options)) {
    if (!KEYS.includes(key)) throw invalid(`slack() has no option \`${key}\`${suggest(key, KEYS)}.`);
  }
  const name = text(options, "name") ?? "slack";
  const path = text(options, "path") ?? "/slack/events";
  if (!/^[a-z][a-z0-9-]*$/i.test(name)) {
    throw invalid(`Option \`name\` of slack() is ${JSON.stringify(name)}. Use letters, digits and hyphens.`);
  }
  if (!/^\/[^?#\s]*$/.test(path)) {
    throw invalid(`Option \`path\` of slack() is ${JSON.stringify(path)}. Begin it with a slash, without a query.`);
  }
  const timeout = parseDuration(options.timeout ?? "10s");
  if (timeout === undefined || timeout === 0) {
    throw invalid(
      `Option \`timeout\` of slack() is ${JSON.stringify(options.timeout)}. Write a length of time such as "10s".`,
    );
  }
  return {
    name,
    path,
    credentials: {
      token: text(options, "token"),
      signingSecret: text(options, "signingSecret"),
      botUserId: text(options, "botUserId"),
      apiUrl: checkUrl(text(options, "apiUrl") ?? "https://slack.com/api/"),
    },
    pace: checkPace(options.pace),
    timeout,
  };
}

/** The environment variable of a credential: `SLACK_BOT_TOKEN`, or `TWILIO_EVENTS_BOT_TOKEN` for the adapter `twilio-events`. */
export function environmentName(adapter: string, suffix: "BOT_TOKEN" | "SIGNING_SECRET" | "API_URL"): string {
  return `${adapter.toUpperCase().replaceAll("-", "_")}_${suffix}`;
}

/** An API base URL that ends in a slash. */
export function checkUrl(url: string): string {
  if (!URL.canParse(url) || !/^https?:$/.test(new URL(url).protocol)) {
    throw invalid(
      `Option \`apiUrl\` of slack() is ${JSON.stringify(url)}. Write a URL such as https://slack.com/api/.`,
    );
  }
  return url.endsWith("/") ? url : `${url}/`;
}

// An empty string is how an environment file says "not set".
function text(options: SlackOptions, key: "name" | "path" | "token" | "signingSecret" | "botUserId" | "apiUrl") {
  const value: unknown = options[key];
  if (value === undefined || value === "") return undefined;
  // The value is not shown: it may be a secret.
  if (typeof value !== "string") throw invalid(`Option \`${key}\` of slack() must be a text, got a ${typeof value}.`);
  return value;
}

function checkPace(pace: unknown): Pace | undefined {
  if (pace === false) return undefined;
  if (pace === undefined) return { burst: 5, perSecond: 1 };
  const { burst, perSecond } = (pace ?? {}) as Partial<Pace>;
  if (typeof burst === "number" && burst >= 1 && typeof perSecond === "number" && perSecond > 0) {
    return { burst, perSecond };
  }
  throw invalid(`Option \`pace\` of slack() is ${JSON.stringify(pace)}. Write { burst: 5, perSecond: 1 }, or false.`);
}

function invalid(message: string): HobnobError {
  return new HobnobError("CONFIG_INVALID", message);
}
