import { createHash, randomBytes } from "node:crypto";

const ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";
const hash = (seed: string) => createHash("sha256").update(seed).digest();

/** An id like those of chats and threads: ten capitals and digits. The same seed has the same id in every run. */
export function shortId(seed: string): string {
  return Array.from(hash(seed).subarray(0, 10), (byte) => ALPHABET[byte % ALPHABET.length]).join("");
}

/** An id like those of customers, accounts and organizations. */
export function uuid(seed: string): string {
  const hex = hash(seed).toString("hex");
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-a${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}

/** An id like those of bots: 32 hexadecimal digits. */
export function botId(seed: string): string {
  return hash(seed).toString("hex").slice(0, 32);
}

/** A secret that nobody can guess. */
export function freshSecret(prefix: string): string {
  return `${prefix}${randomBytes(15).toString("base64url")}`;
}

/** Times as LiveChat writes them, with microseconds, each later than the one before. */
export function createTimes(): () => string {
  let last = 0;
  return () => {
    last = Math.max(Date.now() * 1000, last + 1);
    const micros = String(last % 1000).padStart(3, "0");
    return new Date(Math.floor(last / 1000)).toISOString().replace("Z", `${micros}Z`);
  };
}
