import type { ShownMessage } from "../shown.ts";
import type { ChatEvent, Json, World } from "./world.ts";

/** How a chat looks to the staff, who see everything. */
export interface Show {
  message(event: ChatEvent): ShownMessage;
}

const NOTES: Readonly<Record<string, string>> = {
  manual_assigned: "joined the chat.",
  manual_unassigned: "left the chat.",
};

export function createShow(world: World): Show {
  return {
    message(event) {
      const author = world.person(event.author_id);
      return {
        id: event.id,
        author: author?.name ?? "LiveChat",
        self: author?.isOwn ?? false,
        bot: author?.isBot ?? false,
        text: textOf(event),
        thread: null,
        visibility: event.visibility === "agents" ? "agents" : "everyone",
        attachments: event.type === "file" ? [attachmentOf(event)] : [],
        buttons: buttonsOf(event).map(({ id, text, url }) => ({ id, label: text, ...(url !== undefined && { url }) })),
        reactions: [],
        edited: false,
        at: event.created_at,
      };
    },
  };
}

function textOf({ type, text, text_vars, system_message_type, elements }: ChatEvent): string {
  if (type === "system_message") return `${recordOf(text_vars).agent} ${NOTES[String(system_message_type)] ?? ""}`;
  if (type === "rich_message")
    return listOf(elements)
      .map((element) => String(recordOf(element).title ?? ""))
      .join("\n");
  return typeof text === "string" ? text : "";
}

function attachmentOf({ name, content_type: type, url, alternative_text: altText }: ChatEvent) {
  const file = { name: String(name), mimeType: String(type), url: String(url) };
  return { ...file, ...(typeof altText === "string" && { altText }) };
}

/** The buttons of a rich message. */
export function buttonsOf({ elements }: ChatEvent) {
  return listOf(elements).flatMap((element) =>
    listOf(recordOf(element).buttons).map((button) => {
      const { postback_id: id, text, type, value } = recordOf(button);
      return {
        id: String(id),
        text: String(text),
        value: String(value),
        ...(type === "url" && { url: String(value) }),
      };
    }),
  );
}

export function recordOf(value: unknown): Json {
  return typeof value === "object" && value !== null ? (value as Json) : {};
}

export function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}
