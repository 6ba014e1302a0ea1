import type { Duration, Pace } from "../../core/index.ts";
import { missingOf, type OptionReader, readOptions } from "../shared/options.ts";

/** Which Twilio account this is, which number speaks, and how to reach both. What is left out of the credentials can come from the sandbox. */
export interface TwilioOptions {
  /** Tells several Twilio adapters of one bot apart; the names of their environment variables follow from it. @default "twilio" */
  readonly name?: string;
  /** Where the webhooks begin: `<path>/sms` takes messages, `<path>/status` their fate, `<path>/media` shows files. @default "/twilio" */
  readonly path?: string;
  /** `AC…` */
  readonly accountSid?: string | undefined;
  /** The account's auth token, with which Twilio signs. While it is rotated the new one and the old one, as a list or with a comma between them. */
  readonly authToken?: string | readonly string[] | undefined;
  /** `SK…`, to call the API with instead of the auth token. */
  readonly apiKey?: string | undefined;
  readonly apiSecret?: string | undefined;
  /** Who speaks where nobody spoke first: `+16505552222`, `whatsapp:+16505552222`, or a Messaging Service `MG…`. Answers leave from the number that was written to. */
  readonly from?: string | undefined;
  /** @default "https://api.twilio.com/" */
  readonly apiUrl?: string | undefined;
  /** The webhook's URL as it stands in Twilio's console. @default `<public URL of the bot><path>/sms` */
  readonly url?: string | undefined;
  /** HELP and INFO reach the plugins. Set it when Twilio's own answer to them is turned off. @default false */
  readonly passHelp?: boolean;
  /** Messages to one person; false for no limit of our own. One at a time keeps the parts of a long text in order on the phone. @default { burst: 1, perSecond: 1 } */
  readonly pace?: Pace | false;
  /** The longest that one API call may take. @default "10s" */
  readonly timeout?: Duration;
}

/** What changes when the sandbox hands in its own. An absent value is not set. */
export interface Credentials {
  readonly accountSid: string | undefined;
  /** The first one is today's. */
  readonly authTokens: readonly string[];
  readonly apiKey: string | undefined;
  readonly apiSecret: string | undefined;
  readonly from: string | undefined;
  /** Ends in a slash. */
  readonly apiUrl: string;
  /** The webhook's URL as Twilio knows it, where it does not follow from the bot's. */
  readonly url: string | undefined;
}

/** The options with their defaults, checked. */
export interface Settings {
  readonly name: string;
  readonly paths: Paths;
  readonly credentials: Credentials;
  readonly passHelp: boolean;
  readonly pace: Pace | undefined;
  /** Milliseconds. */
  readonly timeout: number;
}

/** Where the adapter is mounted. */
export interface Paths {
  readonly sms: string;
  readonly status: string;
  readonly media: string;
}

const KEYS = [
  "name",
  "path",
  "accountSid",
  "authToken",
  "apiKey",
  "apiSecret",
  "from",
  "apiUrl",
  "url",
  "passHelp",
  "pace",
  "timeout",
] as const;
type Key = (typeof KEYS)[number];

/** Checks the options by type and fills in the defaults. @throws HobnobError `CONFIG_INVALID` */
export function checkOptions(options: TwilioOptions): Settings {
  const read = readOptions("twilio", options, KEYS);
  const path = read.path("path", "/twilio").replace(/\/+$/, "");
  return {
    name: read.name("twilio"),
    paths: { sms: `${path}/sms`, status: `${path}/status`, media: `${path}/media` },
    credentials: {
      accountSid: read.text("accountSid"),
      authTokens: readTokens(options.authToken, read),
      apiKey: read.text("apiKey"),
      apiSecret: read.text("apiSecret"),
      from: read.text("from"),
      apiUrl: read.url("apiUrl", "https://api.twilio.com/"),
      url: read.address("url"),
    },
    passHelp: read.flag("passHelp"),
    pace: read.pace({ burst: 1, perSecond: 1 }),
    timeout: read.duration("timeout", "10s"),
  };
}

/** The environment names of required credentials that are not set. */
export function missingNames(name: string, { accountSid, authTokens, from }: Credentials): string[] {
  return missingOf(name, { ACCOUNT_SID: accountSid, AUTH_TOKEN: authTokens[0], FROM: from });
}

/** Both tokens of a rotation from one text: that is what fits into an environment variable. */
export function splitTokens(text: string): readonly string[] {
  return text
    .split(",")
    .map((token) => token.trim())
    .filter((token) => token !== "");
}

function readTokens(given: unknown, read: OptionReader<Key>): readonly string[] {
  if (!Array.isArray(given)) return splitTokens(read.text("authToken") ?? "");
  if (given.every((token) => typeof token === "string")) return given.flatMap(splitTokens);
  throw read.invalid("Option `authToken` of twilio() must be a text or a list of texts.");
}
