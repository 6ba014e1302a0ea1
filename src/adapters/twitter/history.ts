import type { Conversation, Message } from "../../core/index.ts";
import { isFields, maybeFields, maybeString, readList } from "../shared/fields.ts";
import { readMedia } from "./attachments.ts";
import type { Client } from "./client.ts";
import { readDirects } from "./find.ts";
import { readId, readTime, toUser } from "./reader.ts";
import { readLinks, readText } from "./text.ts";

/** Direct messages after `since` (ms since 1970), oldest first. Of posts X shows a bot no threads, so there is nothing. */
export async function* readHistory(
  { client, self }: { readonly client: Client; readonly self: string },
  conversation: Conversation,
  since: number,
): AsyncGenerator<Message> {
  if (!conversation.isDirect) return;
  const found: Message[] = [];
  for await (const event of readDirects(client, conversation.id, since)) {
    const sender = readId(event, "sender_id");
    const includes = maybeFields(event, "includes");
    const users = includes === undefined ? [] : readList(includes, "users").filter(isFields);
    const attached = maybeFields(event, "attachments");
    const keys = attached === undefined ? [] : readList(attached, "media_keys");
    const media =
      includes === undefined
        ? []
        : readList(includes, "media").filter((each) => isFields(each) && keys.includes(each.media_key));
    const id = readId(event, "id");
    found.push({
      kind: "message",
      id,
      key: `direct:${id}`,
      conversation,
      author: {
        ...toUser(
          sender,
          users.find((user) => user.id === sender),
        ),
        ...(sender === self && { isSelf: true }),
      },
      text: readText(maybeString(event, "text") ?? "", { stretches: readLinks(maybeFields(event, "entities")) }),
      isMention: true,
      attachments: readMedia(media),
      sentAt: readTime(event, "created_at"),
    });
  }
  for (const message of found.reverse()) if (Date.parse(message.sentAt) > since) yield message;
}
