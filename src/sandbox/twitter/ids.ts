import { createHash, randomBytes } from "node:crypto";

// The moment from which X counts, ms since 1970.
const EPOCH = 1288834974657n;

/** A user's id: ten digits. The same seed has the same id in every run. */
export function userId(seed: string): string {
  const digest = createHash("sha256").update(`user:${seed}`).digest();
  return String(1_000_000_000 + (digest.readUInt32BE() % 8_999_999_999));
}

/** Ids of posts, messages and media: each higher than the one before, and too large for a number. */
export function createSnowflakes(): () => string {
  let last = 0n;
  return () => {
    const now = (BigInt(Date.now()) - EPOCH) << 22n;
    last = now > last ? now : last + 1n;
    return String(last);
  };
}

/** A secret that nobody guesses. */
export function freshSecret(): string {
  return randomBytes(24).toString("base64url").replace(/[-_]/g, "x");
}
