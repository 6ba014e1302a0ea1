import type { Attachment, Button, Conversation, OutgoingReply } from "../../core/index.ts";
import { renderPlain } from "../shared/plain.ts";
import { countCharacters, weigh } from "./length.ts";

/** A file in the terms of X: its kind decides how many of them go together. */
export interface Upload {
  readonly kind: "image" | "gif" | "video";
  readonly mimeType: string;
  readonly data: Uint8Array;
  readonly altText: string | undefined;
}

/** What one call posts. */
export interface Part {
  readonly text: string;
  readonly uploads: readonly Upload[];
}

/** The longest text of a post, weighed, and of a direct message, in characters. */
export const POST_LENGTH = 280;
export const DIRECT_LENGTH = 10_000;

const IMAGES_IN_POST = 4;
const KINDS: Readonly<Record<string, Upload["kind"]>> = {
  "image/jpeg": "image",
  "image/pjpeg": "image",
  "image/png": "image",
  "image/webp": "image",
  "image/bmp": "image",
  "image/gif": "gif",
  "video/mp4": "video",
  "video/quicktime": "video",
  "video/webm": "video",
};

/** The length of a Markdown text once it is plain text, in the unit of that conversation. */
export function measure(text: string, to: Conversation): number {
  return lengthOf(renderPlain(text), to);
}

/** A reply as the posts or direct messages that carry it: nearly always one. */
export function renderParts(to: Conversation, reply: OutgoingReply): readonly Part[] {
  const uploads = reply.attachments.map(toUpload);
  const lines = [
    ...reply.attachments.filter((_, index) => uploads[index] === undefined).map(renderFile),
    ...reply.buttons.map(renderButton),
  ];
  const texts = joinTexts(to, [renderPlain(reply.text), ...lines]);
  const groups = group(
    to,
    uploads.filter((upload) => upload !== undefined),
  );
  // Pictures go with the last of the texts, and those that do not fit there follow alone.
  const alone = texts.slice(0, -1).map((text): Part => ({ text, uploads: [] }));
  const [first = [], ...rest] = groups;
  return [
    ...alone,
    { text: texts.at(-1) ?? "", uploads: first },
    ...rest.map((each): Part => ({ text: "", uploads: each })),
  ];
}

function joinTexts(to: Conversation, lines: readonly string[]): readonly string[] {
  const most = to.isDirect ? DIRECT_LENGTH : POST_LENGTH;
  const texts: string[] = [];
  for (const line of lines) {
    if (line.trim() === "") continue;
    const last = texts.at(-1);
    const joined = last === undefined ? line : `${last}\n${line}`;
    if (last !== undefined && lengthOf(joined, to) <= most) texts[texts.length - 1] = joined;
    else texts.push(line);
  }
  return texts;
}

function lengthOf(text: string, to: Conversation): number {
  return to.isDirect ? countCharacters(text) : weigh(text);
}

function toUpload({ mimeType, data, altText }: Attachment): Upload | undefined {
  const kind = Object.hasOwn(KINDS, mimeType) ? KINDS[mimeType] : undefined;
  return kind === undefined || data === undefined || data.length === 0 ? undefined : { kind, mimeType, data, altText };
}

/** Up to four pictures go with one post; a film, a GIF, and anything in a direct message goes alone. */
function group(to: Conversation, uploads: readonly Upload[]): readonly (readonly Upload[])[] {
  const groups: Upload[][] = [];
  for (const upload of uploads) {
    const last = groups.at(-1);
    const fits = !to.isDirect && upload.kind === "image" && last?.[0]?.kind === "image" && last.length < IMAGES_IN_POST;
    if (fits) last.push(upload);
    else groups.push([upload]);
  }
  return groups;
}

const LONGEST_LABEL = 80;

function renderFile({ name, url }: Attachment): string {
  return url === undefined || !/^https?:\/\//i.test(url) ? shorten(name) : `${shorten(name)}: ${url}`;
}

// X has no buttons: what one says stays readable.
function renderButton({ label, url }: Button): string {
  return url === undefined ? `• ${shorten(label)}` : `${shorten(label)}: ${url}`;
}

function shorten(text: string): string {
  const characters = [...text];
  return characters.length > LONGEST_LABEL ? `${characters.slice(0, LONGEST_LABEL - 1).join("")}…` : text;
}
