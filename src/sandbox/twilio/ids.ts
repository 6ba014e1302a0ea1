import { createHash, randomBytes } from "node:crypto";

/** A SID: the letters of its kind and 32 hexadecimal digits. The same seed has the same SID in every run. */
export function sid(kind: string, seed: string): string {
  return kind + createHash("sha256").update(`${kind}:${seed}`).digest("hex").slice(0, 32);
}

/** A SID that no other has. */
export function freshSid(kind: string): string {
  return kind + randomBytes(16).toString("hex");
}

/** A phone number of the range kept for fiction: the same seed has the same number in every run. */
export function phoneNumber(area: string, seed: string): string {
  const digest = createHash("sha256").update(seed).digest().readUInt32BE();
  return `+1${area}555${String(digest % 10_000).padStart(4, "0")}`;
}

/** A time as Twilio writes it, to the second. */
export function rfc2822(at: number): string {
  return new Date(at).toUTCString().replace("GMT", "+0000");
}
