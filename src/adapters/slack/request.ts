import { isUtf8 } from "node:buffer";
import type { WebhookRequest } from "../../core/index.ts";
import { type Fields, isFields } from "./fields.ts";

/** The body of a verified request: JSON, the JSON in a form's `payload`, or a form. A text says why it cannot be read. */
export function readRequest({ headers, body }: WebhookRequest): Fields | string {
  const type = headers["content-type"] ?? "application/json";
  if (typeof type !== "string") return "it has several content types";
  if (!isUtf8(body)) return "the body is not UTF-8";
  const text = Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString();
  if (type.startsWith("application/json")) return readJson(text);
  if (!type.startsWith("application/x-www-form-urlencoded")) return "the content type is neither JSON nor a form";
  const form = new URLSearchParams(text);
  const payload = form.get("payload");
  return payload === null ? Object.fromEntries(form) : readJson(payload);
}

function readJson(text: string): Fields | string {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return "the body is not JSON";
  }
  if (!isFields(value)) return "the body is not a JSON object";
  return isTooDeep(text) ? "the body is nested too deeply" : value;
}

const DEEPEST = 1000;
// A shorter text cannot be nested deeply enough to matter, and nearly all are shorter.
const HARMLESS = 8192;

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
