import type { Faults } from "./faults.ts";
import type { PlatformCall } from "./simulator.ts";

const LONGEST_SILENCE = 30_000;

/** What a simulator needs to let calls of its API fail. */
export interface Strikable {
  readonly faults: Faults;
  /** Aborted when the sandbox closes. */
  readonly signal: AbortSignal;
  /** The platform's own way of saying "too many". */
  rateLimited(retryAfter: number): Response;
}

/** Answers a call of a platform's API with `run`, unless a fault is set on the method. */
export async function answerCall(
  { faults, signal, rateLimited }: Strikable,
  { method, call, run }: { readonly method: string; readonly call: PlatformCall; run(): Promise<Response> },
): Promise<Response> {
  const fault = faults.takeCall(method);
  switch (fault?.kind) {
    case undefined:
      return run();
    case "429":
      return rateLimited(fault.retryAfter);
    case "500":
      return new Response("Internal Server Error", { status: 500 });
    case "timeout":
      await silence(AbortSignal.any([call.request.signal, signal]));
      return call.drop();
    case "lost-answer":
      await run();
      return call.drop();
  }
}

function silence(until: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (until.aborted) return resolve();
    const timer = setTimeout(resolve, LONGEST_SILENCE);
    until.addEventListener("abort", () => {
      clearTimeout(timer);
      resolve();
    });
  });
}
