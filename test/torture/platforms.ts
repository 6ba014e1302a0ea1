import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { getRequestListener } from "@hono/node-server";
import { drop, type HostBindings } from "../../src/sandbox/drop.ts";
import type { Faults } from "../../src/sandbox/faults.ts";
import type { Feed } from "../../src/sandbox/feed.ts";
import type { Simulator } from "../../src/sandbox/simulator.ts";
import { slack } from "../../src/sandbox/slack/index.ts";
import { twilio } from "../../src/sandbox/twilio/index.ts";
import { twist } from "../../src/sandbox/twist/index.ts";
import type { Random } from "../random.ts";
import type { Courier, Patience } from "./courier.ts";
import type { Judge, Place } from "./judge.ts";
import { askText } from "./script.ts";
import type { Weather } from "./weather.ts";

const FOREVER: Patience = { retries: Number.POSITIVE_INFINITY, delay: 50 };

const PLATFORMS = [
  { platform: slack, path: "/slack/events", patience: FOREVER },
  { platform: twist, path: "/twist", patience: FOREVER },
  // Twilio tries once more and then gives up: what it never got through need not be answered.
  { platform: twilio, path: "/twilio/sms", patience: { retries: 1, delay: 200 } },
] as const;

export type PlatformName = "slack" | "twist" | "twilio";

/** Where one conversation takes place. */
export interface Room {
  readonly place: Place;
  /** Somebody says something there; what becomes of it the judge learns. */
  say(id: string): void;
}

/** The simulated platforms, which see all that is said, behind one HTTP server. */
export interface Platforms extends AsyncDisposable {
  readonly credentials: Readonly<Record<string, Readonly<Record<string, string>>>>;
  /** Calls of the platforms' APIs. */
  readonly calls: number;
  /** A conversation that nobody has been in. */
  room(platform: PlatformName, number: number): Room;
  /** Forgets all that was said. */
  reset(): void;
}

/** What the server knows of a request beside its content. */
interface Connection extends HostBindings {
  readonly incoming?: { readonly destroyed: boolean };
}

/** The bots' public address, with which platforms sign. It is never called. */
export const PUBLIC_URL = "http://torture.test";

export async function openPlatforms(parts: {
  readonly courier: Courier;
  readonly weather: Weather;
  readonly judge: Judge;
  readonly random: Random;
}): Promise<Platforms> {
  const { courier, weather, judge, random } = parts;
  const life = new AbortController();
  const simulators = new Map<string, Simulator>();
  const credentials: Record<string, Readonly<Record<string, string>>> = {};
  let base = "";
  let calls = 0;

  async function answer(request: Request, host: Connection): Promise<Response> {
    const [, name = "", ...path] = new URL(request.url).pathname.split("/");
    calls += 1;
    // A call whose caller has gone is not carried out: its look-up may have been answered already, and no bot can know of
    // what a platform does after that. The end of a connection is read one turn after the call at the earliest.
    await turns(3);
    // What was sent before a look-up was sent is carried out before it, also where it came over a connection that has yet
    // to be accepted: a platform whose answers lag behind itself is another promise's business.
    if (isLookUp(request)) await turns(12);
    if (host.incoming?.destroyed) return drop(host);
    const call = { path: path.join("/"), request, drop: () => drop(host) };
    const response = (await simulators.get(name)?.fetch(call)) ?? new Response("not found", { status: 404 });
    // The call is done; only its answer takes its time. Longer than 4 s is longer than the bot waits.
    if (weather.strikes("slow answer")) await pause(100 + random.below(5000));
    return response;
  }
  const server = createServer(
    getRequestListener((request, host) => answer(request, host as Connection), { overrideGlobalObjects: false }),
  );
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

  for (const { platform, path, patience } of PLATFORMS) {
    const { name } = platform;
    const simulator = platform.create({
      url: () => `${base}/${name}`,
      botName: "torture",
      deliverer: courier.deliverer(patience),
      faults: faultsOf(weather),
      feed: feedOf(name, judge),
      signal: life.signal,
    });
    credentials[name] = simulator.connect({ name, webhook: `${PUBLIC_URL}${path}` });
    simulators.set(name, simulator);
  }

  const roots = new Map<string, string>();
  function roomOf(platform: PlatformName, number: number): { conversation: string; user: string; threads: boolean } {
    if (platform === "twilio") {
      const phone = `+16${String(number).padStart(9, "0")}`;
      return { conversation: phone, user: phone, threads: false };
    }
    const user = `p${number}`;
    // Every fifth conversation is a thread of a channel.
    return number % 5 === 0 && platform === "slack"
      ? { conversation: "general", user, threads: true }
      : { conversation: `@${user}`, user, threads: false };
  }

  return {
    credentials,
    get calls() {
      return calls;
    },
    room(platform, number) {
      const { conversation, user, threads } = roomOf(platform, number);
      const simulator = simulators.get(platform)!;
      const key = `${platform}/${number}`;
      // The root is said as an ordinary message that nobody answers.
      if (threads) roots.set(key, simulator.say({ text: `hello, I am ${user}`, user, conversation }).id);
      const thread = roots.get(key);
      const place: Place = { platform, conversation, thread, canEdit: platform !== "twilio" };
      return {
        place,
        say(id) {
          judge.says(id, place);
          courier.carry(id, () => simulator.say({ text: askText(id), user, conversation, thread }));
        },
      };
    },
    reset() {
      for (const simulator of simulators.values()) simulator.reset();
      roots.clear();
    },
    async [Symbol.asyncDispose]() {
      life.abort();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** So many times all that has come in meanwhile is read. */
async function turns(count: number): Promise<void> {
  for (let turn = 0; turn < count; turn++) await new Promise((resolve) => setImmediate(resolve));
}

/** By their names: Slack's methods are all posted. */
function isLookUp({ method, url }: Request): boolean {
  return method === "GET" || /\/conversations\.(history|replies)$/.test(url);
}

/** Troubles of calls come from the weather, not from a list. */
function faultsOf(weather: Weather): Faults {
  return {
    add: () => {
      throw new Error("The weather decides.");
    },
    list: () => [],
    takeCall(on) {
      if (!HARMED.test(on)) return undefined;
      const common = { on, times: 1, retryAfter: 1 };
      if (weather.strikes("429")) return { ...common, kind: "429" };
      if (weather.strikes("500")) return { ...common, kind: "500" };
      if (weather.strikes("lost answer")) return { ...common, kind: "lost-answer" };
      if (weather.strikes("silence")) return { ...common, kind: "timeout" };
      return undefined;
    },
    takeEvent: () => undefined,
    clear() {},
  };
}

// What a bot asks while it starts may work: a start is tried again by the kit, not by the bot.
const HARMED = /^(?!auth|api\.test|oauth|team|users\/get_session|workspaces)/;

/** Shows the judge what the bot says. */
function feedOf(platform: string, judge: Judge): Feed {
  return {
    publish(event) {
      if (event.type === "message" && event.message.self) {
        judge.posted(platform, {
          conversation: event.conversation,
          thread: event.message.thread,
          text: event.message.text,
        });
      } else if (event.type === "edited" && event.message.self) judge.edited(event.message.text);
    },
    stream: () => new Response(),
    clear() {},
    close() {},
  };
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms).unref());
}
