import { randomBytes } from "node:crypto";
import { directOf, firstOf, unknownConversation } from "../apps.ts";
import type { ConnectedApp } from "../simulator.ts";
import { createPostIds, twistId } from "./ids.ts";

export interface Person {
  readonly id: number;
  readonly name: string;
  readonly email: string;
  readonly bot: boolean;
}

/** A bot integration in the workspace. */
export interface App extends ConnectedApp {
  readonly token: string;
  readonly verifyToken: string;
  readonly clientId: string;
  readonly clientSecret: string;
  readonly installId: number;
  readonly user: Person;
}

/** A message, a comment, or the first post of a thread. */
export interface Post {
  readonly id: number;
  readonly creator: Person;
  /** Its place among the posts of its thread or conversation. */
  readonly index: number;
  /** Unix time. */
  readonly posted: number;
  readonly reactions: Map<string, number[]>;
  content: string;
  attachments: readonly unknown[];
  actions: readonly unknown[];
  edited: number | undefined;
  deleted: boolean;
}

export interface Thread extends Post {
  readonly title: string;
  readonly channel: Channel;
  readonly comments: Post[];
  updated: number;
  closed: boolean;
  /** Until when (Unix time) people, by id, want to hear nothing of it. */
  readonly muted: Map<number, number>;
}

export interface Channel {
  readonly id: number;
  readonly name: string;
  readonly archived: boolean;
  /** Who may see it, by name; undefined for everybody. The bot may: somebody has added it. */
  readonly members?: readonly string[] | undefined;
  readonly threads: Map<number, Thread>;
}

/** A conversation between a person and a bot. */
export interface Direct {
  readonly id: number;
  readonly person: Person;
  readonly app: App;
  readonly messages: Post[];
}

/** Where a post stands. */
export type Spot =
  | { readonly kind: "thread"; readonly post: Thread; readonly thread: Thread }
  | { readonly kind: "comment"; readonly post: Post; readonly thread: Thread }
  | { readonly kind: "message"; readonly post: Post; readonly direct: Direct };

export const WORKSPACE = { id: twistId("workspace", "hobnob"), name: "Hobnob Sandbox" };
const CHANNELS: readonly Pick<Channel, "name" | "archived" | "members">[] = [
  { name: "general", archived: false },
  { name: "random", archived: false },
  { name: "support", archived: false },
  { name: "board", archived: false, members: ["grace"] },
  { name: "attic", archived: true },
];
const FIRST_PEOPLE = ["ada", "grace", "linus"];
const DAY = 86_400;
/** What was said before anybody came: some of it open and silent for days. */
const FIRST_THREADS = [
  { channel: "general", by: "ada", title: "Release plan", content: "When do we ship?", days: 5, closed: false },
  { channel: "general", by: "ada", title: "Lunch on Friday", content: "Who is in?", days: 6, closed: true },
  { channel: "random", by: "grace", title: "Old keyboards", content: "Does anybody want one?", days: 8, closed: false },
  { channel: "support", by: "ada", title: "Login is slow", content: "Some customers wait.", days: 12, closed: false },
  { channel: "board", by: "ada", title: "Salaries", content: "What do we pay?", days: 10, closed: false },
  { channel: "attic", by: "ada", title: "The old site", content: "Shall we keep it?", days: 9, closed: false },
];

export type Workspace = ReturnType<typeof createWorkspace>;

