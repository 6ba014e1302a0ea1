import { type Context, errorCode, errorMessage, HobnobError } from "../../core/index.ts";
import { callBackend, type Question, reasonOf } from "./backend.ts";
import type { AskApiOptions } from "./options.ts";
import { withLineEnds } from "./render.ts";
import { listenForStop } from "./stop.ts";

/** What became of a question. */
export interface Outcome {
  readonly text: string;
  readonly end: "complete" | "cut" | "stopped" | "failed";
}

/** Reads an answer to its end, however it ends, and passes on its pieces meanwhile. Rejects only when the bot itself stops. */
export async function readAnswer(
  ctx: Pick<Context, "event" | "store" | "signal" | "log">,
  question: Question,
  { options, onPiece }: { readonly options: AskApiOptions; readonly onPiece: (piece: string) => void },
): Promise<Outcome> {
  const { timeout, silence, longestAnswer } = options;
  const limits = createLimits(timeout, silence);
  const stop = listenForStop(ctx);
  let text = "";
  try {
    await stop.look();
    const signal = AbortSignal.any([ctx.signal, stop.signal, limits.signal]);
    signal.throwIfAborted();
    for await (const piece of withLineEnds(callBackend(question, options, signal))) {
      limits.heard();
      const room = longestAnswer - text.length;
      text += piece.slice(0, room);
      onPiece(piece.slice(0, room));
      if (piece.length > room) return { text, end: "cut" };
    }
    if (text.trim() === "") throw new HobnobError("BACKEND_FAILED", "The backend's answer is empty.");
    return { text, end: "complete" };
  } catch (error) {
    if (ctx.signal.aborted) throw ctx.signal.reason;
    if (stop.signal.aborted) return { text, end: "stopped" };
    const reason = reasonOf(limits.signal.aborted ? limits.signal.reason : error);
    ctx.log.warn({ code: errorCode(reason) }, `A question got no answer: ${errorMessage(reason)}`);
    return { text, end: "failed" };
  } finally {
    stop.end();
    limits.end();
  }
}

/** How long the backend may take: as a whole, and from one piece to the next. */
function createLimits(whole: number, silence: number) {
  const controller = new AbortController();
  const after = (ms: number, what: string) =>
    setTimeout(() => controller.abort(new HobnobError("BACKEND_FAILED", `The backend ${what} for ${ms} ms.`)), ms);
  const timer = after(whole, "had not come to an end");
  let pause: NodeJS.Timeout | undefined;
  return {
    signal: controller.signal,
    heard() {
      if (pause === undefined) pause = after(silence, "said nothing more");
      else pause.refresh();
    },
    end() {
      clearTimeout(timer);
      clearTimeout(pause);
    },
  };
}
