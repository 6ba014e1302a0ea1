import type { Deliverer, DeliveryRules } from "../deliver.ts";
import { signEvent } from "./signature.ts";
import { mentioned } from "./text.ts";
import { type Json, newMedia, newPost, newUser, oldDirect, oldPost, oldUser, type Wire } from "./wire.ts";
import { type App, type Direct, type Person, type Post, TIMELINE } from "./world.ts";

/** X documents no retry of an event that was not acknowledged: it is lost until it is asked for again. */
export const deliveryRules: DeliveryRules = { retryDelays: [], timeout: 10_000 };

/** Tells the bots' webhooks what happens, each by what its account is subscribed to. */
export interface Events {
  posted(post: Post): void;
  deleted(post: Post): void;
  written(direct: Direct, place: string): void;
}

interface Body {
  readonly app: App;
  readonly type: string;
  readonly message: string;
  readonly conversation: string;
  readonly body: Json;
}

export function createEvents(wire: Wire, deliverer: Deliverer): Events {
  const { world } = wire;
  let count = 0;

  /** To every webhook of the app that is subscribed by Account Activity. */
  function tellAccount({ app, type, message, conversation, body }: Body): void {
    for (const webhook of world.webhooks.values()) {
      if (webhook.app !== app.name || !webhook.valid || !webhook.subscribed) continue;
      const whole = { for_user_id: app.user.id, user_has_blocked: "false", ...body };
      send({ app, type, message, conversation, body: whole }, webhook.url);
    }
  }

  /** By every subscription of X Activity to this kind. */
  function tellActivity({ app, type, message, conversation, body }: Body): void {
    for (const { app: owner, eventType, userId, tag, webhookId } of world.subscriptions.values()) {
      const webhook = world.webhooks.get(webhookId);
      if (owner !== app.name || eventType !== type || userId !== app.user.id || !webhook?.valid) continue;
      // X's own ids of events may be negative.
      const data = { event_uuid: `-${world.nextId()}`, filter: { user_id: userId }, event_type: type, tag, ...body };
      send({ app, type, message, conversation, body: { data } }, webhook.url);
    }
  }

  function send({ app, type, message, conversation, body }: Body, url: string): void {
    const text = JSON.stringify(body);
    count += 1;
    deliverer.send({
      eventId: `x-${count}-${message}`,
      type,
      message,
      conversation,
      app: app.name,
      url,
      request: () => ({
        body: text,
        headers: { "content-type": "application/json", "x-twitter-webhooks-signature": signEvent(app.appSecret, text) },
      }),
    });
  }

  return {
    posted(post) {
      const named = mentioned(world, post.text);
      for (const app of world.apps()) {
        const concerns = (person: Person | undefined) => person?.id === app.user.id;
        const isNamed = named.some(concerns);
        const answers = concerns(post.parent?.author);
        const quotes = concerns(post.quoted?.author);
        const isOwn = concerns(post.author);
        if (!(isNamed || answers || quotes || isOwn || post.carried.some(concerns))) continue;
        const about = { app, message: post.id, conversation: TIMELINE };
        tellAccount({ ...about, type: "tweet_create_events", body: { tweet_create_events: [oldPost(post, wire)] } });
        const users = [newUser(post.author)];
        const media = post.media.map((each) => newMedia(each, wire));
        const includes = { users, ...(media.length > 0 && { media }) };
        const body = { payload: newPost(post, wire), includes };
        const kinds = isOwn
          ? ["post.create"]
          : [isNamed && "post.mention.create", answers && "post.reply.create", quotes && "post.quote.create"];
        for (const type of kinds) if (type) tellActivity({ ...about, type, body });
      }
    },

    deleted(post) {
      const app = world.apps().find(({ user }) => user.id === post.author.id);
      if (app === undefined) return;
      const about = { app, message: post.id, conversation: TIMELINE };
      const gone = { status: { id: post.id, user_id: post.author.id }, timestamp_ms: String(Date.now()) };
      tellAccount({ ...about, type: "tweet_delete_events", body: { tweet_delete_events: [gone] } });
      const payload = { id: post.id, author_id: post.author.id };
      const includes = { users: [{ data: newUser(post.author) }] };
      tellActivity({ ...about, type: "post.delete", body: { payload, includes } });
    },

    written(direct, place) {
      const { app, person, sender } = direct;
      const about = { app, message: direct.id, conversation: place };
      const direct_message_events = [oldDirect(direct, wire)];
      const both = [person, app.user];
      tellAccount({
        ...about,
        type: "direct_message_events",
        body: { direct_message_events, apps: {}, users: byId(both, (user) => ({ ...oldUser(user), id: user.id })) },
      });
      const payload = { direct_message_events, users: byId(both, (user) => ({ data: newUser(user) })) };
      const type = sender.id === app.user.id ? "dm.sent" : "dm.received";
      tellActivity({ ...about, type, body: { payload } });
    },
  };
}

function byId(people: readonly Person[], show: (person: Person) => Json): Json {
  return Object.fromEntries(people.map((person) => [person.id, show(person)]));
}
