import { createHash } from "node:crypto";

/** The largest seed a picture can be made from. */
export const LARGEST_SEED = 2 ** 32 - 1;

/** Where seeds made of a text end. */
const TEXT_SEEDS = 1_000_000_000n;

/**
 * The seed that a text stands for: digits are the number itself, everything else its MD5 modulo a thousand million, so that
 * a name has the same picture for ever. Upper and lower case make a difference.
 * Undefined for a number that is too large.
 */
export function seedOf(text: string): number | undefined {
  if (/^[0-9]+$/.test(text)) {
    const seed = Number(text);
    return seed <= LARGEST_SEED ? seed : undefined;
  }
  const digest = createHash("md5").update(text, "utf8").digest("hex");
  return Number(BigInt(`0x${digest}`) % TEXT_SEEDS);
}
