import { createHmac, timingSafeEqual } from "node:crypto";

/** Are the two texts the same? Takes as long for a near miss as for a far one; false for an absent or a doubled one. */
export function isSame(given: unknown, wanted: string): boolean {
  if (typeof given !== "string" || wanted === "") return false;
  // Of equal length whatever was given, so that not even the length shows.
  const digest = (text: string) => createHmac("sha256", "same").update(text).digest();
  return timingSafeEqual(digest(given), digest(wanted));
}

/** An HMAC over the parts one after another. */
export function hmac(
  algorithm: "sha1" | "sha256",
  { key, encoding }: { readonly key: string; readonly encoding: "hex" | "base64" },
  ...parts: readonly (string | Uint8Array)[]
): string {
  if (key === "") throw new RangeError("An empty secret would let everybody in.");
  const mac = createHmac(algorithm, key);
  for (const part of parts) mac.update(part);
  return mac.digest(encoding);
}
