import { createHash } from "node:crypto";

/** An id like Twist's: a number. The same seed has the same id in every run. */
export function twistId(kind: string, seed: string): number {
  return 100_000 + (createHash("sha256").update(`${kind}:${seed}`).digest().readUIntBE(0, 6) % 900_000_000);
}

/** Ids of what is posted: no other post, of whatever kind, has the same. */
export function createPostIds(): () => number {
  // Bots remember what they have heard for longer than the sandbox lives: an id must not come again after a restart.
  let last = Date.now();
  return () => ++last;
}
