import { randomBytes } from "node:crypto";
import { directOf, firstOf, unknownConversation } from "../apps.ts";
import type { ConnectedApp } from "../simulator.ts";
import { createTimestamps, slackId } from "./ids.ts";
import { ALL_SCOPES } from "./scopes.ts";
import type { Team } from "./teams.ts";
import { createTokens, type Grant } from "./tokens.ts";

/** What makes a user a bot. */
export interface BotProfile {
  /** `B…` */
  readonly id: string;
  readonly appId: string;
}

export interface Person {
  /** `U…` */
  readonly id: string;
  readonly name: string;
  readonly email?: string;
  readonly bot?: BotProfile;
}

/** What the platform gave an app, the same in every workspace. */
export interface AppSecrets {
  readonly signingSecret: string;
  readonly clientId: string;
  readonly clientSecret: string;
}

/** A bot's installation in the workspace. */
export interface App extends ConnectedApp, AppSecrets {
  readonly user: Person & { readonly bot: BotProfile };
  /** What it was installed with. */
  readonly scopes: readonly string[];
  /** The token that the installation gave it. */
  readonly grant: Grant;
}

export interface StoredFile {
  readonly id: string;
  readonly name: string;
  readonly mimeType: string;
  readonly data: Uint8Array;
  readonly user: string;
  readonly altText: string | undefined;
  /** Opens the file without a token, for the page. */
  readonly key: string;
}

export interface Metadata {
  readonly event_type: string;
  readonly event_payload: object;
}

/** A message as the workspace keeps it; the text is on the wire's terms. */
export interface SlackMessage {
  readonly ts: string;
  readonly user: Person;
  readonly clientMsgId: string | undefined;
  /** The root's ts, for an answer in a thread. */
  readonly threadTs: string | undefined;
  readonly broadcast: boolean;
  readonly files: readonly StoredFile[];
  /** The only person who sees it. */
  readonly onlyFor: string | undefined;
  readonly reactions: Map<string, string[]>;
  text: string;
  blocks: readonly unknown[];
  metadata: Metadata | undefined;
  edited: { readonly user: string; readonly ts: string } | undefined;
  /** Deleted, but answers hang on it. */
  tombstone: boolean;
}

export interface Channel {
  readonly id: string;
  readonly name: string;
  readonly kind: "channel" | "group" | "im";
  /** Nobody has invited a bot here. */
  readonly withoutBots?: boolean;
  /** Of a direct conversation: the person and the bot's user. */
  readonly person?: Person;
  readonly app?: App;
  readonly messages: Map<string, SlackMessage>;
  /** Answers by the root's ts, oldest first. */
  readonly threads: Map<string, SlackMessage[]>;
}

export type Workspace = ReturnType<typeof createWorkspace>;

