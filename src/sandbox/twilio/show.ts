import type { ShownMessage } from "../shown.ts";
import { type Exchange, type Line, lineName, type SmsMessage, type StoredFile } from "./exchange.ts";

/** How the exchange looks to people. */
export interface Show {
  /** What the control API calls a line. */
  conversationName(line: Line): string;
  message(line: Line, message: SmsMessage): ShownMessage;
  fileUrl(file: StoredFile): string;
}

export function createShow(exchange: Exchange, url: () => string): Show {
  const fileUrl = ({ sid, name, key, data, url: elsewhere }: StoredFile): string =>
    data === undefined && elsewhere !== undefined
      ? elsewhere
      : `${url()}/files/${sid}/${encodeURIComponent(name)}?key=${key}`;
  const authorOf = ({ app, person }: Line, { direction, isNotice }: SmsMessage): string =>
    isNotice ? "Twilio" : direction === "inbound" ? person.name : app.bot;

  return {
    fileUrl,
    conversationName: (line) => lineName(line, exchange.apps()[0]),
    message: (line, message) => ({
      id: message.sid,
      author: authorOf(line, message),
      self: message.direction !== "inbound" && !message.isNotice,
      bot: message.direction !== "inbound",
      text: message.body,
      thread: null,
      visibility: "everyone",
      attachments: message.files.map((file) => ({ name: file.name, mimeType: file.mimeType, url: fileUrl(file) })),
      buttons: [],
      reactions: [],
      edited: false,
      at: new Date(message.at).toISOString(),
    }),
  };
}
