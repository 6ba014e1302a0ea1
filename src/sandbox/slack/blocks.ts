import type { ShownMessage } from "../shown.ts";
import { mrkdwn } from "./text.ts";

/** What people read in a message's blocks, as wire text; undefined when the blocks hold no text. */
export function blocksText(blocks: readonly unknown[]): string | undefined {
  const parts = blocks.map(blockText).filter((part) => part !== "");
  return parts.length === 0 ? undefined : parts.join("\n");
}

/** The buttons under a message. */
export function blocksButtons(blocks: readonly unknown[]): ShownMessage["buttons"] {
  return buttonsOf(blocks).map(({ action_id, text, url }) => ({
    id: String(action_id ?? ""),
    label: string(record(text).text),
    ...(typeof url === "string" ? { url } : {}),
  }));
}

/** The button of that id as an interaction shows it. */
export function findButton(blocks: readonly unknown[], id: string): Readonly<Record<string, unknown>> | undefined {
  return buttonsOf(blocks).find(({ action_id }) => action_id === id);
}

function buttonsOf(blocks: readonly unknown[]): readonly Readonly<Record<string, unknown>>[] {
  return blocks.flatMap((block) => {
    const { elements, accessory, block_id } = record(block);
    return [...list(elements), accessory]
      .map(record)
      .filter(({ type }) => type === "button")
      .map((button) => ({ ...button, block_id }));
  });
}

function blockText(block: unknown): string {
  const { type, text, fields, elements, alt_text, title } = record(block);
  switch (type) {
    case "section":
      return [string(record(text).text), ...list(fields).map((field) => string(record(field).text))]
        .filter((part) => part !== "")
        .join("\n");
    case "header":
      return `*${string(record(text).text)}*`;
    case "markdown":
      return mrkdwn(string(text));
    case "context":
      return list(elements)
        .map((element) => string(record(element).text))
        .filter((part) => part !== "")
        .join(" ");
    case "image":
      return string(record(title).text) || string(alt_text);
    case "rich_text":
      return list(elements).map(richText).join("");
    default:
      return "";
  }
}

function richText(element: unknown): string {
  const { type, text, elements, user_id, channel_id, url, range, name } = record(element);
  const inner = () => list(elements).map(richText).join("");
  switch (type) {
    case "text":
      return string(text).replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
    case "user":
      return `<@${string(user_id)}>`;
    case "channel":
      return `<#${string(channel_id)}>`;
    case "broadcast":
      return `<!${string(range)}>`;
    case "link":
      return typeof text === "string" ? `<${string(url)}|${text}>` : `<${string(url)}>`;
    case "emoji":
      return `:${string(name)}:`;
    case "rich_text_list":
      return list(elements)
        .map((item) => `• ${richText(item)}\n`)
        .join("");
    case "rich_text_preformatted":
      return `\`\`\`${inner()}\`\`\``;
    default:
      return inner();
  }
}

function record(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
}

function list(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

function string(value: unknown): string {
  return typeof value === "string" ? value : "";
}
