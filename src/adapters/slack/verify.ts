import { createHmac, hash, timingSafeEqual } from "node:crypto";
import type { WebhookRequest } from "../../core/index.ts";

/** Why a request is not believed; undefined when it is. */
export type Verifier = (request: WebhookRequest) => string | undefined;

/** The reason that speaks of the secret; the others speak of the request. */
export const MISFIT = "the signature does not fit";
export const TOO_FAR = "the timestamp is more than 300 s away";

const LONGEST_AGE = 300_000;
const BLOCK = 64;

/**
 * Checks Slack's v0 signature over the raw bytes, and that the timestamp is within 300 s of now, in both directions.
 * https://docs.slack.dev/authentication/verifying-requests-from-slack
 */
export function createVerifier(secret: string, now: () => number): Verifier {
  const sign = createSigner(secret);
  const given = Buffer.alloc(64);
  const wanted = Buffer.alloc(64);
  return ({ headers, body }) => {
    const signature = headers["x-slack-signature"];
    const timestamp = headers["x-slack-request-timestamp"];
    if (typeof signature !== "string" || typeof timestamp !== "string") return "the signature headers are missing";
    if (!/^\d{1,12}$/.test(timestamp)) return "the timestamp is not a whole number";
    if (Math.abs(now() - Number(timestamp) * 1000) > LONGEST_AGE) return TOO_FAR;
    if (signature.length !== 67 || !signature.startsWith("v0=")) return "the signature is not a v0 signature";
    given.write(signature.slice(3), "latin1");
    wanted.write(sign(timestamp, body), "latin1");
    return timingSafeEqual(given, wanted) ? undefined : MISFIT;
  };
}

/** Hexadecimal HMAC-SHA256 of `v0:<timestamp>:<body>`. */
export type Signer = (timestamp: string, body: Uint8Array) => string;

/** The cheaper of two equal ways to sign, provided that it is equal here and now. */
export function createSigner(secret: string): Signer {
  if (secret === "") throw new RangeError("An empty signing secret would let everybody in.");
  const lean = signByHash(secret);
  const plain = signByHmac(secret);
  const sample = Buffer.from('{"é":1}');
  return lean("1800000000", sample) === plain("1800000000", sample) ? lean : plain;
}

/** Signs with an Hmac object: the plain way, which the lean one is measured against. */
export function signByHmac(secret: string): Signer {
  return (timestamp, body) => createHmac("sha256", secret).update(`v0:${timestamp}:`).update(body).digest("hex");
}

/** Signs with HMAC written out as its two hashes (RFC 2104): one-shot `hash` is far cheaper than an Hmac object. */
export function signByHash(secret: string): Signer {
  const bytes = Buffer.from(secret);
  const key = bytes.length > BLOCK ? hash("sha256", bytes, "buffer") : bytes;
  const scratch = Buffer.alloc(16_384, 0x36);
  const outer = Buffer.alloc(BLOCK + 32, 0x5c);
  key.forEach((byte, at) => {
    scratch[at] = byte ^ 0x36;
    outer[at] = byte ^ 0x5c;
  });
  const inner = Buffer.from(scratch.subarray(0, BLOCK));
  return (timestamp, body) => {
    const start = BLOCK + 4 + timestamp.length;
    const length = start + body.length;
    let input = scratch;
    if (length > scratch.length) {
      input = Buffer.allocUnsafe(length);
      input.set(inner);
    }
    input.write(`v0:${timestamp}:`, BLOCK, "latin1");
    input.set(body, start);
    outer.write(hash("sha256", input.subarray(0, length), "binary"), BLOCK, "latin1");
    return hash("sha256", outer, "hex");
  };
}
