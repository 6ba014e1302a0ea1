import { HobnobError } from "../../core/index.ts";
import { firstOf } from "../apps.ts";
import type { ConnectedApp } from "../simulator.ts";
import { freshSid, phoneNumber, sid } from "./ids.ts";

/** A bot's number with the account it belongs to. */
export interface App extends ConnectedApp {
  readonly accountSid: string;
  readonly authToken: string;
  /** Takes SMS, and WhatsApp under the same number. */
  readonly number: string;
  readonly bot: string;
}

export interface Person {
  readonly name: string;
  readonly number: string;
}

/** A file of a message. */
export interface StoredFile {
  /** `ME…` */
  readonly sid: string;
  readonly name: string;
  readonly mimeType: string;
  /** Absent for a file out on the internet, which the sandbox does not fetch. */
  readonly data?: Uint8Array;
  /** Where the file was said to be, of a file of the bot. */
  readonly url?: string;
  /** Opens the file without a password, as the address does that Twilio redirects to. */
  readonly key: string;
}

/** https://www.twilio.com/docs/messaging/api/message-resource#message-status-values */
export type Status = "received" | "queued" | "sent" | "delivered" | "undelivered" | "failed";

/** A message as the exchange keeps it. */
export interface SmsMessage {
  readonly sid: string;
  readonly direction: "inbound" | "outbound-api" | "outbound-reply";
  readonly from: string;
  readonly to: string;
  readonly body: string;
  readonly files: StoredFile[];
  /** Twilio itself speaks: it confirms a STOP. */
  readonly isNotice: boolean;
  readonly at: number;
  status: Status;
  errorCode: number | undefined;
}

/** What a person and a bot say to each other on one channel. */
export interface Line {
  readonly app: App;
  readonly person: Person;
  readonly channel: "sms" | "whatsapp";
  readonly messages: SmsMessage[];
  hasOptedOut: boolean;
}

const FIRST_PEOPLE = ["ada", "grace", "linus"];
/** Where a person is without a name for it. */
export const HOME = "ada";
const CHANNEL = "whatsapp:";

export type Exchange = ReturnType<typeof createExchange>;

/** Phone numbers in memory: whose they are, and what was said between them. */
export function createExchange(botName: string) {
  const apps = new Map<string, App>();
  let people = new Map<string, Person>();
  let lines = new Map<string, Line>();

  /** The person of that name, who gets a number when first named. */
  function person(name: string): Person {
    const known = people.get(name);
    if (known) return known;
    const isNumber = /^\+\d+$/.test(name);
    const added = { name, number: isNumber ? name : phoneNumber("415", name) };
    people.set(name, added);
    return added;
  }

  function personByNumber(number: string): Person {
    return [...people.values()].find((known) => known.number === number) ?? person(number);
  }

  function lineOf(app: App, with_: Person, channel: Line["channel"]): Line {
    const key = `${app.name}/${channel}/${with_.number}`;
    let line = lines.get(key);
    if (line === undefined) {
      line = { app, person: with_, channel, messages: [], hasOptedOut: false };
      lines.set(key, line);
    }
    return line;
  }

  const firstApp = () => firstOf(apps, "Twilio");

  function reset(): void {
    people = new Map();
    lines = new Map();
    for (const name of FIRST_PEOPLE) person(name);
  }

  reset();

  return {
    reset,
    person,
    lineOf,
    apps: () => [...apps.values()],
    people: () => [...people.values()],
    lines: () => [...lines.values()],
    messagesOf: (app: App) =>
      [...lines.values()]
        .filter((line) => line.app.name === app.name)
        .flatMap(({ messages }) => messages)
        .sort((a, b) => b.at - a.at),

    /** Connecting the same name again gives the same account with the new webhook. */
    connect(connected: ConnectedApp): App {
      const known = apps.get(connected.name);
      const taken = [...apps.values()].some(({ bot, name }) => bot === botName && name !== connected.name);
      const app: App = known
        ? { ...known, ...connected }
        : {
            ...connected,
            accountSid: sid("AC", connected.name),
            authToken: freshSid(""),
            number: phoneNumber("650", `app:${connected.name}`),
            bot: taken ? connected.name : botName,
          };
      apps.set(app.name, app);
      return app;
    },

    /** The line between two addresses, of which the app's own is `ours`; undefined when it is not the app's. */
    lineBetween(app: App, ours: string, theirs: string): Line | undefined {
      const isWhatsApp = ours.startsWith(CHANNEL);
      if (ours.replace(CHANNEL, "") !== app.number || theirs.startsWith(CHANNEL) !== isWhatsApp) return undefined;
      return lineOf(app, personByNumber(theirs.replace(CHANNEL, "")), isWhatsApp ? "whatsapp" : "sms");
    },

    /** The line that a name means: `ada` (SMS), `whatsapp/ada`, with a second bot `ada@<app>`. */
    line(named: string): Line {
      const match = /^(whatsapp\/|sms\/)?([^/@]+)(?:@(.+))?$/.exec(named);
      const app = match?.[3] === undefined ? firstApp() : apps.get(match[3]);
      if (match === null || app === undefined) {
        const known = [...apps.keys()].join(", ");
        throw new HobnobError(
          "SANDBOX_INPUT",
          `There is no conversation \`${named}\`. Write \`ada\` for SMS, \`whatsapp/ada\`, or \`ada@<app>\` with one of the apps: ${known}.`,
        );
      }
      return lineOf(app, person(match[2]!), match[1] === "whatsapp/" ? "whatsapp" : "sms");
    },
  };
}

/** What the control API calls a line; `first` is the app that needs no name. */
export function lineName({ app, person, channel }: Line, first: App | undefined): string {
  const bare = channel === "whatsapp" ? `whatsapp/${person.name}` : person.name;
  return app.name === first?.name ? bare : `${bare}@${app.name}`;
}

/** The addresses of a line's two ends. */
export function addressesOf({ app, person, channel }: Line): { readonly ours: string; readonly theirs: string } {
  const prefix = channel === "whatsapp" ? CHANNEL : "";
  return { ours: prefix + app.number, theirs: prefix + person.number };
}
