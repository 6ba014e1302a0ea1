import type { Feed } from "../feed.ts";
import type { Events } from "./events.ts";
import type { Show } from "./show.ts";
import { mentioned, quotedIn } from "./text.ts";
import { type App, type Direct, type Media, type Person, type Post, TIMELINE, type World } from "./world.ts";

/** What happens on X, by people and by bots: it is kept, shown on the page, and told to the webhooks. */
export type Actions = ReturnType<typeof createActions>;

export function createActions({
  world,
  events,
  feed,
  show,
}: {
  readonly world: World;
  readonly events: Events;
  readonly feed: Feed;
  readonly show: Show;
}) {
  return {
    post({
      author,
      text,
      parent,
      media = [],
    }: {
      readonly author: Person;
      readonly text: string;
      readonly parent?: Post | undefined;
      readonly media?: readonly Media[];
    }): Post {
      const post: Post = {
        id: world.nextId(),
        author,
        text,
        carried: parent === undefined ? [] : carriedInto(parent, author, world),
        parent,
        quoted: quotedIn(world, text),
        media,
        at: Date.now(),
      };
      world.posts.set(post.id, post);
      feed.publish({ type: "message", platform: "twitter", conversation: TIMELINE, message: show.post(post) });
      events.posted(post);
      return post;
    },

    deletePost(post: Post): void {
      world.posts.delete(post.id);
      feed.publish({ type: "deleted", platform: "twitter", conversation: TIMELINE, id: post.id });
      events.deleted(post);
    },

    write({
      sender,
      person,
      app,
      text,
      media,
    }: {
      readonly sender: Person;
      readonly person: Person;
      readonly app: App;
      readonly text: string;
      readonly media?: Media | undefined;
    }): Direct {
      const direct: Direct = { id: world.nextId(), sender, person, app, text, media, at: Date.now() };
      world.addDirect(direct);
      const conversation = world.placeName({ kind: "direct", person, app });
      feed.publish({ type: "message", platform: "twitter", conversation, message: show.direct(direct) });
      events.written(direct, conversation);
      return direct;
    },
  };
}

/** The names that X puts before an answer: who is answered, and who was named there. */
function carriedInto(parent: Post, author: Person, world: World): readonly Person[] {
  const all = [parent.author, ...parent.carried, ...mentioned(world, parent.text)];
  return all.filter((person, at) => person.id !== author.id && all.findIndex(({ id }) => id === person.id) === at);
}
