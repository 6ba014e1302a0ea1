import type { Attachment, Button, OutgoingReply, Reply } from "../../core/index.ts";

/** A button under a post. It acts in Twist alone: what is pressed comes back as an ordinary message, if at all. */
export interface ActionButton {
  readonly type: "action";
  readonly action: "open_url" | "send_reply";
  readonly button_text: string;
  readonly url?: string;
  readonly message?: string;
}

/** What a post holds beside its files. */
export interface Content {
  /** Markdown, never empty. */
  readonly content: string;
  readonly actions: readonly unknown[];
}

/** A reply as Twist posts it. Its `native` content is a list of Twist's action buttons, shown in place of the reply's own. */
export function renderReply({ text, attachments, buttons, native }: OutgoingReply): Content {
  const actions = Array.isArray(native) ? native : buttons.map(renderButton);
  const body = renderBody(text, attachments);
  if (body !== "") return { content: body, actions };
  // Twist takes no post without a text.
  const named = attachments.map(({ altText, name }) => altText || name);
  return {
    content: escapeText((named.length > 0 ? named : buttons.map(({ label }) => label)).join(" · ")) || "…",
    actions,
  };
}

/** The immediate text of an acknowledgement: all of a reply that a bare text can carry. */
export function renderAck(reply: Reply): string {
  const { text = "", attachments = [] } = typeof reply === "string" ? { text: reply } : reply;
  return renderBody(text, attachments);
}

/** Does the reply hold nothing but a text? */
export function isPlain({ attachments, buttons, native }: OutgoingReply): boolean {
  return buttons.length === 0 && native === undefined && attachments.every(({ data }) => data === undefined);
}

/** A title for a thread that a text begins: its first line, without Markdown's marks. */
export function renderTitle(content: string): string {
  const line = /\S.*/.exec(content)?.[0] ?? "";
  const plain = line
    .replace(/!?\[([^\]]*)\]\([^)]*\)/g, "$1")
    .replace(/^[#>\s]+|[*_`~]/g, "")
    .trim();
  const characters = [...plain];
  return characters.length > 80 ? `${characters.slice(0, 79).join("")}…` : plain || "…";
}

function renderBody(text: string, attachments: readonly Attachment[]): string {
  const links = attachments.filter(({ data }) => data === undefined).map(renderLink);
  return [text, ...links].filter((part) => part.trim() !== "").join("\n");
}

function renderLink({ name, url, mimeType, altText }: Attachment): string {
  if (url === undefined || !/^https?:\/\//i.test(url)) return escapeText(name);
  const target = url.replace(/[()<>\s]/g, (char) => `%${char.charCodeAt(0).toString(16).padStart(2, "0")}`);
  return `${mimeType.startsWith("image/") ? "!" : ""}[${escapeText(altText || name)}](${target})`;
}

function renderButton({ label, value, url }: Button): ActionButton {
  const common = { type: "action", button_text: label } as const;
  return url === undefined
    ? { ...common, action: "send_reply", message: value ?? label }
    : { ...common, action: "open_url", url };
}

function escapeText(text: string): string {
  return text.replace(/[\\`*_[\]<>]/g, "\\$&");
}
