import type { Feed } from "../feed.ts";
import type { Events } from "./events.ts";
import type { Show } from "./show.ts";
import type { App, Channel, Direct, Person, Post, Spot, Thread, Workspace } from "./workspace.ts";

/** What a post holds. */
export interface NewPost {
  readonly creator: Person;
  readonly content: string;
  readonly attachments?: readonly unknown[];
  readonly actions?: readonly unknown[];
}

/** What anyone, person or bot, does in the workspace: it changes the state, tells the page and sends the events. */
export type Actions = ReturnType<typeof createActions>;

export function createActions(parts: {
  readonly workspace: Workspace;
  readonly events: () => Events;
  readonly feed: Feed;
  readonly show: Show;
}) {
  const { workspace, feed, show } = parts;
  const at = (spot: Spot) => ({ platform: "twist", conversation: show.placeName(show.homeOf(spot)) });

  function tell(spot: Spot, to: readonly App[]): Spot {
    feed.publish({ type: "message", ...at(spot), message: show.post(spot) });
    parts.events().said(spot, to);
    return spot;
  }

  return {
    message(to: Direct, post: NewPost): Spot {
      return tell({ kind: "message", post: workspace.addMessage(to, post), direct: to }, [to.app]);
    },

    thread(channel: Channel, post: NewPost & { readonly title: string }): Spot {
      const thread = workspace.addThread(channel, post);
      return tell({ kind: "thread", post: thread, thread }, workspace.apps());
    },

    comment(thread: Thread, post: NewPost): Spot {
      return tell({ kind: "comment", post: workspace.addComment(thread, post), thread }, workspace.apps());
    },

    // Twist tells bots of no edit, no deletion and no reaction.
    edit(spot: Spot, change: Partial<Pick<Post, "content" | "attachments" | "actions">>): void {
      Object.assign(spot.post, change);
      spot.post.edited = Math.floor(Date.now() / 1000);
      feed.publish({ type: "edited", ...at(spot), message: show.post(spot) });
    },

    remove(spot: Spot): void {
      spot.post.deleted = true;
      feed.publish({ type: "deleted", ...at(spot), id: String(spot.post.id) });
    },

    /** @returns false when there was nothing to change */
    react(spot: Spot, reaction: { readonly name: string; readonly user: Person; readonly remove: boolean }): boolean {
      const { name, user, remove } = reaction;
      const { reactions, id } = spot.post;
      const users = reactions.get(name) ?? [];
      if (users.includes(user.id) !== remove) return false;
      const left = remove ? users.filter((each) => each !== user.id) : [...users, user.id];
      if (left.length === 0) reactions.delete(name);
      else reactions.set(name, left);
      feed.publish({ type: "reaction", ...at(spot), id: String(id), reactions: show.reactions(spot.post) });
      return true;
    },

    /** Answers where something was said: in the same conversation, or in the same thread. */
    answer(spot: Spot, post: NewPost): Spot {
      return spot.kind === "message" ? this.message(spot.direct, post) : this.comment(spot.thread, post);
    },
  };
}
