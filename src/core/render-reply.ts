import type { Adapter } from "./adapter.ts";
import { HobnobError } from "./errors.ts";
import type { OutgoingReply, Reply } from "./reply.ts";
import { splitText } from "./split.ts";

/** A reply as the posts that carry it: all of its text, each short enough for the platform. Attachments and buttons go with the last. */
export function toOutgoing(
  reply: Reply,
  adapter: Adapter,
  about: Pick<OutgoingReply, "since" | "author">,
): readonly Omit<OutgoingReply, "ref">[] {
  const {
    text = "",
    attachments = [],
    buttons = [],
    visibility = "everyone",
  } = typeof reply === "string" ? { text: reply } : reply;
  if (text.trim() === "" && attachments.length === 0 && buttons.length === 0) {
    throw new HobnobError("REPLY_EMPTY", "A reply needs a text, an attachment or a button.", { permanent: true });
  }
  const { textLength, measure } = adapter.limits;
  const texts = text.length * 8 <= textLength ? [text] : splitText(text, textLength, measure);
  const last = texts.length - 1;
  return texts.map((part, index) => ({
    ...about,
    text: part,
    attachments: index === last ? attachments : [],
    buttons: index === last ? buttons : [],
    visibility,
  }));
}
