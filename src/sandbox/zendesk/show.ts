import type { ShownConversation, ShownMessage } from "../shown.ts";
import { type Comment, handleOf, type Ticket } from "./records.ts";
import { contentUrlOf } from "./wire.ts";

/** How tickets look to the staff, who see everything. */
export interface Show {
  message(comment: Comment): ShownMessage;
  conversation(ticket: Ticket): ShownConversation;
}

const LONGEST_LABEL = 60;

export function createShow(url: () => string): Show {
  return {
    message: ({ id, author, body, isPublic, files, at }) => ({
      id: String(id),
      author: handleOf(author),
      self: author.isOwn,
      bot: author.isBot,
      text: body,
      thread: null,
      visibility: isPublic ? "everyone" : "agents",
      attachments: files.map((file) => ({
        name: file.name,
        mimeType: file.mimeType,
        url: contentUrlOf(file, url()),
      })),
      buttons: [],
      reactions: [],
      edited: false,
      at: new Date(at).toISOString(),
    }),
    conversation: ({ id, fields: { subject, status, requester } }) => ({
      name: String(id),
      id: String(id),
      label: `#${id} ${subject.slice(0, LONGEST_LABEL)} · ${status} · ${handleOf(requester)}`,
      isDirect: false,
    }),
  };
}
