import { createHash } from "node:crypto";
import type { Json } from "./wire.ts";

const A_MINUTE = 700;
const MINUTE = 60_000;
const KEPT = 2 * 60 * MINUTE;
const LONGEST_KEY = 255;

/** Zendesk's count of calls, as its headers tell it. Nobody is refused here: a 429 comes when it is ordered. */
export function createLimits() {
  let since = 0;
  let used = 0;
  return {
    /** Counts a call. @returns the headers of its answer */
    count(): Readonly<Record<string, string>> {
      const now = Date.now();
      if (now - since > MINUTE) {
        since = now;
        used = 0;
      }
      used += 1;
      const remaining = String(Math.max(0, A_MINUTE - used));
      return {
        "x-rate-limit": String(A_MINUTE),
        "x-rate-limit-remaining": remaining,
        "ratelimit-limit": String(A_MINUTE),
        "ratelimit-remaining": remaining,
        "ratelimit-reset": String(Math.ceil((since + MINUTE - now) / 1000)),
      };
    },
  };
}

/** Answers that are given again to the same `Idempotency-Key`. https://developer.zendesk.com/api-reference/ticketing/introduction/#idempotency */
export function createIdempotency() {
  let kept = new Map<string, { readonly print: string; readonly answer: Json; readonly until: number }>();
  return {
    /** Makes an answer, or gives the one again that was made for the key. */
    async answer(key: string | null, body: Json, make: () => Promise<Response>): Promise<Response> {
      if (key === null) return make();
      if (key.length > LONGEST_KEY) return refusal(`The idempotency key is longer than ${LONGEST_KEY} characters`);
      const print = createHash("sha256").update(JSON.stringify(body)).digest("hex");
      const known = kept.get(key);
      if (known && known.until > Date.now()) {
        if (known.print !== print) return refusal("Request parameters don't match the given idempotency key");
        return Response.json(known.answer, { status: 201, headers: { "x-idempotency-lookup": "hit" } });
      }
      const response = await make();
      if (response.ok) {
        kept.set(key, { print, answer: (await response.clone().json()) as Json, until: Date.now() + KEPT });
      }
      response.headers.set("x-idempotency-lookup", "miss");
      return response;
    },
    reset(): void {
      kept = new Map();
    },
  };
}

function refusal(description: string): Response {
  return Response.json({ error: "IdempotentRequestError", description }, { status: 400 });
}
