import { createRequire } from "node:module";
import type { Dispatcher, Pool } from "undici";
import { errorCode } from "../../core/index.ts";
import { unsentCall, unsureCall } from "./failure.ts";

/** One POST. */
export interface Call {
  readonly url: string;
  /** What the call is named in errors: an upload's address is a secret. */
  readonly what: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | Uint8Array;
  readonly signal?: AbortSignal | undefined;
}

/** What came back, whole. */
export interface Answer {
  readonly status: number;
  readonly statusText: string;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: Buffer;
}

/** Posts over connections that stay open. */
export interface Transport {
  /** @throws DeliveryError that tells whether the call may have got through */
  post(call: Call): Promise<Answer>;
  close(): Promise<void>;
}

const CONNECTIONS = 64;
const LARGEST_ANSWER = 5_000_000;

export interface TransportOptions {
  /** Milliseconds from asking to the last byte of the answer, waiting for a free connection included. */
  readonly timeout: number;
  /** Asked right before the first byte: a call may have waited for a connection while others took this process's jobs. */
  readonly maySend?: (() => boolean) | undefined;
}

export function createTransport({ timeout, maySend = () => true }: TransportOptions): Transport {
  const Connections = loadPool();
  const pools = new Map<string, Pool>();

  function poolOf(origin: string): Pool {
    let pool = pools.get(origin);
    if (pool === undefined) {
      pool = new Connections(origin, {
        connections: CONNECTIONS,
        pipelining: 1,
        allowH2: false,
        keepAliveTimeout: 20_000,
        connect: { timeout },
        // One timer of ours watches the whole call.
        headersTimeout: 0,
        bodyTimeout: 0,
        maxResponseSize: LARGEST_ANSWER,
      });
      pools.set(origin, pool);
    }
    return pool;
  }

  return {
    post({ url, what, headers, body, signal }) {
      const slash = url.indexOf("/", url.indexOf("//") + 2);
      const pool = poolOf(url.slice(0, slash));
      return new Promise((resolve, reject) => {
        let controller: Dispatcher.DispatchController | undefined;
        let over = false;
        let answer: Omit<Answer, "body">;
        let chunks: Buffer[] = [];

        // undici tells that a request begins right before its first byte is written: until then it is certainly not sent.
        const fail = (why: string, cause?: unknown) => {
          if (over) return;
          over = true;
          clearTimeout(timer);
          signal?.removeEventListener("abort", onAbort);
          chunks = [];
          reject(controller === undefined ? unsentCall(what, why, cause) : unsureCall(what, why, cause));
          if (controller !== undefined && !controller.aborted) controller.abort(new Error(why));
        };
        const onAbort = () => fail("was called off");
        const timer = setTimeout(() => fail(`had no answer within ${timeout} ms`), timeout);
        if (signal?.aborted) return onAbort();
        signal?.addEventListener("abort", onAbort);

        pool.dispatch(
          { path: url.slice(slash), method: "POST", headers, body },
          {
            onRequestStart(begun) {
              if (!over && !maySend()) fail("this process may have lost its jobs to another");
              if (over) begun.abort(new Error("too late"));
              else controller = begun;
            },
            onResponseStart(_, status, answerHeaders, statusText) {
              answer = { status, statusText: statusText ?? "", headers: answerHeaders };
            },
            onResponseData(_, chunk) {
              chunks.push(chunk);
            },
            onResponseEnd() {
              if (over) return;
              over = true;
              clearTimeout(timer);
              signal?.removeEventListener("abort", onAbort);
              resolve({ ...answer, body: chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks) });
            },
            onResponseError(_, error) {
              fail(describe(error, controller !== undefined), error);
            },
          },
        );
      });
    },
    async close() {
      await Promise.all([...pools.values()].map((pool) => pool.close()));
      pools.clear();
    },
  };
}

function describe(error: unknown, begun: boolean): string {
  const code = errorCode(error);
  if (begun) return `lost its connection (${code})`;
  return `no connection to it (${code}); check the network and the API URL`;
}

// The pool alone: undici's door also loads a fetch, WebSockets and a cache, 10 MB that nobody here uses.
function loadPool(): typeof Pool {
  return createRequire(import.meta.url)("undici/lib/dispatcher/pool.js");
}
