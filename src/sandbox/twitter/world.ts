import { directOf, unknownConversation } from "../apps.ts";
import type { ConnectedApp } from "../simulator.ts";
import { createSnowflakes, freshSecret, userId } from "./ids.ts";

export interface Person {
  readonly id: string;
  /** What stands behind the `@`. */
  readonly handle: string;
  /** Carries the label of an automated account. */
  readonly isBot: boolean;
}

/** A bot's app on X with its account. */
export interface App extends ConnectedApp {
  readonly appKey: string;
  readonly appSecret: string;
  readonly accessToken: string;
  readonly accessSecret: string;
  readonly bearerToken: string;
  readonly user: Person;
}

export interface Media {
  readonly id: string;
  readonly owner: string;
  readonly category: string;
  readonly name: string;
  readonly mimeType: string;
  /** Announced, in bytes. */
  readonly size: number;
  data: Uint8Array;
  altText: string | undefined;
  state: "uploading" | "pending" | "succeeded" | "failed";
  /** Opens the file without a signature, for the page. */
  readonly key: string;
}

export interface Post {
  readonly id: string;
  readonly author: Person;
  /** What the author wrote. */
  readonly text: string;
  /** The names that X puts before an answer. */
  readonly carried: readonly Person[];
  readonly parent: Post | undefined;
  readonly quoted: Post | undefined;
  readonly media: readonly Media[];
  /** Milliseconds since 1970. */
  readonly at: number;
}

export interface Direct {
  readonly id: string;
  readonly sender: Person;
  readonly person: Person;
  readonly app: App;
  readonly text: string;
  readonly media: Media | undefined;
  /** Milliseconds since 1970. */
  readonly at: number;
}

export interface Webhook {
  readonly id: string;
  readonly app: string;
  readonly url: string;
  readonly createdAt: string;
  valid: boolean;
  /** By Account Activity. */
  subscribed: boolean;
}

/** A subscription of X Activity. */
export interface Subscription {
  readonly id: string;
  readonly app: string;
  readonly webhookId: string;
  readonly eventType: string;
  readonly userId: string | undefined;
  readonly tag: string | undefined;
  readonly createdAt: string;
}

/** Where people talk: in public, or one person with one bot. */
export type Place =
  | { readonly kind: "timeline" }
  | { readonly kind: "direct"; readonly person: Person; readonly app: App };

const FIRST_PEOPLE = ["ada", "grace", "linus"];
export const TIMELINE = "timeline";

export type World = ReturnType<typeof createWorld>;

/** X in memory: who is there, what was posted and written, and where events go. */
export function createWorld(botName: string) {
  const nextId = createSnowflakes();
  const apps = new Map<string, App>();
  const people = new Map<string, Person>();
  const posts = new Map<string, Post>();
  const media = new Map<string, Media>();
  const webhooks = new Map<string, Webhook>();
  const subscriptions = new Map<string, Subscription>();
  let directs: Direct[] = [];

  function addPerson(person: Person): Person {
    people.set(person.id, person);
    return person;
  }

  /** The person of that name, who joins when first named. */
  function person(handle: string): Person {
    const id = userId(handle.toLowerCase());
    return people.get(id) ?? addPerson({ id, handle, isBot: false });
  }

  function addWebhook(app: App, url: string): Webhook {
    const webhook: Webhook = {
      id: nextId(),
      app: app.name,
      url,
      createdAt: new Date().toISOString(),
      valid: true,
      subscribed: false,
    };
    webhooks.set(webhook.id, webhook);
    return webhook;
  }

  function register(app: App): void {
    for (const { id, app: owner } of webhooks.values()) if (owner === app.name) webhooks.delete(id);
    addWebhook(app, app.webhook).subscribed = true;
  }

  function reset(): void {
    for (const all of [people, posts, media, webhooks, subscriptions]) all.clear();
    directs = [];
    for (const name of FIRST_PEOPLE) person(name);
    for (const app of apps.values()) {
      addPerson(app.user);
      register(app);
    }
  }

  reset();

  return {
    nextId,
    posts,
    media,
    webhooks,
    subscriptions,
    apps: () => [...apps.values()],
    people: () => [...people.values()],
    person,
    addWebhook,
    reset,
    personById: (id: string) => people.get(id),
    personByHandle: (handle: string) =>
      [...people.values()].find((known) => known.handle.toLowerCase() === handle.toLowerCase()),
    addDirect(direct: Direct) {
      directs.push(direct);
    },
    removeDirect(id: string) {
      directs = directs.filter((direct) => direct.id !== id);
    },
    directsOf: (person: Person, app: App) =>
      directs.filter((direct) => direct.person.id === person.id && direct.app.name === app.name),

    /** Another bot, which is no app of ours. */
    otherBot(handle: string): Person {
      const id = userId(`bot:${handle}`);
      return people.get(id) ?? addPerson({ id, handle, isBot: true });
    },

    /** Connecting the same name again gives the same app with the new webhook, whose account is subscribed. */
    connect(connected: ConnectedApp): App {
      const known = apps.get(connected.name);
      const taken = [...apps.values()].some(({ user, name }) => user.handle === botName && name !== connected.name);
      const id = userId(`app:${connected.name}`);
      const app: App = known
        ? { ...known, ...connected }
        : {
            ...connected,
            appKey: freshSecret(),
            appSecret: freshSecret(),
            accessToken: `${id}-${freshSecret()}`,
            accessSecret: freshSecret(),
            bearerToken: `AAAA${freshSecret()}`,
            user: { id, handle: taken ? connected.name.replaceAll("-", "_") : botName, isBot: true },
          };
      apps.set(app.name, app);
      addPerson(app.user);
      register(app);
      return app;
    },

    /** The place a person means: `timeline`, `dm`, `@grace`, or `@grace/<app>`. */
    place(named: string, speaker: string): Place {
      if (named === TIMELINE) return { kind: "timeline" };
      const meant = directOf(named, { speaker, apps, platform: "X" });
      if (meant) return { kind: "direct", person: person(meant.person), app: meant.app };
      throw unknownConversation(named, [TIMELINE, "dm", "@<person>"]);
    },

    /** What the control API calls a place. */
    placeName(place: Place): string {
      if (place.kind === "timeline") return TIMELINE;
      const isFirst = apps.values().next().value?.name === place.app.name;
      return `@${place.person.handle}${isFirst ? "" : `/${place.app.name}`}`;
    },
  };
}
