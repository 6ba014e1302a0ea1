import { wireChat, wirePerson, wireThread } from "./actions.ts";
import { activeChat, assertPresent, chatOf, fail, type Methods, text } from "./method.ts";
import { listOf, recordOf } from "./show.ts";
import { activeThread, type Visibility } from "./world.ts";

const LONGEST_TEXT = 16_384;
const MOST_ELEMENTS = 10;
const MOST_BUTTONS = 13;
const STATUSES = ["accepting_chats", "not_accepting_chats", "offline"];

const visibilityOf = (value: unknown): Visibility => (value === "agents" ? "agents" : "all");

/** https://platform.text.com/docs/messaging/agent-chat-api */
export const agentMethods: Methods = {
  add_user_to_chat: (call) => {
    const chat = activeChat(call);
    assertPresent(call, chat);
    const person = call.world.person(text(call, "user_id"));
    if (person?.type !== "agent" || person.organization !== call.grant.organization) {
      return fail("validation", "No such agent");
    }
    if (chat.agents.has(person.id)) return fail("validation", "User is already present in the chat");
    call.actions.join(chat, person, visibilityOf(text(call, "visibility")));
    return {};
  },
  remove_user_from_chat: (call) => {
    const chat = activeChat(call);
    assertPresent(call, chat);
    const member = chat.agents.get(text(call, "user_id"));
    if (member === undefined) return fail("validation", "User is not present in the chat");
    call.actions.leave(chat, member.person);
    return {};
  },
  send_event: (call) => {
    const chat = activeChat(call);
    const member = chat.agents.get(call.requester.id);
    if (member === undefined) return fail("authorization", "Requester is not user of the chat");
    const given = recordOf(call.args.event);
    const visibility = visibilityOf(given.visibility);
    if (member.visibility === "agents" && visibility === "all") {
      return fail("authorization", "Requester cannot send events to all");
    }
    const event = { ...given, type: text({ args: given }, "type"), visibility, author_id: call.requester.id };
    if (given.type === "message" && Buffer.byteLength(text({ args: given }, "text")) > LONGEST_TEXT) {
      return fail("validation", "`text` is too long");
    }
    if (given.type === "file" && !text({ args: given }, "url").startsWith(`${call.url}/files/`)) {
      return fail("validation", "`url` is not on our CDN");
    }
    const elements = listOf(given.elements);
    const isTooMuch = elements.some((element) => listOf(recordOf(element).buttons).length > MOST_BUTTONS);
    if (elements.length > MOST_ELEMENTS || isTooMuch) return fail("validation", "Too many elements or buttons");
    return { event_id: call.actions.post(chat, event).id };
  },
  send_typing_indicator: (call) => {
    assertPresent(call, activeChat(call));
    return {};
  },
  resume_chat: (call) => {
    const chat = chatOf({ ...call, args: recordOf(call.args.chat) }, "id");
    if (activeThread(chat)) return fail("validation", "Chat is active");
    const thread = call.world.openThread(chat);
    call.actions.join(chat, call.requester, "all");
    return { thread_id: thread.id };
  },
  deactivate_chat: (call) => {
    const chat = activeChat(call, "id");
    assertPresent(call, chat);
    call.actions.end(chat);
    return {};
  },
  get_chat: (call) => wireChat(chatOf(call)),
  list_threads: (call) => {
    const chat = chatOf(call);
    const { page_id: page, limit } = call.args;
    const from = Number(page ?? 0);
    const size = typeof limit === "number" ? limit : 3;
    const newestFirst = chat.threads.toReversed();
    return {
      threads: newestFirst.slice(from, from + size).map((thread) => wireThread(chat, thread)),
      found_threads: chat.threads.length,
      ...(newestFirst.length > from + size && { next_page_id: String(from + size) }),
    };
  },
  get_customer: (call) => {
    const person = call.world.person(text(call, "id"));
    const isOurs = person?.type === "customer" && person.organization === call.grant.organization;
    return person && isOurs ? wirePerson(person) : fail("not_found", "Customer not found");
  },
  set_routing_status: (call) => {
    const status = text(call, "status");
    if (!STATUSES.includes(status)) return fail("validation", "No such status");
    const bot = call.world.bot(call.args.agent_id ?? call.requester.id);
    if (bot) bot.status = status;
    return {};
  },
};
