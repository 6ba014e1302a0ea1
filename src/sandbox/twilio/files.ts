import { randomBytes } from "node:crypto";
import { bytesOf } from "../files.ts";
import type { SaidFile } from "../simulator.ts";
import type { StoredFile } from "./exchange.ts";
import { freshSid } from "./ids.ts";

const FETCH_TIMEOUT = 10_000;

/** A file that a person attaches. */
export function attach(file: SaidFile): StoredFile {
  return { ...fresh(file.name, file.mimeType), data: bytesOf(file) };
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

function fresh(name: string, mimeType: string) {
  return { sid: freshSid("ME"), name, mimeType, key: randomBytes(12).toString("base64url") };
}

function isOnThisMachine(url: string): boolean {
  return ["localhost", "127.0.0.1", "[::1]"].includes(new URL(url).hostname);
}

function nameOf(url: string): string {
  return decodeURIComponent(new URL(url).pathname.split("/").at(-1) || "file");
}
