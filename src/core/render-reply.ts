import type { Adapter } from "./adapter.ts";
import { HobnobError } from "./errors.ts";
import type { Conversation } from "./message.ts";
import type { OutgoingReply, Reply } from "./reply.ts";
import { splitText } from "./split.ts";

/** A reply as the posts that carry it: all of its text, each short enough for the platform. Attachments and buttons go with the last. */
export function toOutgoing(
  reply: Reply,
  adapter: Adapter,
  to: Conversation,
  about: Pick<OutgoingReply, "since" | "author" | "replyTo">,
): readonly Omit<OutgoingReply, "ref">[] {
  const {
    text = "",
    attachments = [],
    buttons = [],
    visibility = "everyone",
    native,
  } = typeof reply === "string" ? { text: reply } : reply;
  // Half of an emoji, left by a plugin that cuts a text, would break what comes after it on its way out.
  const whole = text.toWellFormed();
  const own = native?.[adapter.platform];
  if (text.trim() === "" && attachments.length === 0 && buttons.length === 0 && own === undefined) {
    throw new HobnobError("REPLY_EMPTY", "A reply needs a text, an attachment or a button.", { permanent: true });
  }
  const { limits } = adapter;
  const length = limits.textLengthIn?.(to) ?? limits.textLength;
  const measure = limits.measure && ((part: string) => limits.measure!(part, to));
  const texts = whole.length * 8 <= length ? [whole] : splitText(whole, length, measure);
  const last = texts.length - 1;
  return texts.map((part, index) => ({
    ...about,
    text: part,
    attachments: index === last ? attachments : [],
    buttons: index === last ? buttons : [],
    visibility,
    ...(own !== undefined && index === last && { native: own }),
  }));
}
