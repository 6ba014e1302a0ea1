import { isUtf8 } from "node:buffer";
import type { WebhookRequest } from "../../core/index.ts";
import { type Fields, isFields, malformed } from "./fields.ts";

const MOST_FIELDS = 1000;
const DEEPEST = 1000;
// A shorter text cannot be nested deeply enough to matter, and nearly all are shorter.
const HARMLESS = 8192;

/** The media type of a body in lower case, without its parameters. @throws HobnobError `WEBHOOK_INVALID` when there are several */
export function contentType({ headers }: WebhookRequest): string | undefined {
  const type = headers["content-type"];
  if (type === undefined) return undefined;
  if (typeof type !== "string") throw malformed("it has several content types");
  return type.split(";")[0]!.trim().toLowerCase();
}

/** A body as text. @throws HobnobError `WEBHOOK_INVALID` when it is not UTF-8 */
export function readText({ body }: WebhookRequest): string {
  if (!isUtf8(body)) throw malformed("the body is not UTF-8");
  return Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString();
}

/** The object in a JSON text. @throws HobnobError `WEBHOOK_INVALID` when it is something else, or nested over a thousand levels deep */
export function readJson(text: string): Fields {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw malformed("the body is not JSON");
  }
  if (!isFields(value)) throw malformed("the body is not a JSON object");
  if (isTooDeep(text)) throw malformed("the body is nested too deeply");
  return value;
}

/**
 * A form as fields; of a name that comes twice every value, as a list.
 * @throws HobnobError `WEBHOOK_INVALID` for more than a thousand fields
 */
export function readForm(text: string): Fields {
  // Before anybody knows who sent it: half a million fields fit into a body and take seconds to read.
  if (text.split("&", MOST_FIELDS + 1).length > MOST_FIELDS) throw malformed("the form has too many fields");
  const fields: Record<string, string | string[]> = Object.create(null);
  for (const [name, value] of new URLSearchParams(text)) {
    const before = fields[name];
    fields[name] = before === undefined ? value : typeof before === "string" ? [before, value] : [...before, value];
  }
  return fields;
}

// JSON.parse takes any depth, JSON.stringify overflows the stack at some thousand levels: what gets past here is written to disk.
function isTooDeep(text: string): boolean {
  if (text.length <= HARMLESS) return false;
  let depth = 0;
  let inText = false;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === 0x22) inText = !inText;
    else if (inText) at += code === 0x5c ? 1 : 0;
    else if (code === 0x7b || code === 0x5b) {
      if (++depth > DEEPEST) return true;
    } else if (code === 0x7d || code === 0x5d) depth--;
  }
  return false;
}