/** One Twist workspace in memory: who is there, where they talk and what was said. */
export function createWorkspace(botName: string) {
  const apps = new Map<string, App>();
  const nextId = createPostIds();
  let people = new Map<number, Person>();
  let channels = new Map<number, Channel>();
  let directs = new Map<number, Direct>();
  let spots = new Map<number, Spot>();

  function person(name: string, bot = false): Person {
    const id = twistId(bot ? "bot" : "user", name);
    const known = people.get(id);
    if (known) return known;
    const added: Person = { id, name, email: `${name}@example.com`, bot };
    people.set(id, added);
    return added;
  }

  function newPost(parts: Pick<Post, "creator" | "content" | "index"> & Partial<Post>): Post {
    return {
      id: nextId(),
      posted: Math.floor(Date.now() / 1000),
      reactions: new Map(),
      attachments: [],
      actions: [],
      edited: undefined,
      deleted: false,
      ...parts,
    };
  }

  function addThread(
    channel: Channel,
    { title, ...parts }: Pick<Post, "creator" | "content"> & Partial<Post> & { readonly title: string },
  ): Thread {
    const post = newPost({ index: 0, ...parts });
    const thread: Thread = {
      ...post,
      title,
      channel,
      comments: [],
      updated: post.posted,
      closed: false,
      muted: new Map(),
    };
    channel.threads.set(thread.id, thread);
    spots.set(thread.id, { kind: "thread", post: thread, thread });
    return thread;
  }

  function reset(): void {
    people = new Map();
    channels = new Map();
    directs = new Map();
    spots = new Map();
    for (const channel of CHANNELS) {
      const id = twistId("channel", channel.name);
      channels.set(id, { ...channel, id, threads: new Map() });
    }
    for (const name of FIRST_PEOPLE) person(name);
    for (const { user } of apps.values()) people.set(user.id, user);
    const now = Math.floor(Date.now() / 1000);
    for (const { channel, by, title, content, days, closed } of FIRST_THREADS) {
      const posted = now - days * DAY;
      const home = channels.get(twistId("channel", channel))!;
      addThread(home, { id: twistId("thread", title), creator: person(by), title, content, posted }).closed = closed;
    }
  }

  const firstApp = () => firstOf(apps, "Twist");

  function direct(with_: Person, app: App): Direct {
    const id = twistId("conversation", `${with_.id}:${app.user.id}`);
    const known = directs.get(id);
    if (known) return known;
    const added: Direct = { id, person: with_, app, messages: [] };
    directs.set(id, added);
    return added;
  }

  reset();

  return {
    person,
    firstApp,
    direct,
    reset,
    addThread,
    apps: () => [...apps.values()],
    people: () => [...people.values()],
    channels: () => [...channels.values()],
    channelById: (id: number) => channels.get(id),
    directById: (id: number) => directs.get(id),
    personById: (id: number) => people.get(id),
    knownPerson: (name: string) => [...people.values()].find((known) => known.name === name),
    appByToken: (token: string) => [...apps.values()].find((app) => app.token === token),
    appByClient: (id: string) => [...apps.values()].find((app) => app.clientId === id),
    spot: (id: number) => spots.get(id),

    addComment(thread: Thread, parts: Pick<Post, "creator" | "content"> & Partial<Post>): Post {
      const post = newPost({ index: thread.comments.length + 1, ...parts });
      thread.comments.push(post);
      thread.updated = post.posted;
      spots.set(post.id, { kind: "comment", post, thread });
      return post;
    },

    addMessage(to: Direct, parts: Pick<Post, "creator" | "content"> & Partial<Post>): Post {
      const post = newPost({ index: to.messages.length, ...parts });
      to.messages.push(post);
      spots.set(post.id, { kind: "message", post, direct: to });
      return post;
    },

    /** Connecting the same name again gives the same integration with the new webhook. */
    connect(connected: ConnectedApp): App {
      const known = apps.get(connected.name);
      const taken = [...apps.values()].some(({ user, name }) => user.name === botName && name !== connected.name);
      const secret = (kind: string) => `${kind}_${randomBytes(12).toString("hex")}`;
      const app: App = known
        ? { ...known, ...connected }
        : {
            ...connected,
            token: secret("token"),
            verifyToken: secret("verify"),
            clientId: twistId("client", connected.name).toString(16),
            clientSecret: secret("secret"),
            installId: twistId("install", connected.name),
            user: {
              id: twistId("app", connected.name),
              name: taken ? connected.name : botName,
              email: `${connected.name}@bots.example.com`,
              bot: true,
            },
          };
      apps.set(app.name, app);
      people.set(app.user.id, app.user);
      return app;
    },

    /** What a person means: `general`, `#general`, an id, `dm`, `@grace`, or `@grace/<app>`. */
    place(named: string, user: string): Channel | Direct {
      const name = named.replace(/^#/, "");
      const found =
        channels.get(twistId("channel", name)) ?? channels.get(Number(name)) ?? directs.get(Number(name)) ?? undefined;
      if (found) return found;
      const meant = directOf(name, { speaker: user, apps, platform: "Twist" });
      if (meant) return direct(person(meant.person), meant.app);
      throw unknownConversation(named, [...CHANNELS.map((channel) => channel.name), "dm", "@<person>"], name);
    },
  };
}

/** May this person, or bot, see the channel? */
export function maySee({ name, bot }: Person, { members }: Channel): boolean {
  return bot || members === undefined || members.includes(name);
}

/** Is it a conversation between two, as opposed to a channel? */
export function isDirect(place: Channel | Direct): place is Direct {
  return "messages" in place;
}
