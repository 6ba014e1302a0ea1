import type { Conversation } from "./message.ts";

/** A post that went out. A class, for V8 may take a literal that is made often for one that lives long, with all it holds. */
export class SentHandle {
  readonly id: string;
  readonly conversation: Conversation;

  constructor(id: string, conversation: Conversation) {
    this.id = id;
    this.conversation = conversation;
  }
}
