import type { Attachment, Button, OutgoingReply } from "../../core/index.ts";
import { isFields } from "../shared/fields.ts";
import { renderPlain } from "../shared/plain.ts";

/** Bytes of UTF-8 that a message may have: 16 KB. */
export const LONGEST_TEXT = 16_384;

/** An event as `send_event` takes it. https://platform.text.com/docs/messaging/agent-chat-api/data-structures */
export type ChatEvent = {
  readonly type: string;
  readonly visibility: "all" | "agents";
  /** Comes back with the event; `find` looks for it. */
  readonly custom_id: string;
} & Readonly<Record<string, unknown>>;

/** A file that LiveChat keeps. */
export interface UploadedFile {
  readonly url: string;
  readonly name: string;
  readonly altText?: string | undefined;
}

const MOST_BUTTONS = 13;
// A heading above the buttons; more than that is a message of its own.
const LONGEST_TITLE = 250;

/** The length of a Markdown text in bytes, as it is sent. */
export function measureText(markdown: string): number {
  return Buffer.byteLength(renderPlain(markdown));
}

/** A reply as events, in the order in which they are sent. The last bears the reply's `ref`: what carries it is complete. */
export function renderReply(
  reply: OutgoingReply,
  { files, visibility }: { readonly files: readonly UploadedFile[]; readonly visibility: "all" | "agents" },
): readonly ChatEvent[] {
  const parts: Readonly<Record<string, unknown> & { type: string }>[] = files.map(({ url, name, altText }) => ({
    type: "file",
    url,
    name,
    ...(altText !== undefined && { alternative_text: altText }),
  }));
  // The staff has no buttons to press, and a card holds only so many.
  const areButtons = visibility === "all" && reply.buttons.length > 0 && reply.buttons.length <= MOST_BUTTONS;
  const text = renderPlain(reply.text);
  const more = [
    ...reply.attachments.filter(({ data }) => data === undefined).map(renderLinked),
    ...(areButtons ? [] : reply.buttons.map(renderButtonText)),
  ].join("\n");

  if (isFields(reply.native)) parts.push({ type: "rich_message", ...reply.native });
  else {
    const title = areButtons && more === "" && text.length <= LONGEST_TITLE ? text : "";
    for (const said of title === "" ? joinTexts(text, more) : []) parts.push({ type: "message", text: said });
    if (areButtons) parts.push(renderQuickReplies(title, reply.buttons));
  }
  const last = parts.length - 1;
  return parts.map((part, index) => ({
    ...part,
    visibility,
    custom_id: index === last ? reply.ref : `${reply.ref}#${index}`,
  }));
}

// Each line stays whole; together they may be longer than a message.
function joinTexts(text: string, more: string): readonly string[] {
  const parts = [text, more].filter((part) => part.trim() !== "");
  const joined = parts.join("\n");
  if (parts.length > 1 && Buffer.byteLength(joined) > LONGEST_TEXT) return parts;
  return joined === "" ? [] : [joined];
}

function renderQuickReplies(title: string, buttons: readonly Button[]) {
  return {
    type: "rich_message",
    template_id: "quick_replies",
    elements: [
      {
        ...(title !== "" && { title }),
        buttons: buttons.map(({ id, label, value, url }) => ({
          type: url === undefined ? "message" : "url",
          text: label,
          value: url ?? value ?? label,
          postback_id: id,
          user_ids: [],
        })),
      },
    ],
  };
}

function renderLinked({ name, url }: Attachment): string {
  return url === undefined ? name : `${name}: ${url}`;
}

function renderButtonText({ label, url }: Button): string {
  return url === undefined ? label : `${label}: ${url}`;
}
