import { randomUUID } from "node:crypto";
import type { Feed } from "../feed.ts";
import type { Events } from "./events.ts";
import { freshId } from "./ids.ts";
import type { Show } from "./show.ts";
import { mentions, richText } from "./text.ts";
import { type Json, wireMessage } from "./wire.ts";
import type { Channel, Metadata, Person, SlackMessage, StoredFile, Workspace } from "./workspace.ts";

export interface NewMessage {
  readonly user: Person;
  /** On the wire's terms. */
  readonly text: string;
  readonly blocks?: readonly unknown[] | undefined;
  readonly threadTs?: string | undefined;
  readonly broadcast?: boolean | undefined;
  readonly files?: readonly StoredFile[] | undefined;
  readonly metadata?: Metadata | undefined;
  readonly onlyFor?: string | undefined;
}

/** What anyone, person or bot, does in the workspace: it changes the state, tells the page and sends the events. */
export type Actions = ReturnType<typeof createActions>;

export function createActions(parts: {
  readonly workspace: Workspace;
  readonly events: Events;
  readonly feed: Feed;
  readonly show: Show;
  readonly url: () => string;
}) {
  const { workspace, events, feed, show } = parts;
  const wire = (message: SlackMessage, channel: Channel) =>
    wireMessage(message, { workspace, channel, url: parts.url() });
  const channelType = (channel: Channel) => ({ channel: channel.id, channel_type: channel.kind });
  // What only one person sees, no app is told of.
  const emit = (channel: Channel, message: SlackMessage, event: Json) => {
    if (message.onlyFor === undefined) events.emit(channel, message.ts, event);
  };
  const at = (channel: Channel) => ({ platform: "slack", conversation: show.conversationName(channel) });

  return {
    post(channel: Channel, said: NewMessage): SlackMessage {
      const { user, text, threadTs } = said;
      const message: SlackMessage = {
        ts: workspace.nextTs(),
        user,
        text,
        blocks: said.blocks?.length ? said.blocks.map(withBlockId) : richText(text, blockId()),
        clientMsgId: user.bot ? undefined : randomUUID(),
        threadTs,
        broadcast: said.broadcast === true && threadTs !== undefined,
        files: said.files ?? [],
        metadata: said.metadata,
        onlyFor: said.onlyFor,
        reactions: new Map(),
        edited: undefined,
        tombstone: false,
      };
      channel.messages.set(message.ts, message);
      if (threadTs !== undefined && message.onlyFor === undefined) {
        const thread = channel.threads.get(threadTs);
        if (thread) thread.push(message);
        else channel.threads.set(threadTs, [message]);
      }
      feed.publish({ type: "message", ...at(channel), message: show.message(message) });
      if (message.onlyFor !== undefined) return message;

      const event: Json = { ...wire(message, channel), ...channelType(channel), event_ts: message.ts };
      events.emit(channel, message.ts, event);
      if (channel.kind !== "im") {
        for (const app of workspace.appsIn(channel)) {
          if (app.user.id === user.id || !mentions(text, app.user)) continue;
          const { channel_type: _, subtype: __, ...mention } = event;
          events.emitTo(app, channel, message.ts, { ...mention, type: "app_mention" });
        }
      }
      return message;
    },

    edit(
      channel: Channel,
      message: SlackMessage,
      change: { text: string; blocks?: readonly unknown[]; metadata?: Metadata },
    ) {
      const previous = wire(message, channel);
      const eventTs = workspace.nextTs();
      message.text = change.text;
      message.blocks = change.blocks?.length ? change.blocks.map(withBlockId) : richText(change.text, blockId());
      if (change.metadata) message.metadata = change.metadata;
      message.edited = { user: message.user.id, ts: eventTs };
      feed.publish({ type: "edited", ...at(channel), message: show.message(message) });
      emit(channel, message, {
        type: "message",
        subtype: "message_changed",
        hidden: true,
        message: wire(message, channel),
        previous_message: previous,
        ...channelType(channel),
        ts: eventTs,
        event_ts: eventTs,
      });
    },

    remove(channel: Channel, message: SlackMessage): void {
      const previous = wire(message, channel);
      const eventTs = workspace.nextTs();
      const common = { type: "message", hidden: true, previous_message: previous, ...channelType(channel) };
      if (channel.threads.get(message.ts)?.length) {
        // Answers hang on it, so Slack leaves a stone in its place and calls it a change.
        message.tombstone = true;
        feed.publish({ type: "edited", ...at(channel), message: show.message(message) });
        const stone = wire(message, channel);
        events.emit(channel, message.ts, {
          ...common,
          subtype: "message_changed",
          message: stone,
          ts: eventTs,
          event_ts: eventTs,
        });
        return;
      }
      channel.messages.delete(message.ts);
      const thread = message.threadTs === undefined ? undefined : channel.threads.get(message.threadTs);
      if (thread?.includes(message)) thread.splice(thread.indexOf(message), 1);
      feed.publish({ type: "deleted", ...at(channel), id: message.ts });
      emit(channel, message, {
        ...common,
        subtype: "message_deleted",
        deleted_ts: message.ts,
        ts: eventTs,
        event_ts: eventTs,
      });
    },

    /** @returns false when there was nothing to change */
    react(channel: Channel, message: SlackMessage, reaction: { name: string; user: Person; remove: boolean }): boolean {
      const { name, user, remove } = reaction;
      const users = message.reactions.get(name) ?? [];
      if (users.includes(user.id) !== remove) return false;
      const left = remove ? users.filter((id) => id !== user.id) : [...users, user.id];
      if (left.length === 0) message.reactions.delete(name);
      else message.reactions.set(name, left);
      feed.publish({ type: "reaction", ...at(channel), id: message.ts, reactions: show.reactions(message) });
      events.emit(channel, message.ts, {
        type: remove ? "reaction_removed" : "reaction_added",
        user: user.id,
        reaction: name,
        item: { type: "message", channel: channel.id, ts: message.ts },
        item_user: message.user.id,
        event_ts: workspace.nextTs(),
      });
      return true;
    },
  };
}

function blockId(): string {
  return freshId("").slice(1, 6);
}

function withBlockId(block: unknown): unknown {
  return typeof block === "object" && block !== null && !("block_id" in block)
    ? { ...block, block_id: blockId() }
    : block;
}
