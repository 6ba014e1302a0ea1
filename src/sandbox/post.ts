import type { Dispatcher } from "undici";

/** Why a try was no acknowledgement: no answer in time, no connection, or an answer that is not a 2xx. */
export type Failure = "timeout" | "connection" | "status";

/** What a bot answered. */
export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  /** At most the first 100,000 bytes. */
  readonly body: string;
}

export interface Outcome {
  readonly status?: number;
  /** Undefined: acknowledged. */
  readonly failure?: Failure;
  readonly answer?: Answer;
}

export interface PostRequest {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  readonly signal: AbortSignal;
}

/** `started` resolves when the request is being written, or has ended before; neither promise rejects. */
export interface Posting {
  readonly started: Promise<void>;
  readonly ended: Promise<Outcome>;
}

const KEPT_BYTES = 100_000;

/** One POST, without following redirects. */
export function createPost(dispatcher: Dispatcher, timeout: number): (request: PostRequest) => Posting {
  return ({ url, headers, body, signal }) => {
    const started = Promise.withResolvers<void>();
    const ended = Promise.withResolvers<Outcome>();
    let abort: ((reason: Error) => void) | undefined;
    let over = false;
    let status = 0;
    let answered: Answer["headers"] = {};
    let size = 0;
    const chunks: Buffer[] = [];

    function end(outcome: Outcome): void {
      over = true;
      clearTimeout(timer);
      signal.removeEventListener("abort", breakOff);
      started.resolve();
      ended.resolve(outcome);
    }
    function breakOff(): void {
      end({ failure: "timeout" });
      abort?.(new Error("The sandbox stopped waiting."));
    }
    const timer = setTimeout(breakOff, timeout);
    signal.addEventListener("abort", breakOff);

    const { origin, pathname, search } = new URL(url);
    dispatcher.dispatch(
      { origin, path: pathname + search, method: "POST", headers, body },
      {
        onRequestStart(controller) {
          abort = (reason) => controller.abort(reason);
          // The wait may have ended while the connection was being made.
          if (over) abort(new Error("The sandbox stopped waiting."));
          started.resolve();
        },
        onResponseStart(_controller, ofAnswer, its) {
          status = ofAnswer;
          answered = its;
        },
        onResponseData(_controller, chunk) {
          if (size < KEPT_BYTES) chunks.push(chunk.subarray(0, KEPT_BYTES - size));
          size += chunk.length;
        },
        onResponseEnd() {
          const answer: Answer = { status, headers: answered, body: Buffer.concat(chunks).toString() };
          end(status >= 200 && status < 300 ? { status, answer } : { status, failure: "status", answer });
        },
        onResponseError() {
          end({ failure: "connection" });
        },
      },
    );
    return { started: started.promise, ended: ended.promise };
  };
}
