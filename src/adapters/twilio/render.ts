import { type Button, type Conversation, type OutgoingReply, type Reply, splitText } from "../../core/index.ts";
import { type Dialect, PLAIN, renderPlain } from "../shared/plain.ts";

// SMS has no formatting. A dash is in its alphabet (GSM-7): one character outside of it makes a message more than twice as long.
const SMS: Dialect = { ...PLAIN, bullet: "-" };
// https://faq.whatsapp.com/539178204879377
const WHATSAPP: Dialect = { bold: "*", italic: "_", strike: "~", bullet: "-", keepsTicks: true };

/**
 * Twilio's limit of a message, counted in UTF-16 units: the one count in which an emoji costs what it costs in UCS-2. The
 * limit is the same whether a text is sent as GSM-7 or as UCS-2; only the number of segments that are paid for differs.
 */
export const LONGEST_TEXT = 1600;

/** A file of a reply, as it leaves. */
export interface SharedFile {
  readonly name: string;
  /** Absent for a file that Twilio cannot be shown. */
  readonly url: string | undefined;
  /** It is shown in the message; else its address is. */
  readonly isMedia: boolean;
}

/** A reply as the messages that carry it. */
export interface Post {
  /** Nearly always one. What files and buttons add to a long text may need another. */
  readonly bodies: readonly string[];
  /** Go with the last. */
  readonly media: readonly string[];
}

export function isWhatsApp(address: string): boolean {
  return address.startsWith("whatsapp:");
}

/** A Markdown text as the phone of this address shows it. */
export function renderText(markdown: string, address: string): string {
  return renderPlain(clean(markdown), isWhatsApp(address) ? WHATSAPP : SMS);
}

/** Without characters that no phone shows and XML cannot hold. */
export function clean(text: string): string {
  return text.toWellFormed().replace(/(?![\t\n\r])\p{Cc}|[\ufffe\uffff]/gu, "");
}

/** The immediate text of an event, where it is no more than a text and fits into one message. */
export function renderAck(ack: Reply, to: Pick<Conversation, "id">): string | undefined {
  const { text = "", attachments, buttons, native } = typeof ack === "string" ? { text: ack } : ack;
  if (attachments?.length || buttons?.length || native !== undefined) return undefined;
  const rendered = renderText(text, to.id);
  return rendered.trim() === "" || rendered.length > LONGEST_TEXT ? undefined : rendered;
}

export function renderPost(
  to: Conversation,
  { text, buttons }: Pick<OutgoingReply, "text" | "buttons">,
  files: readonly SharedFile[],
): Post {
  const notes = files
    .filter(({ isMedia }) => !isMedia)
    .map(({ name, url }) => (url === undefined ? `[${name}]` : `${name}: ${url}`));
  const lines = [...notes, ...buttons.map(renderButton)].map(clean);
  const body = [renderText(text, to.id), ...lines].filter((line) => line.trim() !== "").join("\n");
  return {
    bodies: splitText(body, LONGEST_TEXT),
    media: files.flatMap(({ url, isMedia }) => (isMedia && url !== undefined ? [url] : [])),
  };
}

// The answer comes back as a text: the number, or the label.
function renderButton({ label, url }: Button, at: number): string {
  return `${at + 1}. ${label}${url === undefined ? "" : `: ${url}`}`;
}
