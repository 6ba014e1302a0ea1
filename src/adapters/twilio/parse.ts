import type { Action, Attachment, Conversation, Message, User } from "../../core/index.ts";
import { type Fields, malformed, maybeString, readString } from "../shared/fields.ts";

/** Who reads a message, and when. */
export interface ParseContext {
  readonly adapter: string;
  /** The bot's own sender, from the options. */
  readonly from: string;
  /** Milliseconds since 1970: Twilio does not say when a message was sent. */
  readonly receivedAt: number;
}

/**
 * An inbound message, or a pressed button of a WhatsApp template. Fields that are not known are passed by.
 * https://www.twilio.com/docs/messaging/guides/webhook-request
 * @throws HobnobError `WEBHOOK_INVALID` when a field that counts is missing or of a wrong type
 */
export function parseInbound(fields: Fields, { adapter, from, receivedAt }: ParseContext): Message | Action {
  const id = readString(fields, "MessageSid");
  const ours = readString(fields, "To");
  const theirs = readString(fields, "From");
  const conversation: Conversation = { adapter, account: ours, id: theirs, isDirect: true };
  const isSelf = theirs === ours || theirs === from;
  const author: User = {
    id: theirs,
    name: maybeString(fields, "ProfileName") ?? theirs.replace(/^\w+:/, ""),
    isBot: false,
    ...(isSelf && { isSelf }),
  };
  const common = { id, conversation, author, sentAt: new Date(receivedAt).toISOString(), raw: fields };
  const button = maybeString(fields, "ButtonPayload") ?? maybeString(fields, "ListId");
  if (button !== undefined) {
    const messageId = maybeString(fields, "OriginalRepliedMessageSid");
    return { kind: "action", ...common, name: button, ...(messageId !== undefined && { messageId }) };
  }
  return {
    kind: "message",
    ...common,
    text: maybeString(fields, "Body") ?? "",
    isMention: true,
    attachments: parseMedia(fields),
  };
}

function parseMedia(fields: Fields): readonly Attachment[] {
  const count = maybeString(fields, "NumMedia") ?? "0";
  if (!/^\d{1,2}$/.test(count)) throw malformed("`NumMedia` is not a number");
  return Array.from({ length: Number(count) }, (_, at) => at).flatMap((at) => {
    const url = maybeString(fields, `MediaUrl${at}`);
    if (url === undefined) return [];
    const mimeType = maybeString(fields, `MediaContentType${at}`) ?? "application/octet-stream";
    return [{ name: nameOf(mimeType, at), mimeType, url }];
  });
}

// Twilio tells no file names: `image-1.jpeg`.
function nameOf(mimeType: string, at: number): string {
  const [, kind, subtype] = /^(\w+)\/(?:x-)?([\w-]+)/.exec(mimeType) ?? [undefined, "file", "bin"];
  return `${kind}-${at + 1}.${subtype}`;
}
