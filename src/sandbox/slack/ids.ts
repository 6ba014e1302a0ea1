import { createHash, randomBytes } from "node:crypto";

const ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";

/** An id like Slack's: the letter of its kind and ten capitals and digits. The same seed has the same id in every run. */
export function slackId(kind: string, seed: string): string {
  const digest = createHash("sha256").update(`${kind}:${seed}`).digest();
  return `${kind}0${Array.from(digest.subarray(0, 9), (byte) => ALPHABET[byte % ALPHABET.length]).join("")}`;
}

/** An id that no other has. */
export function freshId(kind: string): string {
  return slackId(kind, randomBytes(12).toString("hex"));
}

/** Message timestamps: each higher than the one before, whatever the clock does. */
export function createTimestamps(): () => string {
  let last = 0;
  return () => {
    last = Math.max(Date.now() * 1000, last + 100);
    return `${Math.floor(last / 1_000_000)}.${String(last % 1_000_000).padStart(6, "0")}`;
  };
}