/** One Slack workspace in memory: who is there, where they talk and what was said. */
export function createWorkspace(team: Team, botName: string) {
  const tokens = createTokens(team);
  const idOf = (kind: string, seed: string) => slackId(kind, team.prefix + seed);
  const nextTs = createTimestamps();
  const apps = new Map<string, App>();
  let people = new Map<string, Person>();
  let channels = new Map<string, Channel>();
  let files = new Map<string, StoredFile>();

  function addChannel(channel: Omit<Channel, "messages" | "threads">): Channel {
    const added = { ...channel, messages: new Map(), threads: new Map() };
    channels.set(added.id, added);
    return added;
  }

  function addPerson(person: Person): Person {
    people.set(person.id, person);
    return person;
  }

  /** What apps were installed with that have other scopes since. */
  const granted = new Map<string, readonly string[]>();

  function reset(): void {
    for (const [name, scopes] of granted) {
      const app = apps.get(name);
      if (app !== undefined) apps.set(name, { ...app, scopes });
    }
    granted.clear();
    people = new Map();
    channels = new Map();
    files = new Map();
    for (const channel of team.channels) addChannel({ id: idOf("C", channel.name), ...channel });
    for (const name of team.people) person(name);
    for (const app of apps.values()) addPerson(app.user);
  }

  /** The person of that name, who joins when first named. */
  function person(name: string): Person {
    const id = idOf("U", name);
    return people.get(id) ?? addPerson({ id, name, email: `${name}@example.com` });
  }

  const firstApp = () => firstOf(apps, "Slack");

  function direct(with_: Person, app: App): Channel {
    const id = idOf("D", `${with_.id}:${app.user.id}`);
    return channels.get(id) ?? addChannel({ id, name: `@${with_.name}`, kind: "im", person: with_, app });
  }

  function add(app: App): App {
    apps.set(app.name, app);
    addPerson(app.user);
    return app;
  }

  /** Installing an app again gives it another token; the one before stays good. */
  function install({ name, webhook, ...secrets }: ConnectedApp & AppSecrets, scopes: readonly string[]): App {
    const { signingSecret, clientId, clientSecret } = secrets;
    const isTaken = [...apps.values()].some((app) => app.user.name === botName && app.name !== name);
    return add({
      name,
      webhook,
      signingSecret,
      clientId,
      clientSecret,
      scopes,
      grant: tokens.issue(name),
      user: {
        id: idOf("U", `app:${name}`),
        name: isTaken ? name : botName,
        bot: { id: idOf("B", `app:${name}`), appId: slackId("A", name) },
      },
    });
  }

  reset();

  return {
    team,
    tokens,
    nextTs,
    apps: () => [...apps.values()],
    people: () => [...people.values()],
    channels: () => [...channels.values()],
    person,
    firstApp,
    direct,
    reset,
    personById: (id: string) => people.get(id),
    channelById: (id: string) => channels.get(id),
    /** The apps that see what is said there. */
    appsIn: (channel: Channel) =>
      [...apps.values()].filter(({ name }) => (channel.app ? channel.app.name === name : !channel.withoutBots)),
    knownPerson: (name: string) => [...people.values()].find((known) => known.name === name),
    appByToken: (token: string) => (tokens.state(token) === "valid" ? apps.get(tokens.app(token) ?? "") : undefined),
    addFile(file: StoredFile) {
      files.set(file.id, file);
    },
    file: (id: string) => files.get(id),

    /** Another bot, which is no app of ours. */
    otherBot(name: string): Person {
      const id = idOf("U", `bot:${name}`);
      return (
        people.get(id) ?? addPerson({ id, name, bot: { id: idOf("B", name), appId: slackId("A", `bot:${name}`) } })
      );
    },

    /** Connecting the same name again gives the same installation with the new webhook. */
    connect(connected: ConnectedApp): App {
      const known = apps.get(connected.name);
      if (known) return add({ ...known, ...connected });
      const number = () => String(randomBytes(5).readUIntBE(0, 5));
      const secrets = {
        signingSecret: randomBytes(16).toString("hex"),
        clientId: `${number()}.${number()}`,
        clientSecret: randomBytes(16).toString("hex"),
      };
      return install({ ...connected, ...secrets }, ALL_SCOPES);
    },
    install,

    /** Takes the app away: its tokens are dead, and nothing is sent to it. */
    disconnect(name: string): App | undefined {
      const app = apps.get(name);
      apps.delete(name);
      tokens.revokeAll(name);
      return app;
    },

    /** Installs an app again with other scopes. @returns false when there is no such app */
    grant(name: string, scopes: readonly string[]): boolean {
      const app = apps.get(name);
      if (app === undefined) return false;
      if (!granted.has(name)) granted.set(name, app.scopes);
      apps.set(name, { ...app, scopes });
      return true;
    },

    /** The channel a person means: `general`, `#general`, an id, `dm`, `@grace`, or `@grace/<app>`. */
    conversation(named: string, user: string): Channel {
      const bare = named.replace(/^#/, "");
      const name = bare.startsWith(team.prefix) ? bare.slice(team.prefix.length) : bare;
      const found = channels.get(name) ?? channels.get(idOf("C", name));
      if (found) return found;
      const meant = directOf(name, { speaker: user, apps, platform: "Slack" });
      if (meant) return direct(person(meant.person), meant.app);
      throw unknownConversation(named, [...team.channels.map((channel) => channel.name), "dm", "@<person>"], name);
    },
  };
}
