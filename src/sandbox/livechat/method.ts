import { HobnobError } from "../../core/index.ts";
import type { Actions } from "./actions.ts";
import type { Grant, Tokens } from "./tokens.ts";
import type { Webhooks } from "./webhooks.ts";
import { activeThread, type Chat, type Json, type Person, type World } from "./world.ts";

/** What a method of an API works with. */
export interface Call {
  readonly args: Json;
  /** Who calls, and for which license. */
  readonly grant: Grant;
  /** The bot, or the license's owner. */
  readonly requester: Person;
  readonly world: World;
  readonly tokens: Tokens;
  readonly webhooks: Webhooks;
  readonly actions: Actions;
  /** Base URL of the simulator. */
  readonly url: string;
}

/** A method of an API. @throws HobnobError whose code is LiveChat's error type */
export type Method = (call: Call) => unknown;
export type Methods = Readonly<Record<string, Method>>;

/** The HTTP status of each type of error. */
export const STATUS: Readonly<Record<string, number>> = {
  authentication: 401,
  authorization: 403,
  missing_access: 403,
  not_found: 404,
  entity_too_large: 413,
  too_many_requests: 429,
};

/** Answers with one of LiveChat's errors. */
export function fail(type: string, message: string): never {
  throw new HobnobError(type, message);
}

/** The text of an argument. @throws HobnobError `validation` */
export function text({ args }: Pick<Call, "args">, name: string): string {
  const value = args[name];
  return typeof value === "string" && value !== "" ? value : fail("validation", `\`${name}\` is required`);
}

/** The chat of an argument, on the caller's license. */
export function chatOf(call: Call, name = "chat_id"): Chat {
  const chat = call.world.chat(text(call, name));
  return chat?.organization.id === call.grant.organization ? chat : fail("not_found", "Chat not found");
}

/** The same, if it has not ended. */
export function activeChat(call: Call, name = "chat_id"): Chat {
  const chat = chatOf(call, name);
  return activeThread(chat) ? chat : fail("chat_inactive", "Chat is inactive");
}

/** The caller must be in the chat, unless the call says that it need not. */
export function assertPresent({ args, requester }: Call, chat: Chat): void {
  if (args.ignore_requester_presence === true || chat.agents.has(requester.id)) return;
  fail("authorization", "Requester is not user of the chat");
}
