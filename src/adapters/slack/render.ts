import {
  type Attachment,
  type Button,
  type Conversation,
  DeliveryError,
  type OutgoingReply,
  type Reply,
} from "../../core/index.ts";
import { isFields } from "../shared/fields.ts";
import { escapeText, renderMrkdwn } from "./mrkdwn.ts";

/** The event type of our posts' metadata; `find` looks for its `ref`. */
export const REPLY_METADATA = "hobnob_reply";

/** A Block Kit block, as far as replies need them. https://docs.slack.dev/reference/block-kit/blocks */
export type Block = SectionBlock | ActionsBlock | NativeBlock;

/** A block that a plugin made itself; Slack checks it. */
export interface NativeBlock {
  readonly type: string;
}

export interface SectionBlock {
  readonly type: "section";
  readonly text: { readonly type: "mrkdwn"; readonly text: string };
}

export interface ActionsBlock {
  readonly type: "actions";
  readonly elements: readonly ButtonElement[];
}

export interface ButtonElement {
  readonly type: "button";
  readonly action_id: string;
  readonly text: { readonly type: "plain_text"; readonly text: string; readonly emoji: boolean };
  readonly value?: string;
  readonly url?: string;
  readonly style?: "primary" | "danger";
}

/** The part of a reply that is shown. */
export type Content = Pick<OutgoingReply, "text" | "attachments" | "buttons" | "native">;

/** What is shown of a reply: the text, or blocks in its place (the text then is for notifications). */
export interface Shown {
  readonly text: string;
  readonly blocks?: Block[];
}

/** A reply's text with its linked attachments, and its blocks if it has buttons or brings blocks of its own. */
export function renderReply(reply: Content): Shown {
  const text = [renderMrkdwn(reply.text), ...reply.attachments.filter((each) => !each.data).map(renderLinked)]
    .filter((part) => part !== "")
    .join("\n");
  const native = nativeBlocks(reply.native);
  if (reply.buttons.length === 0 && native === undefined) return { text };
  const blocks = [...(native ?? splitSections(text).map(section)), ...renderButtons(reply.buttons)];
  return { text: text === "" ? escapeText(reply.buttons.map(({ label }) => label).join(" · ")) : text, blocks };
}

/** The arguments of chat.postMessage. https://docs.slack.dev/reference/methods/chat.postMessage */
export function renderPost(to: Conversation, reply: OutgoingReply) {
  return {
    channel: to.id,
    ...(to.thread !== undefined && { thread_ts: to.thread }),
    ...renderReply(reply),
    unfurl_links: false,
    metadata: { event_type: REPLY_METADATA, event_payload: { ref: reply.ref } },
  };
}

/** The answer to a slash command inside the acknowledgement, which only the person who used it sees. */
export function renderAck(ack: Reply) {
  return { response_type: "ephemeral", ...renderReply(contentOf(ack)) };
}

/** Can this go out inside the acknowledgement? An uploaded file cannot, nor what has to be split, nor what Slack would refuse. */
export function fitsInAck(ack: Reply, longest: number): boolean {
  const { text, attachments, native } = contentOf(ack);
  if (native !== undefined && !isBlocks(native)) return false;
  return attachments.every(({ data }) => data === undefined) && renderMrkdwn(text).length <= longest;
}

function contentOf(reply: Reply): Content {
  const { text = "", attachments = [], buttons = [], native } = typeof reply === "string" ? { text: reply } : reply;
  return { text, attachments, buttons, native: native?.slack };
}

function nativeBlocks(native: unknown): readonly NativeBlock[] | undefined {
  if (native === undefined) return undefined;
  if (isBlocks(native)) return native;
  throw new DeliveryError("A reply's `native.slack` must be a list of Block Kit blocks.", {
    maybeSent: false,
    permanent: true,
  });
}

function isBlocks(native: unknown): native is readonly NativeBlock[] {
  return (
    Array.isArray(native) &&
    native.length > 0 &&
    native.every((block) => isFields(block) && typeof block.type === "string")
  );
}

function renderLinked({ name, url }: Attachment): string {
  if (url === undefined || !/^https?:\/\//i.test(url)) return escapeText(name);
  const target = url.replace(/[|<>\s]/g, encodeURIComponent).replaceAll("&", "&amp;");
  return `<${target}|${escapeText(name)}>`;
}

const SECTION_LENGTH = 3000;

/** A section holds 3,000 characters. Cut at line ends or blanks, never in a link or an entity; a code block goes on in the next one. */
export function splitSections(text: string): string[] {
  const sections: string[] = [];
  let rest = text;
  while (rest.length > SECTION_LENGTH) {
    // Room for the fence that may have to be closed.
    const window = rest.slice(0, SECTION_LENGTH - 4);
    const cut = findCut(rest, window);
    const part = window.slice(0, cut);
    const isOpen = part.split("```").length % 2 === 0;
    sections.push(isOpen ? `${part}\n\`\`\`` : part);
    rest = isOpen ? `\`\`\`\n${rest.slice(cut).replace(/^\n/, "")}` : rest.slice(cut).replace(/^[\n ]/, "");
  }
  if (rest !== "") sections.push(rest);
  return sections;
}

function findCut(rest: string, window: string): number {
  const line = window.lastIndexOf("\n");
  // A cut at a line's end shows least, unless it leaves the section half empty.
  let cut = line > SECTION_LENGTH / 2 ? line : Math.max(line, window.lastIndexOf(" "));
  if (cut <= 0) cut = window.length;
  const link = window.lastIndexOf("<", cut - 1);
  if (link > 0 && rest.indexOf(">", link) >= cut) cut = link;
  const entity = window.lastIndexOf("&", cut - 1);
  if (entity > 0 && cut - entity < "&amp;".length && !window.slice(entity, cut).includes(";")) cut = entity;
  return cut;
}

function section(text: string): SectionBlock {
  return { type: "section", text: { type: "mrkdwn", text } };
}

const BUTTONS_IN_BLOCK = 25;

// Slack wants ids that are unique in their block, and refuses the whole post otherwise.
function renderButtons(buttons: readonly Button[]): ActionsBlock[] {
  const blocks: { readonly type: "actions"; readonly elements: ButtonElement[] }[] = [];
  for (const button of buttons) {
    const last = blocks.at(-1)?.elements;
    const element = renderButton(button);
    if (last && last.length < BUTTONS_IN_BLOCK && last.every(({ action_id }) => action_id !== button.id)) {
      last.push(element);
    } else blocks.push({ type: "actions", elements: [element] });
  }
  return blocks;
}

function renderButton({ id, label, value, url, style }: Button): ButtonElement {
  const text = label.length > 75 ? `${label.slice(0, 74)}…` : label;
  return {
    type: "button",
    action_id: id,
    text: { type: "plain_text", text, emoji: true },
    ...(value !== undefined && { value }),
    ...(url !== undefined && { url }),
    ...(style !== undefined && { style }),
  };
}
