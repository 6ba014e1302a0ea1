import { randomBytes } from "node:crypto";
import type { SaidFile } from "../simulator.ts";
import type { StoredFile } from "./exchange.ts";
import { freshSid } from "./ids.ts";

// A picture of one grey pixel.
const PIXEL = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mM0Njb+DwAEWAIrTXqQZwAAAABJRU5ErkJggg==";
const SHOWN = /^image\/(png|jpeg|gif|webp)$/;
const FETCH_TIMEOUT = 10_000;

/** A file that a person attaches. */
export function attach({ name, mimeType, data }: SaidFile): StoredFile {
  const made = mimeType.startsWith("image/") ? Buffer.from(PIXEL, "base64") : Buffer.from(`${name}\n`);
  return { ...fresh(name, mimeType), data: data === undefined ? made : Buffer.from(data, "base64") };
}

/** A file of the bot, fetched as Twilio fetches it: without a password. Undefined when there is nothing to be had. */
export async function fetchFile(url: string, signal: AbortSignal): Promise<StoredFile | undefined> {
  // The sandbox does not call out to the internet.
  if (!isOnThisMachine(url)) return { ...fresh(nameOf(url), "application/octet-stream"), url };
  try {
    const response = await fetch(url, { signal: AbortSignal.any([signal, AbortSignal.timeout(FETCH_TIMEOUT)]) });
    if (!response.ok) return undefined;
    const disposition = /filename\*=UTF-8''([^;]+)/.exec(response.headers.get("content-disposition") ?? "")?.[1];
    const name = disposition === undefined ? nameOf(url) : decodeURIComponent(disposition);
    const mimeType = response.headers.get("content-type")?.split(";")[0] ?? "application/octet-stream";
    return { ...fresh(name, mimeType), data: await response.bytes(), url };
  } catch {
    return undefined;
  }
}

/** The bytes of a file, as the address gives them that Twilio redirects to. */
export function serve({ data, mimeType }: StoredFile): Response {
  return new Response(Uint8Array.from(data ?? []), {
    headers: {
      "content-type": mimeType,
      "x-content-type-options": "nosniff",
      "content-security-policy": "default-src 'none'; sandbox",
      "content-disposition": SHOWN.test(mimeType) ? "inline" : "attachment",
    },
  });
}

function fresh(name: string, mimeType: string) {
  return { sid: freshSid("ME"), name, mimeType, key: randomBytes(12).toString("base64url") };
}

function isOnThisMachine(url: string): boolean {
  return ["localhost", "127.0.0.1", "[::1]"].includes(new URL(url).hostname);
}

function nameOf(url: string): string {
  return decodeURIComponent(new URL(url).pathname.split("/").at(-1) || "file");
}
