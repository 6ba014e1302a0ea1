import { unknownConversation } from "../apps.ts";
import type { ConnectedApp } from "../simulator.ts";
import { botId, createTimes, freshSecret, shortId, uuid } from "./ids.ts";

export type Json = Record<string, unknown>;
export type Visibility = "all" | "agents";

/** A company with a LiveChat license. */
export interface Organization {
  readonly id: string;
  readonly license: number;
  readonly name: string;
}

/** A customer, somebody of the staff, or a bot. */
export interface Person {
  readonly id: string;
  readonly type: "customer" | "agent";
  readonly name: string;
  readonly email?: string;
  readonly organization: string;
  readonly isBot: boolean;
  /** A bot of one of our apps, which may be gone by now. */
  readonly isOwn?: boolean;
}

/** An app in the Developer Console, which is a bot of ours. */
export interface App extends ConnectedApp {
  readonly clientId: string;
  readonly clientSecret: string;
  readonly webhookSecret: string;
}

export interface Bot {
  readonly id: string;
  readonly name: string;
  readonly clientId: string;
  readonly organization: string;
  secret: string;
  status: string;
}

/** An event on the wire's terms. */
export interface ChatEvent extends Readonly<Json> {
  readonly id: string;
  readonly type: string;
  readonly author_id?: string;
  readonly created_at: string;
  readonly visibility: Visibility;
}

export interface Thread {
  readonly id: string;
  readonly createdAt: string;
  readonly events: ChatEvent[];
  active: boolean;
}

export interface Chat {
  readonly id: string;
  /** What the control API calls it: the customer's name. */
  readonly name: string;
  readonly organization: Organization;
  readonly customer: Person;
  /** Everybody in it beside the customer. */
  readonly agents: Map<string, { readonly person: Person; readonly visibility: Visibility }>;
  /** The oldest first. */
  readonly threads: Thread[];
}

const ORGANIZATIONS: readonly Organization[] = [
  { id: uuid("organization:1"), license: 100_001, name: "Trattoria" },
  { id: uuid("organization:2"), license: 100_002, name: "Bakery" },
];
const CUSTOMERS: readonly (readonly [string, number])[] = [
  ["ada", 0],
  ["bob", 0],
  ["carol", 1],
];
const AGENTS: readonly (readonly [string, number])[] = [
  ["grace", 0],
  ["linus", 1],
];

export type World = ReturnType<typeof createWorld>;

/** Two licenses in memory: their people, their chats, and the apps that may be installed on them. */
export function createWorld() {
  const now = createTimes();
  const apps = new Map<string, App>();
  let people = new Map<string, Person>();
  let chats = new Map<string, Chat>();
  const bots = new Map<string, Bot>();
  // Bots remember what they have heard for longer than the sandbox lives: an id must not come again after a restart.
  const life = freshSecret("");
  let threads = 0;
  let botsMade = 0;

  function addPerson(name: string, type: Person["type"], organization: Organization): Person {
    const email = `${name}@example.com`;
    const id = type === "agent" ? email : uuid(`customer:${name}`);
    const person: Person = { id, type, name, email, organization: organization.id, isBot: false };
    people.set(id, person);
    return person;
  }

  function chatOf(name: string, organization: Organization): Chat {
    const id = shortId(`chat:${name}`);
    const known = chats.get(id);
    if (known) return known;
    const customer = people.get(uuid(`customer:${name}`)) ?? addPerson(name, "customer", organization);
    const chat: Chat = { id, name, organization, customer, agents: new Map(), threads: [] };
    chats.set(id, chat);
    return chat;
  }

  /** Apps stay installed: their bots go on. */
  function reset(): void {
    people = new Map();
    chats = new Map();
    for (const [name, at] of AGENTS) addPerson(name, "agent", ORGANIZATIONS[at]!);
    for (const [name, at] of CUSTOMERS) chatOf(name, ORGANIZATIONS[at]!);
    for (const bot of bots.values()) addBotPerson(bot);
  }

  function addBotPerson({ id, name, organization }: Bot): void {
    people.set(id, { id, type: "agent", name, organization, isBot: true, isOwn: true });
  }

  reset();

  return {
    now,
    reset,
    organizations: ORGANIZATIONS,
    organization: (id: string) => ORGANIZATIONS.find((one) => one.id === id),
    apps: () => [...apps.values()],
    appByClient: (clientId: unknown) => [...apps.values()].find((app) => app.clientId === clientId),
    chats: () => [...chats.values()],
    chat: (id: unknown) => (typeof id === "string" ? chats.get(id) : undefined),
    people: () => [...people.values()],
    person: (id: unknown) => (typeof id === "string" ? people.get(id) : undefined),
    agentNamed: (name: string) => [...people.values()].find((one) => one.type === "agent" && one.name === name),
    bots: () => [...bots.values()],
    bot: (id: unknown) => (typeof id === "string" ? bots.get(id) : undefined),
    chatOf: (name: string) => chatOf(name, ORGANIZATIONS[0]!),

    /** Connecting the same name again gives the same app with the new webhook. */
    connect(connected: ConnectedApp): App {
      const app: App = {
        clientId: freshSecret(""),
        clientSecret: freshSecret(""),
        webhookSecret: freshSecret(""),
        ...apps.get(connected.name),
        ...connected,
      };
      apps.set(app.name, app);
      return app;
    },

    addBot(bot: Pick<Bot, "name" | "clientId" | "organization">): Bot {
      botsMade += 1;
      const id = botId(`${bot.organization}:${botsMade}`);
      const added: Bot = { ...bot, id, secret: freshSecret(""), status: "offline" };
      bots.set(id, added);
      addBotPerson(added);
      return added;
    },

    removeBot(id: string): void {
      bots.delete(id);
      for (const { agents } of chats.values()) agents.delete(id);
    },

    /** A bot that is none of ours, working for the staff. */
    otherBot(name: string, organization: Organization): Person {
      const id = botId(`other:${name}`);
      const bot: Person = { id, type: "agent", name, organization: organization.id, isBot: true };
      people.set(id, bot);
      return bot;
    },

    openThread(chat: Chat): Thread {
      threads += 1;
      const thread: Thread = { id: shortId(`thread:${life}:${threads}`), createdAt: now(), events: [], active: true };
      chat.threads.push(thread);
      return thread;
    },

    /** The chat that somebody means: by the customer's name, or by id. */
    named(name: string): Chat {
      const found = chats.get(name) ?? chats.get(shortId(`chat:${name}`));
      if (found) return found;
      throw unknownConversation(
        name,
        [...chats.values()].map((chat) => chat.name),
      );
    },
  };
}

/** The thread that goes on; undefined when the chat has ended. */
export function activeThread({ threads }: Chat): Thread | undefined {
  const last = threads.at(-1);
  return last?.active ? last : undefined;
}
