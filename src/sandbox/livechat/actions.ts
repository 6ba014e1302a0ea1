import type { Feed } from "../feed.ts";
import { freshSecret } from "./ids.ts";
import type { Show } from "./show.ts";
import type { Notice } from "./webhooks.ts";
import {
  activeThread,
  type Chat,
  type ChatEvent,
  type Json,
  type Person,
  type Visibility,
  type World,
} from "./world.ts";

/** What people and bots do in chats: it changes the state, tells the page, and sends the webhooks. */
export type Actions = ReturnType<typeof createActions>;

export function createActions(parts: {
  readonly world: World;
  readonly feed: Feed;
  readonly show: Show;
  /** Lets the webhook out, now or when the app is installed. */
  readonly send: (notice: Notice) => void;
}) {
  const { world, feed, show, send } = parts;

  function notify(chat: Chat, notice: Pick<Notice, "action" | "payload" | "about">): void {
    const present = [chat.customer.id, ...chat.agents.keys()];
    send({ ...notice, organization: chat.organization.id, present, conversation: chat.id });
  }

  function addEvent(chat: Chat, event: { readonly type: string; readonly visibility: Visibility } & Json): ChatEvent {
    const thread = activeThread(chat) ?? world.openThread(chat);
    const added: ChatEvent = { id: `${thread.id}_${thread.events.length + 1}`, created_at: world.now(), ...event };
    thread.events.push(added);
    feed.publish({
      type: "message",
      platform: "livechat",
      conversation: chat.name,
      message: show.message(added),
    });
    return added;
  }

  function note(chat: Chat, kind: string, { name }: Person, visibility: Visibility): void {
    post(chat, { type: "system_message", system_message_type: kind, text_vars: { agent: name }, visibility });
  }

  /** Says something in the chat. The first words of a thread are told of as a new chat, and only so. */
  function post(chat: Chat, event: { readonly type: string; readonly visibility: Visibility } & Json): ChatEvent {
    const isOpening = activeThread(chat) === undefined;
    const added = addEvent(chat, event);
    const thread = activeThread(chat)!;
    if (isOpening) notify(chat, { action: "incoming_chat", about: added.id, payload: { chat: wireChat(chat) } });
    else {
      const payload = { chat_id: chat.id, thread_id: thread.id, event: added };
      notify(chat, { action: "incoming_event", about: added.id, payload });
    }
    return added;
  }

  return {
    post,

    join(chat: Chat, person: Person, visibility: Visibility): void {
      chat.agents.set(person.id, { person, visibility });
      note(chat, "manual_assigned", person, visibility);
    },

    leave(chat: Chat, person: Person): void {
      const visibility = chat.agents.get(person.id)?.visibility ?? "all";
      chat.agents.delete(person.id);
      note(chat, "manual_unassigned", person, visibility);
    },

    end(chat: Chat): void {
      const thread = activeThread(chat);
      if (thread === undefined) return;
      thread.active = false;
      chat.agents.clear();
      const payload = { chat_id: chat.id, thread_id: thread.id };
      notify(chat, { action: "chat_deactivated", about: thread.id, payload });
    },

    /** The customer presses a button of the bot. */
    press(
      chat: Chat,
      { id }: ChatEvent,
      button: { readonly id: string; readonly text: string; readonly value: string },
    ) {
      const thread = activeThread(chat);
      const postback = { id: button.id, toggled: true, button_type: "message", button_value: button.value };
      const payload = {
        user_id: chat.customer.id,
        chat_id: chat.id,
        thread_id: thread?.id ?? "",
        event_id: id,
        postback,
      };
      notify(chat, { action: "incoming_rich_message_postback", about: id, payload });
      // A button of the type `message` speaks for the person who presses it.
      post(chat, {
        type: "message",
        author_id: chat.customer.id,
        visibility: "all",
        custom_id: freshSecret(""),
        text: button.text,
        postback: { id: button.id, thread_id: thread?.id, event_id: id, type: "message", value: button.value },
      });
    },
  };
}

/** A chat with its newest thread, as webhooks and `get_chat` show it. */
export function wireChat(chat: Chat): Json {
  const thread = chat.threads.at(-1);
  return {
    id: chat.id,
    users: [
      wirePerson(chat.customer),
      ...Array.from(chat.agents.values(), ({ person, visibility }) => ({ ...wirePerson(person), visibility })),
    ],
    properties: { routing: { continuous: false } },
    access: { group_ids: [0] },
    ...(thread && { thread: wireThread(chat, thread) }),
  };
}

export function wireThread(chat: Chat, { id, active, createdAt, events }: Chat["threads"][number]): Json {
  return {
    id,
    active,
    created_at: createdAt,
    user_ids: [chat.customer.id, ...chat.agents.keys()],
    access: { group_ids: [0] },
    properties: {},
    tags: [],
    events,
  };
}

export function wirePerson({ id, type, name, email }: Person): Json {
  return { id, type, name, present: true, ...(email !== undefined && { email }) };
}
