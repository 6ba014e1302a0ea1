import { HobnobError, suggest } from "../../core/index.ts";
import type { ConnectedApp } from "../simulator.ts";
import { accountId, createNumbers, freshSecret, ulid } from "./ids.ts";
import { type Group, handleOf, type Ticket, type TicketFields, type User } from "./records.ts";

/** A bot's connection: its own user, its OAuth client, its webhook. */
export interface App extends ConnectedApp {
  /** Also the client's secret, and the API token of its user. */
  readonly oauthToken: string;
  readonly webhookId: string;
  readonly webhookSecret: string;
  readonly user: User;
}

const AGENTS = ["grace", "linus"];
const CUSTOMERS = ["ada", "bob", "carol"];
const SAMPLE_TICKET = 1;

export type World = ReturnType<typeof createWorld>;

/** A help desk in memory: its people, groups and tickets, and the bots that are connected to it. */
export function createWorld(botName: string) {
  const numbers = createNumbers();
  const apps = new Map<string, App>();
  const groups: readonly Group[] = ["Support", "Platform"].map((name, at) => ({
    id: accountId(`group:${name}`),
    name,
    isDefault: at === 0,
  }));
  let users = new Map<number, User>();
  let tickets = new Map<number, Ticket>();

  function addUser(user: Pick<User, "name"> & Partial<User>): User {
    const now = Date.now();
    const id = accountId(`user:${user.email ?? user.externalId ?? numbers.row()}`);
    const added: User = {
      id,
      email: undefined,
      externalId: undefined,
      role: "end-user",
      isBot: false,
      isOwn: false,
      createdAt: now,
      updatedAt: now,
      ...user,
    };
    users.set(id, added);
    return added;
  }

  function person(name: string, role: User["role"]): User {
    return addUser({ name: `${name.charAt(0).toUpperCase()}${name.slice(1)}`, email: `${name}@example.com`, role });
  }

  /** Bots stay connected. */
  function reset(): void {
    users = new Map();
    tickets = new Map();
    for (const name of AGENTS) person(name, "agent");
    for (const name of CUSTOMERS) person(name, "end-user");
    for (const { user } of apps.values()) users.set(user.id, user);
    addSample();
  }

  // Every new account has one.
  function addSample(): void {
    const now = Date.now();
    const customer = addUser({ name: "The Customer", email: "customer@example.com" });
    const body = "Hi there, I'm sending an email because I'm having a problem setting up your new product.";
    const auditId = accountId("audit:sample");
    const common = { author: customer, isPublic: true, files: [], at: now };
    tickets.set(SAMPLE_TICKET, {
      id: SAMPLE_TICKET,
      submitter: customer,
      channel: "sample_ticket",
      recipient: null,
      source: undefined,
      createdAt: now,
      updatedAt: now,
      fields: { ...blankFields(customer), subject: "SAMPLE TICKET: Meet the ticket", status: "open" },
      comments: [{ ...common, id: accountId("comment:sample"), auditId, body, channel: "sample_ticket" }],
    });
  }

  function blankFields(requester: User): TicketFields {
    return {
      subject: "",
      status: "new",
      priority: null,
      type: null,
      requester,
      assignee: null,
      group: groups[0]!,
      externalId: null,
      tags: [],
      customFields: [],
      followers: [],
      emailCcs: [],
    };
  }

  const byEmail = (email: string) =>
    [...users.values()].find((user) => user.email?.toLowerCase() === email.trim().toLowerCase());

  reset();

  return {
    numbers,
    reset,
    addUser,
    blankFields,
    groups,
    apps: () => [...apps.values()],
    users: () => [...users.values()],
    user: (id: number) => users.get(id),
    userByEmail: byEmail,
    userByExternalId: (id: string) => [...users.values()].find(({ externalId }) => externalId === id),
    /** The oldest first. */
    tickets: () => [...tickets.values()],
    addTicket: (ticket: Ticket) => void tickets.set(ticket.id, ticket),
    removeTicket: (ticket: Ticket) => void tickets.delete(ticket.id),

    /** Connecting the same name again gives the same app with the new webhook. */
    connect(connected: ConnectedApp): App {
      const { name } = connected;
      const known = apps.get(name);
      // The first bot has the address that people guess.
      const email = `${apps.size === 0 || known === apps.values().next().value ? botName : name}@example.com`;
      const app: App = {
        oauthToken: freshSecret(),
        webhookSecret: freshSecret(),
        webhookId: ulid(`webhook:${name}`),
        user: known?.user ?? addUser({ name: botName, email, role: "admin", isBot: true, isOwn: true }),
        ...known,
        ...connected,
      };
      apps.set(name, app);
      return app;
    },

    /** Who speaks on the page: somebody known by their handle or e-mail, or a new customer, or a new bot of others. */
    speaker(name: string, isBot: boolean): User {
      const known = [...users.values()].find((user) => handleOf(user) === name) ?? byEmail(name);
      if (known) return known;
      const slug = name.toLowerCase().replace(/[^\w.-]+/g, "-");
      return isBot ? addUser({ name, email: `${slug}@example.com`, role: "agent", isBot }) : person(slug, "end-user");
    },

    /** The ticket that somebody means. */
    named(name: string): Ticket {
      const found = tickets.get(Number(name));
      if (found) return found;
      const known = Array.from(tickets.keys(), String);
      throw new HobnobError(
        "SANDBOX_INPUT",
        `There is no ticket \`${name}\`${suggest(name, known)}. Known: ${known.slice(-20).join(", ")}.`,
      );
    },
  };
}
