import type { Message } from "../../core/index.ts";
import { type Fields, isFields, maybeFields, maybeString, readFields } from "../shared/fields.ts";
import { readMedia } from "./attachments.ts";
import { type Reader, readId, readTime, toUser } from "./reader.ts";
import { placeOf, readLinks, readMentions, readText, type Stretch } from "./text.ts";

/** A direct message of either family of events. Undefined: the bot's own, or no message at all. */
export function parseDirect(event: Fields, users: unknown, { adapter, self }: Reader): Message | undefined {
  if (event.type !== "message_create") return undefined;
  const create = readFields(event, "message_create");
  const sender = readId(create, "sender_id");
  if (sender === self) return undefined;
  const id = readId(event, "id");
  const data = readFields(create, "message_data");
  const entities = maybeFields(data, "entities");
  const attachment = maybeFields(data, "attachment");
  const media = attachment && maybeFields(attachment, "media");
  const gone: readonly Stretch[] = [
    ...readMentions(entities, "user_mentions").filter((mention) => mention.id === self),
    ...[media && placeOf(media)].filter((place) => place !== undefined),
  ].map(({ start, end }) => ({ start, end, text: "" }));
  const known = isFields(users) && Object.hasOwn(users, sender) ? users[sender] : undefined;
  return {
    kind: "message",
    id,
    key: `direct:${id}`,
    conversation: { adapter, account: self, id: sender, isDirect: true },
    author: toUser(sender, known),
    text: readText(maybeString(data, "text") ?? "", { stretches: [...gone, ...readLinks(entities)] }),
    isMention: true,
    attachments: media === undefined ? [] : readMedia([media]),
    sentAt: readTime(event, "created_timestamp"),
    raw: event,
  };
}
